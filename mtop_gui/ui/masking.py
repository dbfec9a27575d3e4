"""Which pixels may be trusted: the Spectrum's own mask, and the instrument's bright sky where it applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.ui.display_state import DisplayOptions, Span


def quiet_pixels(flux: FloatArray, error: FloatArray) -> FloatArray:
    """Leave out the pixels that are far noisier than most: residuals of sky lines, whether masked or not."""
    known = error[np.isfinite(error)]
    if not known.size:
        return flux
    return flux[~(error > 1.5 * np.quantile(known, 0.8))]


def weights(
    spectrum: Spectrum, options: DisplayOptions, instrument: Instrument | None
) -> tuple[BoolArray, FloatArray]:
    """Choose the pixels to trust and their weight: as many of the Spectrum's own reasons as leave any pixel."""
    masked = spectrum.mask | (spectrum.ivar <= 0)
    if masked.all():
        return spectrum.mask, (~spectrum.mask).astype(np.float64)
    bad = masked
    if instrument is not None and options.show_sky_mask and _within(spectrum.wavelength, instrument):
        bad = masked | _sky_pixels(spectrum.wavelength, instrument, options.sky_mask_threshold)
        bad = masked if bad.all() else bad
    return bad, np.where(bad, 0.0, spectrum.ivar)


def _within(wavelength: FloatArray, instrument: Instrument) -> bool:
    """Whether an instrument's sky may be asked about a grid: the sky of another one, or none in space, looks different."""
    low, high = instrument.wavelength[[0, -1]]
    margin = 0.01 * (high - low)
    return bool(wavelength[0] >= low - margin and wavelength[-1] <= high + margin)


def _sky_pixels(wavelength: FloatArray, instrument: Instrument, threshold: float) -> BoolArray:
    """(n_pix,) True where the nearest pixel of the instrument is bright sky."""
    sky = instrument.sky_mask(threshold)
    grid = instrument.wavelength
    if grid.shape == wavelength.shape and np.array_equal(grid, wavelength):
        return sky
    edges = (grid[1:] + grid[:-1]) / 2
    near = sky[np.searchsorted(edges, wavelength)]
    inside = (wavelength >= grid[0]) & (wavelength <= grid[-1])
    return np.asarray(near & inside)


def bad_spans(wavelength: FloatArray, bad: BoolArray, segments: Sequence[slice]) -> tuple[Span, ...]:
    """Turn runs of bad pixels into wavelength intervals that reach half a pixel to either side."""
    spans: list[Span] = []
    for part in segments:
        grid = wavelength[part]
        flips = np.flatnonzero(np.diff(np.concatenate([[False], bad[part], [False]]).astype(np.int8)))
        if not flips.size:
            continue
        middles = (grid[1:] + grid[:-1]) / 2
        edges = np.concatenate([grid[:1], middles, grid[-1:]])
        spans.extend(zip(edges[flips[::2]].tolist(), edges[flips[1::2]].tolist(), strict=True))
    return tuple(spans)
