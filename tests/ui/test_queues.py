"""Queues, saved filters, kept lists, sorting, blind reviewing: through the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt

from mtop_gui.ui.pace import BREAK, Pace
from mtop_gui.ui.queues import COLUMNS, QUEUES, SavedFilters, saved_queue
from mtop_gui.ui.subset import Subset
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

KEY, CONTROL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_the_pace_leaves_breaks_out() -> None:
    pace = Pace()
    assert pace.per_minute() is None
    for now in (0.0, 10.0, 20.0, 20.0 + BREAK + 60, 30.0 + BREAK + 60):
        pace.decided(now)
    assert pace.per_minute() == 6.0
    assert pace.left(12) == 120.0
    pace.undone()
    assert pace.per_minute() == 6.0
    pace.decided(10_000.0)  # the next day: what was before does not count
    assert pace.per_minute() is None


def test_saved_filters_survive_the_settings() -> None:
    filters = SavedFilters()
    assert filters.save(" high: z ", "z > 2  and\n flagged") == "high – z"
    again = SavedFilters(filters.written())
    assert again.texts() == {"high – z": "z > 2 and flagged"}
    assert [queue.title for queue in again.queues()] == ["high – z"]
    again.forget("high – z")
    assert again.written() == ()


def test_a_subset_comes_back_from_its_file(tmp_path: Path) -> None:
    kept = Subset([("/a/ü.fits", 0), ("/b.fits", 3)])
    kept.save(tmp_path / "new" / "list.json")
    assert Subset.load(tmp_path / "new" / "list.json").places == kept.places
    Subset().save(tmp_path / "new" / "list.json")
    assert len(Subset.load(tmp_path / "new" / "list.json")) == 0
    (tmp_path / "bad.json").write_text("[1, 2")
    assert len(Subset.load(tmp_path / "bad.json")) == 0


def test_every_column_and_queue_can_be_asked_of_any_list(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    size = len(bench.session.entries)
    for name, kind in COLUMNS.items():
        text = {"number": f"{name} > 1 or {name} is missing", "text": f"{name} contains 'a'", "flag": name}[
            kind
        ]
        queue = saved_queue("one", text)
        assert queue.mask is not None
        assert queue.mask(bench.session).shape == (size,), name
    for queue in QUEUES:
        assert queue.mask is None or queue.mask(bench.session).shape == (size,), queue.id
    broken = saved_queue("old", "no_such_column > 1")
    assert broken.mask is not None
    assert not broken.mask(bench.session).any()
    assert "no column" in broken.empty


def test_an_expression_narrows_the_list_and_is_kept_as_a_queue(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    browser, entries = bench.window.browser, bench.session.entries
    press(qtbot, bench, KEY.Key_Slash)
    qtbot.keyClicks(browser.filter, "entrpy > 2")
    qtbot.keyClick(browser.filter, KEY.Key_Return)
    assert browser.bar.trouble.isVisible()
    assert "did you mean entropy" in browser.bar.trouble.text()
    assert browser.filter.selectedText() == "entrpy"
    assert browser.model.order.size == len(entries)  # a filter that is not understood hides nothing
    browser.filter.setText("z > 1.5 and quality is missing")
    qtbot.keyClick(browser.filter, KEY.Key_Return)
    wanted = np.flatnonzero(entries.z > 1.5).tolist()
    assert 0 < len(wanted) < len(entries)
    assert bench.session.walk.order.tolist() == wanted
    assert bench.session.selected == wanted[0]
    assert not browser.bar.trouble.isVisible()

    qtbot.waitUntil(lambda: settled(bench))
    press(qtbot, bench, KEY.Key_4)
    assert bench.session.selected == (wanted[1] if len(wanted) > 1 else wanted[0])
    assert browser.model.order.tolist() == wanted  # what is decided stays listed until one chooses anew

    press(qtbot, bench, KEY.Key_F, CONTROL | SHIFT)
    assert bench.window.focusWidget() is browser.bar.name
    qtbot.keyClicks(browser.bar.name, "far away")
    qtbot.keyClick(browser.bar.name, KEY.Key_Return)
    assert browser.bar.queue.title == "far away"
    assert browser.model.order.tolist() == wanted[1:]
    bench.window.close()

    again = make_bench(demo, **{"saved_filters": bench.preferences.present().saved_filters})
    again.window.browser.bar.choose("saved: far away")
    assert again.window.browser.bar.queue.tip == "z > 1.5 and quality is missing"


def test_queues_follow_decisions_and_a_kept_list_survives_a_restart(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    browser = bench.window.browser
    press(qtbot, bench, KEY.Key_1)
    qtbot.waitUntil(lambda: settled(bench))
    bench.controller.actions["queue_unreviewed"].trigger()
    assert browser.model.order.tolist() == [1, 2, 3, 4, 5]
    assert "<b>0</b> of 5 reviewed" in browser.bar.progress.text()
    browser.filter.setText("gal-0002 ")
    bench.controller.actions["queue_unreviewed"].trigger()
    assert browser.model.order.tolist() == [2]
    bench.controller.actions["keep_list"].trigger()
    browser.filter.clear()
    bench.controller.actions["queue_all"].trigger()
    assert browser.model.order.tolist() == [2]
    bench.window.close()

    again = make_bench(demo)
    assert again.window.browser.model.order.tolist() == [2]
    assert again.controller.actions["keep_list"].isChecked()
    again.controller.actions["keep_list"].trigger()
    again.controller.actions["queue_all"].trigger()
    assert again.window.browser.model.order.size == 6
    again.controller.actions["queue_starred"].trigger()
    assert "Nothing is starred" in again.window.browser.empty.text()


def test_sorting_by_any_column_from_the_keyboard(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    entries, browser = bench.session.entries, bench.window.browser
    press(qtbot, bench, KEY.Key_S, CONTROL | SHIFT)
    qtbot.keyClicks(bench.window.focusWidget(), "entropy")
    press(qtbot, bench, KEY.Key_Return)
    assert browser.model.order.tolist() == np.argsort(-entries.entropy, kind="stable").tolist()
    bench.controller.actions["reverse_order"].trigger()
    assert browser.model.order.tolist() == np.argsort(entries.entropy, kind="stable").tolist()


def test_blind_nothing_of_the_network_is_seen_before_the_first_decision(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, blind=True)
    run_and_wait(qtbot, bench)
    session, window = bench.session, bench.window
    assert session.selected == 0
    assert not np.isnan(session.entries.z[0])  # known, but not told
    assert session.candidate is None
    state = session.state
    assert state.flux is not None
    shown = (state.redshift_pdf, state.line_probability, state.saliency, state.candidate)
    assert shown == (None, None, None, None)
    assert not state.peaks
    assert "Blind" in state.pdf_notice
    assert window.review.peaks.rowCount() == 0
    cells = [window.browser.model.index(0, c).data() for c in (1, 2)]
    assert cells == ["·", "·"]
    press(qtbot, bench, KEY.Key_Return)
    assert session.candidate is None
    assert "hidden" in window.status.message.text()
    press(qtbot, bench, KEY.Key_O)
    assert session.candidate is None
    press(qtbot, bench, KEY.Key_4)
    assert session.entries.quality[0] == -1
    assert "type one" in window.banner.text
    press(qtbot, bench, KEY.Key_Z)
    qtbot.keyClicks(window.review.typed, "1.5")
    qtbot.keyClick(window.review.typed, KEY.Key_Return)
    press(qtbot, bench, KEY.Key_4)
    assert session.selected == 1
    session.select(0)
    qtbot.waitUntil(lambda: settled(bench))
    assert session.decision is not None
    assert session.decision.bundle == ""  # no prediction was on the screen
    assert session.state.redshift_pdf is not None
    assert session.candidate == 1.5
    assert window.browser.model.index(0, 1).data() != "·"
    session.select(1)
    qtbot.waitUntil(lambda: settled(bench))
    assert session.state.redshift_pdf is None
    bench.controller.actions["blind"].trigger()
    qtbot.waitUntil(lambda: settled(bench))
    assert session.state.redshift_pdf is not None
    assert session.candidate == session.prediction.redshift
