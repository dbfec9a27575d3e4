"""History, undo and what the window remembers: nothing decided is ever out of reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from mtop_gui.ui.entries import NewEntry, Status
from tests.support.fakes import FakePredictor, fake_prediction, make_spectrum
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.ui.app import Bench

KEY, CONTROL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def decide(qtbot: Any, bench: Bench, redshift: float, key: Qt.Key) -> None:
    """Decide on what is shown, at a typed redshift."""
    bench.session.set_candidate(redshift, "typed")
    press(qtbot, bench, key)
    qtbot.waitUntil(lambda: settled(bench), timeout=20_000)


def test_undo_gives_back_what_was_there_before(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    session = bench.session
    session.set_draft(comment="faint", issues="R")
    decide(qtbot, bench, 1.11, KEY.Key_3)
    session.select(0)
    qtbot.waitUntil(lambda: settled(bench), timeout=20_000)
    decide(qtbot, bench, 1.22, KEY.Key_4)
    press(qtbot, bench, KEY.Key_Z, CONTROL)
    assert session.selected == 0
    assert (session.candidate, session.decision.quality) == (1.11, 3)  # the decision before stands again
    press(qtbot, bench, KEY.Key_Z, CONTROL)
    assert session.decision is None
    assert (session.candidate, session.origin) == (1.11, "typed")  # and what was typed for that one is kept
    assert (session.draft.comment, session.draft.issues) == ("faint", "R")
    press(qtbot, bench, KEY.Key_2)
    kept = bench.store.current_all("Ada").popitem()[1]
    assert (kept.redshift, kept.quality, kept.comment) == (1.11, 2, "faint")


def test_the_history_lists_every_act_and_leads_back(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    for redshift, key in ((1.0, KEY.Key_4), (1.5, KEY.Key_3)):
        decide(qtbot, bench, redshift, key)
    press(qtbot, bench, KEY.Key_Z, CONTROL)
    model = bench.window.history.model

    def column(place: int) -> list[str]:
        return [model.index(row, place).data() for row in range(model.rowCount())]

    assert column(1) == ["taken back   ↷ redo", "reviewed", "reviewed   ↶ undo"]
    assert column(2) == ["GAL-0001", "GAL-0001", "GAL-0000"]
    assert column(4) == ["1.50000", "1.50000", "1.00000"]
    assert column(7) == ["Ada"] * 3
    bench.window.history.view.clicked.emit(model.index(2, 0))
    assert bench.session.selected == 0
    bench.window.close()

    again = make_bench(demo)
    model = again.window.history.model
    qtbot.waitUntil(lambda: model.rowCount() == 3, timeout=20_000)
    assert column(1) == ["taken back   ↷ redo", "reviewed", "reviewed   ↶ undo"]
    press(qtbot, again, KEY.Key_Z, CONTROL | SHIFT)
    assert column(1) == ["restored", "taken back", "reviewed   ↶ undo", "reviewed"]
    assert again.session.selected == 1
    assert again.session.decision.redshift == 1.5


def test_a_key_pressed_while_the_list_still_grows_goes_on(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    session = bench.session
    found = [NewEntry(path, 0, path.stem) for path in session.entries.paths]
    session.open(session.folders)
    session.growing = True
    session.add(found[:1])
    session.select(0)
    qtbot.waitUntil(lambda: session.prediction is not None, timeout=20_000)
    press(qtbot, bench, KEY.Key_1)
    assert session.entries.quality[0] == 1
    assert session.selected == 0  # there is nothing else yet
    session.add(found[1:])
    qtbot.waitUntil(lambda: session.selected == 1, timeout=20_000)
    session.select(0)
    session.add([NewEntry(Path("late.fits"), 0, "late")])
    qtbot.waitUntil(lambda: settled(bench), timeout=20_000)


def test_a_secure_quality_needs_a_redshift(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.session.set_candidate(None, "network")
    press(qtbot, bench, KEY.Key_4)
    assert "type one" in bench.window.banner.text
    assert bench.session.selected == 0
    press(qtbot, bench, KEY.Key_0)  # "nothing" is said without one
    assert bench.session.entries.quality[0] == 0


def test_an_unreadable_file_is_known_as_such_after_a_restart(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    (demo / "gal_0002.fits").write_bytes((demo / "gal_0002.fits").read_bytes()[:9000])
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    number = bench.session.entries.find(demo / "gal_0002.fits", 0)
    assert bench.session.entries.status[number] == Status.FAILED
    reason = bench.session.entries.errors[number]
    qtbot.waitUntil(lambda: not bench.lanes.busy, timeout=20_000)
    bench.window.close()
    again = make_bench(demo)
    entries = again.session.entries
    qtbot.waitUntil(lambda: bool((entries.status >= Status.PREDICTED).all()), timeout=20_000)
    assert entries.errors == {number: reason}


class Picky(FakePredictor):
    """Rejects every spectrum."""

    def predict(self, spectra: Any, *, mc_passes: int = 1) -> list[Prediction]:
        """Reject."""
        no = make_spectrum(4, metadata={"REJECT": 1})
        return [fake_prediction(no, self.name) for _ in spectra]


def test_what_the_network_must_not_read_does_not_count_as_predicted(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, predictor=Picky())
    run_and_wait(qtbot, bench)
    assert bench.session.counts()[0] == 0
    assert "<b>0</b> of 6 predicted" in bench.window.batch.counts.text()
    assert "<b>6</b> not for this bundle" in bench.window.batch.counts.text()
    assert "0 spectra predicted" in bench.window.status.message.text()
    assert "6 not for this bundle" in bench.window.status.message.text()


def test_what_networks_said_earlier_is_in_the_history_of_a_spectrum(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, predictor=FakePredictor(name="old 1 (a)"))
    earlier = bench.session.prediction.redshift
    bench.window.close()
    again = make_bench(demo, predictor=FakePredictor(name="new 2 (b)"))
    panel = again.window.review

    def lines() -> list[str]:
        return [panel.history.item(row, 0).text() for row in range(panel.history.rowCount())]

    qtbot.waitUntil(lambda: any("old 1" in line for line in lines()), timeout=20_000)
    assert not any("new 2" in line for line in lines())  # that is what the window shows anyway
    again.session.set_candidate(0.5, "typed")
    panel.history.cellClicked.emit(len(lines()) - 1, 0)
    assert again.session.candidate == pytest.approx(earlier, abs=1e-6)  # the store keeps a PDF as float32
