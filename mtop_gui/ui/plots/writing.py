"""Small texts painted over the curves: cached, with the panel's colour behind them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText

PADDING = 3.0
"""Pixels between a text and the edge of its box."""


class Writer:
    """Draws short texts in one font, laid out once each."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self._texts: dict[str, QStaticText] = {}
        self._widths: dict[str, float] = {}

    @property
    def row_height(self) -> float:
        """Height of one row of boxes in pixels, spacing included."""
        return round(self.metrics.height() + 3)

    def width(self, text: str) -> float:
        """Width of a box around `text` in pixels."""
        if text not in self._widths:
            self._widths[text] = self.metrics.horizontalAdvance(text) + 2 * PADDING
        return self._widths[text]

    def draw(
        self, painter: QPainter, text: str, box: QRectF, colour: QColor, background: QColor | None = None
    ) -> None:
        """Draw `text` in `box`, on a background unless that is None."""
        if background is not None:
            painter.fillRect(box, background)
        static = self._texts.get(text)
        if static is None:
            if len(self._texts) > 500:
                self._texts.clear()
            static = QStaticText(text)
            static.setTextFormat(Qt.TextFormat.PlainText)
            static.prepare(font=self.font)
            self._texts[text] = static
        painter.setFont(self.font)
        painter.setPen(colour)
        painter.drawStaticText(
            QPointF(box.left() + PADDING, box.center().y() - self.metrics.height() / 2), static
        )


def faded(colour: str, opacity: float) -> QColor:
    """Give a colour with an opacity of 0 to 1."""
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made
