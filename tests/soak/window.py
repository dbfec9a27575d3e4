"""Selections and runs in one window, with everything counted before and after."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mtop_gui.settings import Settings
from mtop_gui.store.review_store import open_store
from mtop_gui.ui.app import Bench, quiet_qt
from tests.support.fakes import FakePredictor, write_spectrum

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.long.soak import Size

PATIENCE = 120.0
WARM_UP = 0.2
"""Share of the selections and runs that come before the first count at least: caches fill, libraries are imported."""


class NotReadyError(RuntimeError):
    """The window did not come to rest."""


@dataclass(frozen=True)
class Counts:
    """What there is at one moment."""

    memory_mb: float
    threads: int
    timers: int
    widgets: int
    objects: Counter[str]
    """Qt objects by their class, as Python holds them."""
    own: Counter[str]
    """Objects of this package's classes that the garbage collector knows, by class."""
    in_use_mb: float = 0.0
    """What malloc gave out and did not get back; the rest of what grows are gaps between that, which are used again."""


@dataclass(frozen=True)
class Soaked:
    """What came of it."""

    selections: int
    runs: int
    seconds: float
    before: Counts
    after: Counts

    @property
    def growth_mb(self) -> float:
        """Memory after, less memory after the warm-up."""
        return self.after.memory_mb - self.before.memory_mb

    def more(self) -> dict[str, int]:
        """Qt objects of which there are more than before, by class."""
        grown = self.after.objects - self.before.objects
        return dict(grown.most_common(6))

    def more_of_our_own(self) -> dict[str, int]:
        """Name the classes of this package of which there are more by one in ten selections or more."""
        grown = self.after.own - self.before.own
        return {name: count for name, count in grown.most_common(6) if count > max(80, 0.1 * self.selections)}

    def sentence(self) -> str:
        """Say it in one line."""
        before, after = self.before, self.after
        return (
            f"{self.selections:,} selections and {self.runs} runs in {self.seconds:.0f} s, after the warm-up memory "
            f"{before.memory_mb:.1f} → {after.memory_mb:.1f} MB (allocated by malloc {before.in_use_mb:.1f} → "
            f"{after.in_use_mb:.1f}), threads {before.threads} → {after.threads}, timers "
            f"{before.timers} → {after.timers}, widgets {before.widgets} → {after.widgets}, Qt objects "
            f"{before.objects.total():,} → {after.objects.total():,}, own objects {before.own.total():,} → "
            f"{after.own.total():,} ({after.own['Task']} tasks)"
        )

    def failures(self, most_growth_mb: float, *, short: bool) -> list[str]:
        """Name what is not as it must be; `short`: too little was done for memory to say anything."""
        said = []
        if not short and self.growth_mb > most_growth_mb:
            said.append(f"memory grew by {self.growth_mb:.0f} MB")
        said += [
            f"more {name} than after the warm-up: {self.more()}"
            for name in ("threads", "timers", "widgets")
            if getattr(self.after, name) > getattr(self.before, name)
        ]
        # Text items and the like come and go with what is drawn; what leaks grows with every selection.
        if self.after.objects.total() > self.before.objects.total() + max(40, 0.05 * self.selections):
            said.append(f"more Qt objects than after the warm-up: {self.more()}")
        # What is drawn differs from spectrum to spectrum (labels of lines and the like), within a few dozens.
        if self.more_of_our_own():
            said.append(f"more objects of our own than after the warm-up: {self.more_of_our_own()}")
        return said


def soak(folder: Path, size: Size, bundle: str) -> Soaked:
    """Open a folder, select and run again and again, count."""
    quiet_qt()
    app = QApplication.instance() or QApplication(["soak"])
    assert isinstance(app, QApplication)
    spectra = _write(folder / "spectra", size.spectra, demo=bool(bundle))
    # A store that is asked for no prediction: every selection and run shall be work.
    store = open_store(folder / "reviews.sqlite")
    store.load_predictions = lambda *_, **__: {}  # type: ignore[method-assign]
    store.known_files = lambda *_, **__: {}  # type: ignore[method-assign]
    bench = Bench(
        app, Settings(reviewer="Ada", bundle=bundle or "moons-lr", mc_passes=1), store, _factory(bundle)
    )
    bench.start([spectra])
    wait(lambda: _settled(bench))
    began = time.monotonic()
    walk = _Walk(bench)
    before = None
    runs_done = 0
    # Every spectrum is visited once, lest caches that still fill pass for a leak.
    warm = int(max(WARM_UP * size.selections, min(1.25 * size.spectra, size.selections / 2)))
    for number in range(size.selections):
        walk.step(number)
        while runs_done < size.runs * (number + 1) // size.selections:
            _run(bench)
            runs_done += 1
        if before is None and number >= warm:
            before = _count(app)
    assert before is not None
    walk.step(warm)
    after = _count(app)
    seconds = time.monotonic() - began
    bench.window.close()
    bench.window.deleteLater()
    QTest.qWait(10)
    return Soaked(size.selections, runs_done, seconds, before, after)


