"""What the network is taught: redshift distributions and line positions (Ginolfi+25, Sect. 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument

REDSHIFT_SIGMA = 0.001
LINE_HALF_WIDTH = 5
LOG_LINE_HALF_WIDTH = 3


def redshift_labels(redshift: FloatArray, grid: FloatArray, sigma: float = REDSHIFT_SIGMA) -> Float32Array:
    """Integrate a Gaussian about each redshift over the bins.

    Parameters
    ----------
    redshift : (n,) true redshifts; outside the grid they are taught as its nearest end.
    grid : (n_z,) increasing bin centres.

    Returns
    -------
    (n, n_z) probabilities, each row sums to 1.
    """
    middle = (grid[1:] + grid[:-1]) / 2
    inside = np.clip(redshift, grid[0], grid[-1])
    cumulative = ndtr((middle[None, :] - inside[:, None]) / sigma)
    # The outermost bins take what lies beyond them, so that nothing is lost.
    return np.diff(cumulative, axis=1, prepend=0.0, append=1.0).astype(np.float32)


class LineLabels:
    """Marks the pixels within ±5 of every labelled line, fast enough to be made per batch.

    Parameters
    ----------
    redshift : (n,) of all galaxies.
    wavelengths : (n_lines,) rest-frame vacuum Å.
    instrument : the grid.
    """

    def __init__(self, redshift: FloatArray, wavelengths: FloatArray, instrument: Instrument) -> None:
        self._start, self._stop = _pixel_ranges(redshift, wavelengths, instrument)
        self._pixels = instrument.pixels

    def __call__(self, galaxies: IntArray) -> np.ndarray:
        """Give labels (n_galaxies, n_pix), uint8: 1 within ±5 pixels of a line, else 0."""
        labels = np.zeros((galaxies.size, self._pixels), np.uint8)
        for row, galaxy in enumerate(galaxies):
            for start, stop in zip(self._start[galaxy], self._stop[galaxy], strict=True):
                labels[row, start:stop] = 1
        return labels


def _pixel_ranges(
    redshift: FloatArray, wavelengths: FloatArray, instrument: Instrument
) -> tuple[IntArray, IntArray]:
    """Give first and last-plus-one pixel (n, n_lines) of each line; equal where the line is not covered."""
    observed = (1 + redshift[:, None]) * wavelengths[None, :]
    start = np.zeros(observed.shape, np.int64)
    stop = np.zeros(observed.shape, np.int64)
    # Band by band, last one first: where bands overlap the bluer one wins, and ±5 pixels never cross a gap.
    for band, pixels in zip(
        reversed(instrument.bands), reversed(instrument.band_slices.values()), strict=True
    ):
        nearest = np.rint((observed - instrument.wavelength[pixels.start]) / band.step).astype(np.int64)
        inside = (nearest >= 0) & (nearest < band.pixels)
        first = np.clip(nearest - LINE_HALF_WIDTH, 0, band.pixels) + pixels.start
        last = np.clip(nearest + LINE_HALF_WIDTH + 1, 0, band.pixels) + pixels.start
        start, stop = np.where(inside, first, start), np.where(inside, last, stop)
    return start, stop


class LogLineLabels:
    """Marks the pixels near every labelled line on a grid uniform in ln λ.

    Parameters
    ----------
    redshift : (n,) of all galaxies.
    wavelengths : (n_lines,) rest-frame vacuum Å.
    grid, step : (n_pix,) Å, and its step in ln λ.
    covered : (n_pix,) True where the Instrument sees anything; elsewhere nothing is marked.
    """

    def __init__(
        self, redshift: FloatArray, wavelengths: FloatArray, grid: FloatArray, step: float, covered: BoolArray
    ) -> None:
        position = np.log((1 + redshift[:, None]) * wavelengths[None, :] / grid[0]) / step
        self._pixel = np.rint(position).astype(np.int64)
        self._covered = covered

    def __call__(self, galaxies: IntArray) -> np.ndarray:
        """Give labels (n_galaxies, n_pix), uint8: 1 within ±3 pixels of a line, else 0."""
        width = LOG_LINE_HALF_WIDTH
        # A margin takes what lies off the grid.
        labels = np.zeros((galaxies.size, self._covered.size + 2 * width + 2), np.uint8)
        centre = np.clip(self._pixel[galaxies], -width - 1, self._covered.size + width) + width + 1
        rows = np.arange(galaxies.size)[:, None]
        for offset in range(-width, width + 1):
            labels[rows, np.clip(centre + offset, 0, labels.shape[1] - 1)] = 1
        return labels[:, width + 1 : -width - 1] * self._covered
