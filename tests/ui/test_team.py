"""Several reviewers of one store: conflicts side by side, settled with one key, undone; shares; files exchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from mtop_gui.core.decision import Decision, settler_name
from mtop_gui.store.merge import Merged, merge_all
from mtop_gui.store.review_store import open_store
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.app import Bench

KEY, CONTROL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def say(
    bench: Bench, number: int, reviewer: str, redshift: float, quality: int, comment: str = ""
) -> Decision:
    """Record what somebody else said of an entry."""
    entries = bench.session.entries
    return bench.store.record(
        Decision(
            content_hash=entries.hashes[number],
            file=str(entries.paths[number]),
            row=entries.rows[number],
            name=entries.names[number],
            redshift=redshift,
            quality=quality,
            reviewer=reviewer,
            comment=comment,
        )
    )


@pytest.fixture
def team(qtbot: Any, make_bench: BenchMaker, demo: Path) -> Bench:
    """Ada's window: Bob and Cai disagree on the spectra 1 and 3, and agree on 2."""
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    say(bench, 1, "Bob", 1.0, 4, "clear Hα")
    say(bench, 1, "Cai", 2.0, 4)
    say(bench, 2, "Bob", 1.5, 3)
    say(bench, 2, "Cai", 1.5001, 4)
    say(bench, 3, "Bob", 1.1, 4)
    say(bench, 3, "Cai", 1.1, 1)
    bench.team.refresh()
    qtbot.waitUntil(lambda: bench.session.entries.conflict.sum() == 2, timeout=20_000)
    return bench


def test_conflicts_are_shown_side_by_side_and_settled_with_one_key(qtbot: Any, team: Bench) -> None:
    session, window = team.session, team.window
    assert session.entries.conflict.tolist() == [False, True, False, True, False, False]
    session.select(1)
    qtbot.waitUntil(lambda: settled(team))
    assert window.team.table.rowCount() == 0  # blind until one merges
    assert "2 other reviewers have decided" in window.team.verdict.text()
    session.select(0)
    press(qtbot, team, KEY.Key_G, SHIFT)
    assert session.selected == 1
    rows = [[window.team.table.item(r, c).text() for c in (0, 1, 3, 6, 8)] for r in range(2)]
    assert rows == [["Bob", "1.00000", "4", "clear Hα", "F7"], ["Cai", "2.00000", "4", "", "F8"]]
    assert "Conflict in redshift" in window.team.verdict.text()
    window.team.table.cellClicked.emit(1, 0)
    assert session.candidate == 2.0
    press(qtbot, team, KEY.Key_F8)
    assert session.selected == 3  # the next conflict
    assert "quality" in window.team.verdict.text()
    (kept,) = [d for d in team.store.decisions() if d.reviewer == settler_name("Ada")]
    assert (kept.redshift, kept.quality, kept.comment) == (2.0, 4, "as Cai")
    assert session.entries.conflict.tolist() == [False, False, False, True, False, False]
    assert (session.entries.quality == -1).all()  # settling is no opinion of Ada's own

    opinions = [d for group in team.store.opinions().values() for d in group]
    merged = {m.content_hash: m for m in merge_all(opinions, "desi")}
    settled_one = merged[session.entries.hashes[1]]
    assert isinstance(settled_one, Merged)
    assert (settled_one.redshift, settled_one.quality) == (2.0, 4)

    press(qtbot, team, KEY.Key_Z, CONTROL)
    assert session.selected == 1
    qtbot.waitUntil(lambda: bool(session.entries.conflict[1]), timeout=20_000)
    press(qtbot, team, KEY.Key_Z, CONTROL | SHIFT)
    qtbot.waitUntil(lambda: not session.entries.conflict[1], timeout=20_000)
    assert "Settled by Ada" in window.team.verdict.text()


