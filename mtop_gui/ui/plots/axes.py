"""Axes: one look for all, and the rest-frame axis on top of the flux."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSimpleTextItem

from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from mtop_gui.ui.theme import Palette

TICK_DISTANCE = 80.0
"""Least pixels between two numbers of the rest-frame axis."""


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis in the theme's writing, with plain numbers.

    `rows` is the height of a horizontal one in rows of writing: 0.8 without numbers, 1.4 with, 2.4 with a name too.
    """

    _said = _fitted = _colour = ""
    _size = 0.0
    _writing = "#888888"

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.enableAutoSIPrefix(False)
        self.setStyle(
            autoExpandTextSpace=False,
            hideOverlappingLabels=True,
            tickTextOffset=4,
            maxTickLevel=1,
            maxTextLevel=1,
        )
        # Most of what is painted anew leaves the axes as they are.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.rows = 0.8

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Give spacing and values of each level of ticks; those of pyqtgraph, found without numpy, in a third of the time."""
        if self.logMode:
            levels: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
            return levels
        low, high = sorted((minVal * self.scale, maxVal * self.scale))
        ticks: list[tuple[float, list[float]]] = []
        above: list[float] = []
        for spacing, offset in self.tickSpacing(low, high, size):
            first, last = ceil((low - offset) / spacing), floor((high - offset) / spacing)
            values = [k * spacing + offset for k in range(first, last + 1)]
            # A tick that a higher level has is drawn once.
            values = [v for v in values if all(abs(v - each) > 0.01 * spacing for each in above)]
            above += values
            ticks.append((spacing / self.scale, [value / self.scale for value in values]))
        return ticks

    def dress(self, palette: Palette, colour: str | None = None) -> None:
        """Wear a theme; `colour` is that of the writing, by default muted."""
        font = small_font()
        self._writing = colour or palette.muted
        self.setTickFont(font)
        self.setPen(pg.mkPen(palette.border))
        self.setTextPen(pg.mkPen(self._writing))
        metrics = QFontMetricsF(font)
        if self.orientation in ("left", "right"):
            self.setWidth(round(metrics.horizontalAdvance("−0.00") + 2.0 * metrics.height()))
        else:
            self.setHeight(round(self.rows * metrics.height()))
        self.say(self._said)

    def show_numbers(self, shown: bool) -> None:
        """Show or hide the numbers; asking for what is already so costs nothing."""
        if shown != self.style["showValues"]:
            self.setStyle(showValues=shown)

    def resizeEvent(self, event: Any = None) -> None:
        """Write the name that fits: without its unit where that is too long, none where there is no room."""
        metrics = QFontMetricsF(small_font())
        upright = self.orientation in ("left", "right")
        # Half a row over either end is in the gap between two panels.
        room = self.size().height() + metrics.height() if upright else self.size().width()
        names = (self._said, self._said.partition(" [")[0], "")
        name = next(name for name in names if metrics.horizontalAdvance(name) < room or not name)
        if name != self._fitted:
            self._fitted = name  # what follows may resize the axis once more
            look = {"color": self._writing, "font-size": f"{self._size:g}pt"}
            self.setLabel(name or None, **look)
        super().resizeEvent(event)  # pyqtgraph centres a name only when the axis changes its size

    def say(self, text: str) -> None:
        """Name what is measured, unit included."""
        size = small_font().pointSizeF()
        if (text, self._writing, size) == (self._said, self._colour, self._size):
            return
        self._said, self._colour, self._size = text, self._writing, size
        self._fitted = "\n"  # no name: it is written in any case
        self.resizeEvent()


def bare(plot: pg.PlotItem) -> None:
    """Let the axes that a plot does not show take no part: pyqtgraph lays out their names whenever the range changes."""
    for entry in plot.axes.values():
        if not isinstance(entry["item"], Axis):
            entry["item"].unlinkFromView()


class RestFrameAxis(Axis):
    """Wavelengths at rest: the same pixels, divided by 1 + z; its name stands to its left, to save a row."""

    def __init__(self) -> None:
        super().__init__("top")
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # it moves with every redshift step
        self.rows = 1.5
        self._stretch = float("nan")
        self._caption = QGraphicsSimpleTextItem("rest [Å]", self)
        self._unit = "Å"
        self._metrics = QFontMetricsF(small_font())
        self._caption.setVisible(False)

    def dress(self, palette: Palette, colour: str | None = None) -> None:
        """Wear a theme, and put the name back in its place."""
        super().dress(palette, colour)
        font = small_font()
        self._metrics = QFontMetricsF(font)
        self._caption.setFont(font)
        self._caption.setBrush(QColor(self._writing))
        self._place_caption()

    def set_redshift(self, redshift: float | None) -> None:
        """Move to another candidate; None shows no numbers."""
        stretch = 1.0 + redshift if redshift is not None else float("nan")
        if stretch != self._stretch:
            self._stretch = stretch
            self._caption.setVisible(redshift is not None)
            self.picture = None
            self.update()

    def show_unit(self, unit: str, factor: float) -> None:
        """Write wavelengths in another unit, Å times `factor`."""
        if unit != self._unit:
            self._unit = unit
            self._caption.setText(f"rest [{unit}]")
            self.setScale(factor)
            self._place_caption()

    def _place_caption(self) -> None:
        metrics = QFontMetricsF(small_font())
        left = -metrics.horizontalAdvance(self._caption.text()) - 8
        self._caption.setPos(left, (self.rows - 1.1) * metrics.height() / 2)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Choose round numbers at rest and give where they fall as observed, 80 pixels apart or more."""
        stretch = self._stretch / self.scale
        if not stretch > 0 or not maxVal > minVal:
            return []
        least = (maxVal - minVal) / stretch * TICK_DISTANCE / max(size, 1.0)
        power = 10.0 ** floor(log10(least))
        step = next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= least)
        first, last = ceil(minVal / stretch / step), floor(maxVal / stretch / step)
        return [(step * stretch, [k * step * stretch for k in range(first, last + 1)])]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        """Write them at rest."""
        stretch = self._stretch / self.scale
        if not stretch > 0:
            return []
        places = max(0, ceil(-log10(spacing / stretch * 1.0001)))
        return [f"{value / stretch:.{places}f}" for value in values]

    def generateDrawSpecs(self, p: QPainter) -> Any:
        """Lay out line, ticks and numbers; pyqtgraph's own way, made for all axes, takes ten times as long."""
        bounds = self.mapRectFromParent(self.geometry())
        low, high = self.range
        base, metrics = bounds.bottom(), p.fontMetrics() if self.style["tickFont"] is None else self._metrics
        scale = bounds.width() / (high - low) if high > low else 0.0
        ticks, texts = [], []
        for spacing, values in self.tickValues(low, high, bounds.width()):
            for value, text in zip(values, self.tickStrings(values, 1.0, spacing), strict=True):
                x = bounds.left() + (value - low) * scale
                ticks.append((self.pen(), pg.Point(x, base), pg.Point(x, base - 4)))
                width = metrics.horizontalAdvance(text)
                if bounds.left() <= x - width / 2 and x + width / 2 <= bounds.right():
                    place = QRectF(x - width / 2, base - 8 - metrics.height(), width, metrics.height())
                    texts.append((place, Qt.AlignmentFlag.AlignCenter, text))
        line = (self.pen(), pg.Point(bounds.left(), base), pg.Point(bounds.right(), base))
        return line, ticks, texts
