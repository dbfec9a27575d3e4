"""Figures of merit of redshifts and other single numbers, given the truth."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from mtop_gui.core.line_data import LIGHT_SPEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray

THRESHOLDS = (0.003, 0.01, 0.1)
"""|Δz| below which a redshift counts as right (Ginolfi+25); the middle one wherever only one is meant."""

RIGHT = 0.01
CATASTROPHIC = 0.5
NMAD = 1.482602218505602
"""Median absolute deviation to standard deviation, for a Gaussian."""


_FIT_ROUNDS, _LEAST_FITTED = 12, 20


class GaussianFit(NamedTuple):
    """Mean and standard deviation of a Gaussian fitted to the core of a distribution."""

    mean: float
    sigma: float


class Screening(NamedTuple):
    """Success among the kept spectra, the share rejected, and the success of all."""

    success: float
    rejected: float
    success_of_all: float


def success(redshift: FloatArray, truth: FloatArray, threshold: float = RIGHT) -> float:
    """Give the share of spectra with |Δz| < threshold; a missing redshift (NaN) is a failure, NaN without spectra."""
    if truth.size == 0:
        return float("nan")
    return float(np.mean(is_right(redshift, truth, threshold)))


def is_right(redshift: FloatArray, truth: FloatArray, threshold: float = RIGHT) -> BoolArray:
    """Tell the redshifts (n,) with |Δz| < threshold; NaN is wrong."""
    with np.errstate(invalid="ignore"):
        right: BoolArray = np.abs(redshift - truth) < threshold
    return right


def success_table(
    redshift: FloatArray,
    truth: FloatArray,
    hours: FloatArray,
    thresholds: Sequence[float] = THRESHOLDS,
) -> dict[str, dict[str, float]]:
    """Give the success by exposure time ("2", "4", "8") and threshold ("0.003", …)."""
    return {
        f"{length:g}": {
            f"{threshold:g}": success(redshift[hours == length], truth[hours == length], threshold)
            for threshold in thresholds
        }
        for length in np.unique(hours)
    }


def velocity_offset(redshift: FloatArray, truth: FloatArray) -> FloatArray:
    """Give c Δz / (1 + z) [km/s]."""
    offset: FloatArray = LIGHT_SPEED * (redshift - truth) / (1 + truth)
    return offset


def nmad(values: FloatArray) -> float:
    """Give the normalised median absolute deviation, deaf to outliers; NaN without finite values."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return float("nan")
    return float(NMAD * np.median(np.abs(finite - np.median(finite))))


