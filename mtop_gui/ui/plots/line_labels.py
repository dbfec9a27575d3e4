"""The spectral lines at the candidate redshift: dashed stems and staggered names, one item for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPen

from mtop_gui.ui.plots.stagger import HIDDEN, Box, stagger
from mtop_gui.ui.plots.view import Overlay, PanelView
from mtop_gui.ui.plots.writing import Writer, faded
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from mtop_gui.ui.display import LineLabel
    from mtop_gui.ui.theme import Palette

MOST_LEVELS = 5
TOP = 3.0
"""Pixels above the first row of names."""


class LineLabels(Overlay):
    """Lines of one panel; in the flux panel with names that can be dragged along the wavelength.

    Signals
    -------
    dragged(redshift) : while a name is pulled, the redshift that puts its line under the cursor.
    """

    dragged = Signal(float)

    def __init__(self, view: PanelView, palette: Palette, *, named: bool) -> None:
        super().__init__(view, 20.0)
        self.palette = palette
        self.named = named
        self.labels: tuple[LineLabel, ...] = ()
        self._writer = Writer(small_font())
        self._boxes: list[Box] | None = None
        self._hot: str | None = None
        self._grip = 0.0

    def show_labels(self, labels: tuple[LineLabel, ...]) -> None:
        """Take the lines of a new candidate."""
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
        height = self._writer.row_height
        return [
            (label, QRectF(box.left, TOP + box.level * height, box.width, height - 1))
            for label, box in zip(self.labels, self._boxes, strict=True)
            if box.level != HIDDEN
        ]

    def draw(self, painter: QPainter) -> None:
        """Stems first, so that no stem runs through a name."""
        boxes = self.boxes()
        tops = {label.name: box.bottom() for label, box in boxes}
        bounds = self.boundingRect()
        stems: dict[tuple[str, bool], list[QLineF]] = {}
        for label, place in zip(self.labels, self._places(), strict=True):
            x = round(place) + 0.5
            if bounds.left() <= x <= bounds.right():
                top = tops.get(label.name, 0.0 if not self.named else self.headroom)
                strong = label.name in tops or not self.named
                key = (self._colour(label), strong)
                stems.setdefault(key, []).append(QLineF(x, top, x, bounds.bottom()))
        for (colour, strong), drawn in stems.items():
            painter.setPen(_dashed(faded(colour, 0.62 if strong else 0.28)))
            painter.drawLines(drawn)
        self._draw_names(painter, boxes)

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
        return self.palette.absorption if label.kind == "absorption" else self.palette.emission

    def _levels(self) -> int:
        room = 0.32 * float(self.view.rect().height())
        return max(1, min(MOST_LEVELS, int(room // self._writer.row_height)))

    def _moved(self, *_: Any) -> None:
        self._boxes = None
        super()._moved()

    def _resized(self, *_: Any) -> None:
        self._boxes = None
        super()._resized()

    # -- dragging ---------------------------------------------------------------------------------------------

    def label_at(self, point: QPointF) -> LineLabel | None:
        """Give the line whose name lies under a pixel of the panel."""
        for label, box in self.boxes():
            if box.contains(point):
                return label
        return None

    def hoverEvent(self, ev: Any) -> None:
        """Take drags that begin on a name, and show that they would work."""
        under = None if ev.isExit() else self.label_at(ev.pos())
        if under is not None:
            ev.acceptDrags(Qt.MouseButton.LeftButton)
        self._heat(under.name if under is not None else None)

    def mouseDragEvent(self, ev: Any) -> None:
        """Pull a line to another wavelength: z = λ / λ_rest - 1."""
        if ev.button() != Qt.MouseButton.LeftButton:
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


def _dashed(colour: QColor) -> QPen:
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    pen.setDashPattern([4.0, 4.0])
    return pen
