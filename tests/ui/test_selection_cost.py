"""What going to another spectrum costs: no reading in the window's thread, no cells asked for that did not change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject

from mtop_gui.ui.tables.entry_model import EntryModel
from tests.ui.conftest import BenchMaker, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from mtop_gui.ui.app import Bench


def go_to(qtbot: Any, bench: Bench, number: int) -> None:
    bench.session.select(number)
    qtbot.waitUntil(lambda: settled(bench), timeout=20_000)


def past_lines(bench: Bench) -> list[str]:
    history = bench.window.review.history
    return [history.item(row, 0).text() for row in range(history.rowCount())]


def test_the_past_is_looked_up_once_and_in_another_thread(
    qtbot: Any, make_bench: BenchMaker, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(demo)
    go_to(qtbot, bench, 1)
    bench.reviewing.decide(3)
    go_to(qtbot, bench, 0)
    assert past_lines(bench) == ["Nothing yet"]
    asked: list[tuple[str, bool]] = []
    read = bench.store.history

    def history(content: str) -> Any:
        asked.append((content, threading.current_thread() is threading.main_thread()))
        return read(content)

    monkeypatch.setattr(bench.store, "history", history)
    assert bench.loader.spectrum(1) is not None  # fetched ahead of time
    bench.session.select(1)
    assert past_lines(bench) == [""]  # nothing is claimed before the store has answered
    qtbot.waitUntil(lambda: past_lines(bench)[0].startswith("Q3"), timeout=20_000)
    assert asked == [(bench.session.spectrum.content_hash, False)]


def test_what_is_decided_is_in_the_past_at_once(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    go_to(qtbot, bench, 5)  # the last: a decision stays on it
    bench.reviewing.decide(2)
    qtbot.waitUntil(lambda: past_lines(bench)[0].startswith("Q2"), timeout=20_000)
    bench.reviewing.undo()
    qtbot.waitUntil(lambda: "taken back" in past_lines(bench)[0], timeout=20_000)
    bench.session.set_reviewer("Bob")
    qtbot.waitUntil(lambda: past_lines(bench) == ["Nothing yet"], timeout=20_000)


def test_tables_ask_only_for_rows_that_changed(
    qtbot: Any, make_bench: BenchMaker, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[EntryModel, int]] = []
    answer = EntryModel.data

    def data(model: EntryModel, index: Any, role: int = 0) -> Any:
        asked.append((model, index.row()))
        return answer(model, index, role)

    # Before the window is made: Qt notes at an object's birth which of its methods are Python's.
    monkeypatch.setattr(EntryModel, "data", data)
    bench = make_bench(many)
    bench.window.show()
    run_and_wait(qtbot, bench)
    go_to(qtbot, bench, 1)
    qtbot.wait(600)  # the table of the batch is sorted again a while after the last prediction
    asked.clear()
    go_to(qtbot, bench, 2)
    qtbot.wait(600)
    browser, batch = bench.window.browser.model, bench.window.batch.model
    rows = {row for model, row in asked if model is browser}
    assert {1, 2} <= rows  # left and selected
    assert len(rows) <= 6  # and neighbours that have been read meanwhile
    assert len({row for model, row in asked if model is batch}) <= 6
    asked.clear()
    bench.session.rows_changed()  # any may have changed
    qtbot.wait(200)
    assert len({row for model, row in asked if model is browser}) > 10


class Polishes(QObject):
    """Counts how often a style sheet is applied anew."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count."""
        self.count += event.type() == QEvent.Type.StyleChange
        return False


def test_a_redshift_step_dresses_nothing_anew(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.show()
    review, watching = bench.window.review, Polishes()
    for label in (review.flag, review.origin, review.redshift, review.standing):
        label.installEventFilter(watching)
    for _ in range(5):
        bench.session.nudge(1e-4)
    bench.session.set_threshold(0.01)
    qtbot.waitUntil(lambda: settled(bench), timeout=20_000)
    assert review.flag.text().startswith("Flagged")
    assert watching.count == 0
    review.flag.setStyleSheet("color: red;")
    assert watching.count == 1


def test_neighbours_are_fetched_after_all_of_the_selection(
    qtbot: Any, make_bench: BenchMaker, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtop_gui import io

    bench = make_bench(demo)
    go_to(qtbot, bench, 0)
    bench.loader.forget()
    order: list[tuple[str, str]] = []
    read, predictor = io.read_one, bench.network.predictor()
    predict, saliency = predictor.predict, predictor.saliency

    def read_one(path: Path, row: int = 0) -> Any:
        order.append(("read", path.name))
        return read(path, row)

    def predicted(spectra: Any, **options: Any) -> Any:
        order.append(("predict", spectra[0].path.name))
        return predict(spectra, **options)

    def salient(spectrum: Any, redshift: float | None = None) -> Any:
        order.append(("saliency", spectrum.path.name))
        return saliency(spectrum, redshift)

    monkeypatch.setattr(io, "read_one", read_one)
    monkeypatch.setattr(predictor, "predict", predicted)
    monkeypatch.setattr(predictor, "saliency", salient)
    monkeypatch.setattr(bench.loader._cache, "load", lambda spectrum: None)
    go_to(qtbot, bench, 3)
    chosen = bench.session.entries.paths[3].name
    assert order[:3] == [("read", chosen), ("predict", chosen), ("saliency", chosen)]
    assert len({name for _, name in order}) == 4
    order.clear()
    go_to(qtbot, bench, 4)
    chosen = bench.session.entries.paths[4].name
    assert chosen not in {name for _, name in order}  # all of it was at hand
