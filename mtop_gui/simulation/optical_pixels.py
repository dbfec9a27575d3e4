"""One mode's own pixels: how spectra get from the Instrument's grid onto them and back, and how noisy each is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtop_gui.simulation.optical_modes import native_edges
from mtop_gui.simulation.spectra import pixel_edges
from mtop_gui.simulation.templates import LIGHT_SPEED

if TYPE_CHECKING:
    from mtop_gui.core.arrays import Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.optical_modes import Mode

_READ_SHARE = 0.3  # read noise over the sky's, in variance, where the sky is typical
_LINE_EXCESS = 0.3  # at most, per unit of a sky line's strength
_SHORTEST = 2200.0  # Å: the least that a cut spectrum keeps


@dataclass(frozen=True, eq=False)
class _Places:
    """Where edges lie among others: the lower neighbour and the fraction of the way to the next."""

    index: IntArray
    fraction: FloatArray

    @classmethod
    def of(cls, edges: FloatArray, among: FloatArray) -> _Places:
        index = np.clip(np.searchsorted(among, edges, side="right") - 1, 0, among.size - 2)
        fraction = (edges - among[index]) / (among[index + 1] - among[index])
        return cls(index.astype(np.int64), np.clip(fraction, 0.0, 1.0))

    def integrals(self, steps: FloatArray) -> FloatArray:
        """Integrate (n, n_in) contents of the bins between consecutive edges: (n, n_edges - 1)."""
        total = np.zeros((steps.shape[0], steps.shape[1] + 1))
        np.cumsum(steps, axis=1, out=total[:, 1:])
        at = total[:, self.index]
        at += self.fraction * steps[:, self.index]
        return np.diff(at, axis=1)


@dataclass(frozen=True, eq=False)
class NativePixels:
    """Pixels of a mode.

    Attributes
    ----------
    wavelength, width : (n,) centres and widths [Å].
    shape : (n,) noise where the sky limits, median 1.
    gain : (n,) variance of the photons of a constant flux, median 1.
    lines : (n,) strength of the sky lines relative to the sky between them, at most 10.
    """

    wavelength: FloatArray
    width: FloatArray
    shape: FloatArray
    gain: FloatArray
    lines: FloatArray
    _down: _Places
    _up: _Places
    _grid_width: FloatArray
    _inside: slice

    def from_grid(self, flux: Float32Array) -> FloatArray:
        """Average spectra of the Instrument's grid over these pixels: (m, n_pix) -> (m, n)."""
        return self._down.integrals(flux * self._grid_width) / self.width

    def to_grid(self, flux: FloatArray, sigma: FloatArray) -> tuple[Float32Array, Float32Array]:
        """Resample back: (m, n_pix) flux, 0 outside, and sigma, infinite outside, by the rules of `core.resample`."""
        m = flux.shape[0]
        seen = np.zeros((m, self._grid_width.size), dtype=np.float32)
        error = np.full_like(seen, np.inf)
        covered = self._grid_width[self._inside]
        seen[:, self._inside] = self._up.integrals(flux * self.width) / covered
        variance = self._up.integrals(sigma**2 * self.width**2) / covered**2
        error[:, self._inside] = np.sqrt(variance)
        return seen, error


def draw_pixels(
    rng: np.random.Generator, mode: Mode, instrument: Instrument, *, whole: bool = True
) -> NativePixels:
    """Draw the coverage of a mode and the phase of its pixels; not `whole`: only a part of its coverage."""
    grid_edges = pixel_edges(instrument.wavelength)
    first, last = rng.uniform(*mode.start), rng.uniform(*mode.end)
    if not whole and last - first > 1.2 * _SHORTEST:
        length = rng.uniform(_SHORTEST, last - first)
        first = rng.uniform(first, last - length)
        last = first + length
    edges = native_edges(mode, rng.random(), first, last)
    edges = edges[(edges >= grid_edges[0]) & (edges <= grid_edges[-1])]
    inside = slice(
        int(np.searchsorted(grid_edges, edges[0])),
        int(np.searchsorted(grid_edges, edges[-1], side="right")) - 1,
    )
    down = _Places.of(edges, grid_edges)
    width = np.diff(edges)
    centre = 0.5 * (edges[1:] + edges[:-1])
    grid_width = np.diff(grid_edges)
    sky = instrument.sky_emission
    blur = LIGHT_SPEED / np.sqrt(np.prod(mode.resolution)) / 2.355
    pixel = LIGHT_SPEED * float(np.log(instrument.wavelength[1] / instrument.wavelength[0]))
    seen = down.integrals((gaussian_filter1d(sky, blur / pixel) * grid_width)[None])[0] / width
    smooth = np.interp(centre, *_lower_envelope(instrument))
    lines = np.minimum(np.maximum(seen / smooth - 1.0, 0.0), 10.0)
    clear = down.integrals(
        (gaussian_filter1d(molecular_transmission(instrument), blur / pixel) * grid_width)[None]
    )
    response = np.interp(centre, *mode.response)
    counts = seen * response * width
    noise = np.sqrt(counts + _READ_SHARE * np.median(counts)) / (response * centre * width)
    # what pipelines add to their errors at sky lines, and where they divide by the atmosphere
    noise *= (1 + rng.uniform(0.0, _LINE_EXCESS) * lines) / (clear[0] / width) ** rng.uniform(0.5, 1.0)
    gain = 1 / (response * centre * width)
    return NativePixels(
        wavelength=centre,
        width=width,
        shape=noise / np.median(noise),
        gain=gain / np.median(gain),
        lines=lines,
        _down=down,
        _up=_Places.of(grid_edges[inside.start : inside.stop + 1], edges),
        _grid_width=grid_width,
        _inside=inside,
    )


@lru_cache(maxsize=4)
def _lower_envelope(instrument: Instrument) -> tuple[FloatArray, FloatArray]:
    """Give knots along the sky between its lines: wavelengths and emission."""
    wavelength, sky = instrument.wavelength, instrument.sky_emission
    knots = np.linspace(0, sky.size - 1, 50).astype(int)
    lower = np.array([np.quantile(sky[max(0, k - 100) : k + 100], 0.2) for k in knots])
    return wavelength[knots], lower


@lru_cache(maxsize=4)
def molecular_transmission(instrument: Instrument) -> FloatArray:
    """Give the molecular part of the transmission: divided by its smooth upper envelope."""
    transmission = instrument.sky_transmission
    knots = np.linspace(0, transmission.size - 1, 60).astype(int)
    upper = np.array([np.quantile(transmission[max(0, k - 90) : k + 90], 0.97) for k in knots])
    envelope = np.interp(np.arange(transmission.size), knots, upper)
    return np.asarray(np.clip(transmission / envelope, 0.01, 1.0))
