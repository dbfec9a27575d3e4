"""Smoothing for the eye: inverse-variance weighted, errors shrunk with the data, gaps never crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray

TRUNCATE = 3.0
"""The Gaussian is cut at this many sigma."""


def gaussian_smooth(
    flux: FloatArray, ivar: FloatArray, sigma: float, segments: Sequence[slice]
) -> tuple[FloatArray, FloatArray]:
    """Smooth by an inverse-variance weighted Gaussian.

    With kernel g and weights w = ivar the estimate is Σgwf / Σgw and its error √(Σg²w) / Σgw, the propagation
    of independent pixel errors.

    Parameters
    ----------
    flux : (n_pix,) finite; pixels with `ivar` 0 carry no weight.
    ivar : (n_pix,) inverse variance in `flux`**-2.
    sigma : width of the Gaussian in pixels, > 0.
    segments : pixel ranges between gaps; nothing flows from one to another.

    Returns
    -------
    Smoothed flux and its error, (n_pix,); NaN where no weight reaches or `ivar` is 0.
    """
    reach = max(1, int(np.ceil(TRUNCATE * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    squared = kernel**2
    smooth = np.full(flux.shape, np.nan)
    error = np.full(flux.shape, np.nan)
    for part in segments:
        weight = ivar[part]
        total = _convolved(weight, kernel)
        summed = _convolved(weight * flux[part], kernel)
        variance = _convolved(weight, squared)
        seen = (weight > 0) & (total > 0)
        np.divide(summed, total, out=smooth[part], where=seen)
        np.divide(np.sqrt(variance), total, out=error[part], where=seen)
    return smooth, error


def _convolved(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolve with a kernel of odd length; zeros lie beyond the ends, and the length stays."""
    reach = kernel.size // 2
    return np.convolve(values, kernel)[reach : reach + values.size]


def running_continuum(
    flux: FloatArray, good: BoolArray, segments: Sequence[slice], window: int = 1000
) -> FloatArray:
    """Estimate the continuum as a running median over good pixels (Ginolfi+25, Sect. 3.1), segment by segment.

    Returns
    -------
    (n_pix,) continuum in the unit of `flux`; NaN in a segment that has no good pixel.
    """
    from scipy.ndimage import median_filter  # a third of a second: not before the window is up

    continuum = np.full(flux.shape, np.nan)
    for part in segments:
        kept = np.flatnonzero(good[part])
        if kept.size:
            pixel = np.arange(part.stop - part.start)
            filled = np.interp(pixel, kept, flux[part][kept])
            size = min(window, filled.size)
            continuum[part] = median_filter(filled, size=size, mode="mirror")
    return continuum
