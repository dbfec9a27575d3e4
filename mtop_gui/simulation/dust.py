"""Dust: how much a galaxy has, and what it takes from the continuum and from the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray

R_V = 4.05  # Calzetti+00
_CLEAR_SHARE = 0.25
_UV_TO_V = 2.55  # A(1500 Å) / A(V) on the Calzetti curve


def calzetti(wavelength: FloatArray) -> FloatArray:
    """Give A(λ)/A(V) of starburst galaxies (Calzetti+00, Eq. 4), rest Å, held at its ends (0.12-2.2 µm)."""
    inverse = 1.0 / np.clip(np.asarray(wavelength, dtype=np.float64) * 1e-4, 0.12, 2.2)
    blue = 2.659 * (-2.156 + 1.509 * inverse - 0.198 * inverse**2 + 0.011 * inverse**3) + R_V
    red = 2.659 * (-1.857 + 1.040 * inverse) + R_V
    return np.where(inverse > 1 / 0.63, blue, red) / R_V


def draw_attenuation(
    rng: np.random.Generator, logmass: FloatArray, main_sequence_offset: FloatArray, quiescent: BoolArray
) -> FloatArray:
    """Draw A(V) [mag] of the stellar continuum.

    Star-forming: A(UV) = 1.6 log M* - 13.5 (Pannella+15), 0.2 dex scatter, dustier above the main sequence; one in
    four is seen through nearly clear sight lines. Quiescent: exponential with a mean of 0.15 mag.

    Parameters
    ----------
    logmass, main_sequence_offset, quiescent : (n,) log M*, log SFR minus the main sequence's [dex], type.
    """
    trend = np.maximum(1.6 * logmass - 13.5, 0.15) / _UV_TO_V
    dusty = trend * 10 ** (0.2 * rng.standard_normal(logmass.size) + 0.1 * main_sequence_offset)
    dusty *= np.where(rng.random(logmass.size) < _CLEAR_SHARE, rng.uniform(0.0, 0.4, logmass.size), 1.0)
    old = rng.exponential(0.15, logmass.size)
    return np.clip(np.where(quiescent, old, dusty), 0.0, 4.0)


def draw_line_excess(rng: np.random.Generator, redshift: FloatArray) -> FloatArray:
    """Draw A(V, gas) / A(V, stars): 1/0.44 nearby (Calzetti+00), less at high z (Pannella+15), 15 % scatter."""
    stellar_share = np.interp(redshift, [0.0, 0.5, 1.5], [0.44, 0.5, 0.6])
    return np.maximum(1.0, (1 + 0.15 * rng.standard_normal(redshift.size)) / stellar_share)


def transmission(attenuation_v: FloatArray, wavelength: FloatArray) -> FloatArray:
    """Give the (n, n_wave) fraction of light that escapes, from (n,) A(V) and (n_wave,) rest Å."""
    return np.asarray(np.exp(-0.4 * np.log(10) * attenuation_v[:, None] * calzetti(wavelength)))
