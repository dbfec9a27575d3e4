"""A curve that stays fast at any number of pixels: peaks are kept, gaps stay open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray, IntArray

_NOTHING = np.empty(0)


def decimate(
    x: FloatArray,
    y: FloatArray,
    breaks: IntArray,
    low: float,
    high: float,
    columns: int,
    *,
    mean: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Keep the lowest and highest value of each screen column between `low` and `high`, or their mean.

    Parameters
    ----------
    x : (n,) increasing.
    y : (n,) NaN where nothing may be drawn.
    breaks : indices of the NaNs that stand for gaps; they survive, however many pixels share a column.
    columns : screen columns the range covers.

    Returns
    -------
    x and y of at most about 4·`columns` points; all of them where they are few.
    """
    first = max(0, int(np.searchsorted(x, low)) - 1)
    last = min(x.size, int(np.searchsorted(x, high)) + 1)
    each = (last - first) // max(1, columns)
    if each < 3:
        return x[first:last], y[first:last]
    # Bins are counted from the first pixel of the spectrum, so that panning does not make the curve flicker.
    starts = np.arange(first - first % each, last, each)
    inside = breaks[(breaks > starts[0]) & (breaks < last - 1)]
    if inside.size:
        starts = np.union1d(starts, np.concatenate([inside, inside + 1]))
    ends = np.append(starts[1:], last)
    values = y[:last]
    middles = (x[starts] + x[ends - 1]) / 2
    if mean:
        seen = np.isfinite(values)
        count = np.add.reduceat(seen.astype(np.float64), starts)
        total = np.add.reduceat(np.where(seen, values, 0.0), starts)
        return middles, np.divide(total, count, out=np.full(starts.size, np.nan), where=count > 0)
    kept = np.empty(2 * starts.size)
    kept[0::2] = np.fmin.reduceat(values, starts)
    kept[1::2] = np.fmax.reduceat(values, starts)
    return np.repeat(middles, 2), kept


class Trace(pg.PlotCurveItem):  # type: ignore[misc]
    """One layer of a panel.

    With `mean` a crowded column shows its mean, not its extremes: right for an error, wrong for a flux with lines.
    """

    def __init__(self, *, mean: bool = False, **options: Any) -> None:
        super().__init__(connect="finite", antialias=False, **options)
        self._mean = mean
        self._x, self._y = _NOTHING, _NOTHING
        self._breaks = np.empty(0, dtype=np.int64)
        self._drawn: tuple[float, float, int] | None = None

    def set_values(self, x: FloatArray | None, y: FloatArray | None, gaps: Sequence[float] = ()) -> None:
        """Take new data; `gaps` are the x of the NaNs between bands. None empties the layer."""
        self._x, self._y = (_NOTHING, _NOTHING) if x is None or y is None else (x, y)
        self._breaks = np.searchsorted(self._x, np.asarray(gaps, dtype=np.float64)).astype(np.int64)
        self._drawn = None
        if not self._x.size:
            self.setData(_NOTHING, _NOTHING)

    def refresh(self, low: float, high: float, columns: int) -> None:
        """Draw the part between `low` and `high` on `columns` screen columns; nothing happens if that is drawn."""
        wanted = (low, high, columns)
        if self._x.size and wanted != self._drawn:
            self._drawn = wanted
            self.setData(*decimate(self._x, self._y, self._breaks, low, high, columns, mean=self._mean))

    def value_at(self, x: float) -> float:
        """Give the value of the pixel nearest to `x`; NaN outside, and where masked."""
        if not self._x.size or not self._x[0] <= x <= self._x[-1]:
            return float("nan")
        after = int(np.searchsorted(self._x, x))
        before = max(0, after - 1)
        return float(self._y[before if x - self._x[before] < self._x[after] - x else after])
