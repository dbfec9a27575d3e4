"""Quantiles of a binned redshift PDF, and the probability below a redshift.

The probability is not spread evenly within a bin: where one neighbour holds more than the other, the redshift lies nearer to
that one, and the bins beside a narrow peak hold theirs next to it. A monotone cubic through the cumulative probabilities at
the edges (Fritsch & Butland 1984, whose slopes need only the neighbouring bins) follows that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mtop_gui.core.arrays import FloatArray

CENTRAL = (0.15865, 0.84135)
"""Between these two lies what ±1 sigma of a Gaussian holds."""

_CLOSE = 1e-10
"""To such a part of its bin a quantile is found."""
_STEPS = 40
"""Five do for a bin of a peak; where the cubic is level at the quantile each step still leaves two thirds at most."""


class Cumulative:
    """The cumulative distribution of one redshift PDF.

    Parameters
    ----------
    grid : (n_z,) increasing bin centres in z.
    probability : (n_z,) non-negative probability per bin, any normalisation.
    """

    def __init__(self, grid: FloatArray, probability: FloatArray) -> None:
        self._bins = bins_of(grid)
        self.edges = self._bins.edges
        self.below = np.zeros(self.edges.size)
        np.cumsum(probability, out=self.below[1:])
        self.below /= self.below[-1]
        self._cubics: dict[int, tuple[float, float, float, float]] = {}

    def rebinned(self, width: float) -> FloatArray | None:
        """Give the probabilities of bins of another width, each spread evenly within its bin; None on a grid that has it."""
        found = self._bins.within(width)
        if found is None:
            return None
        place, part = found
        at = self.below[place]
        at += part * (self.below[place + 1] - at)
        return np.diff(at)

    def quantiles(self, levels: Sequence[float]) -> list[float]:
        """Give the redshifts below which the PDF holds these probabilities."""
        return [self._quantile(level) for level in levels]

    def at(self, redshift: float) -> float:
        """Give the probability below a redshift: 0 and 1 beyond the ends."""
        if redshift <= self.edges[0]:
            return 0.0
        if redshift >= self.edges[-1]:
            return 1.0
        place = int(np.searchsorted(self.edges, redshift, side="right")) - 1
        low, first, second, third = self._cubic(place)
        part = float(redshift - self.edges[place]) / float(self.edges[place + 1] - self.edges[place])
        return low + part * (first + part * (second + part * third))

    def _quantile(self, level: float) -> float:
        place = min(max(int(self.below.searchsorted(level, side="right")) - 1, 0), self.edges.size - 2)
        begin, end = float(self.edges[place]), float(self.edges[place + 1])
        return begin + _solved(self._cubic(place), level) * (end - begin)

    def _cubic(self, place: int) -> tuple[float, float, float, float]:
        """Give one bin's Hermite cubic in the part of the bin, lowest power first; scipy's takes thirty times as long for one."""
        if place in self._cubics:
            return self._cubics[place]
        low, high = float(self.below[place]), float(self.below[place + 1])
        width = float(self.edges[place + 1] - self.edges[place])
        rise, fall = self._slope(place) * width, self._slope(place + 1) * width
        cubic = self._cubics[place] = (
            low,
            rise,
            3 * (high - low) - 2 * rise - fall,
            rise + fall - 2 * (high - low),
        )
        return cubic

    def _slope(self, edge: int) -> float:
        """Give the density at an edge: the weighted harmonic mean of those of the two bins (Fritsch & Butland 1984)."""
        last = self.edges.size - 1
        if edge in (0, last):
            return self._density(0 if edge == 0 else last - 1)
        before, after = self._density(edge - 1), self._density(edge)
        if before <= 0 or after <= 0:
            return 0.0
        left = float(self.edges[edge] - self.edges[edge - 1])
        right = float(self.edges[edge + 1] - self.edges[edge])
        near, far = 2 * right + left, right + 2 * left
        return (near + far) / (near / before + far / after)

    def _density(self, place: int) -> float:
        mass = float(self.below[place + 1] - self.below[place])
        return mass / float(self.edges[place + 1] - self.edges[place])


def _solved(cubic: tuple[float, float, float, float], level: float) -> float:
    """Give where (0-1) a rising cubic reaches a level: Newton's steps, halving where they leave what is left."""
    low, first, second, third = cubic
    left, right, part = 0.0, 1.0, 0.5
    for _ in range(_STEPS):
        excess = low + part * (first + part * (second + part * third)) - level
        if excess < 0:
            left = part
        else:
            right = part
        slope = first + part * (2 * second + part * 3 * third)
        step = part - excess / slope if slope > 0 else left
        if not left < step < right:
            step = (left + right) / 2
        if abs(step - part) < _CLOSE:
            return step
        part = step
    return part


class Bins:
    """What follows from a redshift grid alone.

    Parameters
    ----------
    grid : (n_z,) increasing bin centres in z.
    """

    def __init__(self, grid: FloatArray) -> None:
        self.grid = grid
        self.edges = bin_edges(grid)
        self._within: dict[float, tuple[NDArray[np.intp], FloatArray] | None] = {}

    def within(self, width: float) -> tuple[NDArray[np.intp], FloatArray] | None:
        """Find the edges of bins of `width`: the bin each lies in, and how far into it (0-1); None when these are the bins."""
        if width not in self._within:
            self._within[width] = self._find(width)
        return self._within[width]

    def _find(self, width: float) -> tuple[NDArray[np.intp], FloatArray] | None:
        edges = self.edges
        if np.abs(np.diff(self.grid) - width).max() <= 1e-3 * width:
            return None
        count = max(1, int(np.ceil((edges[-1] - edges[0]) / width - 1e-9)))
        wanted = edges[0] + width * np.arange(count + 1)
        place = np.clip(np.searchsorted(edges, wanted, side="right") - 1, 0, edges.size - 2)
        return place, np.clip((wanted - edges[place]) / (edges[place + 1] - edges[place]), 0.0, 1.0)


_remembered: tuple[Bins, ...] = ()
_REMEMBERED = 4


def bins_of(grid: FloatArray) -> Bins:
    """Give the Bins of a grid; remembered for the grid of a bundle, which all its Predictions share and nobody writes to."""
    global _remembered
    if grid.flags.writeable or grid.base is not None:
        return Bins(grid)
    for known in _remembered:
        if known.grid is grid:
            return known
    made = Bins(grid)
    _remembered = (made, *_remembered[: _REMEMBERED - 1])
    return made


def bin_edges(grid: FloatArray) -> FloatArray:
    """Give the (n_z + 1,) edges of bins: halfway between their centres, and as far outside the ends."""
    steps = np.diff(grid)
    return np.concatenate([[grid[0] - steps[0] / 2], grid[:-1] + steps / 2, [grid[-1] + steps[-1] / 2]])
