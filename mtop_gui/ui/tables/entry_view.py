"""The table view both entry tables use: whole rows, calm lines, and the Session's selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tables.entry_model import EntryModel


class EntryView(QTableView):
    """Shows an EntryModel; a row a person goes to is selected in the Session, and the other way round."""

    walked = Signal()
    """A person selected a row here: this table's order is now the one that next and previous follow."""

    def __init__(self, model: EntryModel, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries_model, self._session = model, session
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setDefaultSectionSize(self.fontMetrics().height() + 7)
        vertical.setMinimumSectionSize(10)
        self._lay_out_columns()
        model.modelReset.connect(self.show_selection)
        session.selection_changed.connect(self.show_selection)

    def _lay_out_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(20)
        unit = self.fontMetrics().averageCharWidth()
        for position, column in enumerate(self._entries_model.columns):
            if column.width:
                header.resizeSection(position, unit * (column.width + 2) + 4)
            else:
                header.setSectionResizeMode(position, QHeaderView.ResizeMode.Stretch)

    def show_selection(self) -> None:
        """Mark the row of the Session's selected entry, and scroll to it."""
        row = self._entries_model.row_of(self._session.selected)
        with QSignalBlocker(self.selectionModel()):
            if row is None:
                self.clearSelection()
                self.setCurrentIndex(QModelIndex())
            else:
                self.selectRow(row)
        if row is not None:
            self.scrollTo(self._entries_model.index(row, 0))
        self.viewport().update()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Select in the Session what a person moved to."""
        super().currentChanged(current, previous)
        number = self._entries_model.number_at(current.row()) if current.isValid() else None
        if number is not None and number != self._session.selected:
            self.walked.emit()
            self._session.select(number)

    def showing(self) -> bool:
        """Whether the mouse or the keyboard is in this table."""
        return self.hasFocus() or self.underMouse()

    def sort_by_click(self, first_descending: tuple[int, ...] = ()) -> None:
        """Let a click on a header sort; numeric columns start with their highest."""
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.sortIndicatorChanged.connect(
            lambda column, order: self._entries_model.sort(column, Qt.SortOrder(order))
        )
