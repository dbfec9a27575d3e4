"""Redshift work through the real window: naming, picking, fitting, stepping through lines, comparing peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from tests.support.fakes import LINES, write_spectrum
from tests.ui.conftest import BenchMaker, press, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.app import Bench

REDSHIFT = 1.2
KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def bench(make_bench: BenchMaker, tmp_path: Path) -> Bench:
    """A window on one galaxy at z = 1.2."""
    folder = tmp_path / "one"
    folder.mkdir()
    write_spectrum(folder / "galaxy.fits", 3, redshift=REDSHIFT)
    return make_bench(folder)


def wait(qtbot: Any, bench: Bench) -> None:
    qtbot.waitUntil(lambda: settled(bench), timeout=8000)


def point_at(bench: Bench, wavelength: float) -> None:
    bench.window.stack.cursor_moved.emit(wavelength, 0.0)


def test_a_line_is_named_under_the_cursor_and_snaps_to_it(bench: Bench, qtbot: Any) -> None:
    point_at(bench, LINES[3] * (1 + REDSHIFT) + 15.0)
    press(qtbot, bench, KEY.Key_I, SHIFT)
    wait(qtbot, bench)
    assert bench.session.candidate == pytest.approx(REDSHIFT, abs=1e-3)
    assert bench.session.origin == "typed"


def test_without_the_mouse_the_strongest_feature_in_view_is_named(bench: Bench, qtbot: Any) -> None:
    place = LINES[3] * (1 + REDSHIFT)
    bench.window.stack.zoom_to(place, 60.0)
    press(qtbot, bench, KEY.Key_I, SHIFT)
    wait(qtbot, bench)
    assert bench.session.candidate == pytest.approx(REDSHIFT, abs=2e-3)
    assert "strongest in view" in bench.window.status.message.text()


def test_the_list_begins_with_the_most_plausible_line(bench: Bench, qtbot: Any) -> None:
    point_at(bench, LINES[3] * (1 + REDSHIFT))
    press(qtbot, bench, KEY.Key_K)
    menu = bench.controller.work.menu
    qtbot.waitUntil(menu.isVisible, timeout=8000)
    texts = [action.text() for action in menu.actions()]
    first = next(k for k, text in enumerate(texts) if "[O III] 5008" in text)
    assert first < 4
    menu.actions()[first].trigger()
    menu.hide()
    wait(qtbot, bench)
    assert bench.session.candidate == pytest.approx(REDSHIFT, abs=1e-3)


def test_fitting_moves_the_candidate_and_says_what_was_found(bench: Bench, qtbot: Any) -> None:
    bench.session.set_candidate(REDSHIFT + 0.001, "typed")
    press(qtbot, bench, KEY.Key_U)
    wait(qtbot, bench)
    assert bench.session.candidate == pytest.approx(REDSHIFT, abs=3e-4)
    assert bench.session.origin == "fitted"
    assert "σ" in bench.window.status.message.text()
    assert bench.session.state.line_width > 200.0  # the fake's lines are wide
    bench.session.set_candidate(25.0, "typed")
    press(qtbot, bench, KEY.Key_U)
    wait(qtbot, bench)
    assert bench.session.candidate == 25.0
    assert "No known line is covered" in bench.window.status.message.text()


def test_stepping_through_lines_begins_near_the_middle_and_shows_each(bench: Bench, qtbot: Any) -> None:
    bench.session.set_candidate(REDSHIFT, "typed")
    wait(qtbot, bench)
    bench.window.stack.zoom_to(LINES[3] * (1 + REDSHIFT), 300.0)
    press(qtbot, bench, KEY.Key_Period)
    low, high = bench.window.stack.flux.view.viewRange()[0]
    assert (low + high) / 2 == pytest.approx(LINES[3] * (1 + REDSHIFT), rel=1e-3)
    assert "[O III] 5008" in bench.window.status.message.text()
    seen = []
    for _ in range(3):
        press(qtbot, bench, KEY.Key_Comma)
        seen.append(sum(bench.window.stack.flux.view.viewRange()[0]) / 2)
    assert seen == sorted(seen, reverse=True)
    assert bench.window.insets._chosen


def test_two_candidates_are_compared_and_exchanged(bench: Bench, qtbot: Any) -> None:
    first = bench.session.candidate
    second = bench.session.prediction.confidence.peaks[1].redshift
    press(qtbot, bench, KEY.Key_Y)
    wait(qtbot, bench)
    assert bench.session.state.second == second
    press(qtbot, bench, KEY.Key_J)
    wait(qtbot, bench)
    assert (bench.session.candidate, bench.session.state.second) == (second, first)
    assert bench.session.origin == "peak 2"
    press(qtbot, bench, KEY.Key_Y, SHIFT)
    bench.session.set_candidate(0.9, "typed")
    wait(qtbot, bench)
    assert bench.session.state.second == second


def test_the_peaks_stand_side_by_side(bench: Bench, qtbot: Any) -> None:
    panel = bench.window.identifications
    bench.controller.actions["panel_identifications"].trigger()
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0, timeout=8000)
    peaks = bench.session.prediction.confidence.peaks[:3]
    assert panel.table.columnCount() == 1 + len(peaks)
    for column, peak in enumerate(peaks, start=1):
        assert f"{100 * peak.probability:.0f} %" in panel.table.horizontalHeaderItem(column).text()
    texts = [panel.table.item(row, 1).text() for row in range(panel.table.rowCount())]
    assert any("σ" in text for text in texts)
    panel.peak_chosen.emit(1)
    wait(qtbot, bench)
    assert bench.session.candidate == peaks[1].redshift


def test_nothing_stays_of_the_spectrum_before(bench: Bench, qtbot: Any, tmp_path: Path) -> None:
    bench.session.compare_with(0.9)
    bench.session.line_width = 333.0
    write_spectrum(tmp_path / "one" / "other.fits", 5, redshift=1.6)
    bench.controller.open([tmp_path / "one"])
    qtbot.waitUntil(lambda: settled(bench) and bench.session.selected >= 0, timeout=8000)
    assert bench.session.second is None
    assert bench.session.line_width != 333.0


def test_lines_are_measured_only_while_somebody_sees_them(bench: Bench, qtbot: Any) -> None:
    assert bench.session.state.line_model is not None
    bench.controller.actions["show_model"].trigger()
    wait(qtbot, bench)
    assert bench.session.state.model is not None
    bench.controller.actions["show_model"].trigger()
    bench.window.docks["lines"].hide()
    wait(qtbot, bench)
    assert bench.session.state.line_model is None
    bench.window.docks["lines"].show()
    wait(qtbot, bench)
    assert bench.session.state.line_model is not None


def test_a_moving_candidate_shows_at_once_and_its_lines_follow(bench: Bench, qtbot: Any) -> None:
    session, strip = bench.session, bench.window.insets
    wait(qtbot, bench)
    before = session.state.line_model
    assert before is not None
    session.nudge(1e-3)
    session._show()
    assert session.state.candidate == session.candidate
    assert session.state.line_model is before
    qtbot.waitUntil(lambda: strip._state.candidate == session.candidate, timeout=20000)
    assert session.state.line_model.redshift == session.candidate
    session.nudge(1e-3)
    assert (
        session.measure_now().line_model.redshift == session.candidate
    )  # a step along the lines need not wait
