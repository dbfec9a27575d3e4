"""The redshift PDF: filled curve, scatter of the MC-dropout passes, peaks and candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtop_gui.ui.display_state import DisplayState
from mtop_gui.ui.plots.axes import Axis, bare
from mtop_gui.ui.plots.backdrop import Notice
from mtop_gui.ui.plots.pdf_marks import PdfMarks
from mtop_gui.ui.plots.trace import Trace
from mtop_gui.ui.plots.view import PanelView
from mtop_gui.ui.plots.writing import faded
from mtop_gui.ui.theme import DARK

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.ui.theme import Palette

DECADES = 5.0
"""How far below its maximum the logarithmic PDF is shown."""


class PdfPlot(QWidget):
    """p(z) over redshift, linear or logarithmic.

    Signals
    -------
    redshift_dragged(z) : the candidate's line is pulled.
    peak_clicked(z) : a peak was chosen.
    cursor_moved(z, p) : redshift and probability density under the cursor.
    """

    redshift_dragged = Signal(float)
    peak_clicked = Signal(float)
    cursor_moved = Signal(float, float)

    def __init__(self, palette: Palette = DARK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = DisplayState()
        self._density: FloatArray | None = None
        self._home_y = True
        self.graphics = pg.GraphicsLayoutWidget(self)
        self.graphics.ci.layout.setContentsMargins(4, 4, 10, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.graphics)
        self.view = PanelView()
        self.left, self.bottom = Axis("left"), Axis("bottom")
        self.plot = self.graphics.ci.addPlot(
            viewBox=self.view, axisItems={"left": self.left, "bottom": self.bottom}, enableMenu=False
        )
        self.plot.hideButtons()
        bare(self.plot)
        self.bottom.rows = 2.4
        self.left.say("p(z)")
        self.bottom.say("redshift")
        self._band = Trace()
        self._curve = Trace()
        for z_value, item in enumerate((self._band, self._curve)):
            item.setZValue(z_value)
            self.plot.addItem(item, ignoreBounds=True)
        self.marks = PdfMarks(self.view, palette)
        self.notice = Notice(self.view, palette)
        self.marks.dragged.connect(self.redshift_dragged)
        self.marks.clicked.connect(self.peak_clicked)
        self.view.reset_requested.connect(self.reset_view)
        self.view.sigXRangeChanged.connect(self._refresh)
        self.view.sigResized.connect(self._resized)
        self.view.sigRangeChangedManually.connect(self._left_home)
        self.graphics.scene().sigMouseMoved.connect(self._mouse_moved)
        self.set_palette(palette)
        self.show_state(self._state)

    # -- what others call -------------------------------------------------------------------------------------

    def show_state(self, state: DisplayState, *, keep_view: bool | None = None) -> None:
        """Draw a state; the zoom is kept while Spectrum and redshift grid stay the same, or as told by `keep_view`."""
        previous, self._state = self._state, state
        changed = (
            state.redshift_pdf is not previous.redshift_pdf
            or state.redshift_pdf_std is not previous.redshift_pdf_std
            or state.options.pdf_log != previous.options.pdf_log
        )
        if changed:
            self._show_curve(state)
        heights = tuple(self._height(peak.redshift) for peak in state.peaks)
        has_curve = state.redshift_pdf is not None
        self.marks.show_marks(
            state.peaks,
            heights,
            state.candidate if has_curve else None,
            state.second if has_curve else None,
        )
        for axis in (self.left, self.bottom):
            axis.show_numbers(has_curve)
        self.notice.show_text(state.pdf_notice)
        if keep_view is None:
            keep_view = (
                state.spectrum_id == previous.spectrum_id
                and state.redshift_grid is previous.redshift_grid
                and state.options.pdf_log == previous.options.pdf_log
            )
        if not keep_view:
            self.reset_view()
        elif changed:
            self._home_range()
            self._refresh()

    def reset_view(self) -> None:
        """Show every redshift of the bundle."""
        self._home_y = True
        grid = self._state.redshift_grid
        if grid is not None:
            low, high = float(grid[0]), float(grid[-1])
            margin = 0.01 * (high - low)
            self.view.go_home(
                (low - margin, high + margin), limits=(low - 5 * margin, high + 5 * margin), least=1e-4
            )
        self._home_range()
        self._refresh()

    def zoom_to(self, redshift: float, half_width: float) -> None:
        """Show `redshift` ± `half_width`."""
        self.view.setXRange(redshift - half_width, redshift + half_width, padding=0)

    def set_palette(self, palette: Palette) -> None:
        """Wear another theme at once."""
        self.graphics.setBackground(palette.plot)
        self._curve.setPen(pg.mkPen(palette.pdf, width=1))
        self._curve.setBrush(faded(palette.pdf, 0.45))
        self._band.setPen(pg.mkPen(None))
        self._band.setBrush(faded(palette.pdf, 0.22))
        for axis in (self.left, self.bottom):
            axis.dress(palette)
        self.marks.dress(palette)
        self.notice.palette = palette
        self.notice.update()

    # -- drawing ----------------------------------------------------------------------------------------------

    def _show_curve(self, state: DisplayState) -> None:
        grid, pdf, std = state.redshift_grid, state.redshift_pdf, state.redshift_pdf_std
        log = state.options.pdf_log
        self.left.setLogMode(x=False, y=log)
        if grid is None or pdf is None:
            self._density = None
            self._curve.set_values(None, None)
            self._band.set_values(None, None)
            return
        # Per unit redshift, so that grids with other bins can be compared.
        width = np.gradient(grid)
        self._density = density = pdf / width
        self._floor = float(density.max()) * 10.0**-DECADES
        base = float(np.log10(self._floor)) if log else 0.0
        self._curve.setFillLevel(base)
        self._band.setFillLevel(base)
        self._curve.set_values(grid, self._scaled(density))
        self._band.set_values(grid, None if std is None else self._scaled(density + std / width))

    def _scaled(self, density: FloatArray) -> FloatArray:
        if not self._state.options.pdf_log:
            return density
        return np.asarray(np.log10(np.maximum(density, self._floor)))

    def _height(self, redshift: float) -> float:
        grid = self._state.redshift_grid
        if grid is None or self._density is None:
            return 0.0
        nearest = int(np.argmin(np.abs(grid - redshift)))
        around = self._density[max(0, nearest - 1) : nearest + 2]
        return float(self._scaled(np.asarray([around.max()]))[0])

    def _home_range(self) -> None:
        if not self._home_y or self._density is None:
            return
        top = float(self._density.max())
        if self._state.options.pdf_log:
            low, high = float(np.log10(self._floor)), float(np.log10(top))
        else:
            low, high = -0.02 * top, top
        height = float(self.view.rect().height())
        strip = min(self.marks.headroom, 0.5 * height)
        self.view.setYRange(low, high + (high - low) * strip / max(height - strip, 1.0), padding=0)

    def _refresh(self, *_: Any) -> None:
        low, high = self.view.viewRange()[0]
        columns = max(1, int(self.view.rect().width()))
        self._curve.refresh(low, high, columns)
        self._band.refresh(low, high, columns)

    def _resized(self, *_: Any) -> None:
        self._home_range()
        self._refresh()

    def _left_home(self, *_: Any) -> None:
        self._home_y = False

    def _mouse_moved(self, place: Any) -> None:
        grid = self._state.redshift_grid
        if self._density is None or grid is None or not self.view.sceneBoundingRect().contains(place):
            return
        redshift = float(self.view.mapSceneToView(place).x())
        self.cursor_moved.emit(redshift, float(np.interp(redshift, grid, self._density, left=0.0, right=0.0)))
