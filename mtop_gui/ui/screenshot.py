"""Render the window once, with every panel filled, for documentation and checks."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from mtop_gui.ui.entries import Status

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.app import Bench

PATIENCE = 300.0
"""Seconds after which the picture is taken of whatever is there."""


class Photographer(QObject):
    """Opens, runs, selects, waits until everything is drawn, grabs, quits."""

    def __init__(self, bench: Bench, path: Path) -> None:
        super().__init__(bench)
        self._bench, self._path = bench, path
        self.exit_code = 1
        self._ran = self._chosen = False
        self._quiet = 0
        self._began = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        bench = self._bench
        late = time.monotonic() - self._began > PATIENCE
        if not late and not self._ready():
            return
        self._quiet += 1
        if self._quiet < 6 and not late:
            return
        self._timer.stop()
        self._grab()
        bench.close()
        bench.window.close()
        QApplication.exit(self.exit_code)

    def _ready(self) -> bool:
        bench = self._bench
        if bench.controller.scanning or not bench.session.folders:
            return False
        if not self._ran:
            self._ran = True
            bench.run.start()
            return False
        if bench.run.running or bench.lanes.busy or not bench.session.settled:
            self._quiet = 0
            return False
        if not self._chosen:
            self._chosen = True
            self._choose()
            return False
        return True

    def _choose(self) -> None:
        """Select the first spectrum the network is sure of, else the first it read, else any."""
        session = self._bench.session
        entries = session.entries
        predicted = entries.status == Status.PREDICTED
        for good in (predicted & ~entries.flagged(session.threshold), predicted):
            numbers = np.flatnonzero(good)
            if numbers.size:
                session.select(int(numbers[0]))
                return

    def _grab(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._bench.window.grab().save(str(self._path), "PNG"):
            self.exit_code = 0
        else:
            print(f"The picture could not be written to {self._path}: choose another place.", file=sys.stderr)
