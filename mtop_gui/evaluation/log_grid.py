"""Spectra on a uniform grid in ln λ, where a redshift is a shift and all trial redshifts are one FFT correlation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.preparation import running_median

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument


@dataclass(frozen=True)
class LogGrid:
    """Cells of equal width in ln λ: `first` is the centre of the first one [ln Å], `step` their width."""

    first: float
    step: float
    size: int

    @classmethod
    def over(cls, lowest: float, highest: float, velocity: float) -> LogGrid:
        """Cover `lowest` to `highest` [Å] in steps of `velocity` [km/s]."""
        step = velocity / LIGHT_SPEED
        return cls(float(np.log(lowest)), step, int(np.ceil(np.log(highest / lowest) / step)) + 1)

    @cached_property
    def wavelength(self) -> FloatArray:
        """(size,) centres [Å]."""
        centres: FloatArray = np.exp(self.first + self.step * np.arange(self.size))
        return centres

    def nearest(self, wavelength: FloatArray) -> IntArray:
        """Give the cell of each wavelength [Å]; all must lie on the grid."""
        return np.rint((np.log(wavelength) - self.first) / self.step).astype(np.int64)


class Weighed(NamedTuple):
    """One observed spectrum as sums over the pixels of each cell, which is all that a least-squares fit needs.

    Attributes
    ----------
    product : (size,) Σ w d, with d the continuum-subtracted flux and w its inverse variance.
    weight : (size,) Σ w; 0 in gaps, under bright sky lines and where no pixel lies.
    """

    product: FloatArray
    weight: FloatArray


class Gridder:
    """Brings spectra of one Instrument onto a LogGrid.

    Pixels are added to the nearest cell, never interpolated: noise stays independent from cell to cell and nothing of it
    is lost. What the rounding costs is a shift of at most half a cell.

    Parameters
    ----------
    instrument : of the spectra.
    usable : (n_pix,) pixels that are looked at.
    velocity : width of the cells [km/s].
    median_window : good pixels of the running median that is subtracted.
    """

    def __init__(
        self, instrument: Instrument, usable: BoolArray, *, velocity: float, median_window: int
    ) -> None:
        wavelength = instrument.wavelength
        self.grid = LogGrid.over(float(wavelength[0]), float(wavelength[-1]), velocity)
        self._wavelength = wavelength
        self._order = np.argsort(wavelength, kind="stable")
        self._usable = usable
        self._window = median_window
        self._cell = self.grid.nearest(wavelength)
        self._covered = _covered(self.grid, instrument)

    def weigh(self, flux: FloatArray, sigma: FloatArray) -> Weighed:
        """Sum up an observed spectrum.

        Parameters
        ----------
        flux, sigma : (n_pix,) observed flux and its standard deviation, in one unit; a pixel whose sigma is not positive
            and finite has no weight.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.where(self._usable & (sigma > 0), 1.0 / np.square(sigma, dtype=np.float64), 0.0)
        weight[~np.isfinite(weight) | ~np.isfinite(flux)] = 0.0
        lines = np.where(weight > 0, self._without_continuum(flux, weight > 0), 0.0)
        size = self.grid.size
        return Weighed(
            np.bincount(self._cell, weights=weight * lines, minlength=size).astype(np.float64),
            np.bincount(self._cell, weights=weight, minlength=size).astype(np.float64),
        )

    def template(self, flux: FloatArray) -> FloatArray:
        """Sample a noise-free spectrum, its continuum subtracted alike: (size,); 0 where the Instrument sees nothing."""
        lines = self._without_continuum(flux, self._usable)
        sampled = np.interp(self.grid.wavelength, self._wavelength[self._order], lines[self._order])
        return np.where(self._covered, sampled, 0.0)

    @property
    def covered(self) -> BoolArray:
        """(size,) cells inside a band."""
        return self._covered

    def _without_continuum(self, flux: FloatArray, good: BoolArray) -> FloatArray:
        where = np.flatnonzero(good)
        if where.size == 0:
            return np.zeros(flux.shape)
        median = running_median(np.asarray(flux, dtype=np.float64)[where], self._window)
        lines: FloatArray = flux - np.interp(np.arange(flux.size), where, median)
        return lines


def _covered(grid: LogGrid, instrument: Instrument) -> BoolArray:
    inside = np.zeros(grid.size, dtype=bool)
    for band, pixels in zip(instrument.bands, instrument.band_slices.values(), strict=True):
        part = instrument.wavelength[pixels]
        inside |= (grid.wavelength >= part[0] - band.step / 2) & (grid.wavelength <= part[-1] + band.step / 2)
    return inside
