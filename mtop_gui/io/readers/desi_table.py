"""DESI early tables: WAVELENGTH and one flux column per target, arms merged by sorting, no errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import LOG_WAVE_NAMES, WAVE_NAMES, first_name
from mtop_gui.io.merge import merge_duplicates
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "table with a column per target"
DESI_PIXELS = 7958
"""Pixels of the three DESI arms together: tables of this length are DESI's, whose unit they do not repeat."""
_TARGET = re.compile(r"^(?:TARGET(?:ID)?|TID)_?(-?\d+)$")


def _table(file: FitsFile) -> Hdu | None:
    for unit in file.tables():
        if first_name(unit.columns, WAVE_NAMES + LOG_WAVE_NAMES) and _targets(unit):
            return unit
    return None


def _targets(unit: Hdu) -> list[tuple[str, str]]:
    found = ((name, _TARGET.match(name)) for name in unit.columns)
    return [(name, hit[1]) for name, hit in found if hit]


def matches(file: FitsFile) -> bool:
    """Look for a wavelength column beside columns called TARGET and a number."""
    return _table(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per target column, in the file's order."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    return [(row, target) for row, (_, target) in enumerate(_targets(unit))]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one column; wavelengths that occur twice, where arms overlapped, are joined."""
    unit = _table(file)
    assert unit is not None  # matches() said so
    column, _ = _targets(unit)[row]
    wave = first_name(unit.columns, WAVE_NAMES + LOG_WAVE_NAMES) or ""
    wavelength = np.asarray(unit.column(wave), dtype=np.float64)
    flux = np.asarray(unit.column(column), dtype=np.float64)
    order = np.argsort(wavelength, kind="stable")
    before = wavelength.size
    wavelength, flux, bad, _ = merge_duplicates(
        wavelength[order], flux[order], ~np.isfinite(flux[order]), None
    )
    joined = before - wavelength.size
    return RawSpectrum(
        wavelength=wavelength,
        log10=wave in LOG_WAVE_NAMES,
        wavelength_unit=unit.unit(wave) or "Angstrom",
        flux=flux,
        bad=bad,
        flux_unit=unit.unit(column),
        usual_flux_unit="1e-17 erg/(s cm2 Angstrom)" if before == DESI_PIXELS else "",
        metadata={"instrument": "DESI"} if before == DESI_PIXELS else {},
        notes=(f"{joined} pixels at doubled wavelengths joined (overlapping arms)",) if joined else (),
    )
