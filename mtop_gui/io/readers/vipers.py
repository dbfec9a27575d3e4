"""VIPERS and VANDELS tables: WAVES, FLUXES, NOISE, SKY, MASK; air wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import object_name, observing_facts, position
from mtop_gui.io.tables import Layout, flagged, table_spectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import RawSpectrum

LAYOUT = "VIPERS/VANDELS table"
_COLUMNS = Layout(wave="WAVES", flux="FLUXES", noise="NOISE", noise_kind="error", mask="MASK")


def _table(file: FitsFile) -> Hdu | None:
    return next((unit for unit in file.tables() if {"WAVES", "FLUXES", "NOISE"} <= set(unit.columns)), None)


def matches(file: FitsFile) -> bool:
    """Look for a table with WAVES, FLUXES and NOISE."""
    return _table(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    return [(0, object_name(unit, file.primary) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take flux and noise; pixels that MASK marks as edited are left out."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    ra, dec = position(unit, file.primary)
    return table_spectrum(
        file,
        unit,
        _COLUMNS,
        row,
        medium="air",
        bad=flagged(unit, "MASK" if "MASK" in unit.columns else None, _COLUMNS, row),
        usual_flux_unit="erg/cm2/s/Angstrom",
        ra=ra,
        dec=dec,
        metadata={"instrument": "VIMOS"} | observing_facts(file, unit),
    )
