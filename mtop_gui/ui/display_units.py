"""Units a person may choose to look at: Å, nm or µm, and flux per wavelength or per frequency. Only numbers shown change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.spectrum import FLAM
from mtop_gui.core.units import flam_factor

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

WAVELENGTH_UNITS = {"Å": 1.0, "nm": 0.1, "µm": 1e-4}
"""What a wavelength in Å is multiplied by."""
DECIMALS = {"Å": 1, "nm": 2, "µm": 5}
LIGHT_SPEED_AA = 2.99792458e18
"""Å/s."""
MICROJANSKY = 1e-29
"""erg/s/cm²/Hz."""


def next_wavelength_unit(unit: str) -> str:
    """Give the unit that comes after this one, in turn."""
    names = list(WAVELENGTH_UNITS)
    return names[(names.index(unit) + 1) % len(names)] if unit in names else names[0]


def wavelength_text(wavelength: float, unit: str) -> str:
    """Write a wavelength given in Å: ``1.24450 µm``."""
    unit = unit if unit in WAVELENGTH_UNITS else "Å"
    return f"{wavelength * WAVELENGTH_UNITS[unit]:.{DECIMALS[unit]}f} {unit}"


def other_density(flux_unit: str, wavelength: FloatArray) -> tuple[FloatArray, str]:
    """Give what turns f_λ into f_ν, or f_ν into f_λ, pixel by pixel, and the unit it then has.

    Parameters
    ----------
    flux_unit : the Spectrum's own, in astropy's spelling; "" when its file names none.
    wavelength : (n_pix,) Å.

    Returns
    -------
    (n_pix,) factor, and µJy for what came per wavelength, erg/s/cm²/Å for what came per frequency. What comes in no known
    unit is taken to be f_λ, and multiplied by λ² relative to the middle of the spectrum.
    """
    to_flam = flam_factor(flux_unit, wavelength)
    if to_flam is None:
        return (wavelength / float(np.median(wavelength))) ** 2, "arbitrary units per Hz"
    if np.isclose(to_flam[0] * wavelength[0] ** 2, to_flam[-1] * wavelength[-1] ** 2, atol=0.0):
        return to_flam, FLAM
    return to_flam * wavelength**2 / LIGHT_SPEED_AA / MICROJANSKY, "uJy"
