"""ESO Phase 3 spectra (Science Data Product standard) and IVOA Spectrum tables: array cells, nm or Å, air or vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import object_name, observing_facts, position
from mtop_gui.io.tables import cells_are_arrays, find_layout, flagged, spectra_in, table_spectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import RawSpectrum
    from mtop_gui.io.tables import Layout

LAYOUT = "ESO Phase 3 / IVOA Spectrum"


def _table(file: FitsFile) -> Hdu | None:
    for unit in file.tables():
        layout = find_layout(unit)
        if layout is None or not cells_are_arrays(unit, layout.flux):
            continue
        declared = "SPECTRUM" in unit.text("VOCLASS").upper() or file.primary.text("PRODCATG").startswith(
            "SCIENCE"
        )
        if declared or unit.name.startswith(("SPECTRUM", "PHASE3")):
            return unit
    return None


def matches(file: FitsFile) -> bool:
    """Look for a table of array cells that calls itself an IVOA spectrum or an ESO science product."""
    return _table(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table row."""
    unit = _table(file)
    layout = find_layout(unit) if unit else None
    assert unit is not None  # matches() said so
    assert layout is not None
    name = object_name(unit, file.primary) or file.stem
    count = spectra_in(unit, layout)
    return [(row, name if count == 1 else f"{name} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one spectrum; air where the spectral axis's UCD says ``em.wl;obs.atmos`` (SDP standard, Sect. 4), else vacuum."""
    unit = _table(file)
    layout = find_layout(unit) if unit else None
    assert unit is not None  # matches() said so
    assert layout is not None
    ra, dec = position(unit, file.primary)
    return table_spectrum(
        file,
        unit,
        layout,
        row,
        bad=flagged(unit, layout.mask, layout, row),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
        notes=_unsaid_medium(unit, layout),
    )


def _unsaid_medium(unit: Hdu, layout: Layout) -> tuple[str, ...]:
    """Note that the UCD that tells air from vacuum is lost: other columns have theirs."""
    lost = not unit.column_card(layout.wave, "TUCD") and unit.column_card(layout.flux, "TUCD")
    return ("the header does not say whether wavelengths are in air: taken as in vacuum",) if lost else ()
