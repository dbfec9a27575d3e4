"""What each small window of the inset strip shows: which lines, which pixels, over which velocities; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.lines import MAIN_LINES, rank_of

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.ui.display_state import DisplayState

HALF_WIDTH = 1500.0
"""Velocities to either side of the line [km/s]."""
LEAST_PIXELS = 14
"""A window is widened until it holds about so many pixels: those of a prism are wide."""


@dataclass(frozen=True, eq=False)
class Inset:
    """One window.

    Attributes
    ----------
    feature : the line or close group of lines.
    half_width : km/s.
    velocity, flux, smooth, error, model : (n,) in the displayed unit; `smooth` is `flux` without smoothing, `error` may be None.
    others : (velocity, name) of further lines that fall inside.
    low, high : range of the flux axis.
    """

    feature: LineMeasurement
    half_width: float
    velocity: FloatArray
    flux: FloatArray
    smooth: FloatArray
    error: FloatArray | None
    model: FloatArray
    others: tuple[tuple[float, str], ...]
    low: float
    high: float


def expected_features(state: DisplayState) -> tuple[LineMeasurement, ...]:
    """Give the covered lines worth a window, in order of wavelength: those a person looks for, and all that are seen."""
    if state.line_model is None:
        return ()
    return tuple(
        feature
        for feature in state.line_model.features
        if feature.detected or min(map(rank_of, feature.members)) < len(MAIN_LINES)
    )


def make_inset(state: DisplayState, feature: LineMeasurement) -> Inset:
    """Cut one window out of a DisplayState that has flux and a line model."""
    assert state.wavelength is not None
    assert state.flux is not None
    assert state.flux_smooth is not None
    centre = feature.observed_wavelength
    nearest = int(np.clip(np.searchsorted(state.wavelength, centre), 1, state.wavelength.size - 1))
    pixel = LIGHT_SPEED * float(state.wavelength[nearest] - state.wavelength[nearest - 1]) / centre
    half = max(HALF_WIDTH, LEAST_PIXELS / 2 * pixel)
    start, stop = np.searchsorted(state.wavelength, centre * (1.0 + np.array([-half, half]) / LIGHT_SPEED))
    part = slice(max(0, int(start) - 1), int(stop) + 1)
    wavelength = state.wavelength[part]
    velocity = LIGHT_SPEED * (wavelength / centre - 1.0)
    smooth, model = state.flux_smooth[part], _model(state, part)
    low, high = _range(smooth, model, velocity, half)
    return Inset(
        feature=feature,
        half_width=half,
        velocity=velocity,
        flux=state.flux[part],
        smooth=smooth,
        error=state.error[part] if state.error is not None else None,
        model=model,
        others=tuple(
            (LIGHT_SPEED * (label.observed_wavelength / centre - 1.0), label.name)
            for label in state.line_labels
            if label.name not in feature.members
            and abs(label.observed_wavelength / centre - 1.0) * LIGHT_SPEED < half
        ),
        low=low,
        high=high,
    )


def _model(state: DisplayState, part: slice) -> FloatArray:
    """Give continuum and lines; NaN in gaps."""
    if state.model is not None:
        return state.model[part]
    data, lines = state.line_data, state.line_model
    assert state.wavelength is not None
    assert state.factor is not None
    assert data is not None
    assert lines is not None
    wavelength = state.wavelength[part]
    near = slice(*np.searchsorted(data.wavelength, [wavelength[0] - 1.0, wavelength[-1] + 1.0]).tolist())
    continuum = np.interp(wavelength, data.wavelength[near], data.continuum[near]) * data.scale
    return np.asarray((continuum + lines.lines_at(wavelength)) * state.factor[part])


def _range(smooth: FloatArray, model: FloatArray, velocity: FloatArray, half: float) -> tuple[float, float]:
    """Choose a flux range that shows the profile and all but the wildest pixels."""
    inside = np.abs(velocity) <= half
    seen = smooth[inside & np.isfinite(smooth)]
    fitted = model[inside & np.isfinite(model)]
    if not seen.size:
        return (0.0, 1.0)
    low, high = (float(q) for q in np.quantile(seen, [0.03, 0.97]))
    near = smooth[(np.abs(velocity) < 0.2 * half) & np.isfinite(smooth)]
    if near.size:
        low, high = min(low, float(near.min())), max(high, float(near.max()))
    if fitted.size:
        low, high = min(low, float(fitted.min())), max(high, float(fitted.max()))
    margin = 0.08 * (high - low) or 0.5 * abs(high) or 1.0
    return (low - margin, high + margin)
