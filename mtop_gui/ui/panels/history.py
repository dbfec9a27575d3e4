"""The history: every Decision of the reviewer, of all days, with what undo and redo would do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QStackedLayout, QTableView, QWidget

from mtop_gui.core.decision import settler_name
from mtop_gui.ui.tables.history_model import HistoryModel
from mtop_gui.ui.tasks import Lane, Lanes
from mtop_gui.ui.widgets import quiet

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex

    from mtop_gui.core.decision import Decision
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

MOST = 100_000
"""So many of the last rows are listed; undo itself knows no end."""

WIDTHS = (28, 20, 26, 4, 10, 10)
"""Of the columns, in characters; the comment takes what is left."""


class HistoryPanel(QWidget):
    """A table of all decisions, newest first; a row clicked, or Enter on it, shows its spectrum."""

    wanted = Signal(object)
    """A Decision whose spectrum the person wants to see."""

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self._session = session
        self._lanes: Lanes | None = None
        self._store: ReviewStore | None = None
        self.model = HistoryModel(palette)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        vertical = self.view.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setMinimumSectionSize(10)
        vertical.setDefaultSectionSize(self.view.fontMetrics().height() + 7)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        unit = self.view.fontMetrics().averageCharWidth()
        for column, width in enumerate(WIDTHS):
            header.resizeSection(column, unit * width + 20)
        header.setSectionResizeMode(6, QHeaderView.ResizeMode.Stretch)
        self.empty = QLabel("No decisions yet.\n\nA quality key ( 0 – 4 ) makes one; Ctrl+Z takes it back.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        quiet(self.empty)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.view.clicked.connect(self._go)
        self.view.activated.connect(self._go)

    def follow(self, reviewing: Reviewing, lanes: Lanes, store: ReviewStore) -> None:
        """Take what it lists from here."""
        self._lanes, self._store = lanes, store
        reviewing.recorded.connect(self._add)
        self._session.reviewer_changed.connect(lambda _: self.load())

    def load(self) -> None:
        """Read the reviewer's decisions of all days, in the background."""
        store, lanes, me = self._store, self._lanes, self._session.reviewer
        if store is None or lanes is None:
            return

        def work(report: object) -> list[Decision]:
            rows = store.trail(me, MOST) + store.trail(settler_name(me), MOST)
            return sorted(rows, key=lambda row: row.id or 0)

        lanes.submit(
            Lane.FILES,
            work,
            "reading the history",
            done=self._take,
            failed=lambda failure: None if failure.expected else lanes.failed.emit(failure),
        )

    def _take(self, rows: list[Decision]) -> None:
        self.model.set_rows(rows)
        self._stack.setCurrentWidget(self.view if rows else self.empty)

    def _add(self, row: Decision) -> None:
        newest = self.model.decision(0)
        if newest is not None and (newest.id or 0) >= (row.id or 0):
            return
        self.model.append(row)
        self._stack.setCurrentWidget(self.view)

    def _go(self, index: QModelIndex) -> None:
        decision = self.model.decision(index.row())
        if decision is not None:
            self.wanted.emit(decision)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.model.set_palette(palette)
