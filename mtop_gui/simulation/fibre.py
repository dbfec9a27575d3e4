"""How much of a galaxy's light enters the fibre: a Sérsic profile blurred by the seeing (Gaussian), centred."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import ncx2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mtop_gui.core.arrays import FloatArray

SEEING = 0.8  # arcsec FWHM
_FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
_RADII = np.geomspace(1e-3, 1e2, 160)  # half-light radii of the table [arcsec]


def point_source_fraction(fibre_diameter: float, seeing: float = SEEING) -> float:
    """Give the fraction of a centred Gaussian image [FWHM `seeing`, arcsec] inside the fibre."""
    return float(-np.expm1(-0.5 * (fibre_diameter / 2 / (seeing * _FWHM_TO_SIGMA)) ** 2))


def half_light_fraction(
    radius_arcsec: ArrayLike, sersic: ArrayLike, fibre_diameter: float, seeing: float = SEEING
) -> FloatArray:
    """Give the fraction of a galaxy's light inside the fibre.

    Parameters
    ----------
    radius_arcsec : (n,) half-light radii on the sky [arcsec]; 0 is a point source.
    sersic : (n,) Sérsic indices (0.5-8).
    fibre_diameter, seeing : arcsec.

    Returns
    -------
    (n,) fractions in (0, 1).
    """
    radius, index = np.broadcast_arrays(
        np.atleast_1d(np.asarray(radius_arcsec, dtype=np.float64)), np.asarray(sersic, dtype=np.float64)
    )
    fraction = np.empty(radius.shape)
    for value in np.unique(index):
        same = index == value
        table = _fraction_table(float(value), fibre_diameter, seeing)
        fraction[same] = np.interp(np.log(np.maximum(radius[same], _RADII[0])), np.log(_RADII), table)
    return fraction


@lru_cache(maxsize=64)
def _fraction_table(sersic: float, fibre_diameter: float, seeing: float) -> FloatArray:
    """Tabulate the fraction over `_RADII`.

    Light of a Sérsic profile inside radius r is P(2n, b (r/r_e)^(1/n)); an element of light at r lands in the fibre
    after a Gaussian scatter with the probability of a non-central χ² with two degrees of freedom.
    """
    sigma = seeing * _FWHM_TO_SIGMA
    enclosed = (np.arange(800) + 0.5) / 800
    scale = gammaincinv(2 * sersic, 0.5)
    radii = (gammaincinv(2 * sersic, enclosed) / scale) ** sersic
    offsets = np.outer(_RADII, radii) / sigma
    inside = ncx2.cdf((fibre_diameter / 2 / sigma) ** 2, 2, offsets**2)
    return np.asarray(np.mean(inside, axis=1))
