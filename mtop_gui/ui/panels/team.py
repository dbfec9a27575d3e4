"""The team panel: everybody's Decision on the selected spectrum side by side, and who reviews how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.store.merge import Conflict
from mtop_gui.ui.panels.team_texts import COLUMNS, cells, differing, sentence
from mtop_gui.ui.widgets import heading, roomy, set_tone

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.team import Team
    from mtop_gui.ui.theme import Palette

SETTLE_KEYS = ("F7", "F8", "Shift+F7", "Shift+F8")


class TeamPanel(QWidget):
    """Left the opinions, right the shares. A row clicked shows that reviewer's redshift in every panel."""

    assign_wanted = Signal(list, int)
    """Names, and how many of them shall review each spectrum."""
    said = Signal(str)
    field_left = Signal()

    def __init__(self, session: Session, team: Team, palette: Palette) -> None:
        super().__init__()
        self._session, self._team, self._palette = session, team, palette
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.table = self._table(COLUMNS)
        self.shares = self._table(("reviewer", "decided", "assigned"))
        self.names = QLineEdit()
        self.names.setPlaceholderText("Ada, Bob, Cai")
        self.names.setToolTip("Who shares the spectra that are listed now")
        self.each = QSpinBox()
        self.each.setRange(1, 20)
        roomy(self.each)
        self.each.setToolTip("So many different reviewers for each spectrum")
        self.assign = QPushButton("Assign")
        self.assign.setToolTip("Share the spectra listed in the browser out over these reviewers")
        for widget in (self.names, self.each):
            widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.assign.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()
        self.table.cellClicked.connect(lambda row, _: self._show_redshift(row))
        self.table.cellActivated.connect(lambda row, _: self._show_redshift(row))
        self.assign.clicked.connect(self._assign)
        self.names.returnPressed.connect(self._assign)
        team.changed.connect(self.show_team)
        session.selection_changed.connect(lambda _: self.show_opinions())
        session.spectrum_known.connect(self.show_opinions)
        self.set_palette(palette)

    @staticmethod
    def _table(titles: tuple[str, ...]) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        table.setHorizontalHeaderLabels(list(titles))
        table.verticalHeader().hide()
        table.verticalHeader().setMinimumSectionSize(10)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 7)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.horizontalHeader().setHighlightSections(False)
        return table

    def _lay_out(self) -> None:
        unit = self.fontMetrics().averageCharWidth()
        header = self.table.horizontalHeader()
        for column, width in enumerate((14, 10, 11, 4, 8, 7, 0, 14, 11)):
            header.resizeSection(column, unit * width + 18)
        for table, numbers in ((self.table, (1, 2, 3)), (self.shares, (1, 2))):
            for column in range(table.columnCount()):
                item = table.horizontalHeaderItem(column)
                if item is not None:
                    side = Qt.AlignmentFlag.AlignRight if column in numbers else Qt.AlignmentFlag.AlignLeft
                    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(6, QHeaderView.ResizeMode.Stretch)
        shares = self.shares.horizontalHeader()
        shares.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        shares.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for table in (self.table, self.shares):
            table.setMinimumHeight(4 * self.fontMetrics().height())
        self.shares.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.shares.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.verdict)
        left.addWidget(self.table, 1)
        form = QHBoxLayout()
        form.setSpacing(6)
        form.addWidget(self.names, 1)
        form.addWidget(QLabel("each to"))
        form.addWidget(self.each)
        form.addWidget(self.assign)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(heading("Who reviews how much"))
        right.addWidget(self.shares, 1)
        right.addWidget(heading("Share out what is listed"))
        right.addLayout(form)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(16)
        layout.addLayout(left, 3)
        layout.addLayout(right, 1)

    # -- what is shown ----------------------------------------------------------------------------------------

    def show_team(self) -> None:
        """Show all anew."""
        self.show_opinions()
        known = self._team.known
        shares = dict(known.workloads)
        names = sorted({*shares, *known.decided, self._session.reviewer} - {""})
        self.shares.setRowCount(len(names))
        for row, name in enumerate(names):
            share = shares.get(name)
            decided = known.decided.get(name, 0) if share is None else share.decided
            texts = (name, f"{decided:,}", "–" if share is None else f"{share.assigned:,}")
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.shares.setItem(row, column, item)
        if not self.names.isModified() and not self.names.hasFocus():
            self.names.setText(", ".join(names))

    def show_opinions(self) -> None:
        """Show who said what of the selected spectrum."""
        team = self._team
        rows, merging = team.opinions(), team.merging()
        text, bad = sentence(team)
        self.verdict.setText(text)
        set_tone(self.verdict, "warning" if bad else "quiet")
        apart = differing(rows) if isinstance(merging, Conflict) and team.comparing else set()
        self.table.setRowCount(len(rows))
        for place, row in enumerate(rows):
            key = SETTLE_KEYS[place] if team.comparing and place < len(SETTLE_KEYS) else ""
            for column, cell in enumerate(cells(row, rows[0], key)):
                item = QTableWidgetItem(cell)
                item.setToolTip(cell)
                if column in (1, 2, 3):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column in apart:
                    item.setForeground(QColor(self._palette.warning))
                self.table.setItem(place, column, item)

    def _show_redshift(self, row: int) -> None:
        rows = self._team.opinions()
        if 0 <= row < len(rows) and rows[row].redshift is not None:
            self._session.set_candidate(rows[row].redshift, rows[row].redshift_origin)

    def _assign(self) -> None:
        names = [name.strip() for name in self.names.text().split(",") if name.strip()]
        if not names:
            self.said.emit("Write the reviewers' names first, with commas between them.")
            return
        self.assign_wanted.emit(names, self.each.value())
        self.field_left.emit()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.show_team()
