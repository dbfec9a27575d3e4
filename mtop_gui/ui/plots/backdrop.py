"""What lies behind and in front of the curves: shaded masks, hatched gaps, and a sentence when there is nothing."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap

from mtop_gui.ui.plots.view import Overlay, PanelView
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.ui.display_state import DisplayState
    from mtop_gui.ui.theme import Palette


class Backdrop(Overlay):
    """Masked pixels as shaded bands and chip gaps as hatching, all in one item."""

    def __init__(self, view: PanelView, palette: Palette) -> None:
        super().__init__(view, -50.0)
        self._spans = np.empty((0, 2))
        self._gaps = np.empty((0, 2))
        self._picture: tuple[tuple[object, ...], QPixmap] | None = None
        self.palette = palette

    def show_state(self, state: DisplayState) -> None:
        """Take the intervals of a new state."""
        self._spans = np.array(state.masked_spans, dtype=np.float64).reshape(-1, 2)
        self._gaps = np.array(state.gaps, dtype=np.float64).reshape(-1, 2)
        self._picture = None
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Put down the picture, painted again only where range, size or theme changed."""
        bounds = self.boundingRect()
        low, high = self.view.viewRange()[0]
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        key = (low, high, bounds.width(), bounds.height(), ratio, self.palette)
        if self._picture is None or self._picture[0] != key:
            self._picture = (key, self._painted(bounds, ratio))
        painter.drawPixmap(bounds.topLeft(), self._picture[1])

    def _painted(self, bounds: QRectF, ratio: float) -> QPixmap:
        """Shade, then hatch."""
        size = bounds.size() * ratio
        pixmap = QPixmap(max(1, ceil(size.width())), max(1, ceil(size.height())))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(QColor(self.palette.plot))
        painter = QPainter(pixmap)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.palette.masked))
        painter.drawRects(self._rectangles(self._spans, bounds))
        gaps = self._rectangles(self._gaps, bounds)
        painter.setBrush(QColor(self.palette.plot))
        painter.drawRects(gaps)
        painter.setBrush(QBrush(QColor(self.palette.gap), Qt.BrushStyle.BDiagPattern))
        painter.drawRects(gaps)
        painter.end()
        return pixmap

    def _rectangles(self, intervals: FloatArray, bounds: QRectF) -> list[QRectF]:
        low, high = self.view.viewRange()[0]
        placed = in_pixels(intervals, low, high, bounds.width())
        return [QRectF(left, 0.0, width, bounds.height()) for left, width in placed.tolist()]


def in_pixels(intervals: FloatArray, low: float, high: float, width: float) -> FloatArray:
    """Turn the intervals that touch `low`…`high` into left edges and widths in pixels.

    Parameters
    ----------
    intervals : (n, 2) in order, not overlapping.
    width : pixels between `low` and `high`.

    Returns
    -------
    (m, 2); those less than half a pixel apart are one, and none is narrower than 0.6 of a pixel.
    """
    near = intervals[(intervals[:, 1] > low) & (intervals[:, 0] < high)]
    if not near.size:
        return near
    edges = (np.clip(near, low, high) - low) / (high - low) * width
    starts = np.flatnonzero(np.concatenate([[True], edges[1:, 0] - edges[:-1, 1] >= 0.5]))
    left, right = edges[starts, 0], edges[np.append(starts[1:] - 1, len(edges) - 1), 1]
    return np.column_stack([left, np.maximum(right - left, 0.6)])


class Notice(Overlay):
    """One sentence in the middle of an empty panel."""

    def __init__(self, view: PanelView, palette: Palette) -> None:
        super().__init__(view, 50.0)
        self.text = ""
        self.palette = palette
        self.setVisible(False)

    def show_text(self, text: str) -> None:
        """Show a sentence; "" hides it."""
        if text == self.text:
            return
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
        sentence = self.text[:1].upper() + self.text[1:]
        painter.drawText(bounds, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), sentence)
