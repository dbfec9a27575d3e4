"""The tables with 100,000 rows: one step of the threshold, sorting, filtering; and the event loop during a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.figures import Figure, p95_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.ui.app import Bench

ROWS = 100_000
DRAG_MS, SORT_MS, STALL_MS = 50.0, 300.0, 50.0
STEPS = 100
RUN_OVER = 1000
PATIENCE = 120.0


def _bench(factory: Callable[[str], Any], bundle: str) -> tuple[Any, Bench]:
    from dataclasses import replace

    from PySide6.QtWidgets import QApplication

    from mtop_gui.settings import Settings
    from mtop_gui.store.review_store import open_store
    from mtop_gui.ui.app import Bench

    app = QApplication.instance() or QApplication(["mtop-gui"])
    bench = Bench(app, replace(Settings(), bundle=bundle, mc_passes=1), open_store(":memory:"), factory)
    bench.window.resize(1440, 900)
    return app, bench


def _until(app: Any, ready: Callable[[], bool]) -> None:
    late = time.monotonic() + PATIENCE
    while not ready():
        app.processEvents()
        if time.monotonic() > late:
            raise TimeoutError("the window did not come to rest")
        time.sleep(0.0005)


def fill(bench: Bench, rows: int = ROWS) -> None:
    """List so many spectra as if all were predicted: names, redshifts, entropies, some reviewed."""
    from pathlib import Path

    from mtop_gui.ui.entries import NewEntry, Status

    session, random = bench.session, np.random.default_rng(3)
    numbers = random.permutation(rows)
    session.add([NewEntry(Path(f"/night/field_{n % 40:02d}/s{n:06d}.fits"), 0, f"GAL-{n}") for n in numbers])
    entries = session.entries
    entries.status[:] = Status.PREDICTED
    entries.entropy[:] = random.gamma(2.0, 0.7, len(entries))
    entries.skewness[:] = random.normal(15.0, 4.0, len(entries))
    entries.z[:] = random.uniform(0.6, 3.0, len(entries))
    entries.peak_probability[:] = random.uniform(0.5, 1.0, len(entries))
    entries.quality[::3] = 4
    session.rows_changed()


def tables(folder: Path, bundle: str) -> dict[str, Figure]:
    """Drag the threshold in steps, each until both tables and the histogram are painted; sort by every column."""
    from tests.support.fakes import FakePredictor

    app, bench = _bench(lambda _: FakePredictor(), bundle)
    bench.start([sorted(folder.glob("*.fits"))[0]])
    _until(app, lambda: bench.session.prediction is not None and not bench.lanes.busy)
    fill(bench)
    _until(app, lambda: bench.session.settled and not bench.lanes.busy)
    rest = time.monotonic() + 1.0
    _until(app, lambda: time.monotonic() > rest)

    def timed(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        app.processEvents()
        return time.perf_counter() - started

    # The line is dragged as by a mouse: one step about every 16 ms, so that what is put off falls into later steps.
    steps = []
    for threshold in np.linspace(1.0, 3.0, STEPS):
        seconds = timed(lambda value=threshold: bench.session.set_threshold(float(value)))
        steps.append(seconds)
        pause = time.perf_counter() + max(0.0, 0.016 - seconds)
        while time.perf_counter() < pause:
            steps[-1] = max(steps[-1], timed(lambda: None))
    browser, batch = bench.window.browser, bench.window.batch
    sorts = []
    for view in (browser.view, batch.view):
        for column in range(len(view.entries_model.columns)):
            sorts += [timed(lambda v=view, c=column, d=down: v.sort_now(c, d)) for down in (False, True)]
    filters = []
    for text in ("gal-77", "entropy > 2 and z between 1 and 2 and quality is missing", "name contains '123'"):
        browser.filter.setText(text)
        filters.append(timed(browser.bar.understand_now))
        browser.filter.setText("")
        filters.append(timed(browser.bar.understand_now))
    filters += [timed(lambda n=name: browser.bar.choose(n)) for name in ("flagged", "unreviewed", "all")]
    return {
        "threshold_drag_100k_p95_ms": Figure(p95_ms(steps), "ms", DRAG_MS),
        "sort_100k_ms": Figure(1e3 * max(sorts), "ms", SORT_MS),
        "filter_100k_ms": Figure(1e3 * max(filters), "ms", SORT_MS),
    }


def stall(folder: Path, bundle: str) -> dict[str, Figure]:
    """Run the network over 1,000 spectra in the window, and give the longest gap between two ticks of its clock."""
    from PySide6.QtCore import Qt, QTimer

    from mtop_gui.ui.app import shipped_factory
    from tests.benchmarks.files import make_files

    missing = RUN_OVER - len(list(folder.glob("*.fits")))
    if missing > 0:
        make_files(folder / "more", missing, seed=8)
    app, bench = _bench(shipped_factory, bundle)
    bench.start([folder])
    _until(app, lambda: not bench.controller.scanning and bench.session.prediction is not None)
    _until(app, lambda: bench.session.settled and not bench.lanes.busy)
    ticks: list[float] = []
    clock = QTimer()
    clock.setTimerType(Qt.TimerType.PreciseTimer)
    clock.setInterval(2)
    clock.timeout.connect(lambda: ticks.append(time.perf_counter()))
    clock.start()
    bench.run.start()
    late = time.monotonic() + 10 * PATIENCE
    while bench.run.running:
        if time.monotonic() > late:
            raise TimeoutError("the run did not end")
        app.processEvents()
        time.sleep(0.0002)
    quiet = time.monotonic() + 1.0  # what the end of a run sets going counts too
    _until(app, lambda: time.monotonic() > quiet)
    clock.stop()
    gaps = np.diff(ticks)
    return {
        "event_loop_stall_ms": Figure(1e3 * float(gaps.max()), "ms", STALL_MS),
        "event_loop_gap_p99_ms": Figure(1e3 * float(np.percentile(gaps, 99)), "ms"),
    }
