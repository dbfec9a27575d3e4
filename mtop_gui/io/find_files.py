"""Which files of the given folders may hold spectra; nothing but text files is opened."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io import ascii_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FITS = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fts.gz", ".fits.fz", ".fit.fz", ".fz")
_TEXT = ascii_table.SUFFIXES + tuple(f"{suffix}.gz" for suffix in ascii_table.SUFFIXES)


def find_files(paths: Iterable[Path | str], recursive: bool = True) -> list[Path]:
    """Find the files that may hold spectra.

    Parameters
    ----------
    paths : files, taken as they are whatever their name, and folders.
    recursive : whether to look into sub-folders.

    Returns
    -------
    Files in natural order (2 before 10) within each path, each once. Hidden files and folders are skipped, folders
    reached twice through links are visited once; text files count when they begin with columns of numbers.

    Raises
    ------
    UnreadableSpectrumError : a path does not exist, or a folder may not be listed.
    """
    found: dict[str, Path] = {}
    for entry in paths:
        path = Path(entry).expanduser()
        if path.is_dir():
            files = sorted(_walk(path, recursive), key=natural_key)
        elif os.path.lexists(path):  # also what may not be looked at: reading it says why
            files = [path]
        else:
            raise UnreadableSpectrumError(f"there is no file or folder {path}")
        for file in files:
            # The same file by its relative and its absolute path is one file.
            found.setdefault(os.path.abspath(file), file)  # noqa: PTH100 - Path.resolve asks the disk
    return list(found.values())


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Key that sorts numbers in names by their value."""
    pieces = re.split(r"(\d+)", str(path).casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece]


def _walk(folder: Path, recursive: bool) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UnreadableSpectrumError(f"the folder {folder} cannot be listed: {error.strerror}") from error
    refused: list[str] = []
    for place, folders, files in os.walk(
        folder, followlinks=True, onerror=lambda error: refused.append(str(error.filename))
    ):
        try:
            facts = os.stat(place)  # noqa: PTH116 - os.walk gives text, and 10,000 Path objects cost
        except OSError:  # the folder went away while its neighbours were listed
            folders.clear()
            continue
        if (facts.st_dev, facts.st_ino) in seen:
            folders.clear()
            continue
        seen.add((facts.st_dev, facts.st_ino))
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and _may_hold_spectra(place, name):
                yield Path(place, name)
    # A sub-folder that may not be listed stands in the list itself, lest its spectra are missed unnoticed.
    yield from (Path(place) for place in refused if Path(place).is_dir())


def _may_hold_spectra(place: str, name: str) -> bool:
    lower = name.lower()
    if lower.endswith(_FITS):
        return True
    return lower.endswith(_TEXT) and ascii_table.looks_like_spectrum(Path(place, name))
