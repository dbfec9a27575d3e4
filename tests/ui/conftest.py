"""The whole window, made as the program makes it, with a fake network and a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from mtop_gui.settings import Settings
from mtop_gui.store.review_store import open_store
from mtop_gui.ui.app import Bench
from mtop_gui.ui.state import WindowState
from tests.support.fakes import FakePredictor, write_demo_folder
from tests.support.plot_widgets import pdf, stack  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication


BenchMaker = Callable[..., Bench]


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A folder of six spectra."""
    write_demo_folder(tmp_path / "night1", 6)
    return tmp_path / "night1"


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 250 spectra, enough to have time to cancel; only read."""
    folder = tmp_path_factory.mktemp("many")
    write_demo_folder(folder, 250)
    return folder


@pytest.fixture
def make_bench(qtbot: Any, qapp: QApplication, tmp_path: Path) -> Iterator[BenchMaker]:
    """Make a running window; every one made in a test shares settings, state and store with the others."""
    made: list[Bench] = []

    def make(
        *paths: Path, predictor: Any = None, wait: bool = True, store: Any = None, **settings: Any
    ) -> Bench:
        predictor = predictor or FakePredictor()
        bench = Bench(
            qapp,
            Settings(**{"reviewer": "Ada", **settings}),
            store or open_store(tmp_path / "reviews.sqlite"),
            lambda _: predictor,
            bundles=["moons-lr"],
            state=WindowState(tmp_path / "window.ini"),
            settings_file=tmp_path / "settings.toml",
        )
        made.append(bench)
        bench.start(paths)
        if wait:
            qtbot.waitUntil(lambda: settled(bench), timeout=90_000)
        return bench

    yield make
    for bench in made:
        bench.desk.text_size.use(1.0)  # the application's font is everybody's
        bench.window.close()
        bench.window.deleteLater()
    qapp.processEvents()


def settled(bench: Bench) -> bool:
    """Whether everything asked for has arrived and is drawn."""
    session = bench.session
    return bool(session.folders and session.settled and not bench.lanes.busy)


def press(
    qtbot: Any, bench: Bench, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key wherever the focus is."""
    bench.window.activateWindow()
    target = bench.window.focusWidget() or bench.window
    qtbot.keyClick(target, key, modifier)


def run_and_wait(qtbot: Any, bench: Bench) -> None:
    bench.controller.run()
    qtbot.waitUntil(lambda: not bench.run.running and settled(bench), timeout=60_000)
