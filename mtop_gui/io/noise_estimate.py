"""Noise of a spectrum that came without errors, from its own scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray

# σ of a normal distribution per median absolute value, over the norm of the weights (-1, 0, 2, 0, -1).
_TO_SIGMA = 1.482602 / np.sqrt(6.0)


def estimate_noise(flux: FloatArray, good: BoolArray, window: int = 100) -> FloatArray:
    """Estimate the standard deviation per pixel from differences of pixels two apart (DER_SNR, Stoehr+08).

    Parameters
    ----------
    flux : (n_pix,) flux density, finite where `good`.
    good : (n_pix,) pixels that may be used.
    window : pixels over which one value is taken; between windows it is interpolated.

    Returns
    -------
    (n_pix,) positive standard deviation in the unit of `flux`.
    """
    where = np.flatnonzero(good)
    values = flux[where]
    if values.size < 5:
        return np.full(flux.shape, _fallback(values))
    scatter = np.abs(2 * values[2:-2] - values[:-4] - values[4:])
    centre = where[2:-2].astype(np.float64)
    whole = _TO_SIGMA * float(np.median(scatter))
    pieces = max(1, scatter.size // window)
    sigma = np.array([_TO_SIGMA * np.median(piece) for piece in np.array_split(scatter, pieces)])
    middle = np.array([piece.mean() for piece in np.array_split(centre, pieces)])
    # A window of constant flux (padding, saturated pixels) says nothing of the noise.
    floor = 1e-3 * whole if whole > 0 else 0.0
    sigma = np.where(sigma > floor, sigma, whole if whole > 0 else _fallback(values))
    sigma = np.interp(np.arange(flux.size, dtype=np.float64), middle, sigma)
    # Its square and the inverse of that are numbers too.
    return np.clip(sigma, 1e-150, 1e150)


def _fallback(values: FloatArray) -> float:
    """Give some positive noise where there is no scatter at all: a thousandth of the flux."""
    largest = float(np.max(np.abs(values))) if values.size else 0.0
    return min(max(1e-3 * largest, 1e-150), 1e150) if largest > 0 else 1.0
