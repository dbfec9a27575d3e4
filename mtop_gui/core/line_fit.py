"""Refine a candidate redshift by the known lines near it: Gaussians of one width, all at one redshift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import MtopError
from mtop_gui.core.line_data import LIGHT_SPEED, line_data
from mtop_gui.core.line_model import BANDS, EXTENT, WIDTHS, LineModel, measure_lines
from mtop_gui.core.lines import load_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.line_data import LineData
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.core.lines import SpectralLine
    from mtop_gui.core.spectrum import Spectrum

REACH = 600.0
"""Trial redshifts lie this far to either side of the candidate [km/s]; [N II] stands 940 km/s from Hα."""
STEP = 20.0
"""km/s between trial redshifts."""
LEAST_GAIN = 20.0
"""A redshift must beat the median of its neighbourhood by this much in chi-square."""
RIVALS = 4
"""So many local maxima of the quick search are fitted in earnest."""
RIVAL_GAIN = 9.0
"""A second redshift within this much chi-square of the best one is told to the person."""
FAR = 300.0
"""A fit that moves further than this [km/s] must not hang on one feature alone: errors of a redshift are smaller."""
PIXEL_FLOOR = 0.1
"""Wavelengths are calibrated to about this share of a pixel; no redshift is known better."""


class NoLineFitError(MtopError):
    """No redshift can be taken from the lines near the candidate; the message says why."""


@dataclass(frozen=True, eq=False)
class LineFit:
    """A redshift fitted to lines.

    Attributes
    ----------
    redshift, error : with 1 sigma: statistical, at least that of Gaussian lines of this S/N, and a tenth of a pixel.
    gain : in chi-square, over the median of the trial redshifts.
    width : standard deviation of the lines [km/s], instrument included.
    model : every covered line at this redshift.
    warning : what to mind ("z = … fits almost as well"), or "".
    """

    redshift: float
    error: float
    gain: float
    width: float
    model: LineModel
    warning: str = ""

    @property
    def detected(self) -> tuple[LineMeasurement, ...]:
        """The features that carry the fit, strongest first."""
        return self.model.detected


def fit_lines(
    spectrum: Spectrum, candidate: float, lines: Sequence[SpectralLine] | None = None
) -> LineFit | None:
    """Find the redshift near a candidate as `refine` does; None where it refuses."""
    try:
        return refine(spectrum, candidate, lines)
    except NoLineFitError:
        return None


def refine(
    spectrum: Spectrum,
    candidate: float,
    lines: Sequence[SpectralLine] | None = None,
    *,
    reach: float = REACH,
) -> LineFit:
    """Find the redshift within 600 km/s of a candidate at which all covered lines together fit best.

    First a matched filter, line by line: with weights w = ivar, residual d and profile g one line gains (Σwgd)² / Σwg² in
    chi-square, if its sign is right. The best few redshifts are then fitted with all lines at once, so that
    neighbours ([O II] 3727 and 3730, Ca H and Hε) are not taken for each other.

    Parameters
    ----------
    spectrum : pixels that are masked or without inverse variance take no part.
    candidate : redshift to begin from.
    lines : default the table that ships with the program, without blends and molecular bands.
    reach : km/s to either side.

    Raises
    ------
    NoLineFitError : no line is covered, none is above 3 sigma, or the best redshift lies at the end of the range.
    """
    table = tuple(load_lines() if lines is None else lines)
    measured = tuple(line for line in table if line.label not in BANDS)
    data = line_data(spectrum)
    shifts, gains = _search(data, candidate, measured, reach)
    if not gains.any():
        raise NoLineFitError(f"No known line is covered at z = {candidate:.4f}: try another redshift.")
    trials = _trials(data, candidate, measured, shifts, gains)
    best = max(trials, key=lambda model: model.gain)
    best, error = _refined(data, best, measured)
    moved = velocity(best.redshift, candidate)
    rise = best.gain - _ordinary(shifts, gains, moved, best.width)
    if rise < LEAST_GAIN or not best.detected:
        raise NoLineFitError("No line stands out of the noise here by 3 σ; the redshift is left as it is.")
    if abs(moved) >= reach - STEP / 2:
        raise NoLineFitError(
            f"The lines pull further than {reach:.0f} km/s away: move the redshift nearer to them and fit again."
        )
    return LineFit(
        redshift=best.redshift,
        error=error,
        gain=rise,
        width=best.width,
        model=measure_lines(data, best.redshift, width=best.width, lines=table),
        warning="; ".join(filter(None, (_leap(best, moved), _rival(trials, best)))),
    )


def velocity(redshift: float, reference: float) -> float:
    """Turn a redshift into a velocity relative to another one [km/s]."""
    return LIGHT_SPEED * (redshift - reference) / (1.0 + reference)


def _shifted(reference: float, shift: float) -> float:
    return reference + (1.0 + reference) * shift / LIGHT_SPEED


def _search(
    data: LineData, candidate: float, lines: Sequence[SpectralLine], reach: float
) -> tuple[FloatArray, FloatArray]:
    """Give trial shifts [km/s] and, (widths, shifts), what all lines gain there, each by itself."""
    shifts = np.arange(-reach, reach + STEP / 2, STEP)
    gains = np.zeros((len(WIDTHS), shifts.size))
    for line in lines:
        _add_gains(gains, data, line, 1.0 + candidate, shifts)
    return shifts, gains


def _add_gains(
    gains: FloatArray, data: LineData, line: SpectralLine, stretch: float, shifts: FloatArray
) -> None:
    """Add what one line gains in chi-square; nothing where it is not observed."""
    grid, centre = data.wavelength, line.wavelength * stretch
    margin = shifts[-1] + EXTENT * WIDTHS[-1]
    start, stop = np.searchsorted(grid, centre * (1.0 + np.array([-margin, margin]) / LIGHT_SPEED))
    weight = data.ivar[start:stop]
    where = LIGHT_SPEED * (grid[start:stop] / centre - 1.0)
    if not np.any(weight[np.abs(where) < shifts[-1]] > 0):
        return
    floor = 0.6 * float(data.pixel[start:stop].mean())
    distance = where[None, :] - shifts[:, None]
    for row, width in zip(gains, WIDTHS, strict=True):
        profile = np.exp(-0.5 * (distance / np.hypot(width, floor)) ** 2)
        overlap = profile @ (weight * data.residual[start:stop])
        power = (profile * profile) @ weight
        right = power > 0
        if line.kind != "both":
            right &= overlap > 0 if line.kind == "emission" else overlap < 0
        row += np.divide(overlap**2, power, out=np.zeros(shifts.size), where=right)


def _trials(
    data: LineData, candidate: float, lines: Sequence[SpectralLine], shifts: FloatArray, gains: FloatArray
) -> list[LineModel]:
    """Fit all lines at once at the local maxima of the quick search, those that gain most."""
    best = gains.max(axis=0)
    padded = np.concatenate([[-np.inf], best, [-np.inf]])
    peaks = np.flatnonzero((best >= padded[:-2]) & (best > padded[2:]))
    peaks = peaks[np.argsort(-best[peaks])][:RIVALS]
    trials = []
    for peak in peaks:
        row = int(np.argmax(gains[:, peak]))
        redshift = _shifted(candidate, float(shifts[peak]))
        near = WIDTHS[max(0, row - 1) : row + 2]
        fits = [measure_lines(data, redshift, width=width, lines=lines) for width in near]
        trials.append(max(fits, key=lambda model: model.gain))
    return trials


def _refined(data: LineData, start: LineModel, lines: Sequence[SpectralLine]) -> tuple[LineModel, float]:
    """Climb to the summit in redshift and width; give the model there and the error of its redshift."""
    best = start
    for step in (STEP, STEP, STEP / 2):
        best = _climb(data, best, lines, step)
        best = _broadened(data, best, lines)
    step = max(0.15 * best.width, 0.5 * STEP)
    low, high = (
        measure_lines(data, _shifted(best.redshift, by), width=best.width, lines=lines).gain
        for by in (-step, step)
    )
    curvature = 2.0 * best.gain - low - high
    statistical = step * np.sqrt(2.0 / curvature) if curvature > 0 else np.inf
    total = float(np.sqrt(sum(feature.snr**2 for feature in best.detected))) or 1.0
    # A Gaussian line of this S/N on white noise gives its centre no better than √2 σ / (S/N).
    statistical = max(statistical, np.sqrt(2.0) * best.width / total)
    if not np.isfinite(statistical):
        statistical = best.width
    strongest = max((abs(f.snr), f.observed_wavelength) for f in best.features)[1]
    nearest = min(int(np.searchsorted(data.wavelength, strongest)), data.pixel.size - 1)
    pixel = float(data.pixel[nearest])
    error = float(np.hypot(statistical, PIXEL_FLOOR * pixel)) * (1.0 + best.redshift) / LIGHT_SPEED
    return best, error


def _climb(data: LineData, start: LineModel, lines: Sequence[SpectralLine], step: float) -> LineModel:
    """Take the summit of the parabola through three redshifts, walking uphill first where they rise to one side."""
    here = start
    for _ in range(4):
        low, high = (
            measure_lines(data, _shifted(here.redshift, by), width=here.width, lines=lines)
            for by in (-step, step)
        )
        curvature = 2.0 * here.gain - low.gain - high.gain
        uphill = max((low, high), key=lambda model: model.gain)
        if uphill.gain > here.gain:
            here = uphill
            continue
        if curvature > 0:
            by = 0.5 * step * (high.gain - low.gain) / curvature
            summit = measure_lines(data, _shifted(here.redshift, by), width=here.width, lines=lines)
            here = summit if summit.gain >= here.gain else here
        break
    return here


def _broadened(data: LineData, start: LineModel, lines: Sequence[SpectralLine]) -> LineModel:
    """Take the best width: the summit of the parabola in the logarithm of the width."""
    step = np.log(1.2)
    narrow, wide = (
        measure_lines(data, start.redshift, width=start.width * float(np.exp(by)), lines=lines)
        for by in (-step, step)
    )
    best = max((start, narrow, wide), key=lambda model: model.gain)
    curvature = 2.0 * start.gain - narrow.gain - wide.gain
    if best is start and curvature > 0:
        by = 0.5 * step * (wide.gain - narrow.gain) / curvature
        summit = measure_lines(data, start.redshift, width=start.width * float(np.exp(by)), lines=lines)
        best = max((start, summit), key=lambda model: model.gain)
    return best


def _ordinary(shifts: FloatArray, gains: FloatArray, moved: float, width: float) -> float:
    """Give the usual gain of redshifts away from the best one, at about its width: what noise is worth."""
    row = gains[int(np.argmin(np.abs(np.log(np.asarray(WIDTHS) / width))))]
    away = np.abs(shifts - moved) > 2.0 * width
    # Lines as wide as the range leave nowhere to compare with but its lowest place.
    return float(np.median(row[away]) if np.count_nonzero(away) > 10 else row.min())


def _leap(best: LineModel, moved: float) -> str:
    """Warn of a move that one feature asks for and no other confirms: it may be another line, or a residual of the sky."""
    strongest, *others = best.detected
    if abs(moved) <= FAR or sum(feature.snr**2 for feature in others) >= LEAST_GAIN:
        return ""
    return f"{moved:+.0f} km/s for {strongest.name} alone: no other line confirms it"


def _rival(trials: Sequence[LineModel], best: LineModel) -> str:
    """Name a redshift that fits almost as well and is another one."""
    for trial in sorted(trials, key=lambda model: -model.gain):
        apart = abs(velocity(trial.redshift, best.redshift))
        if apart > 1.5 * max(best.width, STEP) and best.gain - trial.gain < RIVAL_GAIN:
            return f"z = {trial.redshift:.5f} fits almost as well"
    return ""


def in_words(fit: LineFit, candidate: float, most: int = 4) -> str:
    """Say what a fit found: redshift, error, how far it moved, and the lines it rests on with their S/N."""
    seen = fit.detected
    named = ", ".join(f"{feature.name} {abs(feature.snr):.0f} σ" for feature in seen[:most])
    more = f" and {len(seen) - most} more" if len(seen) > most else ""
    moved = velocity(fit.redshift, candidate)
    warned = f"; {fit.warning}" if fit.warning else ""
    if len(seen) == 1 and abs(moved) <= FAR:
        warned += "; one line only, which may be another"
    return f"z {fit.redshift:.5f} ± {fit.error:.5f} ({moved:+.0f} km/s) from {named}{more}{warned}"
