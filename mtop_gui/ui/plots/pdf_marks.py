"""What is painted over the redshift PDF: its peaks, to be clicked, and the candidate, to be dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPen, QPolygonF

from mtop_gui.ui.plots.stagger import HIDDEN, stagger
from mtop_gui.ui.plots.view import Overlay, PanelView
from mtop_gui.ui.plots.writing import Writer
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from mtop_gui.core.confidence import Peak
    from mtop_gui.ui.theme import Palette

LEVELS = 2
TOP = 3.0
REACH = 5.0
"""Pixels beside a line or marker that still count as on it."""
MARKER = 4.5


class PdfMarks(Overlay):
    """Peaks as triangles with z and probability, the candidate as one line with a flag.

    Signals
    -------
    dragged(redshift) : while the candidate is pulled.
    clicked(redshift) : a peak was clicked.
    """

    dragged = Signal(float)
    clicked = Signal(float)

    def __init__(self, view: PanelView, palette: Palette) -> None:
        super().__init__(view, 20.0)
        self.palette = palette
        self.peaks: tuple[Peak, ...] = ()
        self.heights: tuple[float, ...] = ()
        self.candidate: float | None = None
        self.second: float | None = None
        self._writer = Writer(small_font())
        self._hot: str | int | None = None
        self._grip = 0.0

    def show_marks(
        self,
        peaks: tuple[Peak, ...],
        heights: tuple[float, ...],
        candidate: float | None,
        second: float | None = None,
    ) -> None:
        """Take peaks, the height of the curve at each (in y of the view), the candidate and the second one."""
        marks = (peaks, heights, candidate, second)
        if marks != (self.peaks, self.heights, self.candidate, self.second):
            self.peaks, self.heights, self.candidate, self.second = marks
            self.update()

    def dress(self, palette: Palette) -> None:
        """Wear a theme and the system's font."""
        self.palette = palette
        self._writer = Writer(small_font())
        self.update()

    @property
    def headroom(self) -> float:
        """Pixels that the rows of texts take at the top of the panel."""
        return TOP + LEVELS * self._writer.row_height + 2 * MARKER + 4

    def boxes(self) -> list[tuple[int, QRectF]]:
        """Give the texts that are shown: index of the peak and rectangle in pixels of the panel."""
        texts = [self._text(peak) for peak in self.peaks]
        placed = stagger(
            [self.to_pixel(peak.redshift) for peak in self.peaks],
            [self._writer.width(text) for text in texts],
            list(range(len(texts))),
            extent=self.boundingRect().width(),
            levels=LEVELS,
            spacing=6.0,
        )
        height = self._writer.row_height
        return [
            (index, QRectF(box.left, TOP + box.level * height, box.width, height - 1))
            for index, box in enumerate(placed)
            if box.level != HIDDEN
        ]

    def peak_at(self, point: QPointF) -> int | None:
        """Give the index of the peak under a pixel: its text, its triangle, or the column between them."""
        for index, box in self.boxes():
            if box.contains(point):
                return index
        near = [(abs(self.to_pixel(p.redshift) - point.x()), i) for i, p in enumerate(self.peaks)]
        distance, index = min(near, default=(REACH + 1, 0))
        return index if distance <= REACH else None

    def draw(self, painter: QPainter) -> None:
        """Peaks, then the candidate on top."""
        painter.setRenderHint(painter.RenderHint.Antialiasing, True)
        bounds = self.boundingRect()
        boxes = dict(self.boxes())
        for index, (peak, height) in enumerate(zip(self.peaks, self.heights, strict=True)):
            x = self.to_pixel(peak.redshift)
            if not bounds.left() <= x <= bounds.right():
                continue
            hot = index == self._hot
            colour = QColor(self.palette.text if hot else self.palette.muted)
            tip = min(max(self.to_pixel_y(height) - 2, self.headroom - 2), bounds.bottom() - 2)
            if index in boxes:
                painter.setPen(QPen(QColor(self.palette.border), 1.0))
                painter.drawLine(QLineF(x, boxes[index].bottom(), x, tip - 2 * MARKER))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.palette.text if hot else self.palette.pdf))
            painter.drawPolygon(_triangle(x, tip))
            if index in boxes:
                back = QColor(self.palette.raised if hot else self.palette.plot)
                self._writer.draw(painter, self._text(peak), boxes[index], colour, back)
        self._draw_second(painter)
        self._draw_candidate(painter)

    def _draw_second(self, painter: QPainter) -> None:
        bounds = self.boundingRect()
        if self.second is None or not bounds.left() <= (x := self.to_pixel(self.second)) <= bounds.right():
            return
        pen = QPen(QColor(self.palette.second), 1.5)
        pen.setDashPattern([2.0, 2.0])
        painter.setPen(pen)
        painter.drawLine(QLineF(x, self.headroom - 2 * MARKER - 4, x, bounds.bottom()))

    def _draw_candidate(self, painter: QPainter) -> None:
        if self.candidate is None:
            return
        bounds = self.boundingRect()
        x = self.to_pixel(self.candidate)
        accent = QColor(self.palette.accent)
        if not bounds.left() <= x <= bounds.right():
            return
        painter.setPen(QPen(accent, 2.5 if self._hot == "candidate" else 1.5))
        painter.drawLine(QLineF(x, self.headroom - 2 * MARKER - 4, x, bounds.bottom()))
        text = f"z = {self.candidate:.5f}"
        width, height = self._writer.width(text) + 4, self._writer.row_height
        if self.headroom + 2 + height > bounds.bottom():
            return  # too low a panel; the header says it too
        left = x + 6
        if left + width > bounds.right() or (
            self._hides(left, width) and not self._hides(x - 6 - width, width)
        ):
            left = x - 6 - width
        box = QRectF(left, self.headroom + 2, width, height)
        self._writer.draw(painter, text, box, QColor(self.palette.on_accent), accent)

    def _hides(self, left: float, width: float) -> bool:
        """Whether a box from `left` on would lie over the summit of a peak, or outside the panel."""
        summits = (self.to_pixel(peak.redshift) for peak in self.peaks)
        return left < self.boundingRect().left() or any(left - 2 <= x <= left + width for x in summits)

    def _text(self, peak: Peak) -> str:
        return f"{peak.redshift:.4f}  {100 * peak.probability:.0f} %"

    # -- mouse ------------------------------------------------------------------------------------------------

    def on_candidate(self, point: QPointF) -> bool:
        """Tell whether a pixel is on the candidate's line."""
        return self.candidate is not None and abs(self.to_pixel(self.candidate) - point.x()) <= REACH

    def hoverEvent(self, ev: Any) -> None:
        """Take drags of the candidate and clicks on peaks, and show that they would work."""
        hot: str | int | None = None
        if not ev.isExit():
            peak = self.peak_at(ev.pos())
            if peak is not None and ev.acceptClicks(Qt.MouseButton.LeftButton):
                hot = peak
            if self.on_candidate(ev.pos()) and ev.acceptDrags(Qt.MouseButton.LeftButton):
                hot = "candidate"
        self._heat(hot)

    def mouseClickEvent(self, ev: Any) -> None:
        """Choose a peak."""
        peak = self.peak_at(ev.pos())
        if peak is None or ev.button() != Qt.MouseButton.LeftButton or ev.double():
            ev.ignore()
            return
        ev.accept()
        self.clicked.emit(self.peaks[peak].redshift)

    def mouseDragEvent(self, ev: Any) -> None:
        """Pull the candidate along."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.ignore()
            return
        if ev.isStart():
            self._pulling = self.on_candidate(ev.buttonDownPos())
            if self._pulling and self.candidate is not None:
                self._grip = self.to_pixel(self.candidate) - ev.buttonDownPos().x()
        if not self._pulling:
            ev.ignore()
            return
        ev.accept()
        self.dragged.emit(self.to_data(ev.pos().x() + self._grip))
        if ev.isFinish():
            self._pulling = False

    _pulling = False

    def _heat(self, hot: str | int | None) -> None:
        if hot != self._hot:
            self._hot = hot
            if hot is None:
                self.unsetCursor()
            elif hot == "candidate":
                self.setCursor(Qt.CursorShape.SizeHorCursor)
            else:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.update()


def _triangle(x: float, tip: float) -> QPolygonF:
    return QPolygonF(
        [QPointF(x - MARKER, tip - 2 * MARKER), QPointF(x + MARKER, tip - 2 * MARKER), QPointF(x, tip)]
    )
