"""The spectral lines at the candidate redshift: dashed stems and staggered names, one item for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from mtop_gui.ui.plots.stagger import HIDDEN, Box, stagger
from mtop_gui.ui.plots.view import Overlay, PanelView
from mtop_gui.ui.plots.writing import Writer, faded
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from mtop_gui.ui.display_state import LineLabel
    from mtop_gui.ui.theme import Palette

MOST_LEVELS = 5
DASH = 8
"""Pixels from one dash to the next."""
SECOND_LEVELS = 2
TOP = 3.0
"""Pixels above the first row of names."""
REACH = 3.0
"""Pixels beside a stem that still count as on it, where there are no names to take hold of."""


class LineLabels(Overlay):
    """Lines of one panel, to be dragged along the wavelength: by their names, or by their stems where no names are.

    Parameters
    ----------
    named : with names; staggered at the top, those of the second candidate at the bottom.
    second : the lines of the second candidate, in its colour; they stay where they are.

    Signals
    -------
    dragged(redshift) : while a name is pulled, the redshift that puts its line under the cursor.
    """

    dragged = Signal(float)

    def __init__(self, view: PanelView, palette: Palette, *, named: bool, second: bool = False) -> None:
        super().__init__(view, 19.0 if second else 20.0)
        self.palette = palette
        self.named = named
        self.second = second
        self.labels: tuple[LineLabel, ...] = ()
        self._writer = Writer(small_font())
        self._boxes: list[Box] | None = None
        self._columns: dict[tuple[str, float, int], QPixmap] = {}
        self._hot: str | None = None
        self._grip = 0.0

    def show_labels(self, labels: tuple[LineLabel, ...]) -> None:
        """Take the lines of a new candidate."""
        if labels == self.labels:
            return
        self.labels = labels
        self._boxes = None
        self.update()

    def dress(self, palette: Palette) -> None:
        """Wear a theme and the system's font."""
        self.palette = palette
        self._writer = Writer(small_font())
        self._boxes = None
        self.update()

    @property
    def headroom(self) -> float:
        """Pixels that the rows of names take at the top of the panel."""
        return TOP + self._levels() * self._writer.row_height + 4

    def boxes(self) -> list[tuple[LineLabel, QRectF]]:
        """Give the names that are shown, each with its rectangle in pixels of the panel."""
        if not self.named:
            return []
        if self._boxes is None:
            self._boxes = stagger(
                self._places(),
                [self._writer.width(label.name) for label in self.labels],
                [label.rank for label in self.labels],
                extent=self.boundingRect().width(),
                levels=self._levels(),
            )
        height, bottom = self._writer.row_height, self.boundingRect().height()
        tops = [
            bottom - (level + 1) * height if self.second else TOP + level * height
            for level in range(MOST_LEVELS)
        ]
        return [
            (label, QRectF(box.left, tops[box.level], box.width, height - 1))
            for label, box in zip(self.labels, self._boxes, strict=True)
            if box.level != HIDDEN
        ]

    def draw(self, painter: QPainter) -> None:
        """Stems first, so that no stem runs through a name."""
        if not self.labels:
            return
        boxes = self.boxes()
        ends = {label.name: box.top() if self.second else box.bottom() for label, box in boxes}
        bounds = self.boundingRect()
        left, right, bottom = bounds.left(), bounds.right(), bounds.bottom()
        top = self.headroom if self.named and not self.second else 0.0
        dashes: dict[tuple[str, bool], QPixmap] = {}
        for label, place in zip(self.labels, self._places(), strict=True):
            if left <= place <= right:
                end = ends.get(label.name)
                kind = (self._colour(label), self.named and end is None)
                if kind not in dashes:
                    dashes[kind] = self._dashes(kind[0], 0.28 if kind[1] else 0.62)
                start, stop = (top, end or bottom) if self.second else (end or top, bottom)
                source = QRectF(0.0, start % DASH, 1.0, stop - start)
                painter.drawPixmap(QPointF(round(place), start), dashes[kind], source)
        self._draw_names(painter, boxes)

    def _dashes(self, colour: str, opacity: float) -> QPixmap:
        """Give a dashed line as a picture one pixel wide: copying it is five times faster than a dashed pen."""
        length = 512 * (1 + int(self.boundingRect().height() + DASH) // 512)
        key = (colour, opacity, length)
        if key not in self._columns:
            pixmap = QPixmap(1, length)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            on = 2 if self.second else DASH // 2
            for first in range(0, length, 2 * on):
                painter.fillRect(0, first, 1, on, faded(colour, opacity))
            painter.end()
            self._columns[key] = pixmap
        return self._columns[key]

    def _draw_names(self, painter: QPainter, boxes: list[tuple[LineLabel, QRectF]]) -> None:
        behind = faded(self.palette.plot, 0.86)
        for label, box in boxes:
            if label.name != self._hot:
                self._writer.draw(painter, label.name, box, QColor(self._colour(label)), behind)
        for label, box in boxes:
            if label.name == self._hot:
                x = round(self.to_pixel(label.observed_wavelength)) + 0.5
                painter.setPen(QPen(QColor(self.palette.accent), 1.0))
                painter.drawLine(QLineF(x, box.bottom(), x, self.boundingRect().bottom()))
                self._writer.draw(
                    painter, label.name, box, QColor(self.palette.on_accent), QColor(self.palette.accent)
                )

    def _places(self) -> list[float]:
        """Give the pixel of each line."""
        low, high = self.view.viewRange()[0]
        scale = self.boundingRect().width() / (high - low)
        return [(label.observed_wavelength - low) * scale for label in self.labels]

    def _colour(self, label: LineLabel) -> str:
        if self.second:
            return self.palette.second
        return self.palette.absorption if label.kind == "absorption" else self.palette.emission

    def _levels(self) -> int:
        room = (0.12 if self.second else 0.32) * float(self.view.rect().height())
        return max(
            1, min(SECOND_LEVELS if self.second else MOST_LEVELS, int(room // self._writer.row_height))
        )

    def _moved(self, *_: Any) -> None:
        self._boxes = None
        super()._moved()

    def _resized(self, *_: Any) -> None:
        self._boxes = None
        super()._resized()

    # -- dragging ---------------------------------------------------------------------------------------------

    def label_at(self, point: QPointF) -> LineLabel | None:
        """Give the line whose name lies under a pixel of the panel, or whose stem, where there are no names."""
        if not self.named:
            near = [(abs(place - point.x()), k) for k, place in enumerate(self._places())]
            distance, k = min(near, default=(REACH + 1.0, 0))
            return self.labels[k] if distance <= REACH else None
        for label, box in self.boxes():
            if box.contains(point):
                return label
        return None

    def hoverEvent(self, ev: Any) -> None:
        """Take drags that begin on a name, and show that they would work."""
        under = None if ev.isExit() or self.second else self.label_at(ev.pos())
        if under is not None:
            ev.acceptDrags(Qt.MouseButton.LeftButton)
        self._heat(under.name if under is not None else None)

    def mouseDragEvent(self, ev: Any) -> None:
        """Pull a line to another wavelength: z = λ / λ_rest - 1."""
        if ev.button() != Qt.MouseButton.LeftButton or self.second:
            ev.ignore()
            return
        if ev.isStart():
            pulled = self.label_at(ev.buttonDownPos())
            self._pulled = pulled
            if pulled is not None:
                self._grip = self.to_pixel(pulled.observed_wavelength) - ev.buttonDownPos().x()
        if self._pulled is None:
            ev.ignore()
            return
        ev.accept()
        redshift = self.to_data(ev.pos().x() + self._grip) / self._pulled.rest_wavelength - 1.0
        if redshift > -1.0:
            self.dragged.emit(redshift)
        self._heat(None if ev.isFinish() else self._pulled.name)
        if ev.isFinish():
            self._pulled = None

    _pulled: LineLabel | None = None

    def _heat(self, name: str | None) -> None:
        if name != self._hot:
            self._hot = name
            if name is None:
                self.unsetCursor()
            else:
                self.setCursor(Qt.CursorShape.SizeHorCursor)
            self.update()
