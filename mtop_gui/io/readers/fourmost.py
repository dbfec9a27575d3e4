"""4MOST L1 spectra: extension PHASE3SPECTRUM, one row of array cells, ERR_FLUX and QUAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import object_name, observing_facts, position
from mtop_gui.io.tables import Layout, flagged, spectra_in, table_spectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import RawSpectrum

LAYOUT = "4MOST L1"
_COLUMNS = Layout(wave="WAVE", flux="FLUX", noise="ERR_FLUX", noise_kind="error", mask="QUAL")


def _table(file: FitsFile) -> Hdu | None:
    for unit in file.tables():
        if unit.name == "PHASE3SPECTRUM" and {"WAVE", "FLUX", "ERR_FLUX"} <= set(unit.columns):
            return unit
    return None


def matches(file: FitsFile) -> bool:
    """Look for PHASE3SPECTRUM with ERR_FLUX."""
    return _table(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table row."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    name = object_name(unit, file.primary) or file.stem
    count = spectra_in(unit, _COLUMNS)
    return [(row, name if count == 1 else f"{name} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the sky-subtracted flux; QUAL is zero where the pixel is good."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    ra, dec = position(unit, file.primary)
    return table_spectrum(
        file,
        unit,
        _COLUMNS,
        row,
        bad=flagged(unit, "QUAL" if "QUAL" in unit.columns else None, _COLUMNS, row),
        usual_flux_unit="erg/(s*cm^2*Angstrom)",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
