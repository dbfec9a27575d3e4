"""Flux-density units: what a file says, turned into the unit bundles are trained in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.spectrum import FLAM

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray


_REFERENCE = 1e4


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
    law = _power_law(flux_unit) if flux_unit else None
    if law is None:
        return None
    factor, power = law
    return np.full(wavelength.shape, factor) if power == 0 else factor * (wavelength / _REFERENCE) ** power


@lru_cache(maxsize=256)
def _power_law(flux_unit: str) -> tuple[float, int] | None:
    """Give factor at the reference wavelength and its power of wavelength; parsing a unit takes astropy milliseconds."""
    import astropy.units as u  # half a second: not before the window is up

    where = np.array([_REFERENCE, 2 * _REFERENCE])
    try:
        unit = u.Unit(flux_unit)
        factors = unit.to(u.Unit(FLAM), np.ones(2), u.spectral_density(where * u.AA))
    except (ValueError, TypeError, u.UnitConversionError):
        return None
    # Per wavelength, per frequency or in photons: always a whole power of the wavelength.
    return float(factors[0]), round(float(np.log2(factors[1] / factors[0])))
