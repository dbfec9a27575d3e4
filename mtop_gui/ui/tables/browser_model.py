"""The browser's table: entries under headings, one for each folder and for each file of several spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont

from mtop_gui.ui.tables.cells import ENTROPY, LEFT, NAME, QUALITY, REDSHIFT
from mtop_gui.ui.tables.entry_model import EntryModel

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import IntArray
    from mtop_gui.ui.entries import Entries
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

Role = Qt.ItemDataRole


class BrowserModel(EntryModel):
    """Folders and files as headings that fold; headings are rows of their own, not a tree, to stay quick."""

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__(session, (NAME, REDSHIFT, ENTROPY, QUALITY), palette)
        self._groups: list[Path] = []
        self._group_numbers: dict[Path, int] = {}
        self._of_entry: IntArray = np.arange(0)
        self._sizes: dict[int, int] = {}
        self._folded: set[int] = set()
        self._grouped: Entries | None = None

    def fold(self, row: int) -> None:
        """Fold or unfold the heading at a row."""
        line = int(self._lines[row])
        if line < 0:
            self._folded ^= {-line - 1}
            self.rebuild()

    def unfold_for(self, number: int) -> None:
        """Unfold the heading an entry is under."""
        if 0 <= number < len(self._of_entry) and int(self._of_entry[number]) in self._folded:
            self._folded.discard(int(self._of_entry[number]))
            self.rebuild()

    def lay_out(self, order: IntArray) -> IntArray:
        """Put each entry under its heading; one folder of one-spectrum files needs none."""
        self._group()
        if len(self._groups) <= 1 or order.size == 0 or self.sort_column > 0:
            return order
        groups = self._of_entry[order]
        by_group = np.argsort(groups, kind="stable")
        ordered, groups = order[by_group], groups[by_group]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        self._sizes = dict(
            zip(groups[starts].tolist(), np.diff(np.append(starts, groups.size)).tolist(), strict=True)
        )
        lines = np.insert(ordered, starts, -1 - groups[starts])
        owner = np.insert(groups, starts, groups[starts])
        if self._folded:
            hidden = np.isin(owner, list(self._folded)) & (lines >= 0)
            lines = lines[~hidden]
        return lines

    def walk_order(self) -> IntArray:
        """Give the entries in the order of the rows, folded ones left out."""
        return self._lines[self._lines >= 0]

    def heading(self, group: int, column: int, role: int) -> Any:
        """Give one cell of a heading."""
        if role == Role.TextAlignmentRole:
            return LEFT
        if role == Role.ForegroundRole:
            return QColor(self.palette.muted)
        if role == Role.BackgroundRole:
            return QColor(self.palette.window)
        if role == Role.ToolTipRole:
            return str(self._groups[group])
        if column != 0:
            return None
        if role == Role.DisplayRole:
            sign = "▸" if group in self._folded else "▾"
            path = self._groups[group]
            return f"{sign} {self._short(path)}  ({self._sizes.get(group, 0)})"
        if role == Role.FontRole:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return None

    def _short(self, path: Path) -> str:
        for folder in self.session.folders:
            if path != folder and path.is_relative_to(folder):
                return str(path.relative_to(folder))
        return path.name or str(path)

    def _group(self) -> None:
        """Find the heading of every entry that came since the last time."""
        entries = self.session.entries
        if self._grouped is not entries:
            self._grouped = entries
            self._groups, self._group_numbers, self._folded = [], {}, set()
            self._of_entry = np.arange(0)
        new = []
        for number in range(len(self._of_entry), len(entries)):
            path = entries.paths[number]
            owner = path if entries.siblings[number] > 1 else path.parent
            if owner not in self._group_numbers:
                self._group_numbers[owner] = len(self._groups)
                self._groups.append(owner)
            new.append(self._group_numbers[owner])
        if new:
            self._of_entry = np.concatenate([self._of_entry, np.asarray(new, dtype=np.int64)])
