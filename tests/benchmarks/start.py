"""From the start of the process to the first picture of the window, as a person waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.figures import Figure

if TYPE_CHECKING:
    from pathlib import Path

GOAL_S = 1.5
STARTS = 5

# Runs the real entry point; the clock stops when the window has been painted for the first time.
CHILD = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from mtop_gui.ui.main_window import MainWindow

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self.painted)
        return False
    def painted(self):
        heavy = [name for name in ("tensorflow", "keras") if name in sys.modules]
        print("PAINTED", time.monotonic(), *heavy, flush=True)
        import os
        os._exit(0)

show, watch = MainWindow.show, Watch()
def shown(self):
    self.installEventFilter(watch)
    show(self)
MainWindow.show = shown
from mtop_gui.commands.window import gui
gui(sys.argv[1:])
"""


def start_to_window(folder: Path, bundle: str) -> dict[str, Figure]:
    """Start the window a few times on a folder; the first start, which fills the disk's cache, does not count."""
    scratch = folder / "start"
    scratch.mkdir(exist_ok=True)
    environment = os.environ | {
        "MTOP_SETTINGS": str(scratch / "settings.toml"),
        "MTOP_STORE": str(scratch / "reviews.sqlite"),
        "XDG_CONFIG_HOME": str(scratch),
        "XDG_DATA_HOME": str(scratch),
    }
    seconds = []
    for _ in range(STARTS + 1):
        started = time.monotonic()
        said = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder), "--bundle", bundle],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        _, painted, *heavy = next(line for line in said.splitlines() if line.startswith("PAINTED")).split()
        if heavy:
            raise RuntimeError(f"the window waited for {' and '.join(heavy)}")
        seconds.append(float(painted) - started)
    return {"start_to_window_s": Figure(float(np.median(seconds[1:])), "s", GOAL_S)}
