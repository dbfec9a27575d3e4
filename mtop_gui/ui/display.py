"""resolve(spectrum, prediction, options) -> DisplayState: everything the plots draw, decided without Qt."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.line_data import line_data
from mtop_gui.core.line_model import USUAL_WIDTH, measure_lines
from mtop_gui.core.lines import load_lines, rank_of
from mtop_gui.core.segments import find_segments
from mtop_gui.ui.candidate import second_candidate
from mtop_gui.ui.display_state import DisplayOptions, DisplayState, LineLabel, Span
from mtop_gui.ui.display_units import other_density
from mtop_gui.ui.masking import bad_spans, quiet_pixels, weights
from mtop_gui.ui.scaling import display_exponent, robust_range, unit_text
from mtop_gui.ui.smoothing import gaussian_smooth, running_continuum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.line_data import LineData
    from mtop_gui.core.line_model import LineModel
    from mtop_gui.core.lines import SpectralLine
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum

__all__ = [
    "DisplayOptions",
    "DisplayState",
    "LineLabel",
    "drawn_model",
    "measure_ahead",
    "resolve",
    "resolve_ahead",
    "with_candidate",
    "with_measured_lines",
]


def resolve(
    spectrum: Spectrum,
    prediction: Prediction | None,
    options: DisplayOptions,
    *,
    candidate: float | None = None,
    second: float | None = None,
    line_width: float = USUAL_WIDTH,
    saliency: FloatArray | None = None,
    instrument: Instrument | None = None,
    lines: Sequence[SpectralLine] | None = None,
    message: str = "",
    measure: bool = True,
) -> DisplayState:
    """Decide everything the plots draw of one Spectrum. Pure; about 2 ms for 12,217 pixels, 2 more to measure lines.

    Parameters
    ----------
    candidate : redshift to show; default the Prediction's own.
    second : redshift to compare with; default the best other peak of the PDF.
    line_width : standard deviation of the lines that are measured [km/s].
    saliency : (n,) on the bundle's grid, the instrument's or the Spectrum's own.
    instrument : where the sky is; without it only the Spectrum's own mask is shaded.
    lines : default the table that ships with the program.
    message : what to say where something is missing; default what is known from the Prediction.
    measure : as in `with_candidate`.

    Raises
    ------
    ValueError : `saliency` fits none of the grids.
    """
    state = _with_spectrum(spectrum, options, instrument)
    if options.measure_lines or options.show_model:
        state = replace(state, line_data=line_data(spectrum), base=_base(spectrum, options, instrument))
    state = _with_prediction(state, prediction, message)
    state = _with_saliency(state, saliency, spectrum, prediction, instrument)
    if candidate is None and prediction is not None and not prediction.rejection:
        candidate = prediction.redshift
    return with_candidate(
        state, candidate, lines=lines, second=second, line_width=line_width, measure=measure
    )


def with_candidate(
    state: DisplayState,
    candidate: float | None,
    *,
    lines: Sequence[SpectralLine] | None = None,
    second: float | None = None,
    line_width: float = USUAL_WIDTH,
    measure: bool = True,
) -> DisplayState:
    """Move a DisplayState to another candidate redshift; arrays are shared, only labels and line model are new.

    Without `measure` the lines stay as they were measured before, to be caught up with by `with_measured_lines`.
    """
    if candidate is not None and not (np.isfinite(candidate) and candidate > -1):
        candidate = None
    table = load_lines() if lines is None else lines
    options = state.options
    labels: tuple[LineLabel, ...] = ()
    if candidate is not None and options.show_lines:
        labels = _line_labels(state.segments, candidate, table)
    other = second_candidate(state.peaks, candidate, second) if options.show_second else None
    state = replace(
        state,
        candidate=candidate,
        line_labels=labels,
        second=other,
        second_labels=_line_labels(state.segments, other, table) if other is not None else (),
        line_width=line_width,
    )
    return with_measured_lines(state, lines=table) if measure or candidate is None else state


def with_measured_lines(state: DisplayState, *, lines: Sequence[SpectralLine] | None = None) -> DisplayState:
    """Measure the lines at the candidate of a DisplayState; none where nobody asked for them (`measure_lines`, `show_model`)."""
    if state.candidate is None or state.line_data is None:
        return state if state.line_model is None else replace(state, line_model=None, model=None)
    known = state.line_model
    if known is None or (known.redshift, known.width) != (state.candidate, state.line_width):
        table = load_lines() if lines is None else tuple(lines)
        known = _measured(state.line_data, state.candidate, state.line_width, table)
    elif (state.model is None) is not state.options.show_model:
        return state
    state = replace(state, line_model=known)
    return replace(state, model=drawn_model(state) if state.options.show_model else None)


@lru_cache(maxsize=8)
def _measured(data: LineData, candidate: float, width: float, lines: tuple[SpectralLine, ...]) -> LineModel:
    return measure_lines(data, candidate, width=width, lines=lines)


def resolve_ahead(spectrum: Spectrum, options: DisplayOptions, instrument: Instrument | None) -> None:
    """Work out what `resolve` will ask of a Spectrum, in a worker thread: it remembers that of the last eight."""
    _with_spectrum(spectrum, options, instrument)
    if options.measure_lines or options.show_model:
        _base(spectrum, options, instrument)


def measure_ahead(spectrum: Spectrum, candidate: float, width: float = USUAL_WIDTH) -> None:
    """Work out what `with_measured_lines` will ask, in a worker thread."""
    _ = _measured(line_data(spectrum), candidate, width, load_lines()).features  # remembered, too


def drawn_model(state: DisplayState) -> FloatArray | None:
    """Give continuum and lines on the displayed grid and scale, (n,), NaN in gaps; None where no line was measured."""
    if state.line_model is None or state.wavelength is None or state.factor is None:
        return None
    assert state.base is not None
    return np.asarray(state.base + state.line_model.lines_at(state.wavelength) * state.factor)


def _line_labels(
    segments: tuple[Span, ...], candidate: float, lines: Sequence[SpectralLine]
) -> tuple[LineLabel, ...]:
    stretch = 1.0 + candidate
    labels = []
    for line in lines:
        observed = line.wavelength * stretch
        if any(start <= observed <= stop for start, stop in segments):
            labels.append(LineLabel(line.name, line.wavelength, observed, line.kind, rank_of(line.name)))
    return tuple(labels)


# A redshift step resolves the same Spectrum again: its arrays stay the same objects, and the plots leave them alone.
@lru_cache(maxsize=8)
def _with_spectrum(
    spectrum: Spectrum, options: DisplayOptions, instrument: Instrument | None
) -> DisplayState:
    wavelength = spectrum.wavelength
    segments = find_segments(wavelength)
    bad, weight = weights(spectrum, options, instrument)
    factor, unit = np.ones(wavelength.size), spectrum.flux_unit
    if options.other_density:
        factor, unit = other_density(unit, wavelength)
    peak = float(np.max(np.abs(spectrum.flux[~bad] * factor[~bad]), initial=0.0)) or 1.0
    # In units of the brightest pixel nothing underflows when squared.
    to_peak = factor / peak
    flux, ivar = spectrum.flux * to_peak, weight / to_peak**2
    raw = np.where(spectrum.mask, np.nan, flux)
    if options.smoothing > 0:
        smooth, error = gaussian_smooth(flux, ivar, options.smoothing, segments)
        smooth_for_range = smooth
    else:
        smooth_for_range = np.where(bad, np.nan, flux)
        smooth, error = raw, np.where(bad, np.nan, spectrum.error * to_peak)
    low, high = robust_range(quiet_pixels(smooth_for_range, error))
    exponent = display_exponent(max(abs(low), abs(high)) * peak)
    scale = peak / 10.0**exponent
    continuum = running_continuum(flux, ~bad, segments) if options.show_continuum else None

    def shown(values: FloatArray) -> FloatArray:
        return _broken(values * scale, segments)

    shown_flux = shown(raw)
    name = (
        "f<sub>ν</sub>" if options.other_density and unit != spectrum.flux_unit and "Jy" in unit else "flux"
    )
    return DisplayState(
        spectrum_id=spectrum.id,
        options=options,
        title=_title(spectrum),
        flux_unit=unit,
        flux_exponent=exponent,
        flux_label=f"{name} [{unit_text(unit, exponent)}]",
        wavelength=_broken_grid(wavelength, segments),
        flux=shown_flux,
        flux_smooth=shown(smooth) if smooth is not raw else shown_flux,
        error=shown(error) if options.show_error and (spectrum.ivar > 0).any() else None,
        noise_estimated=spectrum.noise_estimated,
        continuum=None if continuum is None else shown(continuum),
        factor=_broken(factor / 10.0**exponent, segments),
        bad=_broken(bad.astype(np.float64), segments) != 0,
        flux_range=(low * scale, high * scale),
        segments=tuple((float(wavelength[s.start]), float(wavelength[s.stop - 1])) for s in segments),
        masked_spans=bad_spans(wavelength, bad, segments) if options.show_sky_mask else (),
        gaps=tuple(
            (float(wavelength[a.stop - 1]), float(wavelength[b.start]))
            for a, b in itertools.pairwise(segments)
        ),
    )


@lru_cache(maxsize=8)
def _base(spectrum: Spectrum, options: DisplayOptions, instrument: Instrument | None) -> FloatArray:
    """Give the continuum below the fitted lines on the displayed grid and scale; the factor, NaN in gaps, keeps it open there."""
    state, data = _with_spectrum(spectrum, options, instrument), line_data(spectrum)
    assert state.wavelength is not None
    assert state.factor is not None
    continuum = np.interp(state.wavelength, data.wavelength, data.continuum) * data.scale
    return np.asarray(continuum * state.factor)


def _with_prediction(state: DisplayState, prediction: Prediction | None, message: str) -> DisplayState:
    if prediction is None:
        return replace(state, message=message)
    if prediction.rejection:
        return replace(state, rejected=True, message=message or prediction.rejection)
    grid, probability = _line_curve(prediction)
    return replace(
        state,
        message=message,
        line_wavelength=grid,
        line_probability=probability,
        redshift_grid=prediction.redshift_grid,
        redshift_pdf=prediction.redshift_pdf,
        redshift_pdf_std=prediction.redshift_pdf_std,
        peaks=prediction.confidence.peaks,
    )


@lru_cache(maxsize=8)
def _line_curve(prediction: Prediction) -> tuple[FloatArray, FloatArray]:
    segments = find_segments(prediction.line_wavelength)
    return (
        _broken_grid(prediction.line_wavelength, segments),
        _broken(prediction.line_probability, segments),
    )


def _with_saliency(
    state: DisplayState,
    saliency: FloatArray | None,
    spectrum: Spectrum,
    prediction: Prediction | None,
    instrument: Instrument | None,
) -> DisplayState:
    if saliency is None:
        return state
    grids = [spectrum.wavelength]
    if instrument is not None:
        grids.insert(0, instrument.wavelength)
    if prediction is not None:
        grids.insert(0, prediction.line_wavelength)
    for grid in grids:
        if grid.shape == saliency.shape:
            segments = find_segments(grid)
            state = replace(
                state, saliency_wavelength=_broken_grid(grid, segments), saliency=_broken(saliency, segments)
            )
            if state.options.colour_saliency and state.wavelength is not None:
                on_flux = np.interp(state.wavelength, grid, saliency, left=0.0, right=0.0)
                state = replace(state, flux_saliency=on_flux)
            return state
    raise ValueError(
        f"a saliency of {saliency.size} pixels fits neither the bundle's grid nor the spectrum's"
    )


def _title(spectrum: Spectrum) -> str:
    file = spectrum.path.name
    if spectrum.row:
        file = f"{file} [{spectrum.row}]"
    stem = spectrum.path.stem
    return file if not spectrum.name or spectrum.name == stem else f"{spectrum.name}  ·  {file}"


def _broken(values: FloatArray, segments: Sequence[slice]) -> FloatArray:
    return np.insert(values, [s.start for s in segments[1:]], np.nan) if len(segments) > 1 else values


def _broken_grid(wavelength: FloatArray, segments: Sequence[slice]) -> FloatArray:
    starts = [s.start for s in segments[1:]]
    middles = [(wavelength[i - 1] + wavelength[i]) / 2 for i in starts]
    return np.insert(wavelength, starts, middles) if starts else wavelength
