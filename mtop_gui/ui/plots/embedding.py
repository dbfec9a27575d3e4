"""The embedding as a cloud of points: one for each spectrum, coloured by a column; a lasso around some selects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.ui.theme import Palette

SHADES = 16
"""Colours of a scale: as many clouds of one colour each are drawn ten times faster than points of any colour."""
PERCENTILES = (2.0, 98.0)
"""Between which percentiles the scale runs: one wild value must not make all others look alike."""
CLICK = 14.0
"""Pixels within which a click means a point."""


def inside(points: FloatArray, polygon: FloatArray) -> BoolArray:
    """(n,) which points lie inside a closed polygon, by the even-odd rule.

    Parameters
    ----------
    points : (n, 2); NaN is outside.
    polygon : (m, 2) corners in order; the last is joined to the first.
    """
    x, y = points[:, 0], points[:, 1]
    within = np.zeros(len(points), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        within ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within


def shade_of(values: FloatArray) -> tuple[np.ndarray, float, float]:
    """Sort values into SHADES colours.

    Returns
    -------
    (n,) shade from 0 to SHADES - 1, -1 for NaN; and the values at which the scale begins and ends.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(values.shape, -1), float("nan"), float("nan")
    low, high = (float(v) for v in np.percentile(values[known], PERCENTILES))
    if high <= low:
        low, high = float(values[known].min()), float(values[known].max())
    span = high - low or 1.0
    scaled = np.clip((np.where(known, values, low) - low) / span, 0, 1)
    shades = np.minimum((scaled * SHADES).astype(int), SHADES - 1)
    return np.where(known, shades, -1), low, high


