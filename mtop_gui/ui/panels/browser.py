"""The browser: what was opened, row by row, narrowed to a queue and a filter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from mtop_gui.ui.pace import Pace
from mtop_gui.ui.panels.queue_bar import QueueBar
from mtop_gui.ui.queues import mask_of
from mtop_gui.ui.subset import Subset
from mtop_gui.ui.tables.browser_model import BrowserModel
from mtop_gui.ui.tables.cells import QUALITY
from mtop_gui.ui.tables.entry_view import EntryView
from mtop_gui.ui.widgets import quiet

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette


class BrowserPanel(QWidget):
    """Queue and filter over the table of entries.

    A spectrum that is listed stays until another queue or filter is chosen, or the threshold moved: the list does not
    shrink under a reviewer who works through it. What comes to belong to the queue is added.
    """

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self._session = session
        self.model = BrowserModel(session, palette)
        self.view = EntryView(self.model, session)
        self.bar = QueueBar(palette)
        self.filter, self.keep = self.bar.filter, self.bar.queue_box
        self.pace = Pace()
        self.subset = Subset()
        self._listed: BoolArray | None = None
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(16)
        quiet(self.empty)
        self._rebuild_soon = self._timer(250, self.rebuild)
        self._grow_soon = self._timer(300, self._grow)
        self._lay_out()
        self._connect()
        self.view.follow()
        self.rebuild()

    def _timer(self, milliseconds: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        session = self._session
        self.bar.changed.connect(self.rebuild)
        self.bar.entered.connect(self._leave_filter)
        self.view.clicked.connect(lambda index: self.model.fold(index.row()))
        session.entries_reset.connect(self.rebuild)
        session.entries_added.connect(self._grow)
        session.entries_changed.connect(self._refresh)
        session.blind_changed.connect(lambda _: self.model.repaint())
        session.threshold_changed.connect(lambda _: self._threshold_changed())
        session.selection_changed.connect(self.model.unfold_for)
        self.view.sort_by_click()

    def _leave_filter(self) -> None:
        self.view.setFocus()
        if self._session.selected not in self.model.order and self.model.order.size:
            self._session.select(int(self.model.order[0]))

    # -- what is listed ---------------------------------------------------------------------------------------

    @property
    def narrowed(self) -> bool:
        """Whether queue, expression or kept list leave anything out."""
        return bool(self.bar.queue.mask is not None or self.bar.expression is not None or len(self.subset))

    def _wanted(self) -> BoolArray:
        session = self._session
        mask = np.ones(len(session.entries), dtype=bool)
        if len(self.subset):
            mask &= self.subset.mask(session.entries)
        if self.bar.queue.mask is not None:
            mask &= self.bar.queue.mask(session)
        if self.bar.expression is not None:
            mask &= mask_of(self.bar.expression, session)
        return mask

    def rebuild(self) -> None:
        """Filter and sort anew."""
        self._rebuild_soon.stop()
        self._listed = self._wanted() if self.narrowed else None
        self._list()

    def _grow(self) -> None:
        """List also what has come to belong to the queue."""
        if self.narrowed:
            wanted = self._wanted()
            if self._listed is not None:
                wanted[: self._listed.size] |= self._listed[: wanted.size]
            self._listed = wanted
        self._list()

    def _list(self) -> None:
        listed = self._listed
        self.model.keep = None if listed is None else lambda _: listed
        self.model.words = self.bar.words
        self.model.rebuild()
        self._show_state()

    def _refresh(self) -> None:
        self._show_state()
        column = self.model.sort_column
        # A list sorted by what a run still changes is sorted again; one sorted by quality stays while one reviews.
        if self.narrowed or (column > 0 and self.model.columns[column] is not QUALITY):
            self._grow_soon.start()

    def _threshold_changed(self) -> None:
        self.model.repaint()
        if self.narrowed and not self._rebuild_soon.isActive():
            self._rebuild_soon.start()

    def keep_to_list(self, keep: bool) -> int:
        """Keep to what is listed now, whatever is chosen later, or let go of it; gives how many are kept."""
        entries = self._session.entries
        numbers = self.model.order.tolist() if keep else []
        self.subset = Subset((str(entries.paths[n]), entries.rows[n]) for n in numbers)
        self.rebuild()
        return len(self.subset)

    def take_up(self, subset: Subset) -> None:
        """Keep to a list of an earlier day."""
        self.subset = subset
        self.rebuild()

    # -- what is said -----------------------------------------------------------------------------------------

    def note_decided(self, undone: bool = False) -> None:
        """Count a Decision for the pace."""
        if undone:
            self.pace.undone()
        else:
            self.pace.decided(time.monotonic())
        self._show_state()

    def _show_state(self) -> None:
        entries, order = self._session.entries, self.model.order
        empty = self.model.rowCount() == 0
        if empty and len(entries) == 0:
            self.empty.setText("No spectra yet.\n\nOpen a folder with Ctrl+O,\nor drop files here.")
        elif empty and self.bar.words:
            self.empty.setText("Nothing matches the filter.\n\nClear it ( / then Ctrl+A, Delete).")
        elif empty and self.bar.expression is not None:
            self.empty.setText("No spectrum fulfils the filter.")
        elif empty:
            self.empty.setText(self.bar.queue.empty)
        self._stack.setCurrentWidget(self.empty if empty else self.view)
        done = int(np.count_nonzero(entries.reviewed()[order])) if order.size else 0
        self.bar.show_progress(done, int(order.size), self.pace, held=len(self.subset) > 0)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.model.set_palette(palette)
        self.bar.set_palette(palette)
        self._show_state()
