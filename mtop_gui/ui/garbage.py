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
        timer = QTimer(self)
        timer.setInterval(INTERVAL_MS)
        timer.timeout.connect(collect_due)
        timer.start()


def collect_here() -> None:
    """Let the calling thread, which must be the application's, do all collecting from now on."""
    app = QCoreApplication.instance()
    if app is not None and app.findChild(Garbage, _NAME) is None:
        Garbage(app)


def collect_due() -> None:
    """Collect the oldest generation that has reached its threshold."""
    due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
    if any(due):
        gc.collect(max(generation for generation, is_due in enumerate(due) if is_due))
