"""Air and vacuum wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

SHORTEST_AIR = 2000.0
"""Below this wavelength [Å] spectra are given in vacuum by convention, and the formula does not hold."""


def refractive_index(vacuum: FloatArray) -> FloatArray:
    """Refractive index of standard air (15 °C, 101325 Pa, 450 ppm CO2), Ciddor 1996, Appl. Opt. 35, 1566, Eq. 1.

    Parameters
    ----------
    vacuum : wavelength [Å, vacuum].

    Returns
    -------
    Index of refraction, same shape; meant for 2300 Å to 17000 Å and smooth beyond.
    """
    wavenumber2 = (1e4 / vacuum) ** 2
    return 1.0 + 0.05792105 / (238.0185 - wavenumber2) + 0.00167917 / (57.362 - wavenumber2)


def vacuum_to_air(vacuum: FloatArray) -> FloatArray:
    """Turn vacuum wavelengths [Å] into air wavelengths; those below 2000 Å stay as they are."""
    vacuum = np.asarray(vacuum, dtype=np.float64)
    long = vacuum >= SHORTEST_AIR
    return np.where(long, vacuum / refractive_index(np.where(long, vacuum, SHORTEST_AIR)), vacuum)


def air_to_vacuum(air: FloatArray) -> FloatArray:
    """Turn air wavelengths [Å] into vacuum wavelengths; those below 2000 Å stay as they are.

    The inverse of Ciddor's formula by fixed-point iteration; three steps leave less than 1e-10 Å.
    """
    air = np.asarray(air, dtype=np.float64)
    long = air >= SHORTEST_AIR
    safe = np.where(long, air, SHORTEST_AIR)
    vacuum = safe
    for _ in range(3):
        vacuum = safe * refractive_index(vacuum)
    return np.where(long, vacuum, air)
