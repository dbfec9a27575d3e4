"""Which galaxies there are: redshift, mass, type, star-formation rate, size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from astropy.cosmology import FlatLambdaCDM

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray

MPC_CM = 3.0856775814913673e24
MASS_RANGE = (8.0, 11.2)
LOGSFR_RANGE = (-2.0, 3.0)
STARBURST_SHARE = 0.033  # Schreiber+15
STARBURST_BOOST = 0.72  # dex: a factor 5.24, Schreiber+15
FADING_SHARE = 0.12  # of the star-forming, 0.3 to 1.2 dex below the main sequence (the green valley)
MAIN_SEQUENCE_SCATTER = 0.3  # dex, Schreiber+15
_Z_STEP = 0.005
_MASS_STEP = 0.01
_ARCSEC = np.pi / 180 / 3600

# van der Wel+14, Table 1: log size [kpc] at 5e10 M⊙ and slope, at these redshifts
_SIZE_Z = (0.25, 0.75, 1.25, 1.75, 2.25, 2.75)
_LATE = ((0.86, 0.78, 0.70, 0.65, 0.55, 0.51), (0.25, 0.22, 0.22, 0.23, 0.22, 0.18))
_EARLY = ((0.60, 0.42, 0.22, 0.09, -0.05, -0.06), (0.75, 0.71, 0.76, 0.76, 0.76, 0.79))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Drawn galaxies before any selection on light; all fields (n,)."""

    redshift: FloatArray
    logmass: FloatArray
    quiescent: BoolArray
    logsfr: FloatArray
    main_sequence_offset: FloatArray


@cache
def _distances() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Tabulate redshift, luminosity distance [Mpc] and age of the Universe [yr]."""
    cosmology = FlatLambdaCDM(H0=70.0, Om0=0.3)
    redshift = np.linspace(0.0, 6.0, 3001)
    return (
        redshift,
        np.asarray(cosmology.luminosity_distance(redshift).value),
        np.asarray(cosmology.age(redshift).value) * 1e9,
    )


def luminosity_distance_cm(redshift: FloatArray) -> FloatArray:
    """Give the luminosity distance [cm] in flat ΛCDM, H0 = 70, Ωm = 0.3."""
    table, distance, _ = _distances()
    return np.interp(redshift, table, distance) * MPC_CM


def universe_age(redshift: FloatArray) -> FloatArray:
    """Give the age of the Universe [yr] in the same cosmology."""
    table, _, age = _distances()
    return np.interp(redshift, table, age)


def main_sequence(redshift: FloatArray, logmass: FloatArray) -> FloatArray:
    """Give log SFR of the main sequence [M⊙/yr] (Schreiber+15, Eq. 9)."""
    r = np.log10(1 + redshift)
    m = logmass - 9.0
    bend = np.maximum(0.0, m - 0.36 - 2.5 * r)
    return m - 0.5 + 1.5 * r - 0.3 * bend**2


def _schechter(logmass: FloatArray, logknee: FloatArray, slope: float) -> FloatArray:
    ratio = 10 ** (logmass - logknee)
    return ratio ** (slope + 1) * np.exp(-ratio)


def mass_function(redshift: FloatArray, logmass: FloatArray, *, quiescent: bool) -> FloatArray:
    """Give galaxies per Mpc³ and dex: a smooth approximation of Davidzon+17 for 0 < z < 3."""
    if not quiescent:
        return 10 ** (-2.80 - 0.20 * (redshift - 1)) * _schechter(logmass, 10.70 + 0.0 * redshift, -1.40)
    bulk = _schechter(logmass, 10.80 + 0.0 * redshift, -0.3)
    upturn = 0.02 * _schechter(logmass, 10.80 + 0.0 * redshift, -1.5)
    return 10 ** (-2.65 - 0.50 * (redshift - 1)) * (bulk + upturn)


@cache
def _number_table(low: float, high: float, most: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Tabulate cell centres (redshift, log M* up to `most`) and expected numbers per type: (2, n_z, n_mass)."""
    redshift = np.arange(low + _Z_STEP / 2, high, _Z_STEP)
    logmass = np.arange(MASS_RANGE[0] + _MASS_STEP / 2, most, _MASS_STEP)
    comoving = luminosity_distance_cm(redshift) / MPC_CM / (1 + redshift)
    volume = comoving**2 / np.sqrt(0.3 * (1 + redshift) ** 3 + 0.7)
    z, m = np.meshgrid(redshift, logmass, indexing="ij")
    numbers = np.array([mass_function(z, m, quiescent=old) for old in (False, True)]) * volume[:, None]
    return redshift, logmass, numbers


def draw_candidates(
    rng: np.random.Generator,
    n: int,
    redshift_range: tuple[float, float],
    *,
    quiescent: bool | None = None,
    most_mass: float = MASS_RANGE[1],
) -> Candidates:
    """Draw `n` galaxies from the mass functions within a redshift range, of one type unless `quiescent` is None."""
    redshift, logmass, numbers = _number_table(*redshift_range, most_mass)
    if quiescent is not None:
        numbers = numbers * np.array([not quiescent, quiescent])[:, None, None]
    cell = rng.choice(numbers.size, size=n, p=(numbers / numbers.sum()).ravel())
    old, i, j = np.unravel_index(cell, numbers.shape)
    passive = old.astype(bool)
    z = redshift[i] + _Z_STEP * (rng.random(n) - 0.5)
    mass = logmass[j] + _MASS_STEP * (rng.random(n) - 0.5)
    sequence = main_sequence(z, mass)
    offset = MAIN_SEQUENCE_SCATTER * rng.standard_normal(n)
    offset += np.where(rng.random(n) < STARBURST_SHARE, STARBURST_BOOST, 0.0)
    offset -= np.where(rng.random(n) < FADING_SHARE, rng.uniform(0.3, 1.2, n), 0.0)
    # a residual rate about two dex below the main sequence at 10^11 M⊙, as EGG (Schreiber+17) gives to its passive galaxies
    residual = 0.5 * (mass - 11) + np.log10(1 + z) - 0.7 + 0.4 * rng.standard_normal(n)
    rate = np.where(passive, np.minimum(residual, sequence - 1.0), sequence + offset)
    rate = np.clip(rate, *LOGSFR_RANGE)
    return Candidates(z, mass, passive, rate, rate - sequence)


def draw_sizes(rng: np.random.Generator, drawn: Candidates) -> tuple[FloatArray, FloatArray]:
    """Draw half-light radii [arcsec] and Sérsic indices (1 or 4) (van der Wel+14)."""
    # early types stop shrinking below 2e10 M⊙
    mass = drawn.logmass - np.log10(5e10)
    early_mass = np.maximum(mass, np.log10(2e10 / 5e10))
    late = np.interp(drawn.redshift, _SIZE_Z, _LATE[0]) + mass * np.interp(drawn.redshift, _SIZE_Z, _LATE[1])
    early = np.interp(drawn.redshift, _SIZE_Z, _EARLY[0])
    early = early + early_mass * np.interp(drawn.redshift, _SIZE_Z, _EARLY[1])
    scatter = rng.standard_normal(mass.size) * np.where(drawn.quiescent, 0.12, 0.18)
    kpc = 10 ** (np.where(drawn.quiescent, early, late) + scatter)
    angular = luminosity_distance_cm(drawn.redshift) / MPC_CM * 1e3 / (1 + drawn.redshift) ** 2
    return kpc / angular / _ARCSEC, np.where(drawn.quiescent, 4.0, 1.0)
