"""One evening of a reviewer, by keys alone, with an undo, a power cut, and the morning after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from mtop_gui.store.review_store import open_store
from tests.support.fakes import write_demo_folder
from tests.ui.conftest import BenchMaker, press, settled

if TYPE_CHECKING:
    from mtop_gui.ui.app import Bench

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier
ROOT = Path(__file__).parents[2]


def type_text(qtbot: Any, bench: Bench, text: str) -> None:
    """Type into whatever has the focus, and leave it with Return."""
    qtbot.keyClicks(bench.window.focusWidget(), text)
    press(qtbot, bench, KEY.Key_Return)


def test_an_evening_by_keys_alone_and_the_morning_after(
    qtbot: Any, make_bench: BenchMaker, tmp_path: Path
) -> None:
    write_demo_folder(tmp_path / "night", 12)
    bench = make_bench(tmp_path / "night")
    session, entries = bench.session, bench.session.entries
    press(qtbot, bench, KEY.Key_R, CONTROL)
    qtbot.waitUntil(lambda: not bench.run.running and settled(bench), timeout=10_000)
    flagged = np.flatnonzero(entries.flagged(session.threshold)).tolist()
    assert 2 <= len(flagged) < 12

    reviewed = {}
    for number, quality in zip(flagged, (2, 4), strict=False):
        if session.selected != number:
            press(qtbot, bench, KEY.Key_G)
        assert session.selected == number
        qtbot.waitUntil(lambda: settled(bench))
        press(qtbot, bench, KEY.Key_Z)
        type_text(qtbot, bench, f"1.{number}2345")
        press(qtbot, bench, KEY.Key_E)
        type_text(qtbot, bench, f"comment 4 on {number}")
        press(qtbot, bench, KEY(KEY.Key_0 + quality))
        reviewed[number] = (quality, float(f"1.{number}2345"), f"comment 4 on {number}")
    last = session.selected
    press(qtbot, bench, KEY.Key_1)
    assert entries.quality[last] == 1
    press(qtbot, bench, KEY.Key_Z, CONTROL)
    assert session.selected == last
    press(qtbot, bench, KEY.Key_Q, CONTROL)
    assert not bench.window.isVisible()

    again = make_bench()
    entries = again.session.entries
    assert again.session.selected == last
    assert not np.isnan(entries.entropy).any()  # the run is there too
    assert {n: int(q) for n, q in enumerate(entries.quality) if q >= 0} == {
        n: quality for n, (quality, _, _) in reviewed.items()
    }
    for number, (quality, redshift, comment) in reviewed.items():
        again.session.select(number)
        qtbot.waitUntil(lambda: settled(again))
        decision = again.session.decision
        assert decision is not None
        assert (decision.quality, decision.redshift, decision.comment) == (quality, redshift, comment)
        assert decision.redshift_origin == "typed"
        assert again.session.candidate == redshift
        assert again.window.review.qualities[quality].isChecked()
    press(qtbot, again, KEY.Key_Z, CONTROL)  # also the evening's decisions can be taken back
    assert len(again.store.current_all("Ada")) == len(reviewed) - 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_9_right_after_a_quality_key_loses_nothing(demo: Path, tmp_path: Path) -> None:
    store = tmp_path / "killed.sqlite"
    command = [sys.executable, "-m", "tests.ui.reviewing_window", demo, store, int(signal.SIGKILL)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    shown = [line.split() for line in process.stdout.splitlines()]
    assert len(shown) == 2
    with open_store(store) as kept:
        decisions = {row.name: (str(row.quality), repr(row.redshift)) for row in kept.decisions()}
    assert decisions == {name: (quality, redshift) for name, quality, redshift in shown}


def test_a_hundred_spectra_by_keys_alone(qtbot: Any, make_bench: BenchMaker, tmp_path: Path) -> None:
    """Every decision is right in the store; undo, redo, quit, reopen, export and import again give the same."""
    write_demo_folder(tmp_path / "night", 100)
    bench = make_bench(tmp_path / "night", mc_passes=1)
    session, window = bench.session, bench.window
    said: dict[str, tuple[int, float | None, str]] = {}
    for number in range(100):
        qtbot.waitUntil(
            lambda n=number: session.selected == n and session.prediction is not None, timeout=60_000
        )
        kind, quality = number % 5, (4, 3, 1, 2, 4)[number % 5]
        if kind == 1:
            press(qtbot, bench, KEY.Key_O)
        elif kind == 3:
            press(qtbot, bench, KEY.Key_Z)
            type_text(qtbot, bench, f"{0.7 + number / 100:.2f}")
        elif kind == 4:
            press(qtbot, bench, KEY.Key_Right)
            press(qtbot, bench, KEY.Key_E)
            type_text(qtbot, bench, f"line {number}, 4 Å")
        peaks = session.prediction.confidence.peaks
        expected = {
            1: peaks[1 % len(peaks)].redshift,
            3: float(f"{0.7 + number / 100:.2f}"),
            4: round(peaks[0].redshift + 1e-4, 7),
        }.get(kind, peaks[0].redshift)
        said[session.entries.names[number]] = (quality, expected, f"line {number}, 4 Å" if kind == 4 else "")
        press(qtbot, bench, KEY(KEY.Key_0 + quality))

    def kept(store: Any) -> dict[str, tuple[int, float | None, str]]:
        return {d.name: (d.quality, d.redshift, d.comment) for d in store.current_all("Ada").values()}

    assert kept(bench.store) == said
    assert session.counts()[2] == 100
    last = list(said)[-20:]
    for name in reversed(last):
        press(qtbot, bench, KEY.Key_Z, CONTROL)
        assert session.entries.names[session.selected] == name
    assert kept(bench.store) == {name: facts for name, facts in said.items() if name not in last}
    for _ in last:
        press(qtbot, bench, KEY.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert kept(bench.store) == said
    press(qtbot, bench, KEY.Key_Q, CONTROL)
    assert not window.isVisible()

    again = make_bench()
    qtbot.waitUntil(lambda: int(again.session.entries.reviewed().sum()) == 100, timeout=60_000)
    entries = again.session.entries
    qualities = {entries.names[n]: int(entries.quality[n]) for n in range(100)}
    assert qualities == {name: quality for name, (quality, _, _) in said.items()}
    again.exchange.export(tmp_path / "reviewed.fits")
    written = tmp_path / "reviewed.fits"
    qtbot.waitUntil(lambda: written.exists() and not again.lanes.busy, timeout=60_000)
    with open_store(tmp_path / "other.sqlite") as other:
        assert other.import_decisions(written) == 100
        assert kept(other) == said
        here, there = (
            {replace(d, id=None) for d in s.current_all("Ada").values()} for s in (again.store, other)
        )
        assert there == here
