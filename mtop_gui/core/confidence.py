"""Confidence: everything derived from a redshift PDF, and the Flag that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.cumulative import CENTRAL, Cumulative
from mtop_gui.core.line_data import LIGHT_SPEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.prediction import Prediction

ENTROPY_BIN = 0.003
"""Bin width in z on which entropy and skewness are taken, whatever grid the network uses (Ginolfi+25)."""

DEFAULT_ENTROPY_THRESHOLD = 2.0
PEAK_CERTAINTY = 0.9
"""A best Peak with less probability leaves room for another redshift, however narrow the peaks make the entropy."""

DIVIDED_ENTROPY = 1.5
"""By so much more counts the entropy of such a divided PDF. Of 1,946 mock test spectra with entropy < 2, the 32 with a
best Peak below `PEAK_CERTAINTY` were wrong seven times, the other 1,914 seventeen times (|Δz| > 0.01)."""

RIVAL_PEAK = 0.1
"""Of a wide PDF the second Peak is named when it holds at least this much."""

PEAK_FLOOR = 0.01
"""A local maximum holding less probability than this is not offered as a candidate."""

CORE = 0.1
"""The core of a peak are the bins above this share of its highest one."""

SAME = 1000.0
"""Two redshifts nearer than this [km/s] are the same to those who review them (as in DESI and redrock), so that the best Peak
is the one most likely to be right within it, and Peaks lie at least twice as far apart. Beside the peak that holds most
from valley to valley this set 0.1 % more of 17,730 mock test redshifts right (77.3 to 77.4 % at 2 h, 83.1 to 83.2 % at 4 h,
87.3 to 87.4 % at 8 h)."""

ALL = 0.999
"""A Peak with this share of its probability near its summit is not searched for a denser stretch."""

_TINY = 1e-30


@dataclass(frozen=True)
class Peak:
    """One candidate redshift.

    Attributes
    ----------
    redshift : where it culminates.
    probability : that the redshift lies in it and within `SAME` of its middle: the most that any stretch of that width holds.
    lower, upper : the valleys to either side.
    """

    redshift: float
    probability: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Confidence:
    """Statistics of one redshift PDF.

    Attributes
    ----------
    entropy : natural-log Shannon entropy on 0.003 bins (Ginolfi+25; threshold 2).
    skewness : of the bin probabilities themselves (Ginolfi+25; threshold 20).
    rms : standard deviation of the PDF, in z.
    error : half the central 68.27 % of the probability inside the best Peak.
    peaks : most probable first; at least one.
    interval68 : (lower, upper) 16th and 84th percentile of the PDF; where the best Peak lies less than a bin beside them,
        as that of a PDF narrower than its bins may, they reach up to it.
    """

    entropy: float
    skewness: float
    rms: float
    error: float
    peaks: tuple[Peak, ...]
    interval68: tuple[float, float]


@dataclass(frozen=True)
class Flag:
    """Whether a person should look at this, with the reasons; empty reasons mean not flagged."""

    reasons: tuple[str, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether a person should look."""
        return bool(self.reasons)

    @property
    def text(self) -> str:
        """All reasons as one phrase."""
        return "; ".join(self.reasons)


