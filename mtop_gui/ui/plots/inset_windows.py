"""What the small windows of the inset strip show: which lines, which pixels, where on the screen; no Qt.

All windows are worked out together, a curve of all of them being one array: a redshift step has 16 ms for everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.lines import MAIN_LINES, rank_of
from mtop_gui.ui.display import drawn_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.ui.display_state import DisplayState

HALF_WIDTH = 1500.0
"""Velocities to either side of the line [km/s]."""
LEAST_PIXELS = 14
"""A window is widened until it holds about so many pixels: those of a prism are wide."""


@dataclass(frozen=True)
class Frame:
    """Where a window's curves are drawn, in pixels of the strip."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class InsetCurves:
    """The curves of all windows in pixels of the strip, one window after the other, a NaN between them.

    Attributes
    ----------
    x : (n,); the y of each curve belong to it.
    flux, smooth, error, model : (n,); `flux` is None without smoothing, `error` when it is not shown.
    """

    x: FloatArray
    flux: FloatArray | None
    smooth: FloatArray
    error: FloatArray | None
    model: FloatArray


def expected_features(state: DisplayState) -> tuple[LineMeasurement, ...]:
    """Give the covered lines worth a window, in order of wavelength: those a person looks for, and all that are seen."""
    if state.line_model is None:
        return ()
    return tuple(
        feature
        for feature in state.line_model.features
        if feature.detected or min(map(rank_of, feature.members)) < len(MAIN_LINES)
    )


def half_width(state: DisplayState, feature: LineMeasurement) -> float:
    """Give how far a window reaches to either side [km/s]."""
    assert state.wavelength is not None
    grid, centre = state.wavelength, feature.observed_wavelength
    nearest = min(max(int(np.searchsorted(grid, centre)), 1), grid.size - 1)
    pixel = LIGHT_SPEED * float(grid[nearest] - grid[nearest - 1]) / centre
    return max(HALF_WIDTH, LEAST_PIXELS / 2 * pixel)


def inset_curves(
    state: DisplayState, features: Sequence[LineMeasurement], frames: Sequence[Frame]
) -> InsetCurves:
    """Lay out the curves of some windows.

    Parameters
    ----------
    state : with flux and line model.
    frames : of each feature.
    """
    assert state.wavelength is not None
    assert state.flux is not None
    assert state.flux_smooth is not None
    grid = state.wavelength
    centres = np.array([feature.observed_wavelength for feature in features])
    halves = np.array([half_width(state, feature) for feature in features])
    starts = np.searchsorted(grid, centres * (1.0 - halves / LIGHT_SPEED))
    stops = np.maximum(np.searchsorted(grid, centres * (1.0 + halves / LIGHT_SPEED)), starts)
    pixels, window, last = _pixels(starts, stops)
    velocity = LIGHT_SPEED * (grid[pixels] / centres[window] - 1.0)
    left, top, width, height = (
        np.array([getattr(frame, side) for frame in frames]) for side in ("left", "top", "width", "height")
    )
    x = left[window] + (velocity / halves[window] + 1.0) * 0.5 * width[window]
    drawn = state.model if state.model is not None else drawn_model(state)
    model = drawn if drawn is not None else np.full(grid.size, np.nan)
    low, high = _ranges(state.flux_smooth, model, starts, stops)
    bottom, scale = (top + height)[window], (height / (high - low))[window]
    ceiling, base = top[window], low[window]

    def placed(values: FloatArray) -> FloatArray:
        y: FloatArray = np.clip(bottom - (values[pixels] - base) * scale, ceiling, bottom)
        y[last] = np.nan
        return y

    return InsetCurves(
        x=x,
        flux=placed(state.flux) if state.flux is not state.flux_smooth else None,
        smooth=placed(state.flux_smooth),
        error=placed(state.error) if state.error is not None else None,
        model=placed(model),
    )


def _pixels(starts: IntArray, stops: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Give pixel and window of every sample, and which samples only part two windows."""
    counts = stops - starts + 1
    window = np.repeat(np.arange(counts.size), counts)
    ends = np.cumsum(counts)
    pixels = np.arange(window.size) - (ends - counts)[window] + starts[window]
    last = np.zeros(window.size, dtype=np.bool_)
    last[ends - 1] = True
    pixels[last] = 0
    return pixels, window, last


def _ranges(
    smooth: FloatArray, model: FloatArray, starts: IntArray, stops: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Choose flux ranges that show the profile and all but the wildest pixels; a sort, as quantiles take ten times as long."""
    lows, highs = np.zeros(starts.size), np.ones(starts.size)
    for k, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        seen = np.sort(smooth[start:stop])
        count = seen.size - int(np.isnan(seen).sum())  # NaNs come last
        if count == 0:
            continue
        cut = int(0.03 * count)
        third = (stop - start) // 5
        near = smooth[start + 2 * third : stop - 2 * third]
        fitted = model[start:stop]
        values = (seen[cut], seen[count - 1 - cut], *_ends(near), *_ends(fitted))
        low, high = min(values), max(values)
        margin = 0.08 * (high - low) or 0.5 * abs(high) or 1.0
        lows[k], highs[k] = low - margin, high + margin
    return lows, highs


def _ends(values: FloatArray) -> tuple[float, ...]:
    kept = values[values == values]  # NaN is not itself
    return (float(kept.min()), float(kept.max())) if kept.size else ()
