"""The one way into a file of spectra: which reader understands it, and what to say when none does."""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from mtop_gui.io import ascii_table
from mtop_gui.io.build import build_spectrum
from mtop_gui.io.error_words import errors_in_words
from mtop_gui.io.fitsfile import open_file, stem_of
from mtop_gui.io.readers import (
    catalogues,
    deep2,
    desi,
    desi_table,
    eso_phase3,
    euclid,
    fourmost,
    image_arrays,
    image_rows,
    image_stack,
    iraf_multispec,
    jwst_x1d,
    kmos,
    lamost,
    marz,
    moons1d,
    msaexp,
    muse,
    pandora,
    plain_table,
    pypeit,
    sdss_spec,
    sdss_spspec,
    sixdf,
    vipers,
    wcs1d,
)
from mtop_gui.io.soundness import demand_bounded, doubts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.raw import Reader

# From the particular to the general: the first that matches reads the file.
READERS = cast(
    "tuple[Reader, ...]",
    (
        moons1d,
        desi,
        sdss_spec,
        fourmost,
        lamost,
        vipers,
        desi_table,
        jwst_x1d,
        msaexp,
        pypeit,
        euclid,
        deep2,
        eso_phase3,
        sixdf,
        marz,
        muse,
        pandora,
        sdss_spspec,
        iraf_multispec,
        kmos,
        plain_table,
        image_rows,
        image_arrays,
        image_stack,
        wcs1d,
    ),
)


@dataclass(frozen=True)
class SpectrumHead:
    """Row and name of a spectrum that was not read yet."""

    row: int
    name: str


@dataclass(frozen=True)
class UnreadableRow:
    """A spectrum of a file that could not be read, and why; its neighbours may be fine."""

    row: int
    name: str
    reason: str


def read(path: Path | str) -> list[Spectrum]:
    """Read every readable spectrum of a file.

    Parameters
    ----------
    path : FITS (plain or gzipped) or text.

    Returns
    -------
    At least one Spectrum, in the file's order; rows without a usable pixel are left out (see `read_rows`).

    Raises
    ------
    NotASpectrumError : the file is of another kind (a redshift catalogue, an image).
    UnreadableSpectrumError : damaged, or no reader understands it; the message lists what was found.
    """
    rows = read_rows(path)
    spectra = [entry for entry in rows if not isinstance(entry, UnreadableRow)]
    if not spectra:
        raise UnreadableSpectrumError(
            next(
                (entry.reason for entry in rows if isinstance(entry, UnreadableRow)),
                "the file holds no spectrum",
            )
        )
    return spectra


def read_rows(path: Path | str) -> list[Spectrum | UnreadableRow]:
    """Read every spectrum of a file; a row that cannot be read gives an UnreadableRow in its place.

    Raises
    ------
    NotASpectrumError, UnreadableSpectrumError : as `read`, when no row can even be found.
    """
    return list(iter_rows(path))


def iter_rows(path: Path | str, first: int = 0) -> Iterator[Spectrum | UnreadableRow]:
    """Give the spectra of a file one after the other, as `read_rows` does, without ever holding more than one.

    Parameters
    ----------
    path : FITS (plain or gzipped) or text; open until the last one is given.
    first : leave out so many.

    Raises
    ------
    NotASpectrumError, UnreadableSpectrumError : as `read_rows`, before the first is given.
    """
    path = Path(path)
    with ExitStack() as held:
        # Nothing is yielded in here: what the receiver does with a spectrum is no error of this file.
        with errors_in_words(path):
            file = held.enter_context(open_file(path))
            reader = None if isinstance(file, bytes) else find_reader(file)
            if isinstance(file, bytes):
                spectra = [build_spectrum(ascii_table.load(file), path)]
            elif reader is None:
                spectra = _read_with_specutils(file)
            else:
                heads = reader.heads(file)
        if isinstance(file, bytes) or reader is None:
            yield from spectra[first:]
            return
        for row, name in heads[first:]:
            yield _row(reader, file, row, name)