class LassoView(pg.ViewBox):  # type: ignore[misc]
    """Left drag: lasso. Right or middle drag: pan. Wheel: zoom. Double click: all again."""

    drawn = Signal(object, bool)
    """The lasso so far, (m, 2) in data coordinates, and whether it is finished."""
    picked = Signal(QPointF)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, lockAspect=False)
        self._corners: list[tuple[float, float]] = []

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Draw the lasso, or pan."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.accept()
            if not ev.isFinish():
                move = self.mapToView(ev.lastPos()) - self.mapToView(ev.pos())
                self.translateBy(x=move.x(), y=move.y())
            return
        ev.accept()
        if ev.isStart():
            start = self.mapToView(ev.buttonDownPos())
            self._corners = [(start.x(), start.y())]
        here = self.mapToView(ev.pos())
        self._corners.append((here.x(), here.y()))
        self.drawn.emit(np.array(self._corners), ev.isFinish())

    def mouseClickEvent(self, ev: Any) -> None:
        """Choose the point clicked on; a double click shows all again."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            if ev.double():
                self.autoRange(padding=0.06)
            else:
                self.picked.emit(self.mapToView(ev.pos()))


class EmbeddingPlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws points, their colours, what is kept, and where the selected spectrum is.

    Signals
    -------
    enclosed(mask) : (n,) the points a lasso was drawn around.
    clicked(row) : a point was clicked on.
    """

    enclosed = Signal(object)
    clicked = Signal(int)

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        self.view = LassoView()
        super().__init__(parent, viewBox=self.view, enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hideButtons()
        self._points: FloatArray = np.empty((0, 2))
        self._shades = np.empty(0, dtype=int)
        self._kept: BoolArray | None = None
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            item.hideAxis(side)
        self._clouds = [pg.ScatterPlotItem(size=6, pen=None, pxMode=True) for _ in range(SHADES + 1)]
        self._ring = pg.ScatterPlotItem(size=17, brush=None, pxMode=True)
        self._lasso = pg.PlotDataItem()
        for part in (*self._clouds, self._lasso, self._ring):
            self.addItem(part)
        self._notice = pg.TextItem("", anchor=(0.5, 0.5))
        self._notice.setParentItem(self.view)
        self.view.drawn.connect(self._lasso_drawn)
        self.view.picked.connect(self._pick)
        self.view.sigResized.connect(lambda _: self._place_notice())
        self.set_palette(palette)

    @property
    def brushes(self) -> list[Any]:
        """Colours of the scale, from low to high; the last one is that of points without a value."""
        scale = pg.colormap.get("viridis")
        ends = (0.2, 1.0) if self._palette.is_dark else (0.0, 0.86)
        colours = [scale.map(ends[0] + (ends[1] - ends[0]) * k / (SHADES - 1)) for k in range(SHADES)]
        return [pg.mkColor(*(int(c) for c in colour)) for colour in colours] + [
            pg.mkColor(self._palette.disabled)
        ]

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.setBackground(palette.plot)
        self._ring.setPen(pg.mkPen(palette.accent, width=2.5))
        self._lasso.setPen(pg.mkPen(palette.accent, width=1.5, style=Qt.PenStyle.DashLine))
        self._notice.setColor(palette.muted)
        self._notice.setFont(small_font())
        self._draw()

    def say(self, text: str) -> None:
        """Show a sentence instead of points; "" for none."""
        self._notice.setText(text)
        self._notice.setVisible(bool(text))
        self._place_notice()

    def set_points(self, points: FloatArray) -> None:
        """Show these points, all of them."""
        self._points = points
        self._shades = np.full(len(points), -1)
        self._kept = None
        self._lasso.clear()
        self._ring.clear()
        self._draw()
        known = points[np.isfinite(points).all(axis=1)]
        if len(known):
            low, high = known.min(axis=0), known.max(axis=0)
            margin = 0.06 * np.maximum(high - low, 1e-6)
            self.view.setRange(
                xRange=(low[0] - margin[0], high[0] + margin[0]),
                yRange=(low[1] - margin[1], high[1] + margin[1]),
                padding=0,
            )

    def colour_by(self, values: FloatArray) -> tuple[float, float]:
        """Colour the points by values (n,); gives where the scale begins and ends."""
        self._shades, low, high = shade_of(values)
        self._draw()
        return low, high

    def keep(self, mask: BoolArray | None) -> None:
        """Fade all points but these; None fades none."""
        self._kept = mask
        if mask is None:
            self._lasso.clear()
        self._draw()

    def ring(self, row: int | None) -> None:
        """Mark a point: it is the selected spectrum."""
        if row is None or not np.isfinite(self._points[row]).all():
            self._ring.clear()
        else:
            self._ring.setData(pos=self._points[row : row + 1])

    def _draw(self) -> None:
        known = np.isfinite(self._points).all(axis=1) if len(self._points) else np.zeros(0, dtype=bool)
        kept = known if self._kept is None else known & self._kept
        for shade, (cloud, colour) in enumerate(zip(self._clouds, self.brushes, strict=True)):
            wanted = kept & (self._shades == (shade if shade < SHADES else -1))
            if shade == SHADES:
                wanted |= known & ~kept
            cloud.setData(pos=self._points[wanted], brush=pg.mkBrush(colour))

    def _lasso_drawn(self, corners: FloatArray, finished: bool) -> None:
        closed = np.vstack([corners, corners[:1]])
        self._lasso.setData(closed[:, 0], closed[:, 1])
        if finished:
            mask = inside(self._points, corners) if len(self._points) else np.zeros(0, dtype=bool)
            if not mask.any():
                self._lasso.clear()
            self.enclosed.emit(mask)

    def _pick(self, place: QPointF) -> None:
        if not len(self._points):
            return
        size = self.view.viewPixelSize()
        offset = (self._points - (place.x(), place.y())) / size
        distance = np.hypot(offset[:, 0], offset[:, 1])
        near = np.nan_to_num(distance, nan=np.inf)
        if near.min() <= CLICK:
            self.clicked.emit(int(near.argmin()))

    def _place_notice(self) -> None:
        self._notice.setPos(self.view.width() / 2, self.view.height() / 2)
