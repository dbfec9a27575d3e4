"""A process with the real window that reviews by keys and is then killed: run by `test_story`, not by pytest.

Arguments: folder of spectra, path of the store, signal number. It prints a line only after the key has returned.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mtop_gui.settings import Settings
from mtop_gui.store.review_store import open_store
from mtop_gui.ui.app import Bench
from tests.support.fakes import FakePredictor

if TYPE_CHECKING:
    from collections.abc import Callable


def wait(ready: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    deadline = time.monotonic() + 30
    while not ready():
        QTest.qWait(10)
        if time.monotonic() > deadline:
            sys.exit("the window did not get ready")


def main(folder: Path, store: Path, signal_number: int) -> None:
    """Press two quality keys, say so, and die by the signal."""
    app = QApplication([])
    settings = Settings(reviewer="Ada")
    bench = Bench(app, settings, open_store(store), lambda _: FakePredictor())
    bench.start([folder])
    session = bench.session

    def shown(number: int) -> bool:
        listed = session.settled and not bench.controller.scanning
        return listed and session.selected == number and session.prediction is not None

    for number, key in enumerate((Qt.Key.Key_4, Qt.Key.Key_1)):
        wait(partial(shown, number))
        bench.window.activateWindow()
        wait(bench.window.isActiveWindow)
        candidate = session.candidate
        QTest.keyClick(bench.window.focusWidget() or bench.window, key)
        print(session.entries.names[number], chr(key.value), repr(candidate), flush=True)
    os.kill(os.getpid(), signal_number)
    time.sleep(30)
    print("survived", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
