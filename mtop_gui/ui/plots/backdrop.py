"""What lies behind and in front of the curves: shaded masks, hatched gaps, and a sentence when there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor

from mtop_gui.ui.plots.view import Overlay, PanelView
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from mtop_gui.ui.display import DisplayState
    from mtop_gui.ui.theme import Palette


class Backdrop(Overlay):
    """Masked pixels as shaded bands and chip gaps as hatching, all in one item."""

    def __init__(self, view: PanelView, palette: Palette) -> None:
        super().__init__(view, -50.0)
        self._spans = np.empty((0, 2))
        self._gaps = np.empty((0, 2))
        self.palette = palette

    def show_state(self, state: DisplayState) -> None:
        """Take the intervals of a new state."""
        self._spans = np.array(state.masked_spans, dtype=np.float64).reshape(-1, 2)
        self._gaps = np.array(state.gaps, dtype=np.float64).reshape(-1, 2)
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Shade, then hatch."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.palette.masked))
        painter.drawRects(self._rectangles(self._spans, least=0.6))
        gaps = self._rectangles(self._gaps, least=1.0)
        painter.setBrush(QColor(self.palette.plot))
        painter.drawRects(gaps)
        painter.setBrush(QBrush(QColor(self.palette.gap), Qt.BrushStyle.BDiagPattern))
        painter.drawRects(gaps)

    def _rectangles(self, intervals: np.ndarray, least: float) -> list[QRectF]:
        low, high = self.view.viewRange()[0]
        near = intervals[(intervals[:, 1] > low) & (intervals[:, 0] < high)]
        bounds = self.boundingRect()
        edges = (np.clip(near, low, high) - low) / (high - low) * bounds.width()
        return [
            QRectF(left, 0.0, max(right - left, least), bounds.height()) for left, right in edges.tolist()
        ]


class Notice(Overlay):
    """One sentence in the middle of an empty panel."""

    def __init__(self, view: PanelView, palette: Palette) -> None:
        super().__init__(view, 50.0)
        self.text = ""
        self.palette = palette

    def show_text(self, text: str) -> None:
        """Show a sentence; "" hides it."""
        self.text = text
        self.setVisible(bool(text))
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Write it centred, on as many rows as it takes."""
        font = small_font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        painter.setFont(font)
        painter.setPen(QColor(self.palette.muted))
        bounds = self.boundingRect().adjusted(12, 2, -12, -2)
        painter.drawText(bounds, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), self.text)
