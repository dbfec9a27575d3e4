"""Flux-density units: what a file says, turned into the unit bundles are trained in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np

from mtop_gui.core.spectrum import FLAM

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.spectrum import Spectrum


def flam_factor(flux_unit: str, wavelength: FloatArray) -> FloatArray | None:
    """Factor that turns `flux_unit` into erg/s/cm²/Å at each wavelength.

    Parameters
    ----------
    flux_unit : astropy unit string, f_λ or f_ν.
    wavelength : (n_pix,) vacuum Å.

    Returns
    -------
    (n_pix,) factor, or None when the unit is unknown or no flux density (counts, "").
    """
    if not flux_unit:
        return None
    try:
        unit = u.Unit(flux_unit)
        factor = unit.to(u.Unit(FLAM), np.ones_like(wavelength), u.spectral_density(wavelength * u.AA))
    except (ValueError, TypeError, u.UnitConversionError):
        return None
    return np.broadcast_to(np.asarray(factor, dtype=np.float64), wavelength.shape)


def to_flam(spectrum: Spectrum) -> tuple[FloatArray, FloatArray] | None:
    """Flux and inverse variance in erg/s/cm²/Å, or None when the unit is unknown.

    The inverse variance is divided by the factor in two steps, so that 1e-19 squared never underflows.
    """
    factor = flam_factor(spectrum.flux_unit, spectrum.wavelength)
    if factor is None:
        return None
    return spectrum.flux * factor, spectrum.ivar / factor / factor
