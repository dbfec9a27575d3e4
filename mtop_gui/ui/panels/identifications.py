"""Identifications side by side: for each of the best peaks, what every feature would be and whether it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.core.identification import SAME_PLACE
from mtop_gui.core.lines import MAIN_LINES, rank_of
from mtop_gui.ui.widgets import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.identification import PeakEvidence
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.ui.theme import Palette

MOST_ROWS = 14
_NOTHING = "What each line would be at the best peaks of the PDF is listed here, once the network has read the spectrum."


class IdentificationsPanel(QWidget):
    """A column for each peak, a row for each observed feature, strongest first.

    Signals
    -------
    peak_chosen(number) : a peak's column head was clicked, 0 the most probable.
    feature_chosen(wavelength) : a row was clicked; Å.
    """

    peak_chosen = Signal(int)
    feature_chosen = Signal(float)

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._evidence: tuple[PeakEvidence, ...] = ()
        self._places: list[float] = []
        self.summary = quiet(QLabel(_NOTHING))
        self.summary.setWordWrap(True)
        self.table = self._make_table()
        self.table.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        self.table.horizontalHeader().sectionClicked.connect(self._head_clicked)
        self.table.cellClicked.connect(lambda row, _: self.feature_chosen.emit(self._places[row]))
        self.set_palette(palette)

    @staticmethod
    def _make_table() -> QTableWidget:
        table = QTableWidget(0, 0)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 5)
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.horizontalHeader().setSectionsClickable(True)
        table.horizontalHeader().setHighlightSections(False)
        table.setAccessibleName("Line identifications of the best peaks")
        return table

    def show_evidence(self, evidence: Sequence[PeakEvidence], words: str = "", message: str = "") -> None:
        """Show what was measured at each peak.

        Parameters
        ----------
        words : what the peaks make of the strongest feature, ``Hα or [O III]``.
        message : what to say when there is no evidence.
        """
        self._evidence = tuple(evidence)
        self.table.setVisible(bool(evidence))
        self.summary.setText(self._sentence(words) if evidence else message or _NOTHING)
        self._fill()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self._fill()

    def _sentence(self, words: str) -> str:
        best = max(self._evidence, key=lambda each: len(each.model.detected))
        count = len(best.model.detected)
        if len(self._evidence) == 1:
            return f"One peak: {self._evidence[0].text}."
        asked = f"The strongest feature is {words}. " if words else ""
        if count == 0:
            return f"{asked}No peak has a line above 3 σ."
        lines = "line" if count == 1 else "lines"
        return f"{asked}Most lines are seen at z = {best.redshift:.4f}: {count} {lines} above 3 σ."

    def _fill(self) -> None:
        table = self.table
        rows = _rows(self._evidence)
        self._places = [place for place, _ in rows]
        table.setColumnCount(1 + len(self._evidence))
        table.setRowCount(len(rows))
        titles = ["λ [Å]"] + [
            f"z {each.redshift:.4f}  ·  {100 * each.peak.probability:.0f} %" for each in self._evidence
        ]
        for column, title in enumerate(titles):
            head = QTableWidgetItem(title)
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            if column:
                each = self._evidence[column - 1]
                head.setToolTip(
                    f"{each.text}\nΔχ² of all lines {each.model.gain:.0f}; click to take this peak"
                )
            table.setHorizontalHeaderItem(column, head)
        mode = QHeaderView.ResizeMode
        table.horizontalHeader().setSectionResizeMode(mode.Stretch)
        table.horizontalHeader().setSectionResizeMode(0, mode.ResizeToContents)
        for row, (place, features) in enumerate(rows):
            self._put(row, 0, f"{place:.0f}", self._palette.muted)
            for column, feature in enumerate(features, start=1):
                self._put_feature(row, column, feature)

    def _put_feature(self, row: int, column: int, feature: LineMeasurement | None) -> None:
        if feature is None:
            self._put(row, column, "–", self._palette.disabled)
            return
        text = f"{feature.name}   {feature.snr:.1f} σ".replace("-", "−")
        item = self._put(row, column, text, self._palette.good if feature.detected else self._palette.muted)
        item.setToolTip(
            f"expected at {feature.observed_wavelength:.1f} Å, "
            + ("seen" if feature.detected else "not seen above 3 σ")
        )

    def _put(self, row: int, column: int, text: str, colour: str) -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setForeground(QColor(colour))
        self.table.setItem(row, column, item)
        return item

    def _head_clicked(self, column: int) -> None:
        if column:
            self.peak_chosen.emit(column - 1)


def _rows(evidence: Sequence[PeakEvidence]) -> list[tuple[float, list[LineMeasurement | None]]]:
    """Give (wavelength, what it is at each peak) of the features worth a row, those most clearly seen first."""
    places: list[tuple[float, list[LineMeasurement | None]]] = []
    for column, each in enumerate(evidence):
        for feature in each.model.features:
            if not feature.detected and min(map(rank_of, feature.members)) >= len(MAIN_LINES) // 2:
                continue
            for place, row in places:
                if abs(feature.observed_wavelength / place - 1.0) < SAME_PLACE and row[column] is None:
                    row[column] = feature
                    break
            else:
                made: list[LineMeasurement | None] = [None] * len(evidence)
                made[column] = feature
                places.append((feature.observed_wavelength, made))

    def strength(row: tuple[float, list[LineMeasurement | None]]) -> float:
        return max(abs(feature.snr) for feature in row[1] if feature is not None)

    return sorted(places, key=strength, reverse=True)[:MOST_ROWS]
