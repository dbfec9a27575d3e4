"""How a panel is panned and zoomed, and items that are drawn in its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter


class PanelView(pg.ViewBox):  # type: ignore[misc]
    """A ViewBox with the habits of a spectrum viewer.

    Wheel: zoom along x at the cursor (with Ctrl: along y). Left drag: pan along x. Right or middle drag:
    zoom into a box. Double click: `reset_requested`.
    """

    reset_requested = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.disableAutoRange()
        self.setDefaultPadding(0.0)
        self._limits: tuple[tuple[float, float], float] | None = None
        # pyqtgraph moves the curves only while it paints, and then has to paint everything again.
        self.sigRangeChanged.connect(self._move_now)

    def go_home(self, shown: tuple[float, float], *, limits: tuple[float, float], least: float) -> None:
        """Show an interval of x, from where one may pan to `limits` and zoom down to `least`."""
        if (limits, least) != self._limits:
            self._limits = (limits, least)
            self.setLimits(xMin=None, xMax=None, minXRange=None)
            self.setXRange(*shown, padding=0)
            self.setLimits(xMin=limits[0], xMax=limits[1], minXRange=least)
        elif self.viewRange()[0] != list(shown):
            self.setXRange(*shown, padding=0)

    def _move_now(self, *_: Any) -> None:
        self.updateMatrix()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """Zoom one axis at a time: both at once loses the baseline."""
        if axis is None:
            axis = 1 if ev.modifiers() & Qt.KeyboardModifier.ControlModifier else 0
        super().wheelEvent(ev, axis)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Pan with the left button, zoom into a box with the others."""
        if ev.button() == Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, 0 if axis is None else axis)
            return
        if axis is not None:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if not ev.isFinish():
            self.updateScaleBox(ev.buttonDownPos(), ev.pos())
            return
        self.rbScaleBox.hide()
        box = QRectF(ev.buttonDownPos(ev.button()), ev.pos()).normalized()
        if box.width() < 4 or box.height() < 4:
            return
        self.showAxRect(self.childGroup.mapRectFromParent(box))

    def mouseClickEvent(self, ev: Any) -> None:
        """Ask for the whole spectrum on a double click."""
        if ev.double() and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.reset_requested.emit()


class Overlay(pg.GraphicsObject):  # type: ignore[misc]
    """Something painted in the pixels of a PanelView, clipped to it, and again whenever its range changes."""

    def __init__(self, view: PanelView, z_value: float) -> None:
        super().__init__()
        self.view = view
        self.setParentItem(view)
        self.setZValue(z_value)
        view.sigRangeChanged.connect(self._moved)
        view.sigResized.connect(self._resized)

    def boundingRect(self) -> QRectF:
        """Cover the panel."""
        return QRectF(self.view.rect())

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Clip, then let the subclass draw."""
        painter.setClipRect(self.boundingRect())
        self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        """Draw in pixels of the panel."""
        raise NotImplementedError

    def to_pixel(self, x: float) -> float:
        """Turn an x of the data into a pixel."""
        low, high = self.view.viewRange()[0]
        return (x - low) / (high - low) * float(self.view.rect().width())

    def to_pixel_y(self, y: float) -> float:
        """Turn a y of the data into a pixel from the top."""
        low, high = self.view.viewRange()[1]
        return (high - y) / (high - low) * float(self.view.rect().height())

    def to_data(self, pixel: float) -> float:
        """Turn a pixel into an x of the data."""
        low, high = self.view.viewRange()[0]
        return low + pixel / float(self.view.rect().width()) * (high - low)

    def _moved(self, *_: Any) -> None:
        self.update()

    def _resized(self, *_: Any) -> None:
        self.prepareGeometryChange()
        self.update()
