"""Any table whose columns carry recognisable names (WAVE, LOGLAM, FLUX, IVAR, ERR, VAR …), units present or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import object_name, observing_facts, position
from mtop_gui.io.readers.catalogues import is_catalogue
from mtop_gui.io.tables import Layout, cells_are_arrays, find_layout, flagged, spectra_in, table_spectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import RawSpectrum

LAYOUT = "plain table"
LOOKED_FOR = "a table with columns like WAVE (or LOGLAM), FLUX and IVAR (or ERR)"


def _tables(file: FitsFile) -> list[tuple[Hdu, Layout]]:
    """Find the first table that fits, and those after it with the same columns."""
    return file.once(LAYOUT, lambda: _search(file))


def _search(file: FitsFile) -> list[tuple[Hdu, Layout]]:
    found: list[tuple[Hdu, Layout]] = []
    for unit in file.tables():
        layout = find_layout(unit)
        if (
            layout is None
            or not unit.rows
            or (not cells_are_arrays(unit, layout.flux) and is_catalogue(unit))
        ):
            continue
        if not found or list(unit.columns) == list(found[0][0].columns):
            found.append((unit, layout))
    return found


def matches(file: FitsFile) -> bool:
    """Look for a table with a wavelength and a flux column."""
    return bool(_tables(file))


def _places(file: FitsFile) -> list[tuple[Hdu, Layout, int]]:
    return file.once(
        f"{LAYOUT}: rows",
        lambda: [
            (unit, layout, row) for unit, layout in _tables(file) for row in range(spectra_in(unit, layout))
        ],
    )


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table, or per row of array cells."""
    places = _places(file)
    if len(places) == 1:
        unit = places[0][0]
        return [(0, object_name(unit, file.primary) or file.stem)]
    # A file may hold a million rows: what concerns their table is asked once.
    alone = {unit.index for unit, layout in _tables(file) if spectra_in(unit, layout) == 1}
    return [
        (row, object_name(unit) or f"{file.stem} {unit.name or row}".strip())
        if unit.index in alone
        else (row, f"{file.stem} {row}")
        for row, (unit, _, _) in enumerate(places)
    ]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one spectrum, in vacuum unless header, UCD or column name say air."""
    unit, layout, place = _places(file)[row]
    ra, dec = position(unit, file.primary)
    return table_spectrum(
        file,
        unit,
        layout,
        place,
        bad=flagged(unit, layout.mask, layout, place),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
