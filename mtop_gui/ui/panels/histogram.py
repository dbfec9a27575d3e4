"""How the entropies are spread, with the threshold to drag; and the entropy-skewness plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.ui.theme import Palette

BINS = 48
MOST_POINTS = 20_000
"""The plane shows at most this many spectra, evenly taken."""


class EntropyPlot(pg.PlotWidget):  # type: ignore[misc]
    """Entropy histogram, or entropy against skewness; the threshold is a line that can be dragged in both."""

    threshold_dragged = Signal(float)

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._palette = palette
        self._entropy: FloatArray = np.empty(0)
        self._skewness: FloatArray = np.empty(0)
        self._threshold = 0.0
        self._highest = 0.0
        self._top = -1.0
        self._binned: tuple[Any, Any] | None = None
        self._shown: tuple[tuple[float, float], tuple[float, float]] | None = None
        self.plane = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            item.getAxis(side).enableAutoSIPrefix(False)
        self._calm = pg.BarGraphItem(x0=[0.0], x1=[1.0], height=[0.0])
        self._doubtful = pg.BarGraphItem(x0=[0.0], x1=[1.0], height=[0.0])
        self._points = tuple(pg.ScatterPlotItem(size=4, pen=None, pxMode=True) for _ in range(2))
        self.line = pg.InfiniteLine(angle=90, movable=True, label="{value:.2f}")
        self.line.label.setPosition(0.9)
        self._empty = pg.TextItem("No predictions yet.\nCtrl+R runs the network.", anchor=(0.5, 0.5))
        self.addItem(self._empty, ignoreBounds=True)
        self.line.label.setMovable(False)
        self.line.sigDragged.connect(lambda line: self.threshold_dragged.emit(float(line.value())))
        for part in (self._calm, self._doubtful, *self._points, self.line):
            self.addItem(part)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.setBackground(palette.plot)
        item = self.getPlotItem()
        font = small_font()
        row = QFontMetricsF(font).height()
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setStyle(tickFont=font, tickTextOffset=4)
            axis.setPen(palette.border)
            axis.setTextPen(palette.muted)
        item.getAxis("left").setWidth(round(3.1 * row))
        item.getAxis("bottom").setHeight(round(2.6 * row))
        for text in (self._empty, self.line.label):
            text.setFont(QApplication.font())
        self._calm.setOpts(brush=palette.line_probability, pen=pg.mkPen(palette.plot, width=1))
        self._doubtful.setOpts(brush=palette.warning, pen=pg.mkPen(palette.plot, width=1))
        self._empty.setColor(palette.muted)
        self.line.setPen(pg.mkPen(palette.text, width=1.5))
        self.line.setHoverPen(pg.mkPen(palette.accent, width=3))
        self.line.label.setColor(palette.text)
        self.line.label.fill = pg.mkBrush(palette.plot)
        self._label_axes()
        self._draw()

    def show_plane(self, plane: bool) -> None:
        """Show entropy against skewness instead of the histogram."""
        self.plane = plane
        self._label_axes()
        self._draw()

    def set_values(self, entropy: FloatArray, skewness: FloatArray) -> None:
        """Show these entropies and skewnesses; NaN is left out.

        Parameters
        ----------
        entropy, skewness : (n,) of all listed spectra.
        """
        known = np.isfinite(entropy)
        self._entropy, self._skewness = entropy[known], skewness[known]
        self._highest = float(self._entropy.max(initial=0.0))
        self._binned = None
        self._draw()

    def set_threshold(self, threshold: float) -> None:
        """Move the line without saying so."""
        self._threshold = threshold
        if self.line.value() != threshold:
            self._set_top()
            self.line.setValue(threshold)
        self._draw()

    def _label_axes(self) -> None:
        """Name the axes; not at every step of the threshold: pyqtgraph draws a named axis anew."""
        item, size = self.getPlotItem(), f"{small_font().pointSizeF():g}pt"
        look = {"color": self._palette.muted, "font-size": size}
        item.setLabel("bottom", "entropy of the redshift PDF", **look)
        item.setLabel("left", "skewness" if self.plane else "spectra", **look)

    def _draw(self) -> None:
        top = self._set_top()
        for part in (self._calm, self._doubtful):
            part.setVisible(not self.plane)
        self._empty.setVisible(self._entropy.size == 0)
        self._empty.setPos(top * 0.75, 2.5)
        for points in self._points:
            points.setVisible(self.plane)
        if self.plane:
            self._draw_plane(top)
        else:
            self._draw_histogram(top)

    def _set_top(self) -> float:
        """Give the right end of the entropy axis, and keep the line within."""
        top = max(4.0, self._threshold * 1.15, self._highest * 1.05)
        if top != self._top:
            self._top = top
            self.line.setBounds((0.0, top))
            self._binned = None
        return top

    def _draw_histogram(self, top: float) -> None:
        if self._binned is None:
            self._binned = np.histogram(self._entropy, bins=BINS, range=(0.0, top))
        counts, edges = self._binned
        # The bin that the threshold cuts is drawn in two parts, so that the colours change where the line is.
        left, right = edges[:-1], edges[1:]
        calm, doubtful = left < self._threshold, right > self._threshold
        self._calm.setOpts(
            x0=left[calm], x1=np.minimum(right[calm], self._threshold), height=counts[calm].astype(float)
        )
        self._doubtful.setOpts(
            x0=np.maximum(left[doubtful], self._threshold),
            x1=right[doubtful],
            height=counts[doubtful].astype(float),
        )
        self._show_range((0, top), (0, max(4.6, float(counts.max()) * 1.15)))

    def _draw_plane(self, top: float) -> None:
        step = max(1, self._entropy.size // MOST_POINTS)
        entropy, skewness = self._entropy[::step], self._skewness[::step]
        doubtful = entropy >= self._threshold
        colours = (self._palette.line_probability, self._palette.warning)
        for points, colour, chosen in zip(self._points, colours, (~doubtful, doubtful), strict=True):
            points.setData(x=entropy[chosen], y=skewness[chosen], brush=pg.mkBrush(colour))
        highest = float(skewness.max(initial=1.0)) * 1.1
        self._show_range((0, top), (min(0.0, float(skewness.min(initial=0.0))), highest))

    def _show_range(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        if (across, up) != self._shown:
            self._shown = (across, up)
            self.setRange(xRange=across, yRange=up, padding=0)
