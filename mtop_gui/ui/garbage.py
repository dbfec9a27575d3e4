"""Cyclic garbage is collected in the window's thread only.

Python collects in whatever thread happens to allocate. A closed dialog or a curve that was taken away is a cycle of Python and
Qt objects; destroyed by a reading thread, while the window paints, it corrupts the heap.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject, QTimer

INTERVAL_MS = 200
_NAME = "garbage"


class Garbage(QObject):
    """Collects, as often as Python itself would, but from the event loop; as a child of the application."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self.setObjectName(_NAME)
        gc.disable()
        # What was there before the window stays: looking through it again and again would make the window stutter.
        gc.freeze()
        self._old, self._ageing = 0, 0
        timer = QTimer(self)
        timer.setInterval(INTERVAL_MS)
        timer.timeout.connect(self.collect_due)
        timer.start()

    def collect_due(self) -> None:
        """Collect the oldest generation that is due; all objects only when a quarter has been added to the old ones."""
        due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if not any(due):
            return
        if due[1] or due[2]:
            self._ageing += len(gc.get_objects(0)) + len(gc.get_objects(1))
            if due[2] and 4 * self._ageing > self._old:
                gc.collect()
                self._old, self._ageing = len(gc.get_objects(2)), 0
            else:
                gc.collect(1)
        else:
            gc.collect(0)


def collect_here() -> None:
    """Let the calling thread, which must be the application's, do all collecting from now on."""
    app = QCoreApplication.instance()
    if app is not None and app.findChild(Garbage, _NAME) is None:
        Garbage(app)
