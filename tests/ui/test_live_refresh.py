"""What was decided elsewhere shows; what the store cannot take now waits, and the window says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from mtop_gui.store.review_store import open_journaled_store, open_store
from mtop_gui.ui.live_refresh import away_in_words
from tests.ui.conftest import press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.ui.app import Bench
    from tests.ui.conftest import BenchMaker

KEY = Qt.Key


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk" / "reviews.sqlite"


@pytest.fixture
def bench(qtbot: Any, make_bench: BenchMaker, demo: Path, place: Path, tmp_path: Path) -> Bench:
    bench = make_bench(demo, store=open_journaled_store(place, tmp_path / "journals"))
    run_and_wait(qtbot, bench)
    look_again(qtbot, bench)
    return bench


def look_again(qtbot: Any, bench: Bench) -> None:
    qtbot.waitUntil(lambda: settled(bench), timeout=8000)
    bench.live.refresh()
    qtbot.waitUntil(lambda: settled(bench), timeout=8000)


def elsewhere(bench: Bench, place: Path, number: int, **changes: Any) -> Decision:
    """Decide on an entry at another computer."""
    from dataclasses import replace

    with open_store(place) as store:
        entries = bench.session.entries
        given = store.decisions()[0]
        path = str(entries.paths[number])
        made = replace(given, content_hash=entries.hashes[number], file=path, id=None, **changes)
        return store.record(made)


def test_what_the_reviewer_decides_elsewhere_shows(qtbot: Any, bench: Bench, place: Path) -> None:
    press(qtbot, bench, KEY.Key_4)
    look_again(qtbot, bench)
    elsewhere(bench, place, 3, quality=2, redshift=1.25)
    look_again(qtbot, bench)
    entries = bench.session.entries
    assert (entries.quality[3], entries.reviewed_z[3]) == (2, 1.25)
    with open_store(place) as store:
        store.undo("Ada")
    look_again(qtbot, bench)
    assert entries.quality[3] == -1
    assert bench.session.counts()[2] == 1


def test_what_others_decide_stays_hidden(qtbot: Any, bench: Bench, place: Path) -> None:
    press(qtbot, bench, KEY.Key_4)
    elsewhere(bench, place, 3, quality=2, reviewer="Bob")
    look_again(qtbot, bench)
    assert bench.session.entries.quality[3] == -1


def test_a_lost_store_is_shown_and_work_goes_on(
    qtbot: Any, bench: Bench, place: Path, tmp_path: Path
) -> None:
    assert bench.live.label.isHidden()
    away = tmp_path / "unplugged"
    place.parent.rename(away)
    press(qtbot, bench, KEY.Key_4)
    press(qtbot, bench, KEY.Key_3)
    assert bench.session.entries.quality[:3].tolist() == [4, 3, -1]
    assert "was moved or deleted while in use" in bench.window.banner.text
    assert "kept in a journal on this computer" in bench.window.banner.text
    assert bench.live.label.text() == "store away · 2 waiting"
    press(qtbot, bench, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.entries.quality[:3].tolist() == [4, -1, -1]
    look_again(qtbot, bench)
    assert bench.live.label.text() == "store away · 3 waiting"
    away.rename(place.parent)
    look_again(qtbot, bench)
    assert bench.live.label.isHidden()
    assert bench.window.banner.text == ""
    assert bench.window.status.message.toolTip() == "3 decisions that waited are in the store now."
    assert bench.session.entries.quality[:3].tolist() == [4, -1, -1]
    with open_store(place) as store:
        assert [row.quality for row in store.decisions()] == [4, 3, 3]
        assert len(store.current_all("Ada")) == 1


def test_a_store_that_is_away_from_the_start(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    place = tmp_path / "disk" / "reviews.sqlite"
    bench = make_bench(demo, store=open_journaled_store(place, tmp_path / "journals"))
    assert bench.window.banner.text == away_in_words(bench.store.state())
    run_and_wait(qtbot, bench)
    press(qtbot, bench, KEY.Key_4)
    bench.window.close()
    place.parent.mkdir()
    open_store(place).close()
    bench = make_bench(demo, store=open_journaled_store(place, tmp_path / "journals"))
    assert bench.window.banner.text == ""
    assert bench.session.counts()[2] == 1