class _Walk:
    """Goes from spectrum to spectrum and does at each what a person does."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._entries = len(bench.session.entries)

    def step(self, number: int) -> None:
        """Select the next spectrum, wait until it is drawn, and touch it."""
        bench = self._bench
        session = bench.session
        session.select((number * 7) % self._entries)
        wait(lambda: _settled(bench))
        if number % 5 == 0:
            session.step_peak(1)
        if number % 7 == 0:
            session.smooth(1 if number % 2 else -1)
        if number % 11 == 0:
            session.set_options(show_lines=number % 2 == 0, show_continuum=number % 3 == 0)
        if number % 97 == 0:
            bench.controller.actions["reset_view"].trigger()
            bench.controller.actions["help"].trigger()
            bench.window.key_help.hide()
        if number % 499 == 0:
            bench.change_theme()
            bench.change_theme()
        wait(lambda: _settled(bench))


def _run(bench: Bench) -> None:
    bench.session.forget_predictions()
    bench.controller.run()
    wait(lambda: not bench.run.running and _settled(bench))


def _settled(bench: Bench) -> bool:
    return bool(bench.session.settled and not bench.lanes.busy and not bench.controller.scanning)


def wait(ready: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let the window work until something is so."""
    deadline = time.monotonic() + patience
    while True:
        QApplication.processEvents()
        if ready():
            return
        if time.monotonic() > deadline:
            raise NotReadyError("the window did not come to rest")
        time.sleep(0.0005)


def _factory(bundle: str) -> Callable[[str], Any]:
    if not bundle:
        fake = FakePredictor()
        return lambda _: fake
    from mtop_gui.ui.app import shipped_factory

    return shipped_factory


def _write(folder: Path, count: int, *, demo: bool) -> Path:
    """Write `count` files; copies of the demo spectra where a real network is to read them."""
    folder.mkdir(parents=True, exist_ok=True)
    if not demo:
        for number in range(count):
            write_spectrum(folder / f"gal_{number:04d}.fits", number)
        return folder
    from mtop_gui.core.resources import resource_path

    files = sorted(path for path in resource_path("demo").glob("*.fits") if "damaged" not in path.name)
    for number in range(count):
        shutil.copyfile(files[number % len(files)], folder / f"gal_{number:04d}.fits")
    return folder


def _count(app: QApplication) -> Counts:
    QTest.qWait(300)  # what is to be deleted later, and timers of a single shot
    for _ in range(3):
        gc.collect()
        app.processEvents()
    everything = gc.get_objects()
    # By its type: what poses as another class, as weak proxies do, may be gone and must not be asked.
    objects = [found for found in everything if issubclass(type(found), QObject)]
    own = Counter(
        type(found).__name__ for found in everything if str(type(found).__module__).startswith("mtop_gui")
    )
    del everything
    timers = {id(found) for widget in app.topLevelWidgets() for found in widget.findChildren(QTimer)}
    timers |= {id(found) for found in objects if isinstance(found, QTimer)}
    return Counts(
        memory_mb=_memory_mb(),
        threads=_threads(),
        timers=len(timers),
        widgets=len(app.allWidgets()),
        objects=Counter(type(found).__name__ for found in objects),
        own=own,
        in_use_mb=_in_use_mb(),
    )


def _memory_mb() -> float:
    """Resident memory, after what is free was given back to the system."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


class _MallInfo(ctypes.Structure):
    """What mallinfo2 of glibc 2.33 and later gives, summed over all arenas."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def _in_use_mb() -> float:
    """Bytes allocated and not freed, mapped ones too; 0 where the C library does not say."""
    if not sys.platform.startswith("linux"):
        return 0.0
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return 0.0
    ask.restype = _MallInfo
    found = ask()
    return float(found.uordblks + found.hblkhd) / 1e6


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
