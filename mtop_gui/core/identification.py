"""Which line is it? What the peaks of a redshift PDF say of the same features, and what a feature might be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.line_data import LIGHT_SPEED, line_data
from mtop_gui.core.line_fit import NoLineFitError, refine
from mtop_gui.core.line_model import DETECTED, USUAL_WIDTH, measure_lines
from mtop_gui.core.lines import MAIN_LINES, load_lines, rank_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.confidence import Peak
    from mtop_gui.core.line_data import LineData
    from mtop_gui.core.line_model import LineModel
    from mtop_gui.core.lines import SpectralLine
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum

SAME_PLACE = 0.003
"""Two lines compete for a feature when they fall within this of each other, Δλ/λ: peaks of a PDF are no sharper."""
PEAK_REACH = 1000.0
"""Lines may lie this far from a peak of the PDF [km/s]."""
HIGHEST_REDSHIFT = 12.0
LEAST_ODDS = 1e-3
"""No redshift is ruled out by a PDF: it may be the network that is wrong."""


@dataclass(frozen=True, eq=False)
class PeakEvidence:
    """What the spectrum says of one peak of its PDF.

    Attributes
    ----------
    peak : redshift and probability.
    redshift : where the lines near the peak fit best; that of the peak when no line stands out.
    fitted : whether lines were found there.
    model : every covered line at `redshift`.
    """

    peak: Peak
    redshift: float
    fitted: bool
    model: LineModel

    @property
    def text(self) -> str:
        """The detected features with their S/N, strongest first, in one phrase."""
        seen = self.model.detected
        if not seen:
            return "no line above 3 σ"
        named = ", ".join(f"{feature.name} {abs(feature.snr):.0f} σ" for feature in seen[:4])
        return named + (f" and {len(seen) - 4} more" if len(seen) > 4 else "")


def evidence(spectrum: Spectrum, peaks: Sequence[Peak], most: int = 3) -> tuple[PeakEvidence, ...]:
    """Measure the expected lines at each of the best peaks; a few hundredths of a second each.

    Parameters
    ----------
    peaks : most probable first.
    most : so many of them.
    """
    found = []
    for peak in peaks[:most]:
        try:
            fit = refine(spectrum, peak.redshift, reach=PEAK_REACH)
        except NoLineFitError:
            model = measure_lines(line_data(spectrum), peak.redshift, width=USUAL_WIDTH)
            found.append(PeakEvidence(peak, peak.redshift, False, model))
        else:
            found.append(PeakEvidence(peak, fit.redshift, True, fit.model))
    return tuple(found)


def competing_lines(
    first: float, second: float, wavelength: FloatArray, strength: FloatArray
) -> tuple[str, str] | None:
    """Name what the strongest feature is at one redshift and at another.

    Parameters
    ----------
    first, second : two redshifts, say of the two best peaks.
    wavelength, strength : (n_pix,) Å, and how much of a line there is (a network's line probability).

    Returns
    -------
    ("Hα", "[O III]"), or None where no two main lines fall on one feature.
    """
    main, rest = _main_lines()
    apart = np.abs(np.log(rest[:, None] * (1.0 + first) / (rest[None, :] * (1.0 + second))))
    best: tuple[SpectralLine, SpectralLine] | None = None
    highest = 0.0
    for i, j in np.argwhere(apart < SAME_PLACE).tolist():
        place = float(rest[i]) * (1.0 + first)
        start, stop = np.searchsorted(wavelength, [place * (1.0 - SAME_PLACE), place * (1.0 + SAME_PLACE)])
        if start == stop:
            continue
        # Of two pairs on one blend, the more telling one.
        telling = 1.0 - 0.01 * (rank_of(main[i].name) + rank_of(main[j].name))
        weight = float(np.nanmax(strength[start:stop])) * telling
        if weight > highest:
            best, highest = (main[i], main[j]), weight
    if best is None:
        return None
    one, two = best
    return (one.name, two.name) if one.label == two.label else (one.label, two.label)


@cache
def _main_lines() -> tuple[tuple[SpectralLine, ...], FloatArray]:
    main = tuple(line for line in load_lines() if line.name in MAIN_LINES)
    return main, np.array([line.wavelength for line in main])


def competition(prediction: Prediction) -> str:
    """Say in words what the two best peaks make of the strongest feature: ``Hα or [O III]``; "" when there are not two."""
    peaks = prediction.confidence.peaks if prediction.best is not None else ()
    if len(peaks) < 2:
        return ""
    named = competing_lines(
        peaks[0].redshift, peaks[1].redshift, prediction.line_wavelength, prediction.line_probability
    )
    return f"{named[0]} or {named[1]}" if named else ""


# -- a feature under the cursor -------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineChoice:
    """One thing a feature may be.

    Attributes
    ----------
    redshift : at which `line` falls on the feature.
    odds : share of the redshift PDF near it, 0 … 1; NaN without a PDF.
    companions : names of other lines seen at that redshift, strongest first.
    score : the higher, the more plausible.
    """

    line: SpectralLine
    redshift: float
    odds: float
    companions: tuple[str, ...]
    score: float


def plausible_lines(
    wavelength: float, spectrum: Spectrum, prediction: Prediction | None = None, most: int = 12
) -> tuple[LineChoice, ...]:
    """Rank what a feature may be: by the redshift PDF, and by the other lines that its redshift would have.

    Parameters
    ----------
    wavelength : observed vacuum Å of the feature.
    prediction : whose PDF counts; without one only the lines do.

    Returns
    -------
    At most `most` choices, the most plausible first.
    """
    data = line_data(spectrum)
    choices = []
    for line in load_lines():
        redshift = wavelength / line.wavelength - 1.0
        if not -0.005 < redshift < HIGHEST_REDSHIFT or rank_of(line.name) >= len(MAIN_LINES):
            continue
        choices.append(_choice(line, redshift, data, prediction))
    return tuple(sorted(choices, key=lambda choice: -choice.score)[:most])


def _choice(line: SpectralLine, redshift: float, data: LineData, prediction: Prediction | None) -> LineChoice:
    model = measure_lines(data, redshift, width=USUAL_WIDTH)
    others = [feature for feature in model.detected if line.name not in feature.members]
    # Ten sigma of one companion is as good as a hundred: it may be the feature next door.
    support = sum(min(abs(feature.snr), 10.0) for feature in others)
    expected = [f for f in model.features if rank_of(f.members[0]) < 8 and line.name not in f.members]
    missing = sum(1 for feature in expected if not feature.detected)
    odds = _odds(redshift, prediction)
    score = 0.25 * support - 0.3 * missing - 0.12 * rank_of(line.name)
    if np.isfinite(odds):
        score += float(np.log(odds + LEAST_ODDS))
    return LineChoice(line, redshift, odds, tuple(feature.name for feature in others[:3]), score)


def _odds(redshift: float, prediction: Prediction | None) -> float:
    if prediction is None or prediction.best is None:
        return float("nan")
    near = np.abs(prediction.redshift_grid - redshift) < 0.004 * (1.0 + redshift)
    return float(prediction.redshift_pdf[near].sum())


def snap(spectrum: Spectrum, wavelength: float, tolerance: float) -> float:
    """Give the middle of the line nearest to where somebody pointed; the place itself when no line is there.

    Parameters
    ----------
    wavelength, tolerance : Å; only lines within `tolerance` count.
    """
    data = line_data(spectrum)
    start, stop = np.searchsorted(data.wavelength, [wavelength - tolerance, wavelength + tolerance])
    places = data.wavelength[start:stop]
    if not places.size:
        return wavelength
    sigma = USUAL_WIDTH / LIGHT_SPEED * wavelength
    low, high = np.searchsorted(data.wavelength, [places[0] - 4 * sigma, places[-1] + 4 * sigma])
    weight = data.ivar[low:high]
    profile = np.exp(-0.5 * ((data.wavelength[None, low:high] - places[:, None]) / sigma) ** 2)
    overlap, power = profile @ (weight * data.residual[low:high]), (profile * profile) @ weight
    significance = np.abs(np.divide(overlap, np.sqrt(power), out=np.zeros(places.size), where=power > 0))
    best = int(np.argmax(significance))
    if significance[best] < DETECTED:
        return wavelength
    near = slice(max(0, best - 2), best + 3)
    return float(np.average(places[near], weights=significance[near] ** 2))


def strongest_feature(spectrum: Spectrum, low: float, high: float) -> float | None:
    """Give the wavelength [Å] of the most significant line between two wavelengths; None when there is none above 3 sigma."""
    data = line_data(spectrum)
    part = slice(*np.searchsorted(data.wavelength, [low, high]).tolist())
    weight, residual = data.ivar[part], data.residual[part]
    if not np.any(weight > 0):
        return None
    sigma = max(0.6, USUAL_WIDTH / float(np.median(data.pixel[part])))
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    overlap = np.convolve(weight * residual, kernel)[reach : reach + weight.size]
    power = np.convolve(weight, kernel**2)[reach : reach + weight.size]
    # Half a profile at the edge of a gap or a mask is no line to point at.
    seen = power > 0.5 * np.median(power[power > 0])
    significance = np.where(seen, np.abs(overlap) / np.sqrt(np.where(seen, power, 1.0)), 0.0)
    best = int(np.argmax(significance))
    return float(data.wavelength[part][best]) if significance[best] >= DETECTED else None