def test_own_decisions_and_settlements_are_undone_in_their_order(qtbot: Any, team: Bench) -> None:
    session = team.session
    team.controller.actions["queue_conflicts"].trigger()
    assert team.window.browser.model.order.tolist() == [1, 3]
    assert session.selected == 1
    qtbot.waitUntil(lambda: settled(team))
    press(qtbot, team, KEY.Key_S, SHIFT)
    qtbot.keyClicks(team.window.focusWidget(), "as bob")
    press(qtbot, team, KEY.Key_Return)
    assert session.selected == 3
    qtbot.waitUntil(lambda: settled(team))
    press(qtbot, team, KEY.Key_1)
    mine = [d.reviewer for d in team.store.decisions() if "Ada" in d.reviewer]
    assert mine == ["settled by Ada", "Ada"]
    press(qtbot, team, KEY.Key_Z, CONTROL)
    press(qtbot, team, KEY.Key_Z, CONTROL)
    assert [d.reviewer for d in team.store.decisions() if d.retracts] == ["Ada", "settled by Ada"]
    press(qtbot, team, KEY.Key_Z, CONTROL)
    assert "no decision left" in team.window.status.message.text()


def test_the_rule_decides_what_is_a_conflict(qtbot: Any, team: Bench) -> None:
    team.team.choose_rule("marz")
    qtbot.waitUntil(lambda: bool(team.session.entries.conflict[2]), timeout=20_000)
    assert team.preferences.present().merge_rule == "marz"


def test_what_is_listed_is_shared_out(qtbot: Any, team: Bench) -> None:
    team.controller.actions["assign"].trigger()
    field = team.window.team.names
    assert team.window.focusWidget() is field
    field.setText("Ada, Bob, Cai")
    qtbot.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: team.session.entries.assigned.sum() == 2, timeout=20_000)
    shares = team.window.team.shares
    texts = [[shares.item(r, c).text() for c in range(3)] for r in range(3)]
    assert [row[0] for row in texts] == ["Ada", "Bob", "Cai"]
    assert [row[2] for row in texts] == ["2", "2", "2"]
    team.controller.actions["queue_assigned"].trigger()
    assert team.window.browser.model.order.size == 2
    team.controller.actions["queue_all"].trigger()
    team.controller.actions["unassign"].trigger()
    qtbot.waitUntil(lambda: team.session.entries.assigned.sum() == 0, timeout=20_000)


def test_a_settlement_stands_before_every_opinion() -> None:
    one = Decision("a" * 64, "f", 0, "n", 1.0, 4, reviewer="Bob", id=1)
    other = replace(one, redshift=2.0, reviewer="Cai", id=2)
    last = replace(one, redshift=1.5, quality=2, reviewer=settler_name("Ada"), id=3)
    (merged,) = merge_all([one, other, last], "marz")
    assert isinstance(merged, Merged)
    assert (merged.redshift, merged.quality, merged.reviewers) == (1.5, 2, ("Bob", "Cai", "settled by Ada"))


def test_decisions_go_to_a_file_and_come_back_the_same(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    bench = make_bench(demo)
    for key in (KEY.Key_4, KEY.Key_1):
        press(qtbot, bench, key)
        qtbot.waitUntil(lambda: settled(bench))
    bench.exchange.export(tmp_path / "reviewed.ecsv")
    qtbot.waitUntil(lambda: (tmp_path / "reviewed.ecsv").exists() and not bench.lanes.busy, timeout=20_000)
    with open_store(tmp_path / "other.sqlite") as other:
        assert other.import_decisions(tmp_path / "reviewed.ecsv") == 2
        was, now = (
            {d.content_hash: replace(d, id=None) for d in store.current_all("Ada").values()}
            for store in (bench.store, other)
        )
    assert now == was
    for name in ("desi-vi_night_AL.csv", "night.mz"):
        bench.exchange.export(tmp_path / name)
        qtbot.waitUntil(lambda n=name: n in bench.window.status.message.text(), timeout=20_000)
    assert "2 on another quality scale" in bench.window.status.message.text()  # Marz has a scale of its own
    assert "VI_quality" in (tmp_path / "desi-vi_night_AL.csv").read_text()
    bench.exchange.export_merged(tmp_path / "merged.ecsv")
    qtbot.waitUntil(lambda: "2 merged" in bench.window.status.message.text(), timeout=20_000)
    bench.exchange.take_over(tmp_path / "reviewed.ecsv")
    qtbot.waitUntil(lambda: "0 decisions taken over" in bench.window.status.message.text(), timeout=20_000)
