"""The one table of actions: menus, toolbar, keys, help and palette are made from it, and nothing besides."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from mtop_gui.core.decision import QUALITY_SCALES
from mtop_gui.core.resources import resource_path
from mtop_gui.ui.action_table import ACTIONS, GROUPS, PRESETS
from mtop_gui.ui.actions import key_text
from mtop_gui.ui.availability import REASONS
from mtop_gui.ui.dialogs.keys import COLUMNS, key_lines
from mtop_gui.ui.fuzzy import rank, score
from mtop_gui.ui.keymap import Keymap, plain
from mtop_gui.ui.widgets import is_text_field
from tests.ui.conftest import BenchMaker, press

if TYPE_CHECKING:
    from pathlib import Path

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier
IDS = [spec.id for spec in ACTIONS]


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_of_a_preset_has_two_actions(preset: str) -> None:
    assert Keymap(preset).conflicts() == {}


def test_every_row_is_whole() -> None:
    assert Counter(IDS).most_common(1)[0][1] == 1
    for spec in ACTIONS:
        assert spec.text
        assert spec.group in GROUPS
        assert spec.needs == "" or spec.needs in REASONS, spec.id
        assert spec.icon == "" or resource_path("icons", f"{spec.icon}.svg").is_file(), spec.id
        for preset in PRESETS:
            assert all(plain(key) for key in spec.keys_of(preset)), spec.id


def test_menus_and_toolbar_hold_the_table_and_nothing_else(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    made = bench.controller.actions
    menus = [m for m in bench.window.menuBar().findChildren(QMenu) if m.title().lstrip("&") in GROUPS]
    assert [menu.title().lstrip("&") for menu in menus] == list(GROUPS)
    for menu in menus:
        wanted = [s.id for s in ACTIONS if s.group == menu.title().lstrip("&") and s.in_menu]
        assert [action for action in menu.actions() if not action.isSeparator()] == [made[i] for i in wanted]
    buttons = bench.window.toolbar.findChildren(QToolButton)
    texts = {button.text() for button in buttons if button.defaultAction() is not None}
    assert texts == {spec.toolbar for spec in ACTIONS if spec.toolbar} | {"Cancel"}


def test_the_palette_reaches_every_action(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    palette = bench.window.command_palette
    scale = QUALITY_SCALES["desi"].meanings
    wanted = [s for s in ACTIONS if s.handler != "decide" or s.argument in scale]
    press(qtbot, bench, KEY.Key_K, CONTROL)
    assert palette.isVisible()
    assert bench.window.focusWidget() is palette.field
    assert [choice.text.removeprefix("Lines: ") for choice in palette.shown] == [s.text for s in wanted]
    for spec, choice in zip(wanted, palette.shown, strict=True):
        assert choice.keys == key_text(bench.controller.actions.keymap.keys_of(spec.id))
        assert choice.run == bench.controller.actions[spec.id].trigger
        palette.field.setText(choice.text)
        assert palette.shown[0] == choice, spec.id


def test_every_scale_finds_its_qualities(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo, quality_scale="vimos")
    bench.controller.actions["palette"].trigger()
    shown = {c.text for c in bench.window.command_palette.shown if c.text.startswith("Quality")}
    assert shown == {f"Quality {q}" for q in QUALITY_SCALES["vimos"].meanings}


def test_what_is_typed_finds_an_action_and_enter_runs_it(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    bench.window.browser.view.setFocus()
    bench.window.browser.view.setFocus()
    palette = bench.window.command_palette
    press(qtbot, bench, KEY.Key_K, CONTROL)
    qtbot.keyClicks(palette.field, "nx spec")
    assert palette.shown[0].text == "Next spectrum"
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert not palette.isVisible()
    assert bench.session.selected == 1
    assert bench.window.focusWidget() is bench.window.browser.view


def test_arrows_choose_and_escape_goes_back(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.browser.view.setFocus()
    palette = bench.window.command_palette
    press(qtbot, bench, KEY.Key_K, CONTROL)
    qtbot.keyClick(palette.field, KEY.Key_Down)
    assert palette.list.currentRow() == 1
    qtbot.keyClick(palette.field, KEY.Key_Up)
    assert palette.list.currentRow() == 0
    qtbot.keyClick(palette.field, KEY.Key_Escape)
    assert not palette.isVisible()
    assert bench.window.focusWidget() is bench.window.browser.view
    assert bench.session.selected == 0
    press(qtbot, bench, KEY.Key_K, CONTROL)
    press(qtbot, bench, KEY.Key_K, CONTROL)
    assert not palette.isVisible()


def test_what_cannot_run_says_why_and_does_not_run(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.browser.view.setFocus()
    palette = bench.window.command_palette
    press(qtbot, bench, KEY.Key_K, CONTROL)
    qtbot.keyClicks(palette.field, "cancel run")
    assert palette.shown[0].why_not == "no run is on its way"
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert palette.isVisible()
    assert "no run is on its way" in palette.hint.text()


def test_an_empty_window_says_of_every_action_what_is_missing(make_bench: BenchMaker, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bench = make_bench(tmp_path / "empty")
    why = bench.desk.availability.why_not
    said = {spec.needs for spec in ACTIONS if why(spec)}
    assert said >= {
        "spectra",
        "spectrum",
        "peaks",
        "redshift",
        "flagged",
        "running",
        "catalogue",
        "embedding",
    }
    assert set(bench.desk.availability.checks) <= set(REASONS)
    assert {spec.needs for spec in ACTIONS if spec.needs} <= set(bench.desk.availability.checks)


def test_panels_are_shown_and_hidden_by_keys(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    alt = Qt.KeyboardModifier.AltModifier
    action = bench.controller.actions["panel_batch"]
    assert action.isChecked()
    press(qtbot, bench, KEY.Key_3, alt)
    assert not bench.window.docks["batch"].isVisible()
    assert not action.isChecked()
    press(qtbot, bench, KEY.Key_3, alt)
    assert bench.window.docks["batch"].isVisible()
    bench.window.browser.view.setFocus()
    press(qtbot, bench, KEY.Key_F6)
    assert bench.window.focusWidget() is bench.window.batch.view
    for _ in range(6):
        press(qtbot, bench, KEY.Key_F6)
        if bench.window.focusWidget() is bench.window.browser.view:
            break
    assert bench.window.focusWidget() is bench.window.browser.view


def test_tab_goes_through_the_tables_never_into_a_field_and_shows_where_it_is(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    window = bench.window
    window.activateWindow()
    window.browser.view.setFocus()
    seen: list[QWidget] = []
    for _ in range(60):
        qtbot.keyClick(window.focusWidget(), KEY.Key_Tab)
        widget = window.focusWidget()
        assert not is_text_field(widget), widget
        assert widget.isVisible()
        if widget in seen:
            break
        seen.append(widget)
    assert window.browser.view in seen
    assert window.batch.view in seen
    qtbot.waitUntil(lambda: window.isActiveWindow())
    for table in (window.browser.view, window.batch.view):
        table.setFocus()
        focused = table.grab().toImage().pixelColor(0, table.height() // 2).name()
        window.stack.graphics.setFocus()
        assert table.grab().toImage().pixelColor(0, table.height() // 2).name() != focused


def test_class_issues_and_threshold_have_keys(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    press(qtbot, bench, KEY.Key_F3)
    press(qtbot, bench, KEY.Key_3, CONTROL)
    press(qtbot, bench, KEY.Key_1, CONTROL)
    assert (bench.session.draft.spectrum_class, bench.session.draft.issues) == ("QSO", "RS")
    press(qtbot, bench, KEY.Key_1, CONTROL)
    assert bench.session.draft.issues == "S"
    press(qtbot, bench, KEY.Key_T)
    assert bench.window.focusWidget() is bench.window.toolbar.threshold
    qtbot.keyClicks(bench.window.toolbar.threshold, "1.25")
    press(qtbot, bench, KEY.Key_Escape)
    assert bench.session.threshold == 1.25
    assert bench.window.focusWidget() is bench.window.browser.view


def test_the_bundle_is_chosen_by_keys(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo, mc_passes=10)
    palette = bench.window.command_palette
    bench.controller.actions["choose_passes"].trigger()
    assert [choice.text for choice in palette.shown] == ["1", "10", "50"]
    qtbot.keyClicks(palette.field, "50")
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert bench.network.mc_passes == 50


def test_recent_folders_are_offered_and_opened(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "night2"
    other.mkdir()
    gone = str(tmp_path / "gone")
    bench = make_bench(demo, recent_folders=(str(other), gone))
    bench.controller.actions["open_recent"].trigger()
    assert [c.detail for c in bench.window.command_palette.shown] == [str(demo), str(other)]
    qtbot.keyClicks(bench.window.command_palette.field, "night2")
    qtbot.keyClick(bench.window.command_palette.field, KEY.Key_Return)
    assert bench.session.folders == (other,)


def test_the_key_help_has_every_key_of_the_preset(make_bench: BenchMaker, demo: Path) -> None:
    assert sorted(group for column in COLUMNS for group in column) == sorted(GROUPS)
    scale = QUALITY_SCALES["ozdes"].meanings
    for preset in PRESETS:
        keymap = Keymap(preset)
        lines = [line for group in GROUPS for line in key_lines(group, keymap, scale)]
        wanted = [s for s in ACTIONS if keymap.keys_of(s.id) and s.handler != "decide"]
        assert len(lines) == len(wanted) + 1
        shown = " ".join(keys for keys, _ in lines)
        assert all(key_text(keymap.keys_of(s.id)) in shown for s in wanted)


@given(st.text(max_size=12), st.text(max_size=30))
def test_a_text_is_found_when_it_has_the_letters_in_order(wanted: str, text: str) -> None:
    low, found = text.lower(), score(wanted, text)
    for word in wanted.lower().split():
        at = -1
        for letter in word:
            at = low.find(letter, at + 1)
            if at < 0:
                assert found is None
                return
    assert found is not None


def test_titles_and_beginnings_of_words_come_first() -> None:
    texts = [("Cancel run", ""), ("Run network", ""), ("Undo decision", "run back"), ("Rest", "under")]
    assert rank("run", texts)[:2] == [1, 0] or rank("run", texts)[:2] == [0, 1]
    assert rank("run", texts)[2] == 2
    assert rank("rn", [("Rerun", ""), ("Run Network", "")]) == [1, 0]
    assert rank(" ", texts) == [0, 1, 2, 3]


def test_other_spellings_of_a_key_are_the_same_key() -> None:
    keymap = Keymap().with_keys("undo", ("ctrl+r",))
    assert keymap.conflicts() == {"Ctrl+R": ["run", "undo"]}
    assert keymap.owners("CTRL+R") == ["run", "undo"]
    assert keymap.is_changed("undo")
    assert Keymap("specvizitor", keymap.changes).keys_of("undo") == ("Ctrl+Z",)
    assert keymap.with_keys("undo", ("Ctrl+Z",)).changes == {}
    assert keymap.without_changes().conflicts() == {}
    assert Keymap("nobody's").preset == PRESETS[0]
    assert Keymap("marz", {"marz": {"undo": ("no such key at all",)}}).keys_of("undo") == ()


def test_keys_are_spelled_for_a_person() -> None:
    assert key_text(("Return", "Enter")) == "Enter"
    assert key_text(("Shift+Left", "N")) == "Shift+←  n"
    assert key_text(("Ctrl++", "Ctrl+=")) == "Ctrl++  Ctrl+="
