"""log M* and log SFR as a network gives them: one standardised number, or a distribution over bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from mtop_gui.core.arrays import Float32Array, FloatArray

REACH = 4.0
"""The bins span the mean of the training set plus and minus this many of its standard deviations."""

CENTRAL = (0.15865, 0.5, 0.84135)
"""Where a Gaussian has its mean and ±1 sigma."""


def central(probability: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Give median and half the central 68.27 % of distributions over the bins, standardised.

    Both are deaf to the far tails, which hold what the network thinks of another redshift.

    Parameters
    ----------
    probability : (n, bins), any normalisation; spread evenly within each bin.

    Returns
    -------
    median, half : (n,) each.
    """
    weight = np.asarray(probability, dtype=np.float64)
    cumulative = np.cumsum(weight, axis=1)
    cumulative /= cumulative[:, -1:]
    width = 2 * REACH / weight.shape[1]
    rows = np.arange(len(weight))
    found = []
    for level in CENTRAL:
        place = np.minimum((cumulative < level).sum(axis=1), weight.shape[1] - 1)
        below = np.where(place > 0, cumulative[rows, place - 1], 0.0)
        inside = np.maximum(cumulative[rows, place] - below, 1e-12)
        found.append(-REACH + width * (place + (level - below) / inside))
    return found[1], (found[2] - found[0]) / 2


def measured(
    values: np.ndarray, mean: float, std: float, floor: float, scale: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Turn what the network says of n spectra into values and their 1 sigma errors [dex], (n,) each.

    Parameters
    ----------
    values : (passes, n, 1) standardised numbers, or (passes, n, bins) probabilities.
    mean, std : of the training set.
    floor : error of numbers without a distribution (the validation residual), added in quadrature.
    scale : a distribution's half width is multiplied by it, so that it holds 68.27 % of the validation spectra.
    """
    if values.shape[2] == 1:
        numbers = values[:, :, 0].astype(np.float64)
        return numbers.mean(axis=0) * std + mean, np.hypot(numbers.std(axis=0) * std, floor)
    median, half = central(values.mean(axis=0, dtype=np.float64))
    return median * std + mean, half * std * scale


def number_labels(standardised: FloatArray, bins: int, sigma: float = 0.05) -> Float32Array:
    """Integrate a narrow Gaussian about each number over the bins: (n, bins); what lies beyond counts to the outermost."""
    edges = np.linspace(-REACH, REACH, bins + 1)[1:-1]
    cumulative = ndtr((edges[None, :] - np.clip(standardised, -REACH, REACH)[:, None]) / sigma)
    return np.diff(cumulative, axis=1, prepend=0.0, append=1.0).astype(np.float32)
