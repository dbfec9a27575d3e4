"""The flux line coloured where the network looked: the same curve again, in a few steps of one hue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from mtop_gui.ui.plots.trace import decimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.ui.theme import Palette

STEPS = (0.08, 0.2, 0.4, 0.7)
"""Saliency from which each step of colour begins."""
_NOTHING = np.empty(0)


class SalienceTint:
    """One curve for each step, filled anew when the view changes; never one item for each pixel."""

    def __init__(self, plot: pg.PlotItem, z_value: float) -> None:
        self.curves = [pg.PlotCurveItem(antialias=False) for _ in STEPS]
        for curve in self.curves:
            curve.setZValue(z_value)
            plot.addItem(curve, ignoreBounds=True)
        self._x = self._y = self._saliency = _NOTHING
        self._breaks = np.empty(0, dtype=np.int64)
        self._drawn: tuple[float, float, int] | None = None

    def set_values(
        self,
        x: FloatArray | None,
        y: FloatArray | None,
        saliency: FloatArray | None,
        gaps: Sequence[float] = (),
    ) -> None:
        """Take the flux as it is drawn, and the saliency at each of its pixels; None shows nothing."""
        if x is None or y is None or saliency is None:
            x = y = saliency = _NOTHING
        if saliency is self._saliency and y is self._y:
            return
        self._x, self._y, self._saliency = x, y, saliency
        self._breaks = np.searchsorted(x, np.asarray(gaps, dtype=np.float64)).astype(np.int64)
        self._drawn = None
        if not x.size:
            for curve in self.curves:
                curve.setData(_NOTHING, _NOTHING)

    def refresh(self, low: float, high: float, columns: int) -> None:
        """Draw the part between `low` and `high`."""
        wanted = (low, high, columns)
        if not self._x.size or wanted == self._drawn:
            return
        self._drawn = wanted
        x, y = decimate(self._x, self._y, self._breaks, low, high, columns)
        _, saliency = decimate(self._x, self._saliency, self._breaks, low, high, columns)
        if x.size > 1 and x[0] == x[1]:
            saliency = np.repeat(saliency[1::2], 2)  # the highest of each crowded column
        level = np.digitize(saliency, STEPS)
        joined = np.maximum(level[:-1], level[1:]) if level.size else level
        seen = np.isfinite(y[:-1]) & np.isfinite(y[1:])
        for step, curve in enumerate(self.curves, start=1):
            segments = seen & (joined == step)
            if segments.any():
                curve.setData(x, y, connect=np.append(segments, False).astype(np.int32))
            else:
                curve.setData(_NOTHING, _NOTHING)

    def dress(self, palette: Palette) -> None:
        """Wear a theme: from nearly the flux's colour to the saliency's."""
        base, full = QColor(palette.flux_smooth), QColor(palette.saliency)
        for step, curve in enumerate(self.curves, start=1):
            share = step / len(STEPS)
            mixed = QColor(
                round((1 - share) * base.red() + share * full.red()),
                round((1 - share) * base.green() + share * full.green()),
                round((1 - share) * base.blue() + share * full.blue()),
            )
            curve.setPen(pg.mkPen(mixed, width=1))
