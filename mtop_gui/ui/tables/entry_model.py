"""A table of entries in some order: filtered and sorted by numpy, so that 100,000 rows stay quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QModelRoleData,
    QModelRoleDataSpan,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor

from mtop_gui.ui.entries import NO_QUALITY, Status
from mtop_gui.ui.tables.cells import LEFT, QUALITY, RIGHT, Column, flag_key, flag_order, reason_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_NOWHERE = QModelIndex()
# Qt asks for thousands of cells a second: plain numbers compare ten times faster than enum members.
DISPLAY, TIP, ALIGNMENT, FOREGROUND = (
    int(role) for role in (Role.DisplayRole, Role.ToolTipRole, Role.TextAlignmentRole, Role.ForegroundRole)
)
LISTED, PREDICTED, FAILED = int(Status.LISTED), int(Status.PREDICTED), int(Status.FAILED)
ANSWERED = frozenset((DISPLAY, TIP, ALIGNMENT, FOREGROUND))


def sorted_numbers(numbers: IntArray, key: FloatArray | IntArray, descending: bool) -> IntArray:
    """Order entry numbers by a key over all entries: stable, NaN last in either direction."""
    values = np.asarray(key, dtype=np.float64)[numbers]
    signed = -values if descending else values
    return numbers[np.argsort(signed, kind="stable")]


MOST_ROWS = 40
"""When more rows than this change, which is more than a view shows, it is told of all from the first to the last at once."""

HIDDEN = "·"
"""Stands for what a blind reviewer is not told."""


class EntryModel(QAbstractTableModel):
    """Entries of the Session, one per row unless a subclass puts headings between them."""

    reordered = Signal()

    def __init__(self, session: Session, columns: tuple[Column, ...], palette: Palette) -> None:
        super().__init__(session)
        self.session = session
        self.columns = columns
        self.words = ""
        self.keep: Callable[[Session], BoolArray] | None = None
        self.sort_column = -1
        self.descending = False
        self.order: IntArray = np.arange(0)
        self._lines: IntArray = self.order
        self._entropy_known: FloatArray | None = None
        self._entropy_order: IntArray = self.order
        self.set_palette(palette)
        session.cells_changed.connect(self.repaint)

    # -- what Qt asks -----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Count the rows, headings included."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """Give one cell."""
        number = self._lines[index.row()]
        if number < 0:
            return self.heading(-int(number) - 1, index.column(), role)
        if role not in ANSWERED:
            return None
        column = self.columns[index.column()]
        if role == DISPLAY:
            if column.network and self.session.blind and self._hidden(int(number)):
                return HIDDEN
            return column.text(self.session, int(number))
        if role == ALIGNMENT:
            return RIGHT if column.numeric and column.width else LEFT
        if role == FOREGROUND:
            hidden = column.network and self.session.blind and self._hidden(int(number))
            return self._colours["muted"] if hidden else self._colour(int(number), column)
        return self._tip(int(number))

    def multiData(self, index: Index, roleDataSpan: QModelRoleDataSpan | QModelRoleData) -> None:
        """Give all that Qt asks of one cell in one go: while a run goes on, each question waits for the other threads."""
        cells: Any = roleDataSpan
        for place in range(len(cells)):
            cell = cells[place]
            value = self.data(index, cell.role())
            if value is None:
                cell.clearData()
            else:
                cell.setData(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Give the title of a column."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Role.DisplayRole:
            if section != self.sort_column:
                return column.title
            arrow = "▾" if self.descending else "▴"
            return f"{arrow} {column.title}" if column.numeric and column.width else f"{column.title} {arrow}"
        if role == Role.ToolTipRole:
            return column.tip
        if role == Role.TextAlignmentRole:
            return RIGHT if column.numeric and column.width else LEFT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self.sort_column, self.descending = column, order == Qt.SortOrder.DescendingOrder
        self.rebuild()

    def heading(self, group: int, column: int, role: int) -> Any:
        """Give one cell of a heading row; there are none here."""
        return None

    # -- order ------------------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Filter and sort anew."""
        order = self._ordered()
        lines = self.lay_out(order)
        if np.array_equal(lines, self._lines):
            self.order = order
            self._repaint_rows(self.heading_rows())  # they tell how many are under them
            return
        self.beginResetModel()
        self.order, self._lines = order, lines
        self.endResetModel()
        self.reordered.emit()

    def lay_out(self, order: IntArray) -> IntArray:
        """Put headings (negative) between entries; here there are none."""
        return order

    def _ordered(self) -> IntArray:
        session = self.session
        sorted_by = self.columns[self.sort_column] if self.sort_column >= 0 else None
        if sorted_by is not None and sorted_by.key is flag_key and self.descending:
            numbers = flag_order(session, self._by_entropy())
            if self.keep is not None:
                numbers = numbers[self.keep(session)[numbers]]
            return session.entries.matching(self.words, numbers)
        numbers = np.arange(len(session.entries))
        if self.keep is not None:
            numbers = np.flatnonzero(self.keep(session))
        if self.words.strip():
            numbers = session.entries.matching(self.words, numbers)
        if 0 <= self.sort_column < len(self.columns):
            key = self.columns[self.sort_column].key(session)
            numbers = sorted_numbers(numbers, key, self.descending)
        return numbers

    def _by_entropy(self) -> IntArray:
        """(n,) entry numbers by falling entropy, those without one first; kept until an entropy changes."""
        entropy = self.session.entries.entropy
        known = self._entropy_known
        if known is None or known.size != entropy.size or not np.array_equal(known, entropy, equal_nan=True):
            self._entropy_known = entropy.copy()
            self._entropy_order = np.argsort(-np.nan_to_num(entropy, nan=1e3), kind="stable")
        return self._entropy_order

    def walk_order(self) -> IntArray:
        """Give the entries in the order of the rows."""
        return self.order

    def repaint(self, numbers: Collection[int] | None = None) -> None:
        """Tell the views that cells of these entries changed, None for all; they ask again for those they show."""
        if numbers is None:
            if len(self._lines):
                self._tell(0, len(self._lines) - 1)
        elif numbers:
            self._repaint_rows(np.flatnonzero(np.isin(self._lines, list(numbers))))

    def _repaint_rows(self, rows: IntArray) -> None:
        if len(rows) > MOST_ROWS:
            # A batch comes in the order of the files: mostly none of these rows is in view.
            self._tell(int(rows[0]), int(rows[-1]))
            return
        for row in rows.tolist():
            self._tell(row, row)

    def _tell(self, first: int, last: int) -> None:
        self.dataChanged.emit(
            self.index(first, 0), self.index(last, len(self.columns) - 1), [Role.DisplayRole]
        )

    def heading_rows(self) -> IntArray:
        """Give the rows that are headings."""
        return np.flatnonzero(self._lines < 0)

    def number_at(self, row: int) -> int | None:
        """Give the entry number of a row; None for a heading or outside."""
        if not 0 <= row < len(self._lines) or self._lines[row] < 0:
            return None
        return int(self._lines[row])

    def row_of(self, number: int) -> int | None:
        """Give the row of an entry; None when it is filtered out or folded away."""
        places = np.flatnonzero(self._lines == number)
        return int(places[0]) if places.size else None

    # -- looks ------------------------------------------------------------------------------------------------

    def _colour(self, number: int, column: Column) -> QColor | None:
        entries = self.session.entries
        status = entries.status[number]
        if status == FAILED:
            return self._colours["bad"]
        if status == PREDICTED:
            if column.warns and entries.is_flagged(number, self.session.threshold):
                return self._colours["warning"]
        elif status == LISTED:
            return self._colours["muted"]
        if column is QUALITY and entries.quality[number] != NO_QUALITY:
            return self._colours["good"]
        return None

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.palette = palette
        self._colours = {name: QColor(getattr(palette, name)) for name in ("bad", "warning", "muted", "good")}
        self.repaint()

    def _hidden(self, number: int) -> bool:
        return self.session.hides_row(number) and number not in self.session.entries.errors

    def _tip(self, number: int) -> str:
        entries = self.session.entries
        row = f", row {entries.rows[number]}" if entries.siblings[number] > 1 else ""
        lines = [f"{entries.paths[number]}{row}"]
        if not self._hidden(number) and (why := reason_text(self.session, number)):
            lines.append(why)
        return "\n".join(lines)
