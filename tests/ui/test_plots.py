"""The plots as widgets: gaps stay open, views are kept or reset on purpose, nothing leaks between spectra."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from mtop_gui.ui.display import DisplayOptions, DisplayState, resolve, with_candidate
from mtop_gui.ui.plots.backdrop import in_pixels
from mtop_gui.ui.plots.trace import decimate
from mtop_gui.ui.theme import DARK, LIGHT
from tests.support.plot_widgets import MOONS, PREDICTION, SPECTRUM, STATE
from tests.support.plots import make_spectrum

if TYPE_CHECKING:
    import pyqtgraph as pg

    from mtop_gui.ui.plots import PdfPlot, SpectrumStack


def test_decimation_keeps_every_peak_and_every_gap() -> None:
    x = np.arange(10000.0)
    y = np.sin(x / 50)
    y[3333] = 40.0
    y[7777] = -30.0
    y[5000] = np.nan
    dx, dy = decimate(x, y, np.array([5000]), 0.0, 10000.0, 500)
    assert dx.size < 2500
    assert np.nanmax(dy) == 40.0
    assert np.nanmin(dy) == -30.0
    assert np.isnan(dy[(dx >= 4999.5) & (dx <= 5000.5)]).all()
    assert np.isfinite(dy[(dx > 4900) & (dx < 4999)]).all()
    assert np.all(np.diff(dx) >= 0)
    near_x, near_y = decimate(x, y, np.array([5000]), 100.0, 200.0, 500)
    np.testing.assert_array_equal(near_y, y[int(near_x[0]) : int(near_x[-1]) + 1])


def test_a_mean_column_is_the_mean_of_what_is_not_masked() -> None:
    y = np.tile([1.0, np.nan, 3.0, 8.0], 2500)
    y[4000:4100] = np.nan
    x, drawn = decimate(np.arange(10000.0), y, np.array([], dtype=np.int64), 0.0, 10000.0, 500, mean=True)
    empty = (x > 4000) & (x < 4100)
    assert np.isnan(drawn[empty]).all()
    np.testing.assert_allclose(drawn[~empty], 4.0)


def test_the_drawn_curve_is_open_at_the_gap(stack: SpectrumStack) -> None:
    low, high = STATE.gaps[0]
    for name, layer in stack._layers.items():
        x, y = layer.getData()
        if x is None or not x.size:
            assert name in ("continuum", "model")
            continue
        between = np.flatnonzero((x > low + 20) & (x < high - 20))
        assert between.size, name
        assert np.isnan(y[between]).all(), name


def test_nearby_masks_share_a_pixel_and_far_ones_do_not() -> None:
    intervals = np.array([[10.0, 11.0], [11.2, 12.0], [50.0, 50.1], [990.0, 2000.0]])
    np.testing.assert_allclose(in_pixels(intervals, 0.0, 1000.0, 1000.0), [[10, 2], [50, 0.6], [990, 10]])
    assert in_pixels(np.empty((0, 2)), 0.0, 1.0, 100.0).size == 0


def pixels(widget: pg.GraphicsLayoutWidget) -> np.ndarray:
    image = widget.grab().toImage()
    return np.array(
        [[image.pixel(x, y) for x in range(0, image.width(), 4)] for y in range(0, image.height(), 4)]
    )


def test_a_palette_change_repaints_everything(stack: SpectrumStack, pdf: PdfPlot) -> None:
    for plot in (stack, pdf):
        dark = pixels(plot.graphics)
        plot.set_palette(LIGHT)
        light = pixels(plot.graphics)
        assert (light == 0xFFFFFFFF).mean() > 0.3
        assert (dark == 0xFF111111).mean() > 0.3
        plot.set_palette(DARK)
        np.testing.assert_array_equal(pixels(plot.graphics), dark)


def test_the_zoom_is_kept_for_a_candidate_and_reset_for_a_spectrum(stack: SpectrumStack) -> None:
    home = stack.flux.view.viewRange()
    stack.zoom_to(12000.0, 200.0)
    zoomed = stack.flux.view.viewRange()
    stack.show_state(with_candidate(STATE, 1.1))
    assert stack.flux.view.viewRange() == zoomed
    other = resolve(make_spectrum(MOONS, seed=2), PREDICTION, DisplayOptions(), instrument=MOONS)
    stack.show_state(other, keep_view=True)
    assert stack.flux.view.viewRange()[0] == zoomed[0]
    stack.show_state(STATE)
    assert np.allclose(stack.flux.view.viewRange(), home)


def test_no_state_leaks_between_spectra(stack: SpectrumStack, pdf: PdfPlot) -> None:
    bare = resolve(make_spectrum(MOONS, seed=3), None, DisplayOptions(show_error=False), instrument=MOONS)
    stack.show_state(bare)
    pdf.show_state(bare)
    for name in ("error", "continuum", "line_probability", "saliency"):
        assert stack._layers[name].getData()[0] is None or not stack._layers[name].getData()[0].size
    assert stack.flux.labels.boxes() == []
    assert pdf.marks.peaks == ()
    assert pdf.marks.candidate is None
    assert stack.panels["line"].notice.isVisible()
    assert pdf.notice.text == bare.pdf_notice != ""


@pytest.mark.parametrize("message", ["", "Open a folder of spectra (Ctrl+O), or drop one here."])
def test_nothing_selected(stack: SpectrumStack, pdf: PdfPlot, message: str) -> None:
    empty = DisplayState(message=message)
    stack.show_state(empty)
    pdf.show_state(empty)
    QApplication.processEvents()
    assert stack.flux.notice.isVisible()
    assert stack.flux.notice.text == (message or "no spectrum selected")
    assert not stack.panels["line"].notice.isVisible()
    stack.reset_view()
    pdf.reset_view()
    stack.show_state(STATE)
    assert not stack.flux.notice.isVisible()


def test_logarithmic_pdf(pdf: PdfPlot) -> None:
    linear = pdf.view.viewRange()[1]
    pdf.show_state(replace(STATE, options=DisplayOptions(pdf_log=True)))
    low, high = pdf.view.viewRange()[1]
    assert high - low >= 5
    _, y = pdf._curve.getData()
    assert np.isfinite(y).all()
    pdf.show_state(STATE)
    assert pdf.view.viewRange()[1] == pytest.approx(linear)


def test_the_band_lies_above_the_curve(pdf: PdfPlot) -> None:
    band, curve = pdf._band.getData()[1], pdf._curve.getData()[1]
    assert np.all(band >= curve - 1e-9)
    pdf.show_state(replace(STATE, redshift_pdf_std=None))
    x, _ = pdf._band.getData()
    assert x is None or not x.size


def test_unsmoothed_flux_is_one_line(stack: SpectrumStack) -> None:
    stack.show_state(resolve(SPECTRUM, PREDICTION, DisplayOptions(smoothing=0.0), instrument=MOONS))
    x, _ = stack._layers["flux_smooth"].getData()
    assert x is None or not x.size
    assert stack._layers["flux"].opts["pen"].color().name() == DARK.flux_smooth


@pytest.mark.parametrize("size", [(120, 90), (300, 200), (2500, 1400)])
def test_any_size_draws(stack: SpectrumStack, pdf: PdfPlot, size: tuple[int, int]) -> None:
    for plot in (stack, pdf):
        plot.resize(*size)
        plot.reset_view()
        assert not plot.grab().isNull()
    boxes = [box for _, box in stack.flux.labels.boxes()]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_the_rest_frame_axis_divides_by_one_plus_z(stack: SpectrumStack) -> None:
    axis = stack.flux.top
    axis.set_redshift(1.0)
    levels = axis.tickValues(8000.0, 16000.0, 900)
    assert all(value / 2 % 500 == pytest.approx(0) for value in levels[0][1])
    spacing, values = levels[0]
    assert axis.tickStrings(values, 1.0, spacing) == [f"{value / 2:g}" for value in values]
    axis.set_redshift(None)
    assert axis.tickValues(8000.0, 16000.0, 900) == []


def test_the_benchmark_of_the_plots_repaints_every_panel(qapp: QApplication) -> None:
    from tests.benchmarks.plots import measure

    # It raises where a panel was not repainted; how long it takes is for a quiet machine to say.
    assert all(value > 0 for value in measure(spectra=2, steps=2).values())
