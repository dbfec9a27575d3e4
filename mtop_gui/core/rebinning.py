"""Rebinning onto a grid uniform in ln λ, as one sparse matrix per input grid: thousands of spectra share theirs."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.resample import TOUCH, pixel_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtop_gui.core.arrays import BoolArray, FloatArray

REMEMBERED = 8
"""Input grids whose matrix is kept."""


class Rebinning:
    """Rebins flux densities from one grid onto adjoining pixels by overlap; the same rules as `core.resample.resample`.

    Parameters
    ----------
    wavelength : (n_pix,) strictly increasing Å, at least two.
    edges : (n_out + 1,) increasing Å.
    """

    def __init__(self, wavelength: FloatArray, edges: FloatArray) -> None:
        from scipy.sparse import csc_array

        lower, upper = pixel_edges(wavelength)
        first = np.clip(np.searchsorted(edges, lower, "right") - 1, 0, None)
        last = np.clip(np.searchsorted(edges, upper, "left"), None, edges.size - 1)
        count = np.maximum(last - first, 0)
        starts = np.concatenate([[0], np.cumsum(count)])
        column = np.repeat(np.arange(wavelength.size), count)
        row = np.arange(starts[-1]) - np.repeat(starts[:-1], count) + np.repeat(first, count)
        overlap = np.minimum(upper[column], edges[row + 1]) - np.maximum(lower[column], edges[row])
        shape = (edges.size - 1, wavelength.size)
        self._overlap: Any = csc_array((np.maximum(overlap, 0.0), row, starts), shape=shape).tocsr()
        self._overlap32 = self._overlap.astype(np.float32)
        self._width = upper - lower
        self._step = np.diff(edges)
        self._whole = self._overlap @ np.ones(wavelength.size)
        self.covered: BoolArray = self._whole >= (1 - TOUCH) * self._step
        self._length = np.where(self.covered, self._whole, 1.0)

    def __call__(
        self, flux: NDArray[Any], variance: NDArray[Any], good: BoolArray
    ) -> tuple[NDArray[Any], NDArray[Any], BoolArray]:
        """Rebin spectra.

        Parameters
        ----------
        flux, variance : (n_pix,) or (n, n_pix) float32 or float64; what they hold outside `good` is never looked at.
        good : (n_pix,) or of the shape of `flux`; True where the pixel counts.

        Returns
        -------
        flux, variance, good of the new pixels, (n_out,) or (n, n_out); 0 outside `good`. A new pixel counts only when it is
        wholly covered and touches no bad pixel: masks only grow. The summed inverse variance never exceeds the input's.
        """
        overlap = self._overlap32 if flux.dtype == np.float32 else self._overlap
        width = self._width.astype(flux.dtype)
        if good.all():
            length, new_good = self._length, self.covered
        else:
            good = np.broadcast_to(good, flux.shape)
            counted = (overlap @ good.astype(flux.dtype).T).T
            touched = self._whole - counted
            limit = TOUCH * np.minimum(self._step, float(self._width.max()))
            new_good = (counted >= (1 - TOUCH) * self._step) & (touched <= limit)
            length = np.where(new_good, counted, 1.0)
            flux, variance = np.where(good, flux, 0), np.where(good, variance, 0)
        new_flux = (overlap @ flux.T).T / length
        new_variance = (overlap @ (variance * width).T).T / length**2
        new_good = new_good & (new_variance > 0)
        nothing = flux.dtype.type(0)
        return (
            np.where(new_good, new_flux, nothing).astype(flux.dtype, copy=False),
            np.where(new_good, new_variance, nothing).astype(flux.dtype, copy=False),
            new_good,
        )


class Rebinnings:
    """The rebinnings onto one grid, by input grid; the last few are kept. Safe to use from several threads."""

    def __init__(self, edges: FloatArray) -> None:
        self.edges = edges
        self._kept: list[tuple[FloatArray, Rebinning]] = []
        self._lock = Lock()

    def of(self, wavelength: FloatArray) -> Rebinning:
        """Give the rebinning from this grid, made once for all spectra that share it."""
        with self._lock:
            for number, (known, rebinning) in enumerate(self._kept):
                if known is wavelength or np.array_equal(known, wavelength):
                    if number:
                        self._kept.insert(0, self._kept.pop(number))
                    return rebinning
        made = Rebinning(wavelength, self.edges)
        with self._lock:
            self._kept.insert(0, (wavelength, made))
            del self._kept[REMEMBERED:]
        return made