def find_peaks(grid: FloatArray, probability: FloatArray, most: int = 6) -> tuple[Peak, ...]:
    """Find the candidate redshifts of a PDF.

    A Peak's redshift is that of a Gaussian fitted to its core, finer than the bins.

    Parameters
    ----------
    grid : (n_z,) bin centres.
    probability : (n_z,) probability per bin.
    most : at most this many, the most probable ones.

    Returns
    -------
    Peaks, most probable first; always at least one.
    """
    # What is lower than this everywhere cannot hold `PEAK_FLOOR` near any bin: a thousand ripples need not be sorted.
    candidate = probability >= min(
        PEAK_FLOOR / max(_width(grid, 0), _width(grid, grid.size - 1)), probability.max()
    )
    rising = probability[1:] > probability[:-1]
    candidate[1:] &= rising
    candidate[:-1] &= ~rising
    maxima = np.flatnonzero(candidate)
    if maxima.size == 0:
        maxima = np.array([int(np.argmax(probability))])
    kept, valleys = _separate(probability, maxima)
    spans = _join(grid, probability, kept, valleys)
    masses = np.add.reduceat(probability, [low for low, _, _ in spans])
    below = np.concatenate([[0.0], np.cumsum(probability)])
    enough = min(PEAK_FLOOR, float(masses.max()))
    peaks = [
        (_densest(grid, below, *span), *span)
        for span, mass in zip(spans, masses.tolist(), strict=True)
        if mass >= enough
    ]
    peaks.sort(key=lambda peak: -peak[0])
    return tuple(
        Peak(
            _summit(grid[low:high], probability[low:high], position - low),
            mass,
            float(grid[low]),
            float(grid[high - 1]),
        )
        for number, (mass, low, position, high) in enumerate(peaks[:most])
        if number == 0 or mass >= PEAK_FLOOR
    )


def _join(
    grid: FloatArray, probability: FloatArray, summits: list[int], valleys: list[int]
) -> list[tuple[int, int, int]]:
    """Make one of neighbours too near to be told apart; give (first bin, summit, bin after the last) of each."""
    apart = 2 * SAME / LIGHT_SPEED
    spans: list[tuple[int, int, int]] = []
    last, highest = -np.inf, 0.0
    heights = probability[summits].tolist()
    places = grid[summits].tolist()
    lows, highs = [0, *valleys], [*valleys, probability.size]
    for low, summit, high, place, height in zip(lows, summits, highs, places, heights, strict=True):
        if place - last >= apart * (1 + place):
            spans.append((low, summit, high))
        elif height > highest:
            spans[-1] = (spans[-1][0], summit, high)
        else:
            spans[-1] = (spans[-1][0], spans[-1][1], high)
            continue
        last, highest = place, height
    return spans


def _width(grid: FloatArray, place: int) -> int:
    """Count the bins from `SAME` below one bin to `SAME` above it."""
    left, right = max(place - 1, 0), min(place + 1, grid.size - 1)
    if right == left:
        return 1
    step = float(grid[right] - grid[left]) / (right - left)
    return 2 * round(SAME / LIGHT_SPEED * (1 + float(grid[place])) / step) + 1


