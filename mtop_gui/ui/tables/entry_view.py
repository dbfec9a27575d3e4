"""The table view both entry tables use: whole rows, calm lines, and the Session's selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tables.entry_model import EntryModel, Index


MOST_SPANS = 500
"""With more headings than this they keep to their first column: Qt's spans are slow."""


class EntryView(QTableView):
    """Shows an EntryModel; a row a person goes to is selected in the Session, and the other way round."""

    def __init__(self, model: EntryModel, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries_model, self._session = model, session
        self._place = 0
        self._filling = False
        self.placeholder = ""
        self.setModel(model)
        # Rows are selected, never columns: sharing the selection, the header would be painted anew at each step.
        header = self.horizontalHeader()
        header.setSelectionModel(QItemSelectionModel(model, header))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        # Names of one survey differ at their ends.
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        # Its background is filled below: only then does a step through the list move what is painted, and adds one row.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setDefaultSectionSize(self.fontMetrics().height() + 7)
        vertical.setMinimumSectionSize(10)
        self._lay_out_columns()
        model.modelAboutToBeReset.connect(self._note_place)
        model.modelReset.connect(self._reset_done)
        session.selection_changed.connect(lambda _: self.show_selection())

    def _lay_out_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(20)
        unit = self.fontMetrics().averageCharWidth()
        for position, column in enumerate(self._entries_model.columns):
            if column.width:
                title = header.fontMetrics().horizontalAdvance(column.title)
                header.resizeSection(position, max(unit * column.width + 20, title + 16))
            else:
                header.setSectionResizeMode(position, QHeaderView.ResizeMode.Fixed)
        header.sectionResized.connect(lambda *_: self._fill())

    def _fill(self) -> None:
        """Give the one column that has no width of its own what the others leave; too little would say nothing."""
        header, columns = self.horizontalHeader(), self._entries_model.columns
        filler = next((place for place, column in enumerate(columns) if not column.width), None)
        if filler is None or self._filling:
            return
        left = self.viewport().width() - (header.length() - header.sectionSize(filler))
        least = self.fontMetrics().averageCharWidth() * columns[filler].least + 20
        self._filling = True
        header.resizeSection(filler, max(left, least))
        self._filling = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the width."""
        super().resizeEvent(event)
        self._fill()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or what to do where there are none."""
        behind = QPainter(self.viewport())
        behind.fillRect(event.rect(), self.palette().base())
        behind.end()
        super().paintEvent(event)
        if self.placeholder and self._entries_model.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.viewport().rect().adjusted(16, 4, -16, -4)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.placeholder)

    def follow(self) -> None:
        """Let next and previous follow the order of this table from now on."""
        self._session.walk.follow(self, self._entries_model.walk_order())

    def _note_place(self) -> None:
        self._place = self.verticalScrollBar().value()

    def _reset_done(self) -> None:
        # A table that is sorted anew while a run goes on must not scroll away under the person's eyes.
        self._session.walk.reorder(self, self._entries_model.walk_order())
        self._span_headings()
        self.show_selection(scroll=False)
        self.verticalScrollBar().setValue(self._place)

    def _span_headings(self) -> None:
        self.clearSpans()
        headings = self._entries_model.heading_rows()
        if len(headings) <= MOST_SPANS:
            for row in headings.tolist():
                self.setSpan(row, 0, 1, len(self._entries_model.columns))

    def show_selection(self, scroll: bool = True) -> None:
        """Mark the row of the Session's selected entry, and scroll to it."""
        row = self._entries_model.row_of(self._session.selected)
        # The table one walks through follows the selection; the other keeps its place.
        self.setAutoScroll(scroll and self._session.walk.followed(self))
        if row is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.selectRow(row)
        self.setAutoScroll(True)
        if row is not None and scroll and self._session.walk.followed(self):
            self.scrollTo(self._entries_model.index(row, 0))

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are keys of the program, and none may jump to a row by accident."""

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Select in the Session what a person moved to."""
        super().currentChanged(current, previous)
        number = self._entries_model.number_at(current.row()) if current.isValid() else None
        if number is not None and number != self._session.selected:
            self.follow()
            self._session.select(number)

    def sort_by_click(self, column: int = -1, descending: bool = False) -> None:
        """Let a click on a header sort; begin with this column, -1 for the order of the files."""
        self._entries_model.sort_column, self._entries_model.descending = column, descending
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        # The header says itself how it is sorted: the style's arrow would lie over right-aligned titles.
        header.setSortIndicatorShown(False)
        header.sectionClicked.connect(self._sort)

    def _sort(self, column: int) -> None:
        model = self._entries_model
        descending = not model.descending if column == model.sort_column else model.columns[column].falling
        self.sort_now(column, descending)

    @property
    def entries_model(self) -> EntryModel:
        """The model it shows."""
        return self._entries_model

    def sort_now(self, column: int, descending: bool) -> None:
        """Sort by a column, -1 for the order of the files."""
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._entries_model.sort(column, order)
        self.horizontalHeader().viewport().update()
