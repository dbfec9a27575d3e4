"""The table of everything a reviewer decided, newest first: undos and redos too, and which of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from mtop_gui.core.decision import is_settlement
from mtop_gui.store.standing import redoable, retracted, undoable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.decision import Decision
    from mtop_gui.ui.theme import Palette

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_NOWHERE = QModelIndex()
COLUMNS = ("when", "what", "spectrum", "Q", "z", "from", "comment", "by")
RIGHT = (3, 4)


class HistoryModel(QAbstractTableModel):
    """Rows of the store; row 0 is the newest."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._rows: list[Decision] = []
        self._first: dict[int, Decision] = {}
        self._gone: set[int] = set()
        self._decided: dict[int, bool] = {}
        self._undo: int | None = None
        self._redo: int | None = None
        self.set_palette(palette)

    def set_rows(self, rows: Sequence[Decision]) -> None:
        """Show these rows of the store, oldest first."""
        self.beginResetModel()
        self._rows = list(rows)
        self._judge()
        self.endResetModel()

    def append(self, row: Decision) -> None:
        """Add the newest row."""
        self.beginInsertRows(_NOWHERE, 0, 0)
        self._rows.append(row)
        self.endInsertRows()
        self._judge()
        if len(self._rows) > 1:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def _judge(self) -> None:
        self._gone = retracted(self._rows)
        self._first = {row.id: row for row in self._rows if row.id is not None}
        undo, redo = undoable(self._rows), redoable(self._rows)
        self._undo = None if undo is None else undo.id
        self._redo = None if redo is None else redo.id
        seen: set[tuple[str, str]] = set()
        self._decided = {}
        for row in self._rows:
            if row.retracts is None and row.id is not None:
                key = (row.content_hash, row.reviewer)
                self._decided[row.id] = key in seen
                seen.add(key)

    def decision(self, place: int) -> Decision | None:
        """Give the row of the store at a row of the table."""
        return self._rows[-1 - place] if 0 <= place < len(self._rows) else None

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Count the rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Give the title of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return COLUMNS[section]
        if role == Role.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Give one cell."""
        row = self.decision(index.row())
        if row is None:
            return None
        if role == Role.DisplayRole:
            return self._text(row, index.column())
        if role == Role.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Role.ForegroundRole:
            return self._colour(row)
        if (
            role == Role.FontRole
            and row.retracts is None
            and row.id in self._gone
            and index.column() in (3, 4)
        ):
            font = QFont()
            font.setStrikeOut(True)
            return font
        if role == Role.ToolTipRole:
            return f"{row.file}" + (f", row {row.row}" if row.row else "")
        return None

    @staticmethod
    def _alignment(column: int) -> Any:
        side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _colour(self, row: Decision) -> QColor | None:
        if row.id == self._undo:
            return self._accent
        if row.retracts is not None or row.id in self._gone:
            return self._muted
        return None

    def _text(self, row: Decision, column: int) -> str:
        if column == 0:
            return row.time.astimezone().strftime("%d %b %Y  %H:%M:%S")
        if column == 1:
            return self._what(row)
        texts = {
            2: row.name,
            3: str(row.quality),
            4: "–" if row.redshift is None else f"{row.redshift:.5f}",
            5: row.redshift_origin,
            6: "; ".join(part for part in (self._marks(row), row.comment) if part),
        }
        return texts.get(column, row.reviewer)

    @staticmethod
    def _marks(row: Decision) -> str:
        parts = [
            row.spectrum_class if row.spectrum_class != "GALAXY" else "",
            row.issues,
            "★" if row.starred else "",
        ]
        return " ".join(part for part in parts if part)

    def _what(self, row: Decision) -> str:
        if row.retracts is not None:
            before = self._first.get(row.retracts)
            if before is not None and before.retracts is not None:
                return "restored"
            return "taken back" + ("   ↷ redo" if row.id == self._redo else "")
        if is_settlement(row):
            what = "settled"
        else:
            what = "changed" if self._decided.get(row.id or 0) else "reviewed"
        return what + ("   ↶ undo" if row.id == self._undo else "")

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._muted, self._accent = QColor(palette.muted), QColor(palette.accent)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))
