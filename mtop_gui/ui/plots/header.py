"""The row above the flux: which spectrum, what the layers are, and the candidate redshift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtop_gui.ui.display_state import DisplayState
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from mtop_gui.ui.theme import Palette

SWATCH = 16.0


class Header(QWidget):
    """Title on the left, legend and candidate on the right; what does not fit is left out."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._state = DisplayState()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_state(self, state: DisplayState) -> None:
        """Take a new state."""
        self._state = state
        self.update()

    def dress(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """One row of writing."""
        return QSize(200, round(QFontMetricsF(small_font()).height() * 1.7))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw from the right, then the title in what is left."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._palette.plot))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = small_font()
        bold = QFont(font)
        bold.setBold(True)
        area = QRectF(self.rect()).adjusted(10, 2, -10, -2)
        area = self._draw_candidate(painter, area, bold)
        area = self._draw_second(painter, area, font)
        title = QFontMetricsF(bold).horizontalAdvance(self._state.title)
        area = self._draw_legend(painter, area, font, least=min(title, area.width() * 0.5) + 16)
        painter.setFont(bold)
        painter.setPen(QColor(self._palette.text))
        shown = QFontMetricsF(bold).elidedText(self._state.title, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()

    def _draw_candidate(self, painter: QPainter, area: QRectF, font: QFont) -> QRectF:
        if self._state.candidate is None:
            return area
        text = f"z = {self._state.candidate:.5f}"
        width = QFontMetricsF(font).horizontalAdvance(text) + 14
        box = QRectF(area.right() - width, area.top(), width, area.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.accent))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(font)
        painter.setPen(QColor(self._palette.on_accent))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        return area.adjusted(0, 0, -width - 14, 0)

    def _draw_second(self, painter: QPainter, area: QRectF, font: QFont) -> QRectF:
        if self._state.second is None:
            return area
        text = f"or {self._state.second:.5f}"
        width = QFontMetricsF(font).horizontalAdvance(text) + 14
        box = QRectF(area.right() + 8 - width, area.top() + 0.5, width, area.height() - 1)
        pen = QPen(QColor(self._palette.second), 1.2)
        pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(font)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        return area.adjusted(0, 0, -width - 4, 0)

    def _draw_legend(self, painter: QPainter, area: QRectF, font: QFont, least: float) -> QRectF:
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        entries = [
            (kind, colour, text, SWATCH + 5 + metrics.horizontalAdvance(text) + 14)
            for kind, colour, text in self._entries()
        ]
        while entries and sum(entry[3] for entry in entries) > area.width() - least:
            entries.pop()
        x = area.right() - sum(entry[3] for entry in entries)
        kept = area.adjusted(0, 0, x - area.right() - 8, 0)
        for kind, colour, text, width in entries:
            box = QRectF(x, area.top(), SWATCH, area.height())
            _swatch(painter, kind, QColor(colour), QColor(self._palette.disabled), box)
            painter.setPen(QColor(self._palette.muted))
            painter.drawText(
                QRectF(x + SWATCH + 5, area.top(), width, area.height()),
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
                text,
            )
            x += width
        return kept

    def _entries(self) -> list[tuple[str, str, str]]:
        """Give kind, colour and text of what is drawn, the most needed first."""
        state, c = self._state, self._palette
        if state.flux is None:
            return []
        smoothing = state.options.smoothing
        kinds = {label.kind == "absorption" for label in state.line_labels}
        error = "error, estimated" if state.noise_estimated else "error"
        known = [
            (True, "line", c.flux_smooth, f"flux, smoothed {smoothing:g} px" if smoothing > 0 else "flux"),
            (smoothing > 0, "line", c.flux_raw, "as observed"),
            (state.error is not None, "line", c.error, error),
            (state.continuum is not None, "line", c.continuum, "continuum"),
            (state.model is not None, "line", c.model, "line model"),
            (state.flux_saliency is not None, "line", c.saliency, "salient"),
            (False in kinds, "dash", c.emission, "emission"),
            (True in kinds, "dash", c.absorption, "absorption"),
            (bool(state.masked_spans), "fill", c.masked, "sky or masked"),
            (bool(state.gaps), "hatch", c.gap, "no data"),
        ]
        return [(kind, colour, text) for shown, kind, colour, text in known if shown]


def _swatch(painter: QPainter, kind: str, colour: QColor, outline: QColor, box: QRectF) -> None:
    middle = box.center().y()
    if kind in ("fill", "hatch"):
        style = Qt.BrushStyle.SolidPattern if kind == "fill" else Qt.BrushStyle.BDiagPattern
        painter.setPen(QPen(outline, 1.0))
        painter.setBrush(QBrush(colour, style))
        painter.drawRect(QRectF(box.left() + 2, middle - 5, box.width() - 4, 10))
        return
    pen = QPen(colour, 1.6)
    if kind == "dash":
        pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    painter.drawLine(QLineF(box.left(), middle, box.right(), middle))
