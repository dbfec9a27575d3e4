"""msaexp and grizli spectra: SPEC1D in µm and µJy, or one table per grism with counts and their sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import observing_facts, position
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "msaexp/grizli"


def _tables(file: FitsFile) -> list[Hdu]:
    """SPEC1D, or every table with wave, flux, err and the grism's flat (sensitivity)."""
    spec1d = file.find("SPEC1D")
    if spec1d is not None and {"WAVE", "FLUX", "ERR"} <= set(spec1d.columns):
        return [spec1d]
    return [unit for unit in file.tables() if {"WAVE", "FLUX", "ERR", "FLAT"} <= set(unit.columns)]


def matches(file: FitsFile) -> bool:
    """Look for SPEC1D, or grism tables."""
    return bool(_tables(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table; grisms of one object carry the grism's name."""
    units = _tables(file)
    name = file.primary.text("TARGET", "ID") or file.stem
    if len(units) == 1:
        return [(0, units[0].text("SRCNAME", "SRCALIAS") or name)]
    return [(row, f"{name} {unit.name}".strip()) for row, unit in enumerate(units)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take f_ν of SPEC1D as it stands, or grism counts divided by their sensitivity."""
    unit = _tables(file)[row]
    wavelength = np.asarray(unit.column("WAVE"), dtype=np.float64)
    flux = np.asarray(unit.column("FLUX"), dtype=np.float64)
    error = np.asarray(unit.column("ERR"), dtype=np.float64)
    given = unit.unit("FLUX")
    in_micron = float(np.nanmedian(wavelength)) < 100
    if "FLAT" in unit.columns:
        flat = np.asarray(unit.column("FLAT"), dtype=np.float64)
        usable = np.isfinite(flat) & (flat > 0)
        safe = np.where(usable, flat, 1.0)
        flux, error = np.where(usable, flux / safe, np.nan), error / safe
        given = "erg/s/cm2/Angstrom"
    ra, dec = position(unit, file.primary)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit.unit("WAVE") or ("um" if in_micron else "Angstrom"),
        flux=flux,
        noise=error,
        flux_unit=given,
        usual_flux_unit="uJy" if unit.name == "SPEC1D" else "",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
