"""Announcing: what changes in many rows, many times a second, is told to the tables soon, once, and row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from mtop_gui.ui.showing import Showing

if TYPE_CHECKING:
    from mtop_gui.ui.display import DisplayOptions

SOON_MS = 60
PUT_OFF = 4
"""So many times the news wait for what is selected to be drawn."""


class Announcing(Showing):
    """The news of the listed entries, base of the Session.

    Signals
    -------
    entries_changed() : columns of some entries changed.
    cells_changed(numbers) : just before it, the numbers of those entries; None when it may be any.
    """

    entries_changed = Signal()
    cells_changed = Signal(object)

    def __init__(self, options: DisplayOptions, threshold: float, reviewer: str) -> None:
        super().__init__(options, threshold, reviewer)
        self._changed: set[int] | None = set()
        self._changed_soon = self._timer(SOON_MS, self._announce_changed)
        self._put_off = 0

    def rows_changed(self, number: int | None = None) -> None:
        """Announce, soon and once, that columns of an entry changed; of any entry without a number."""
        if number is None:
            self._changed = None
        elif self._changed is not None:
            self._changed.add(number)
        if not self._changed_soon.isActive():
            self._changed_soon.start()

    def _announce_changed(self) -> None:
        if self.drawing and self._put_off < PUT_OFF:
            self._put_off += 1
            self._changed_soon.start()
            return
        self._put_off = 0
        changed, self._changed = self._changed, set()
        self.cells_changed.emit(changed)
        self.entries_changed.emit()
