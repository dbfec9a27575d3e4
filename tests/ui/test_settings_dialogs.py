"""Settings and keys are changed in the window, hold at once, and are there again; the window comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton

from mtop_gui.settings import load_settings
from mtop_gui.ui.dialogs.key_editor import KeyEditor
from mtop_gui.ui.dialogs.settings import SettingsDialog
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mtop_gui.ui.app import Bench

KEY = Qt.Key


@pytest.fixture(autouse=True)
def _font(qapp: QApplication) -> Iterator[None]:
    before = qapp.font()
    yield
    qapp.setFont(before)


def settings_dialog(bench: Bench) -> SettingsDialog:
    bench.controller.actions["settings"].trigger()
    dialog = bench.preferences.dialog
    assert isinstance(dialog, SettingsDialog)
    return dialog


def key_editor(bench: Bench) -> KeyEditor:
    bench.controller.actions["edit_keys"].trigger()
    (editor,) = [e for e in bench.window.findChildren(KeyEditor) if e.isVisible()]
    return editor


def test_settings_hold_at_once_and_are_kept(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    bench = make_bench(demo)
    dialog = settings_dialog(bench)
    assert dialog.settings() == bench.preferences.present()
    dialog.reviewer.setText("Grace")
    dialog.threshold.setValue(1.5)
    dialog.passes.setValue(20)
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    dialog.text.setCurrentIndex(dialog.text.findData(1.3))
    dialog.smoothing.setCurrentIndex(dialog.smoothing.findData(4.0))
    dialog.preset.setCurrentIndex(dialog.preset.findData("specvizitor"))
    dialog.scale.setCurrentIndex(dialog.scale.findData("vimos"))
    dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    qtbot.waitUntil(lambda: settled(bench))
    session = bench.session
    assert (session.reviewer, session.threshold, session.options.smoothing) == ("Grace", 1.5, 4.0)
    assert bench.network.mc_passes == 20
    assert bench.window.toolbar.passes.currentData() == 20
    assert bench.window.theme_palette.name == "light"
    assert bench.controller.actions.preset == "specvizitor"
    assert "From the next start: the quality scale" in bench.window.status.message.text()
    bench.window.close()
    kept, warning = load_settings(tmp_path / "settings.toml")
    assert warning == ""
    assert (kept.reviewer, kept.quality_scale, kept.theme, kept.text_scale) == (
        "Grace",
        "vimos",
        "light",
        1.3,
    )
    assert (kept.key_preset, kept.mc_passes, kept.entropy_threshold) == ("specvizitor", 20, 1.5)


def test_cancelled_settings_change_nothing(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    before = bench.preferences.present()
    dialog = settings_dialog(bench)
    dialog.reviewer.setText("Nobody")
    dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel).click()
    assert bench.preferences.present() == before
    assert bench.preferences.dialog is None


def test_a_key_is_given_and_works_and_is_kept(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    bench = make_bench(demo)
    editor = key_editor(bench)
    editor.choose("next")
    editor.recorder.setKeySequence(QKeySequence("Ctrl+J"))
    editor.add.click()
    assert editor.keymap.keys_of("next") == ("N", "Ctrl+J")
    editor.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    press(qtbot, bench, KEY.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.selected == 1
    bench.window.close()
    kept, _ = load_settings(tmp_path / "settings.toml")
    assert kept.keys == {"marz": {"next": ("N", "Ctrl+J")}}
    again = make_bench(keys=kept.keys)
    assert again.controller.actions.keymap.keys_of("next") == ("N", "Ctrl+J")


def test_a_shared_key_is_shown_and_settled(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    editor = key_editor(bench)
    ok = editor.buttons.button(QDialogButtonBox.StandardButton.Ok)
    editor.choose("undo")
    editor.recorder.setKeySequence(QKeySequence("N"))
    assert "“Next spectrum” so far" in editor.sentence.text()
    editor.add.click()
    assert not ok.isEnabled()
    assert "n is also the key of “Next spectrum”" in editor.sentence.text()
    editor.take.click()
    assert ok.isEnabled()
    assert editor.keymap.keys_of("next") == ()
    editor.choose("next")
    editor.reset.click()
    assert not ok.isEnabled()
    editor.reset_all.click()
    assert ok.isEnabled()
    assert editor.keymap.changes == {}
    editor.search.setText("skewness plane")
    assert editor.tree.topLevelItemCount() == 1
    editor.clear.click()
    ok.click()
    assert bench.controller.actions["plane"].shortcuts() == []


def test_larger_text_makes_everything_larger(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    view = bench.window.browser.view
    before = (view.fontMetrics().height(), view.verticalHeader().defaultSectionSize())
    small = bench.window.stack.flux.left.width()
    for _ in range(4):
        press(qtbot, bench, KEY.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert bench.preferences.present().text_scale == 1.75
    assert view.fontMetrics().height() > 1.5 * before[0]
    assert view.verticalHeader().defaultSectionSize() > 1.6 * before[1]
    axis, window = bench.window.stack.flux.left, bench.window
    qtbot.waitUntil(lambda: axis.width() > 1.4 * small)
    qtbot.waitUntil(lambda: bench.window.docks["review"].width() > 250)
    widgets = window.docks["review"].widget().widget().findChildren(QPushButton)
    qtbot.waitUntil(
        lambda: all(
            widget.mapTo(window.docks["review"], QPoint(widget.width(), 0)).x()
            <= window.docks["review"].width()
            for widget in widgets
        )
    )
    assert window.height() <= 900
    assert window.minimumSizeHint().height() <= 1080
    press(qtbot, bench, KEY.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert view.fontMetrics().height() == before[0]
    assert abs(view.verticalHeader().defaultSectionSize() - before[1]) <= 1


def test_the_window_comes_back_where_it_was_however_often(make_bench: BenchMaker, demo: Path) -> None:
    places = []
    bench = make_bench(demo)
    bench.window.resize(780, 600)
    bench.window.move(0, 0)
    before = bench.window.geometry().getRect()
    for _ in range(3):
        bench.window.close()
        bench = make_bench()
        places.append(bench.window.geometry().getRect())
    assert places == [before] * 3


def test_a_window_that_would_be_out_of_reach_is_not_put_there(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.move(5000, 5000)
    bench.window.close()
    again = make_bench()
    assert again.window.x() < 5000


def test_queue_order_zoom_and_selection_come_back(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    bench.window.browser.keep.setCurrentText("Flagged")
    bench.window.browser.view.model().sort(1, Qt.SortOrder.DescendingOrder)
    chosen = int(bench.session.walk.order[-1])
    bench.session.select(chosen)
    qtbot.waitUntil(lambda: settled(bench))
    bench.window.stack.zoom_to(9000.0, 300.0)
    shown = bench.window.stack.flux.view.viewRange()
    order = bench.session.walk.order.tolist()
    bench.window.close()

    again = make_bench()
    assert again.window.browser.keep.currentText() == "Flagged"
    assert again.session.walk.order.tolist() == order
    assert again.session.selected == chosen
    now = again.window.stack.flux.view.viewRange()
    assert now[0] == pytest.approx(shown[0], rel=1e-6)
    assert now[1] == pytest.approx(shown[1], rel=1e-6)
    again.controller.actions["reset_view"].trigger()
    again.window.close()
    third = make_bench()
    low, high = third.window.stack.flux.view.viewRange()[0]
    assert high - low > 10_000
