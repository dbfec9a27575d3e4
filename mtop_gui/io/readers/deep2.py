"""DEEP2 and DEIMOS ``spec1d``: SPEC, LAMBDA, IVAR in array cells, blue and red half apart, per extraction; air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import object_name, observing_facts, position
from mtop_gui.io.merge import Arm, merge_arms
from mtop_gui.io.raw import RawSpectrum
from mtop_gui.io.tables import cells_are_arrays

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "DEEP2/DEIMOS spec1d"
_PREFERRED = ("HORNE", "OPTIMAL", "BXSPF", "BOXCAR")


def _halves(file: FitsFile) -> list[Hdu]:
    """Give blue and red half of the best extraction there is."""
    found = [
        unit
        for unit in file.tables()
        if {"SPEC", "LAMBDA", "IVAR"} <= set(unit.columns)
        and cells_are_arrays(unit, "SPEC")
        and unit.rows == 1
        and unit.name.endswith(("-B", "-R"))
    ]
    for start in _PREFERRED:
        halves = [unit for unit in found if unit.name in {f"{start}-B", f"{start}-R"}]
        if halves:
            return halves
    return []


def matches(file: FitsFile) -> bool:
    """Look for tables like Horne-B and Bxspf-R."""
    return bool(_halves(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, object_name(*_halves(file)) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Join both halves of the optimal extraction (the boxcar one where that is missing); fluxes are counts."""
    halves = _halves(file)
    arms = []
    for unit in halves:
        wavelength, flux, ivar = (
            np.asarray(unit.cell(name, 0), dtype=np.float64) for name in ("LAMBDA", "SPEC", "IVAR")
        )
        good = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
        arms.append(Arm(wavelength, np.where(good, flux, 0.0), np.where(good, ivar, 0.0)))
    merged = merge_arms(arms)
    ra, dec = position(*halves, file.primary)
    return RawSpectrum(
        wavelength=merged.wavelength,
        medium="air",
        flux=merged.flux,
        noise=merged.ivar,
        noise_kind="ivar",
        ra=ra,
        dec=dec,
        metadata={"instrument": "DEIMOS"} | observing_facts(file, *halves),
    )