def _densest(grid: FloatArray, below: FloatArray, low: int, summit: int, high: int) -> float:
    """Give the most probability that a stretch of `SAME` to either side holds between two bins."""
    whole = float(below[high] - below[low])
    width = _width(grid, summit)
    around = float(below[min(summit + width // 2 + 1, high)] - below[max(summit - width // 2, low)])
    if around > ALL * whole or high - low <= width:
        return whole
    return float(np.max(below[low + width : high + 1] - below[low : high + 1 - width]))


def _separate(probability: FloatArray, maxima: NDArray[np.intp]) -> tuple[list[int], list[int]]:
    """Join local maxima that only noise divides; give those that stay and the deepest bin between each two of them."""
    depths = np.minimum.reduceat(probability, maxima)
    stretch = np.zeros(probability.size - maxima[0], np.intp)
    stretch[maxima[1:] - maxima[0]] = 1
    np.cumsum(stretch, out=stretch)
    deepest = maxima[0] + np.flatnonzero(probability[maxima[0] :] == depths[stretch])
    first = np.searchsorted(stretch[deepest - maxima[0]], np.arange(maxima.size))
    kept, valleys = [int(maxima[0])], []
    last, valley, bottom = float(probability[maxima[0]]), float("inf"), 0
    following = zip(
        maxima[1:].tolist(),
        probability[maxima[1:]].tolist(),
        depths[:-1].tolist(),
        deepest[first[:-1]].tolist(),
        strict=True,
    )
    for position, height, depth, where in following:
        if depth < valley:
            valley, bottom = depth, where
        # A valley higher than half the lower summit does not separate two candidates, only noise on one.
        if valley > 0.5 * min(last, height):
            if height <= last:
                continue
            kept[-1] = position
        else:
            kept.append(position)
            valleys.append(bottom)
        last, valley = height, float("inf")
    return kept, valleys


def _summit(grid: FloatArray, probability: FloatArray, highest: int) -> float:
    """Give the redshift at which the Gaussian through the core of one peak culminates.

    A parabola is fitted to the logarithm of the bins above a tenth of the highest one, at least three of them, weighted
    with their probability: exact for a Gaussian of any width from a third of a bin upwards, and deaf to noise on wide ones.
    """
    low = high = highest
    while low > 0 and probability[low - 1] > CORE * probability[highest]:
        low -= 1
    while high < grid.size - 1 and probability[high + 1] > CORE * probability[highest]:
        high += 1
    if high - low < 2:
        low, high = max(0, highest - 1), highest + 1
    core = slice(low, high + 1)
    where, weight = grid[core] - grid[highest], probability[core]
    if where.size < 3 or np.ptp(weight) <= 0:
        return float(grid[highest] + np.sum(where * weight) / weight.sum())
    weight = np.maximum(weight / probability[highest], _TINY)
    curvature, slope = _parabola(where, np.log(weight), np.ones(3) if where.size == 3 else weight**2)
    if curvature >= 0:
        return float(grid[highest] + np.sum(where * weight) / weight.sum())
    return float(grid[highest] + min(max(-slope / (2 * curvature), where[0]), where[-1]))


def _parabola(x: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Fit y = a x² + b x + c by weighted least squares and give a and b.

    The normal equations of the deviations from the weighted means are written out: a solver takes three times as long.
    """
    scale = float(np.abs(x).max())
    x = x / scale
    total = float(weight.sum())
    square = x * x
    x = x - float(weight @ x) / total
    square = square - float(weight @ square) / total
    y = y - float(weight @ y) / total
    linear, both = weight * x, weight * square
    xx, xs, ss = float(linear @ x), float(linear @ square), float(both @ square)
    xy, sy = float(linear @ y), float(both @ y)
    determinant = xx * ss - xs * xs
    if determinant <= 0:
        return 0.0, 0.0
    return (xx * sy - xs * xy) / determinant / scale**2, (ss * xy - xs * sy) / determinant / scale


def summarise(grid: FloatArray, probability: FloatArray) -> Confidence:
    """Derive all Confidence numbers from a redshift PDF.

    Parameters
    ----------
    grid : (n_z,) bin centres in z.
    probability : (n_z,) non-negative, any normalisation.

    Raises
    ------
    ValueError : the PDF is empty, negative, not finite, or zero everywhere.
    """
    total = float(probability.sum()) if probability.size else 0.0
    if not np.isfinite(total) or total <= 0 or (probability < 0).any():
        raise ValueError("a redshift PDF must be non-negative with a positive, finite sum")
    pdf = np.asarray(probability, dtype=np.float64) / total
    cumulative = Cumulative(grid, pdf)
    rebinned = cumulative.rebinned(ENTROPY_BIN)
    binned = pdf if rebinned is None else rebinned
    offset = grid - grid @ pdf
    rms = float(np.sqrt(max(0.0, float((offset * offset) @ pdf))))
    peaks = find_peaks(grid, pdf)
    return Confidence(
        entropy=entropy_of(binned),
        skewness=_skewness(binned),
        rms=rms,
        error=_half_width(peaks[0], cumulative, grid),
        peaks=peaks,
        interval68=_around(peaks[0].redshift, cumulative),
    )


def _half_width(peak: Peak, cumulative: Cumulative, grid: FloatArray) -> float:
    """Give half the central interval of what lies inside a Peak."""
    first, last = grid.searchsorted([peak.lower, peak.upper])
    below, above = float(cumulative.below[first]), float(cumulative.below[last + 1])
    low, high = cumulative.quantiles([below + level * (above - below) for level in CENTRAL])
    return (high - low) / 2


def _around(best: float, cumulative: Cumulative) -> tuple[float, float]:
    """Give the central interval, reaching to a best redshift that only the width of the bins leaves outside."""
    low, high = cumulative.quantiles(CENTRAL)
    edges = cumulative.edges
    place = min(max(int(edges.searchsorted(best)) - 1, 0), edges.size - 2)
    bin_width = float(edges[place + 1] - edges[place])
    if low - bin_width < best < low:
        low = best
    elif high < best < high + bin_width:
        high = best
    return low, high


def entropy_of(probability: FloatArray) -> float:
    """Shannon entropy in nats of any normalisation; written out, because importing scipy.stats takes longer than opening the window."""
    positive = probability[probability > 0] / probability.sum()
    return -float(positive @ np.log(positive)) + 0.0


def _skewness(values: FloatArray) -> float:
    """Moment coefficient of skewness m3 / m2^1.5 (scipy.stats.skew's default); 0 for equal values."""
    if float(np.ptp(values)) <= 1e-12:
        return 0.0
    offset = values - values.mean()
    squared = offset * offset
    return float(squared @ offset / values.size / (float(offset @ offset) / values.size) ** 1.5)


def is_doubtful(
    entropy: FloatArray | float, peak_probability: FloatArray | float, entropy_threshold: float
) -> BoolArray:
    """Tell which PDFs a person should look at: wide ones, and those with a second candidate.

    Two narrow peaks can have less entropy than one broad one. A PDF whose best Peak is below `PEAK_CERTAINTY` is
    therefore judged as if its entropy were `DIVIDED_ENTROPY` higher; so the one threshold still moves everything.

    Parameters
    ----------
    entropy, peak_probability : (n,) or scalars, of the PDF and of its best Peak; NaN is not doubtful.
    entropy_threshold : natural-log entropy.
    """
    with np.errstate(invalid="ignore"):
        wide = np.greater_equal(entropy, entropy_threshold)
        divided = np.less(peak_probability, PEAK_CERTAINTY)
        divided &= np.greater_equal(np.add(entropy, DIVIDED_ENTROPY), entropy_threshold)
    return np.asarray(wide | divided)


def doubt_in_words(
    entropy: float,
    peaks: Sequence[tuple[float, float]],
    entropy_threshold: float,
    lines: str = "",
) -> list[str]:
    """Say why `is_doubtful` holds, one reason each; empty when it does not.

    Parameters
    ----------
    peaks : (redshift, probability) of the best Peak and, if there is one, of the second.
    lines : what the two Peaks make of the strongest feature, ``Hα or [O III]``; "" when nothing.
    """
    if not peaks or not is_doubtful(entropy, peaks[0][1], entropy_threshold):
        return [f"entropy {entropy:.2f} ≥ {entropy_threshold:.2f}"] if entropy >= entropy_threshold else []
    wide = entropy >= entropy_threshold
    reasons = [f"entropy {entropy:.2f} ≥ {entropy_threshold:.2f}"] if wide else []
    best, *others = peaks
    if others and best[1] < PEAK_CERTAINTY and (not wide or others[0][1] >= RIVAL_PEAK):
        named = ", ".join(f"{redshift:.4f} ({probability:.2f})" for redshift, probability in peaks[:2])
        reasons.append(f"two peaks: z = {named}" + (f": {lines}" if lines else ""))
    elif not wide:
        reasons.append(f"the best peak holds only {100 * best[1]:.0f} % of the probability")
    return reasons


def flag(prediction: Prediction, entropy_threshold: float = DEFAULT_ENTROPY_THRESHOLD) -> Flag:
    """Decide whether a person should look at a Prediction, and say why.

    Parameters
    ----------
    prediction : what a bundle said.
    entropy_threshold : natural-log entropy at or above which the PDF is too wide (Ginolfi+25: 2).
    """
    if prediction.rejection:
        return Flag((prediction.rejection,))
    from mtop_gui.core.identification import competition  # it builds on this module's Peaks

    confidence = prediction.confidence
    peaks = [(peak.redshift, peak.probability) for peak in confidence.peaks]
    reasons = doubt_in_words(confidence.entropy, peaks, entropy_threshold, competition(prediction))
    if prediction.ood >= prediction.ood_threshold:
        reasons.append(f"unlike the training spectra (score {prediction.ood:.2f})")
    reasons.extend(prediction.warnings)
    return Flag(tuple(reasons))
