"""What redshift work draws: inset strip, second candidate, line model, saliency along the flux, units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from mtop_gui.core.line_fit import refine
from mtop_gui.core.spectrum import Spectrum
from mtop_gui.ui.candidate import second_candidate
from mtop_gui.ui.display import DisplayOptions, resolve, with_candidate
from mtop_gui.ui.display_units import next_wavelength_unit, other_density, wavelength_text
from mtop_gui.ui.plots.inset_texts import caption, short_name, shorter_name, tip
from mtop_gui.ui.plots.inset_windows import Frame, expected_features, inset_curves
from mtop_gui.ui.plots.insets import InsetStrip
from mtop_gui.ui.theme import DARK, LIGHT
from tests.support.plot_widgets import MOONS, PREDICTION, SPECTRUM
from tests.support.plots import make_prediction, make_spectrum

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mtop_gui.ui.plots import PdfPlot, SpectrumStack

OPTIONS = DisplayOptions(measure_lines=True, show_model=True, show_second=True, colour_saliency=True)
SALIENCY = np.where(np.abs(MOONS.wavelength - 16411.0) < 60.0, 1.0, 0.0)
STATE = resolve(SPECTRUM, PREDICTION, OPTIONS, instrument=MOONS, saliency=SALIENCY)


@pytest.fixture
def strip(qtbot: QtBot) -> InsetStrip:
    made = InsetStrip(DARK)
    qtbot.addWidget(made)
    made.resize(1100, 130)
    with qtbot.waitExposed(made):
        made.show()
    made.show_state(STATE)
    QApplication.processEvents()
    return made


# -- the strip ------------------------------------------------------------------------------------------------


def test_every_main_line_that_is_covered_has_a_window() -> None:
    names = [name for feature in expected_features(STATE) for name in feature.members]
    covered = {label.name for label in STATE.line_labels}
    assert {"Hα 6565", "[O III] 5008", "[O II] 3727", "[O II] 3730", "Hβ 4863"} <= set(names)
    assert set(names) <= covered
    assert len(names) == len(set(names))
    places = [feature.observed_wavelength for feature in expected_features(STATE)]
    assert places == sorted(places)


def test_the_curves_stay_in_their_frames_and_never_cross_from_one_to_the_next() -> None:
    features = expected_features(STATE)[:6]
    frames = [Frame(10.0 + 120.0 * k, 20.0, 100.0, 80.0) for k in range(len(features))]
    curves = inset_curves(STATE, features, frames)
    parts = np.split(
        np.arange(curves.x.size), np.flatnonzero(np.isnan(curves.model) & np.isnan(curves.smooth)) + 1
    )
    assert len(parts) >= len(features)
    for values in (curves.flux, curves.smooth, curves.error, curves.model):
        assert values is not None
        seen = np.isfinite(values)
        assert np.all((values[seen] >= 20.0) & (values[seen] <= 100.0))
        inside = [(curves.x[seen] >= f.left - 1) & (curves.x[seen] <= f.left + f.width + 1) for f in frames]
        assert np.all(np.any(inside, axis=0))


def test_the_line_stands_in_the_middle_of_its_window() -> None:
    feature = next(f for f in expected_features(STATE) if f.name == "[O III] 5008")
    curves = inset_curves(STATE, [feature], [Frame(0.0, 0.0, 200.0, 100.0)])
    highest = int(np.nanargmin(curves.model))  # pixels count from the top
    assert curves.x[highest] == pytest.approx(100.0, abs=4.0)


def test_a_step_keeps_the_picture_of_the_frames(strip: InsetStrip) -> None:
    before = strip._picture
    assert before is not None
    strip.show_state(with_candidate(STATE, 1.5001))
    strip.repaint()
    assert strip._picture is not None
    assert strip._picture[1] is before[1]
    strip.set_palette(LIGHT)
    strip.repaint()
    assert strip._picture[1] is not before[1]


def test_it_scrolls_to_a_line_and_stops_at_the_ends(strip: InsetStrip) -> None:
    strip.resize(300, 130)
    first, last = expected_features(STATE)[0], expected_features(STATE)[-1]
    strip.show_line(last.members[-1])
    assert last in strip.shown
    strip.scroll_by(-100)
    assert strip.shown[0] == first
    strip.scroll_by(100)
    assert strip.shown[-1] == last


def test_clicking_chooses_a_line_and_dragging_moves_the_redshift(strip: InsetStrip, qtbot: QtBot) -> None:
    chosen: list[tuple[str, float]] = []
    dragged: list[float] = []
    strip.line_chosen.connect(lambda name, wavelength: chosen.append((name, wavelength)))
    strip.redshift_dragged.connect(dragged.append)
    feature, box = strip._boxes()[2]
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert chosen == [(feature.name, feature.observed_wavelength)]
    assert dragged == []
    start = box.center().toPoint()
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(strip, start + QPointF(15, 0).toPoint())
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=start + QPointF(15, 0).toPoint())
    velocity = 15 * 3000.0 / strip._plot(box).width()
    assert dragged[-1] == pytest.approx(1.5 + 2.5 * velocity / 299792.458, rel=1e-4)
    assert len(chosen) == 1


def test_it_says_what_is_missing_and_what_was_fitted() -> None:
    assert caption(replace(STATE, flux=None), (), 0, 5, None).startswith("lines expected at the redshift")
    assert "type one" in caption(with_candidate(STATE, None), (), 0, 5, None)
    assert "no known line is covered" in caption(with_candidate(STATE, 25.0), (), 0, 5, None)
    fit = refine(SPECTRUM, 1.5)
    fitted = with_candidate(STATE, fit.redshift, line_width=fit.width)
    said = caption(fitted, expected_features(fitted), 0, 5, fit)
    assert f"z = {fit.redshift:.5f} ± {fit.error:.5f}, fitted" in said
    assert "above 3 σ" in said
    assert "fitted" not in caption(with_candidate(STATE, 1.51), expected_features(STATE), 0, 5, fit)


def test_the_tip_gives_flux_and_equivalent_width() -> None:
    feature = next(f for f in expected_features(STATE) if f.name.startswith("[O II]"))
    assert short_name(feature) == "[O II]"
    rows = tip(feature, STATE).splitlines()
    assert rows[0] == "[O II] 3727, 3730"
    assert any(row.startswith("flux ") and "erg/s/cm²" in row for row in rows)
    assert any(row.startswith("equivalent width") for row in rows)


@pytest.mark.parametrize("size", [(90, 40), (400, 90), (2400, 300)])
def test_any_size_and_no_state_draw(strip: InsetStrip, size: tuple[int, int]) -> None:
    strip.resize(*size)
    assert not strip.grab().isNull()
    strip.show_state(replace(STATE, flux=None))
    assert not strip.grab().isNull()
    prism = Spectrum(
        np.cumsum(np.geomspace(50.0, 400.0, 300)) + 6000.0,
        np.ones(300),
        np.ones(300),
        np.zeros(300, dtype=bool),
    )
    strip.show_state(resolve(prism, None, OPTIONS, candidate=3.0))
    assert not strip.grab().isNull()


# -- second candidate, model, saliency ------------------------------------------------------------------------


def test_the_second_candidate_is_the_best_other_peak_or_the_one_kept() -> None:
    peaks = PREDICTION.confidence.peaks
    assert STATE.second == peaks[1].redshift
    assert with_candidate(STATE, peaks[1].redshift).second == peaks[0].redshift
    assert with_candidate(STATE, 1.5, second=0.9).second == 0.9
    assert second_candidate(peaks, 0.9, 0.9) == peaks[0].redshift
    assert second_candidate((), 1.0) is None
    assert resolve(SPECTRUM, PREDICTION, DisplayOptions()).second is None


def test_its_lines_are_drawn_in_every_panel_and_never_overlap(stack: SpectrumStack, pdf: PdfPlot) -> None:
    stack.show_state(STATE)
    pdf.show_state(STATE)
    assert pdf.marks.second == STATE.second
    for panel in stack.panels.values():
        assert panel.second.labels == STATE.second_labels
    shown = 0
    for half_width in np.geomspace(60.0, 6000.0, 20):
        stack.flux.view.setXRange(12000.0 - half_width, 12000.0 + half_width, padding=0)
        boxes = [box for _, box in (*stack.flux.labels.boxes(), *stack.flux.second.boxes())]
        shown = max(shown, len(boxes))
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert shown > 20


def test_the_model_follows_the_lines_and_stays_open_in_the_gap(stack: SpectrumStack) -> None:
    assert STATE.model is not None
    assert STATE.wavelength is not None
    low, high = STATE.gaps[0]
    assert np.isnan(STATE.model[(STATE.wavelength > low) & (STATE.wavelength < high)]).all()
    at_line = int(np.argmin(np.abs(STATE.wavelength - 5008.24 * 2.5)))
    beside = int(np.argmin(np.abs(STATE.wavelength - 5008.24 * 2.52)))
    assert STATE.model[at_line] > STATE.model[beside] + 1.0
    stack.show_state(STATE)
    x, y = stack._layers["model"].getData()
    assert np.isnan(y[(x > low + 20) & (x < high - 20)]).all()


def test_the_flux_is_coloured_only_where_the_saliency_is_high(stack: SpectrumStack) -> None:
    stack.show_state(STATE)
    drawn = [curve.getData() for curve in stack._tint.curves]
    highest = drawn[-1][0]
    assert highest is not None
    connected = np.asarray(stack._tint.curves[-1].opts["connect"], dtype=bool)
    assert connected.any()
    assert np.all(np.abs(highest[connected] - 16411.0) < 120.0)
    stack.show_state(resolve(SPECTRUM, PREDICTION, DisplayOptions(), instrument=MOONS, saliency=SALIENCY))
    assert all(curve.getData()[0] is None or not curve.getData()[0].size for curve in stack._tint.curves)


# -- units and zoom -------------------------------------------------------------------------------------------


def test_wavelength_units_change_numbers_only(stack: SpectrumStack) -> None:
    before = stack.flux.view.viewRange()
    stack.show_state(replace(STATE, options=replace(OPTIONS, wavelength_unit="µm")), keep_view=True)
    assert stack.flux.view.viewRange()[0] == before[0]
    assert stack.panels["saliency"].bottom.scale == 1e-4
    spacing, values = stack.flux.top.tickValues(8000.0, 16000.0, 900)[0]
    texts = stack.flux.top.tickStrings(values, 1.0, spacing)
    assert [float(text) for text in texts] == pytest.approx(
        [value / 2.5 * 1e-4 for value in values], abs=1e-6
    )
    assert next_wavelength_unit("µm") == "Å"
    assert wavelength_text(12445.0, "µm") == "1.24450 µm"


def test_f_nu_is_f_lambda_times_lambda_squared_over_c() -> None:
    shown = resolve(SPECTRUM, PREDICTION, DisplayOptions(other_density=True, smoothing=0.0), instrument=MOONS)
    plain = resolve(SPECTRUM, PREDICTION, DisplayOptions(smoothing=0.0), instrument=MOONS)
    assert shown.wavelength is not None
    good = np.isfinite(plain.flux)
    expected = (
        plain.flux[good] * 10.0**plain.flux_exponent * shown.wavelength[good] ** 2 / 2.99792458e18 / 1e-29
    )
    np.testing.assert_allclose(shown.flux[good] * 10.0**shown.flux_exponent, expected, rtol=1e-6)
    error = np.isfinite(plain.error)
    np.testing.assert_allclose(
        (shown.flux / shown.error)[good & error], (plain.flux / plain.error)[good & error], rtol=1e-6
    )
    assert "Jy" in shown.flux_label.replace("μ", "µ")


def test_the_other_density_of_what_comes_in_janskys_or_in_no_unit() -> None:
    grid = np.array([5000.0, 10000.0, 15000.0])
    factor, unit = other_density("uJy", grid)
    assert unit == "erg / (s cm2 Angstrom)"
    assert factor[0] / factor[1] == pytest.approx(4.0)
    factor, unit = other_density("1e-17 erg / (s cm2 Angstrom)", grid)
    assert unit == "uJy"
    assert factor[1] == pytest.approx(1e-17 * 1e8 / 2.99792458e18 / 1e-29)
    factor, unit = other_density("", grid)
    assert unit == "arbitrary units per Hz"
    np.testing.assert_allclose(factor, (grid / 10000.0) ** 2)


def test_the_zoom_is_kept_across_spectra_when_wanted(stack: SpectrumStack) -> None:
    options = DisplayOptions(keep_zoom=True)
    other = resolve(make_spectrum(MOONS, 5), make_prediction(MOONS), options, instrument=MOONS)
    stack.zoom_to(12000.0, 200.0)
    kept = stack.flux.view.viewRange()[0]
    stack.show_state(other)
    assert stack.flux.view.viewRange()[0] == kept
    elsewhere = Spectrum(np.arange(3000.0, 5000.0), np.ones(2000), np.ones(2000), np.zeros(2000, dtype=bool))
    stack.show_state(resolve(elsewhere, None, options))
    assert stack.flux.view.viewRange()[0][1] < 6000.0


def test_the_flux_range_follows_the_unit_while_zoomed(stack: SpectrumStack) -> None:
    stack.zoom_to(5008.24 * 2.5, 100.0)
    shown = resolve(SPECTRUM, PREDICTION, DisplayOptions(other_density=True), instrument=MOONS)
    stack.show_state(shown, keep_view=True)
    low, high = stack.flux.view.viewRange()[1]
    near = np.abs(shown.wavelength - 5008.24 * 2.5) < 100.0
    assert low < np.nanmin(shown.flux_smooth[near])
    assert np.nanmax(shown.flux_smooth[near]) < high < 4 * np.nanmax(shown.flux_smooth[near])


def test_a_stem_is_dragged_where_there_are_no_names(stack: SpectrumStack) -> None:
    labels = stack.panels["saliency"].labels
    label = next(each for each in labels.labels if each.name == "[O III] 5008")
    place = labels.to_pixel(label.observed_wavelength)
    assert labels.label_at(QPointF(place, 5.0)) is not None
    assert stack.panels["saliency"].second.labels == ()


def test_a_name_gives_up_its_wavelength_only_where_no_other_line_shares_the_rest() -> None:
    names = ["G band 4306", "[O III] 4960", "[O III] 5008", "Mg b"]
    assert [shorter_name(name, names) for name in names] == ["G band", "[O III] 4960", "[O III] 5008", "Mg b"]
