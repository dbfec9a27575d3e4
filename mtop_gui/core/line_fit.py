"""Refine a candidate redshift by the known lines near it: a matched filter of Gaussians, all lines at one redshift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.lines import load_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.lines import SpectralLine
    from mtop_gui.core.spectrum import Spectrum

LIGHT_SPEED = 299_792.458
"""km/s."""
REACH = 600.0
"""Trial redshifts lie this far to either side of the candidate [km/s]."""
STEP = 20.0
"""km/s between trial redshifts."""
WINDOW = 3000.0
"""Pixels this far from a line take part; those beyond half of it tell its continuum [km/s]."""
WIDTHS = (60.0, 100.0, 160.0, 260.0, 420.0)
"""Standard deviations of the Gaussians tried, instrument included [km/s]."""
LEAST_GAIN = 20.0
"""A redshift must beat the median of its neighbourhood by this much in chi-square."""
LEAST_PIXELS = 12


@dataclass(frozen=True)
class LineFit:
    """A redshift fitted to lines: with its statistical 1 sigma error, the gain in chi-square and the width [km/s] that gave it."""

    redshift: float
    error: float
    gain: float
    width: float


def fit_lines(
    spectrum: Spectrum, candidate: float, lines: Sequence[SpectralLine] | None = None
) -> LineFit | None:
    """Find the redshift within 600 km/s of a candidate at which all known lines together fit best.

    At each trial redshift every line's amplitude is free, but positive for emission and negative for absorption lines:
    with weights w = ivar, data d above a local continuum and profile g the fit of one line gains
    (Σwgd)² / Σwg² in chi-square. The error is that at which the summed gain falls by one.

    Parameters
    ----------
    spectrum : pixels that are masked or without inverse variance take no part.
    candidate : redshift to begin from.
    lines : default the table that ships with the program.

    Returns
    -------
    The fit, or None where no line stands out of the noise or the best redshift lies at the end of the range.
    """
    shifts = np.arange(-REACH, REACH + STEP / 2, STEP)
    gains = np.zeros((len(WIDTHS), shifts.size))
    weight = np.where(spectrum.mask, 0.0, spectrum.ivar)
    brightest = float(np.max(np.abs(spectrum.flux[weight > 0]), initial=0.0)) or 1.0
    flux, weight = spectrum.flux / brightest, weight * brightest * brightest  # 1e-19 must not underflow
    for line in load_lines() if lines is None else lines:
        gains += _gains(spectrum.wavelength, flux, weight, line, 1.0 + candidate, shifts)
    row, best = np.unravel_index(int(np.argmax(gains)), gains.shape)
    gain = gains[row]
    rise = float(gain[best] - np.median(gain))
    if rise < LEAST_GAIN or not 0 < best < shifts.size - 1:
        return None
    before, at, after = gain[best - 1 : best + 2]
    curvature = 2.0 * at - before - after
    if curvature <= 0:
        return None
    shift = shifts[best] + STEP * 0.5 * (after - before) / curvature
    stretch = (1.0 + candidate) / LIGHT_SPEED
    error = STEP * np.sqrt(2.0 / curvature)
    return LineFit(candidate + float(shift) * stretch, float(error) * stretch, rise, WIDTHS[row])


def _gains(
    wavelength: FloatArray,
    flux: FloatArray,
    weight: FloatArray,
    line: SpectralLine,
    stretch: float,
    shifts: FloatArray,
) -> FloatArray:
    """Give what one line gains in chi-square, (widths, shifts); zeros where it is not observed."""
    none = np.zeros((len(WIDTHS), shifts.size))
    centre = line.wavelength * stretch
    ends = np.searchsorted(wavelength, centre * (1.0 + np.array([-WINDOW, WINDOW]) / LIGHT_SPEED))
    part = slice(int(ends[0]), int(ends[1]))
    velocity = LIGHT_SPEED * (wavelength[part] / centre - 1.0)
    seen = weight[part] > 0
    near = seen & (np.abs(velocity) < REACH)
    beside = seen & (np.abs(velocity) > WINDOW / 2)
    if np.count_nonzero(beside) < LEAST_PIXELS or not near.any():
        return none
    data = flux[part] - np.median(flux[part][beside])
    distance = velocity[None, None, :] - shifts[None, :, None]
    profile = np.exp(-0.5 * (distance / np.asarray(WIDTHS)[:, None, None]) ** 2)
    overlap = profile @ (weight[part] * data)
    power = profile**2 @ weight[part]
    wrong = overlap < 0 if line.kind == "emission" else overlap > 0 if line.kind == "absorption" else False
    gains: FloatArray = np.divide(overlap**2, power, out=none, where=(power > 0) & ~np.asarray(wrong))
    return gains
