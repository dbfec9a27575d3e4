"""Reviewing with the keys: what is typed, saved, taken back, and there again after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from mtop_gui.core.errors import StoreError
from mtop_gui.ui.unavailable_store import UnavailableStore
from tests.support.fakes import write_spectrum
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.app import Bench


KEY = Qt.Key


def test_review_with_keys_only_survives_quitting(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    first = bench.session.prediction.redshift
    press(qtbot, bench, KEY.Key_4)
    assert bench.session.selected == 1
    assert "quality 4" in bench.window.status.message.text()
    press(qtbot, bench, KEY.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    moved = bench.session.candidate
    press(qtbot, bench, KEY.Key_2)
    press(qtbot, bench, KEY.Key_1)
    press(qtbot, bench, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.selected == 2  # shown again, so that one sees what was taken back
    assert bench.session.entries.quality.tolist() == [4, 2, -1, -1, -1, -1]
    bench.session.set_threshold(3.0)
    bench.window.close()

    again = make_bench()
    assert again.session.folders == bench.session.folders
    assert again.session.selected == 2
    assert again.session.entries.quality.tolist() == [4, 2, -1, -1, -1, -1]
    again.session.select(0)
    qtbot.waitUntil(lambda: settled(again))
    assert again.session.decision.redshift == first
    assert again.session.decision.quality == 4
    again.session.select(1)
    qtbot.waitUntil(lambda: settled(again))
    assert again.session.candidate == moved
    assert again.session.decision.redshift_origin == "dragged"
    press(qtbot, again, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert again.session.entries.quality[2] == 1
    press(qtbot, again, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(qtbot, again, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(qtbot, again, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (again.session.entries.quality == -1).all()


def test_typing_a_comment_presses_no_keys(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.activateWindow()
    bench.window.setFocus()
    press(qtbot, bench, KEY.Key_E)
    field = bench.window.review.comment
    assert bench.window.focusWidget() is field
    qtbot.keyClicks(field, "n4 broad g")
    qtbot.keyClick(field, KEY.Key_Escape)
    assert field.text() == "n4 broad g"
    assert bench.session.selected == 0
    assert bench.session.entries.quality[0] == -1
    press(qtbot, bench, KEY.Key_3)
    assert bench.session.selected == 1
    assert bench.window.review.comment.text() == ""
    bench.session.select(0)
    assert bench.session.decision.comment == "n4 broad g"


def test_typing_a_redshift(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    press(qtbot, bench, KEY.Key_Z)
    field = bench.window.review.typed
    qtbot.keyClicks(field, "1,2345")
    qtbot.keyClick(field, KEY.Key_Return)
    assert bench.session.candidate == 1.2345
    assert bench.session.origin == "typed"
    assert not field.isVisible()
    press(qtbot, bench, KEY.Key_Return)
    assert bench.session.origin == "network"


def test_peaks_are_walked_by_keys_and_by_clicks(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    peaks = bench.session.prediction.confidence.peaks
    press(qtbot, bench, KEY.Key_O)
    assert (bench.session.candidate, bench.session.origin) == (peaks[1].redshift, "peak 2")
    press(qtbot, bench, KEY.Key_I)
    assert bench.session.candidate == peaks[0].redshift
    bench.window.pdf.peak_clicked.emit(peaks[1].redshift + 0.01)
    assert bench.session.candidate == peaks[1].redshift
    bench.window.review.peaks.cellClicked.emit(0, 0)
    assert bench.session.candidate == peaks[0].redshift


def test_naming_the_line_under_the_cursor(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.stack.cursor_moved.emit(6564.61 * 2.5, 1.0)
    assert "rest" in bench.window.status.cursor_text.text()
    press(qtbot, bench, KEY.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert bench.session.candidate == pytest.approx(1.5)


def test_fitting_the_lines_near_the_candidate(qtbot: Any, make_bench: BenchMaker, tmp_path: Path) -> None:
    bench = make_bench(write_spectrum(tmp_path / "one.fits", 3, redshift=1.5))
    bench.session.set_candidate(1.502, "typed")
    press(qtbot, bench, KEY.Key_U)
    qtbot.waitUntil(lambda: bench.session.origin == "fitted", timeout=30_000)
    assert bench.session.candidate == pytest.approx(1.5, abs=5e-4)
    assert "Lines fitted: z 1.50" in bench.window.status.message.text()
    bench.session.set_candidate(20.0, "typed")
    press(qtbot, bench, KEY.Key_U)
    qtbot.waitUntil(lambda: "No known line" in bench.window.status.message.text(), timeout=30_000)
    assert bench.session.candidate == 20.0


def shown_panels(bench: Bench) -> set[str]:
    return {name for name, dock in bench.window.docks.items() if dock.isVisible()}


def test_a_quality_key_is_never_typed_into_a_field(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.activateWindow()
    bench.window.browser.view.setFocus()
    before = shown_panels(bench)
    assert {"browser", "review", "batch"} <= before
    press(qtbot, bench, KEY.Key_F9)
    assert not any(dock.isVisible() for dock in bench.window.docks.values())
    press(qtbot, bench, KEY.Key_4)
    assert bench.session.entries.quality[0] == 4
    assert bench.session.threshold == 2.0
    press(qtbot, bench, KEY.Key_F9)
    assert shown_panels(bench) == before
    bench.window.toolbar.reviewer.setFocus()
    press(qtbot, bench, KEY.Key_F9)  # function keys belong to the window even in a field
    bench.window.close()
    assert shown_panels(make_bench()) == before


def test_class_issues_and_star_of_a_standing_decision_are_saved_at_once(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    press(qtbot, bench, KEY.Key_4)
    bench.session.select(0)
    bench.window.review.issues["R"].click()
    bench.window.review.classes["QSO"].click()
    press(qtbot, bench, KEY.Key_Asterisk)
    kept = bench.store.current(bench.session.spectrum.content_hash, "Ada")
    assert (kept.issues, kept.spectrum_class, kept.starred, kept.quality) == ("R", "QSO", True, 4)


def test_what_is_not_saved_yet_waits_until_one_comes_back(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.session.set_draft(comment="look again", issues="S")
    bench.session.select(1)
    assert bench.session.draft.comment == ""
    bench.session.select(0)
    assert (bench.session.draft.comment, bench.session.draft.issues) == ("look again", "S")
    assert bench.window.review.issues["S"].isChecked()


def test_a_store_that_fails_marks_nothing_as_saved(
    qtbot: Any, make_bench: BenchMaker, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(demo)

    def refuse(decision: object) -> object:
        raise StoreError("the disk is full: free some space")

    monkeypatch.setattr(bench.store, "record", refuse)
    press(qtbot, bench, KEY.Key_4)
    assert bench.session.selected == 0
    assert bench.session.entries.quality[0] == -1
    assert "disk is full" in bench.window.banner.text
    assert not bench.window.review.qualities[4].isChecked()


def test_without_a_store_one_can_look_but_nothing_counts_as_saved(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, store=UnavailableStore("the store is locked: close the other program"))
    run_and_wait(qtbot, bench)
    press(qtbot, bench, KEY.Key_4)
    assert "store is locked" in bench.window.banner.text
    assert (bench.session.entries.quality == -1).all()
    press(qtbot, bench, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.counts()[0] == 6


def test_walking_the_flagged(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    bench.session.set_threshold(0.5)
    seen = []
    for _ in range(3):
        press(qtbot, bench, KEY.Key_G)
        seen.append(bench.session.selected)
        qtbot.waitUntil(lambda: settled(bench))
        press(qtbot, bench, KEY.Key_2)
    assert seen == [1, 3, 5]


def test_help_shows_all_keys_of_the_preset(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    press(qtbot, bench, KEY.Key_Question)
    assert bench.window.key_help.isVisible()
    press(qtbot, bench, KEY.Key_Escape)
    assert not bench.window.key_help.isVisible()
    bench.controller.actions["preset"].trigger()
    press(qtbot, bench, KEY.Key_Right)
    assert bench.session.selected == 1
