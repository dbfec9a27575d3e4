"""The window's answers: a selection until all panels are drawn, and one step of the candidate redshift."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Figure, p95_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLD_MS, PREFETCHED_MS, STEP_MS = 150.0, 50.0, 16.0
SELECTIONS, STEPS = 40, 200
PATIENCE = 60.0


class Stage:
    """A running window on a folder, with its network loaded and nothing predicted yet."""

    def __init__(self, folder: Path, bundle: str) -> None:
        from dataclasses import replace

        from PySide6.QtWidgets import QApplication

        from mtop_gui.settings import Settings
        from mtop_gui.store.review_store import open_store
        from mtop_gui.ui.app import Bench, shipped_factory

        self.app = QApplication.instance() or QApplication(["mtop-gui"])
        settings = replace(Settings(), bundle=bundle)
        self.bench = Bench(self.app, settings, open_store(":memory:"), shipped_factory)
        self.bench.window.resize(1440, 900)
        self.state = None
        # The last to come: the strip of lines has it, too.
        self.bench.session.measured.connect(self._take)
        self.bench.start([folder])
        self.until(lambda: not self.bench.controller.scanning and self.bench.session.selected >= 0)
        self.until(lambda: self.complete() and not self.bench.lanes.busy)

    def _take(self, state: object) -> None:
        self.state = state

    def complete(self) -> bool:
        """Whether everything a Spectrum has is displayed: flux, line probability, saliency, PDF."""
        state = self.state
        return (
            state is not None
            and state.flux is not None
            and state.redshift_pdf is not None
            and state.line_probability is not None
            and state.saliency is not None
        )

    def until(self, ready: Callable[[], bool]) -> None:
        """Let the window work until something is so."""
        late = time.monotonic() + PATIENCE
        while not ready():
            self.app.processEvents()
            if time.monotonic() > late:
                raise TimeoutError("the window did not come to rest within a minute")
            time.sleep(0.0005)

    def selection_time(self, number: int) -> float:
        """Select an entry and give the seconds until the last panel is painted."""
        self.state = None
        started = time.perf_counter()
        self.bench.session.select(number)
        self.until(self.complete)
        self.app.processEvents()  # paints what the last state changed
        return time.perf_counter() - started

    def step_time(self) -> float:
        """Move the candidate by one step and give the seconds until it is painted."""
        started = time.perf_counter()
        self.bench.session.nudge(1e-4)
        self.app.processEvents()
        return time.perf_counter() - started

    def follow_time(self) -> float:
        """Give the seconds in which lines are measured and their strip painted, once the candidate has come to rest."""
        self.bench.session.nudge(1e-4)
        self.app.processEvents()
        started = time.perf_counter()
        self.bench.session.measure_now()
        self.app.processEvents()
        return time.perf_counter() - started

    def rest(self) -> None:
        """Wait until the neighbours are fetched."""
        self.until(lambda: not self.bench.lanes.busy)


def window(folder: Path, bundle: str) -> dict[str, Figure]:
    """Measure selections far apart (nothing prefetched), neighbours (prefetched) and redshift steps."""
    stage = Stage(folder, bundle)
    far = range(12, 12 + 11 * SELECTIONS, 11)
    cold = []
    for number in far:
        cold.append(stage.selection_time(number))
        stage.rest()
    near = []
    stage.selection_time(0)
    for number in range(1, SELECTIONS):
        stage.rest()
        near.append(stage.selection_time(number))
    stage.rest()
    steps = [stage.step_time() for _ in range(STEPS)]
    following = [stage.follow_time() for _ in range(SELECTIONS)]
    return {
        "select_cold_p95_ms": Figure(p95_ms(cold), "ms", COLD_MS),
        "select_prefetched_p95_ms": Figure(p95_ms(near), "ms", PREFETCHED_MS),
        "redshift_step_p95_ms": Figure(p95_ms(steps), "ms", STEP_MS),
        "lines_follow_p95_ms": Figure(p95_ms(following), "ms"),
    }