def _row(reader: Reader, file: FitsFile, row: int, name: str) -> Spectrum | UnreadableRow:
    try:
        with errors_in_words(file.path):
            return _load(reader, file, row, name)
    except UnreadableSpectrumError as error:
        return UnreadableRow(row, name, str(error))


def _load(reader: Reader, file: FitsFile, row: int, name: str) -> Spectrum:
    raw = reader.load(file, row)
    if said := doubts(file):
        raw = replace(raw, notes=(*raw.notes, *said))
    return build_spectrum(raw, file.path, row, name)


def read_one(path: Path | str, row: int = 0) -> Spectrum:
    """Read one spectrum of a file, without touching the others where the layout allows it.

    Raises
    ------
    NotASpectrumError, UnreadableSpectrumError : as `read`; also when the file has no such row.
    """
    path = Path(path)
    with errors_in_words(path), open_file(path) as file:
        if isinstance(file, bytes):
            found = [build_spectrum(ascii_table.load(file), path)] if row == 0 else []
        else:
            reader = find_reader(file)
            if reader is None:
                found = [spectrum for spectrum in _read_with_specutils(file) if spectrum.row == row]
            else:
                names = [name for place, name in reader.heads(file) if place == row]
                found = [_load(reader, file, row, name) for name in names[:1]]
        if not found:
            raise UnreadableSpectrumError(f"the file has no spectrum in row {row}")
        return found[0]


def index(path: Path | str) -> list[SpectrumHead]:
    """List the spectra of a file by row and name, without reading them.

    Raises
    ------
    NotASpectrumError, UnreadableSpectrumError : as `read`.
    """
    path = Path(path)
    with errors_in_words(path), open_file(path, at_once=False) as file:
        if isinstance(file, bytes):
            return [SpectrumHead(0, stem_of(path))]
        reader = find_reader(file)
        if reader is None:
            return [SpectrumHead(spectrum.row, spectrum.name) for spectrum in _read_with_specutils(file)]
        return [SpectrumHead(row, name) for row, name in reader.heads(file)]


def count(path: Path | str) -> int:
    """Count the spectra in a file.

    Raises
    ------
    NotASpectrumError, UnreadableSpectrumError : as `read`.
    """
    return len(index(path))


def layout_of(path: Path | str) -> str:
    """Name the layout a file is read as; "" when no reader of ours knows it.

    Raises
    ------
    UnreadableSpectrumError : the file cannot be opened.
    """
    path = Path(path)
    with errors_in_words(path), open_file(path, at_once=False) as file:
        if isinstance(file, bytes):
            return ascii_table.LAYOUT
        reader = find_reader(file)
        return reader.LAYOUT if reader is not None else ""


def find_reader(file: FitsFile) -> Reader | None:
    """Give the first reader whose layout the file has.

    Raises
    ------
    NotASpectrumError : it announces more rows than anybody could list.
    """
    demand_bounded(file)
    return next((reader for reader in READERS if reader.matches(file)), None)


def _read_with_specutils(file: FitsFile) -> list[Spectrum]:
    """Try specutils where it is installed; else say what was found and what was looked for."""
    file.demand_whole()
    other = catalogues.other_kind(file)
    if other:
        raise NotASpectrumError(other)
    hint = "install mtop-gui[specutils] to try its readers too"
    if importlib.util.find_spec("specutils") is not None:
        from mtop_gui.io.readers import specutils_fallback

        spectra = specutils_fallback.read(file.path)
        if spectra:
            return spectra
        hint = "specutils does not know it either"
    raise UnreadableSpectrumError(
        f"no spectrum found in {file.inventory()}; looked for {plain_table.LOOKED_FOR}, {wcs1d.LOOKED_FOR}, and the "
        f"layouts {', '.join(reader.LAYOUT for reader in READERS)}; {hint}"
    )
