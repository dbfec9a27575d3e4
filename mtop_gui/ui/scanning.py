"""Find the spectra in what was opened: folders are walked, every file is asked how many spectra it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtop_gui.core.errors import MtopError
from mtop_gui.ui.entries import NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHUNK = 200


@dataclass(frozen=True)
class Found:
    """Some more entries, and how far the scan is."""

    entries: tuple[NewEntry, ...]
    done: int
    total: int


def absolute_paths(paths: Sequence[Path | str]) -> tuple[Path, ...]:
    """Make paths absolute, so that a Decision says where its file is; symbolic links stay."""
    return tuple(Path(path).expanduser().absolute() for path in paths)


def scan(paths: Sequence[Path], report: Callable[[Found], None]) -> int:
    """Index all files under `paths`; reports Found in chunks, in the order the files are listed.

    Returns
    -------
    Number of entries found, unreadable files included.

    Raises
    ------
    MtopError : a path does not exist.
    Cancelled : `report` asked for it.
    """
    from mtop_gui import io  # astropy: imported here, so that the window is up before it

    files = io.find_files(list(paths))
    chunk: list[NewEntry] = []
    count = 0
    for done, path in enumerate(files, start=1):
        chunk.extend(entries_of(path))
        # The first files are shown at once, the others in larger steps.
        if done in (1, 20) or len(chunk) >= CHUNK:
            count += len(chunk)
            report(Found(tuple(chunk), done, len(files)))
            chunk = []
    count += len(chunk)
    report(Found(tuple(chunk), len(files), len(files)))
    return count


def entries_of(path: Path) -> list[NewEntry]:
    """Ask a file what it holds; a file that cannot be read is one entry that says why."""
    from mtop_gui import io

    try:
        heads = io.index(path)
    except MtopError as error:
        return [NewEntry(path, 0, path.stem, error=str(error))]
    except Exception as error:
        reason = f"{path.name} cannot be read ({type(error).__name__}: {error}): the file may be damaged"
        return [NewEntry(path, 0, path.stem, error=reason)]
    return [NewEntry(path, head.row, head.name or path.stem, len(heads)) for head in heads]