def robust_sigma(values: FloatArray) -> float:
    """Give half the width of the central 68.27 %; NaN without finite values."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return float("nan")
    low, high = np.percentile(finite, [15.865, 84.135])
    return float((high - low) / 2)


def pulls(value: FloatArray, truth: FloatArray, error: FloatArray) -> FloatArray:
    """Give (value − truth) / error of the finite ones: (≤ n,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (value - truth) / error
    return ratio[np.isfinite(ratio)]


def gaussian_fit(residual: FloatArray) -> GaussianFit:
    """Fit a Gaussian to the core of a histogram of residuals, as the paper's table does (Ginolfi+25, Sect. 4.1).

    The histogram spans ± 4 σ in forty bins; as outliers, which the success fractions count, widen any first guess of σ, the
    fit is repeated on the histogram about its own result until σ stands still.

    Returns
    -------
    The fit; median and robust standard deviation where fewer than 20 residuals are finite or the fit fails.
    """
    finite = residual[np.isfinite(residual)]
    if finite.size == 0:
        return GaussianFit(float("nan"), float("nan"))
    robust = GaussianFit(float(np.median(finite)), min(nmad(finite), robust_sigma(finite)))
    fit = robust
    for _ in range(_FIT_ROUNDS):
        again = _histogram_fit(finite, fit)
        if again is None:
            return robust
        still = abs(again.sigma / fit.sigma - 1) < 0.02
        fit = again
        if still:
            break
    return fit


def _histogram_fit(values: FloatArray, guess: GaussianFit) -> GaussianFit | None:
    """Fit the histogram of ± 4 σ about a guess; None where that cannot be done."""
    if not guess.sigma > 0:
        return None
    counts, edges = np.histogram(values, 40, (guess.mean - 4 * guess.sigma, guess.mean + 4 * guess.sigma))
    if counts.sum() < _LEAST_FITTED:
        return None
    centres = ((edges[1:] + edges[:-1]) / 2 - guess.mean) / guess.sigma

    def curve(x: FloatArray, height: float, mean: float, sigma: float) -> FloatArray:
        gaussian: FloatArray = height * np.exp(-0.5 * ((x - mean) / sigma) ** 2)
        return gaussian

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            found, _ = curve_fit(curve, centres, counts, p0=(counts.max(), 0.0, 1.0))
    except RuntimeError:
        return None
    mean, sigma = float(found[1]), float(abs(found[2]))
    if not (abs(mean) < 4 and 0.02 < sigma < 10):
        return None
    return GaussianFit(guess.mean + mean * guess.sigma, sigma * guess.sigma)


def catastrophic(redshift: FloatArray, truth: FloatArray, chosen: BoolArray | None = None) -> float:
    """Give the share of the chosen spectra with |Δz| > 0.5 or none at all; NaN when none is chosen."""
    if chosen is not None:
        redshift, truth = redshift[chosen], truth[chosen]
    if truth.size == 0:
        return float("nan")
    with np.errstate(invalid="ignore"):
        return float(np.mean(~(np.abs(redshift - truth) <= CATASTROPHIC)))


def screening(right: BoolArray, kept: BoolArray) -> Screening:
    """Judge a cut: `right` and `kept` are (n,); success is NaN when nothing is kept."""
    return Screening(
        success=float(np.mean(right[kept])) if kept.any() else float("nan"),
        rejected=float(np.mean(~kept)) if kept.size else float("nan"),
        success_of_all=float(np.mean(right)) if right.size else float("nan"),
    )


def risk_coverage(doubt: FloatArray, right: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Give the error rate among the least doubtful spectra against the share of spectra kept (Geifman+17).

    Parameters
    ----------
    doubt : (n,) any number that grows with doubt (entropy); NaN counts as the greatest doubt. Equal ones are kept together.
    right : (n,).

    Returns
    -------
    coverage, risk : increasing shares kept in (0, 1], and the share of wrong ones among those kept.
    """
    order = np.argsort(np.where(np.isnan(doubt), np.inf, doubt), kind="stable")
    ordered = np.where(np.isnan(doubt), np.inf, doubt)[order]
    wrong = np.cumsum(~right[order])
    kept = np.arange(1, order.size + 1)
    last = np.append(ordered[1:] != ordered[:-1], True)[: order.size]
    return kept[last] / max(1, order.size), wrong[last] / kept[last]


def least_rejected(doubt: FloatArray, right: BoolArray, share: float) -> float:
    """Give the share that must be rejected, the most doubtful first, for this share of the others to be right; NaN if none will do."""
    coverage, risk = risk_coverage(doubt, right)
    enough = coverage[risk <= 1 - share]
    return 1 - float(enough.max()) if enough.size else float("nan")


def area_under_risk(doubt: FloatArray, right: BoolArray) -> float:
    """Give the mean risk over all coverages, less that of the ideal order (excess AURC; Geifman+19): 0 is perfect."""
    if right.size == 0:
        return float("nan")
    coverage, risk = risk_coverage(doubt, right)
    wrong = int(np.count_nonzero(~right))
    kept = np.arange(1, right.size + 1)
    ideal = np.maximum(0, kept - (right.size - wrong)) / kept
    widths = np.diff(coverage, prepend=0.0)
    return float(np.sum(risk * widths) - np.mean(ideal))


def reliability(
    probability: FloatArray, right: BoolArray, bins: int = 10
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compare a claimed probability with how often it comes true.

    Parameters
    ----------
    probability, right : (n,) claimed probability of being right, and whether it was; NaN ones are left out.
    bins : of equal width over 0-1.

    Returns
    -------
    Mean claimed probability, share right and number of spectra of each bin that holds any.
    """
    known = np.isfinite(probability)
    probability, right = probability[known], right[known]
    place = np.clip((probability * bins).astype(int), 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    held = count > 0
    claimed = np.bincount(place, weights=probability, minlength=bins)[held] / count[held]
    true = np.bincount(place, weights=right.astype(float), minlength=bins)[held] / count[held]
    return claimed, true, count[held].astype(float)


def calibration_error(probability: FloatArray, right: BoolArray, bins: int = 10) -> float:
    """Give the mean |claimed − true| over the bins of `reliability`, weighted with their spectra; NaN without any."""
    claimed, true, count = reliability(probability, right, bins)
    return float(np.sum(count * np.abs(claimed - true)) / count.sum()) if count.size else float("nan")
