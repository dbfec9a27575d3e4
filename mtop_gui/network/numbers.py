"""log M* and log SFR as a network gives them: one standardised number, or a distribution over bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from mtop_gui.core.arrays import Float32Array, FloatArray

REACH = 4.0
"""The bins span the mean of the training set plus and minus this many of its standard deviations."""


def bin_centres(bins: int) -> FloatArray:
    """Give the centres (bins,) of the bins, standardised."""
    number: FloatArray = np.arange(bins, dtype=np.float64) + 0.5
    return number * (2 * REACH / bins) - REACH


def measured(values: np.ndarray, mean: float, std: float, floor: float) -> tuple[float, float]:
    """Turn what the network says into a value and its standard deviation [dex].

    Parameters
    ----------
    values : (passes, 1) standardised numbers, or (passes, bins) probabilities.
    mean, std : of the training set.
    floor : error of numbers without a distribution (the validation residual), added in quadrature.
    """
    if values.shape[1] == 1:
        numbers = values[:, 0].astype(np.float64)
        return float(numbers.mean() * std + mean), float(np.hypot(numbers.std() * std, floor))
    centres = bin_centres(values.shape[1])
    weight = values.mean(axis=0, dtype=np.float64)
    weight /= weight.sum()
    expected = float(weight @ centres)
    return expected * std + mean, float(np.sqrt(weight @ (centres - expected) ** 2)) * std


def number_labels(standardised: FloatArray, bins: int, sigma: float = 0.05) -> Float32Array:
    """Integrate a narrow Gaussian about each number over the bins: (n, bins); what lies beyond counts to the outermost."""
    edges = np.linspace(-REACH, REACH, bins + 1)[1:-1]
    cumulative = ndtr((edges[None, :] - np.clip(standardised, -REACH, REACH)[:, None]) / sigma)
    return np.diff(cumulative, axis=1, prepend=0.0, append=1.0).astype(np.float32)
