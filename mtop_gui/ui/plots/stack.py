"""The linked stack: flux, line probability and saliency over one wavelength axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtop_gui.ui.display_state import DisplayState
from mtop_gui.ui.display_units import WAVELENGTH_UNITS
from mtop_gui.ui.plots.axes import Axis, RestFrameAxis, bare
from mtop_gui.ui.plots.backdrop import Backdrop, Notice
from mtop_gui.ui.plots.header import Header
from mtop_gui.ui.plots.line_labels import LineLabels
from mtop_gui.ui.plots.salience_tint import SalienceTint
from mtop_gui.ui.plots.trace import Trace
from mtop_gui.ui.plots.view import PanelView
from mtop_gui.ui.plots.writing import faded
from mtop_gui.ui.theme import DARK, small_font

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QResizeEvent

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.ui.theme import Palette

HEIGHTS = {"flux": 6, "line": 1, "saliency": 1}
THIN = 0.12
"""Height of a thin panel, as a share of the stack's."""
PROBABILITY_TOPS = (0.1, 0.2, 0.5, 1.0)
"""Upper ends the axis of the line probability may have: the smallest that holds the curve."""


class Panel:
    """One row of the stack: its view, its left axis, and everything painted in it."""

    def __init__(self, layout: pg.GraphicsLayout, row: int, name: str, palette: Palette) -> None:
        self.view = PanelView()
        self.left = Axis("left")
        self.bottom = Axis("bottom")
        items = {"left": self.left, "bottom": self.bottom}
        if name == "flux":
            self.top = RestFrameAxis()
            items["top"] = self.top
        self.plot = layout.addPlot(row=row, col=0, viewBox=self.view, axisItems=items, enableMenu=False)
        self.plot.hideButtons()
        self.plot.showAxis("right", False)
        bare(self.plot)
        self._reach = 0.0
        self.backdrop = Backdrop(self.view, palette)
        self.labels = LineLabels(self.view, palette, named=name == "flux")
        self.second = LineLabels(self.view, palette, named=name == "flux", second=True)
        self.notice = Notice(self.view, palette)
        layout.layout.setRowStretchFactor(row, HEIGHTS[name])

    def add(self, z_value: float, *, mean: bool = False) -> Trace:
        """Add a layer."""
        trace = Trace(mean=mean)
        trace.setZValue(z_value)
        self.plot.addItem(trace, ignoreBounds=True)
        return trace

    def reach(self, top: float) -> None:
        """Let the vertical axis go from 0 to a little above `top`, both written."""
        if top == self._reach:
            return
        self._reach = top
        self.view.setYRange(0.0, 1.15 * top, padding=0)
        self.left.setTicks([[(0.0, "0"), (top / 2, ""), (top, f"{top:g}")]])

    def say(self, notice: str) -> None:
        """Show a sentence instead of the lines; "" shows the lines."""
        self.notice.show_text(notice)
        self.labels.setVisible(not notice)
        self.second.setVisible(not notice)

    def dress(self, palette: Palette) -> None:
        """Wear a theme."""
        for item in (self.backdrop, self.notice):
            item.palette = palette
            item.update()
        self.labels.dress(palette)
        self.second.dress(palette)
        for axis in (self.left, self.bottom):
            axis.dress(palette)


class SpectrumStack(QWidget):
    """Flux (tall), line probability and saliency (thin), wavelength shared; rest-frame axis on top.

    Signals
    -------
    redshift_dragged(z) : a line's name is pulled along the wavelength.
    peak_clicked(z) : never from here; for symmetry with `PdfPlot`.
    cursor_moved(wavelength, flux) : Å, and the flux drawn there (NaN where there is none); both NaN outside the panels.
    """

    redshift_dragged = Signal(float)
    peak_clicked = Signal(float)
    cursor_moved = Signal(float, float)

    def __init__(self, palette: Palette = DARK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = DisplayState()
        self._home_y = True
        self.header = Header(palette, self)
        self.graphics = pg.GraphicsLayoutWidget(self)
        self.graphics.ci.layout.setContentsMargins(4, 0, 10, 4)
        self.graphics.ci.layout.setVerticalSpacing(4)
        self.panels = {name: Panel(self.graphics.ci, row, name, palette) for row, name in enumerate(HEIGHTS)}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.graphics, 1)
        flux = self.flux = self.panels["flux"]
        self._layers = {
            "flux": flux.add(1),
            "flux_smooth": flux.add(2),
            "error": flux.add(3, mean=True),
            "continuum": flux.add(4),
            "model": flux.add(5),
            "line_probability": self.panels["line"].add(4),
            "saliency": self.panels["saliency"].add(4),
        }
        self._tint = SalienceTint(flux.plot, 2.5)
        self._zero = pg.InfiniteLine(0.0, angle=0)
        flux.plot.addItem(self._zero, ignoreBounds=True)
        self._link()
        self.set_palette(palette)
        self.show_state(self._state)

    def _link(self) -> None:
        flux = self.flux
        for name, panel in self.panels.items():
            panel.view.reset_requested.connect(self.reset_view)
            if name != "flux":
                panel.view.setXLink(flux.view)
                panel.view.setMouseEnabled(x=True, y=False)
                panel.left.setStyle(hideOverlappingLabels=False)
                panel.reach(1.0)
        self.panels["line"].left.say("P(line)")
        self.panels["saliency"].left.say("saliency")
        for name in ("flux", "line"):
            self.panels[name].bottom.show_numbers(False)
        self.panels["saliency"].bottom.rows = 2.4
        for panel in self.panels.values():
            panel.labels.dragged.connect(self.redshift_dragged)
        flux.view.sigXRangeChanged.connect(self._refresh)
        flux.view.sigResized.connect(self._resized)
        flux.view.sigRangeChangedManually.connect(self._left_home)
        self.graphics.scene().sigMouseMoved.connect(self._mouse_moved)

    # -- what others call -------------------------------------------------------------------------------------

    def show_state(self, state: DisplayState, *, keep_view: bool | None = None) -> None:
        """Draw a state; the zoom is kept while the Spectrum stays the same, or as told by `keep_view`."""
        previous, self._state = self._state, state
        self._show_layers(previous, state)
        if state.masked_spans != previous.masked_spans or state.gaps != previous.gaps:
            for panel in self.panels.values():
                panel.backdrop.show_state(state)
        for panel in self.panels.values():
            panel.labels.show_labels(state.line_labels)
            panel.second.show_labels(state.second_labels)
        self._show_unit(state.options.wavelength_unit)
        self.flux.top.set_redshift(state.candidate)
        self.flux.left.say(state.flux_label)
        for panel in self.panels.values():
            panel.left.show_numbers(state.flux is not None)
        self.panels["saliency"].bottom.show_numbers(state.flux is not None)
        self.flux.say(state.flux_notice)
        self.panels["line"].say(state.line_notice)
        self.panels["saliency"].say(state.saliency_notice)
        self.header.show_state(state)
        if keep_view is None:
            same = state.spectrum_id == previous.spectrum_id
            keep_view = previous.flux is not None and (same or self._keeps_zoom(state))
        if not keep_view:
            self.reset_view()
        else:
            if state.flux_range != previous.flux_range:
                self._home_flux_range()
            scale = (state.spectrum_id, state.flux_unit, state.flux_exponent)
            if not self._home_y and scale != (
                previous.spectrum_id,
                previous.flux_unit,
                previous.flux_exponent,
            ):
                self._fit_flux_range()
            self._refresh()

    def _keeps_zoom(self, state: DisplayState) -> bool:
        """Whether another Spectrum is shown in the present range: wanted, and there is something to see there."""
        low, high = self.flux.view.viewRange()[0]
        return state.options.keep_zoom and any(a < high and b > low for a, b in state.segments)

    def _show_unit(self, unit: str) -> None:
        factor = WAVELENGTH_UNITS.get(unit, 1.0)
        for panel in self.panels.values():
            if panel.bottom.scale != factor:
                panel.bottom.setScale(factor)
        self.flux.top.show_unit(unit, factor)
        self.panels["saliency"].bottom.say(f"observed wavelength, vacuum [{unit}]")

    def reset_view(self) -> None:
        """Show the whole spectrum, at a flux range that is blind to sky residuals."""
        self._home_y = True
        state = self._state
        if state.wavelength is not None and state.flux is not None:
            # Where there is flux: an arm that is masked from end to end is not worth half the screen.
            shown = state.wavelength[np.isfinite(state.flux)]
            low, high = float(shown[0]), float(shown[-1])
            margin = 0.008 * (high - low) or 1.0
            self.flux.view.go_home(
                (low - margin, high + margin),
                limits=(state.segments[0][0] - 3 * margin, state.segments[-1][1] + 3 * margin),
                least=min(10.0, high - low + margin),
            )
        self._home_flux_range()
        self._refresh()

    def zoom_to(self, wavelength: float, half_width: float) -> None:
        """Show `wavelength` ± `half_width` [Å], the flux range fitted to what is there."""
        self.flux.view.setXRange(wavelength - half_width, wavelength + half_width, padding=0)
        self._fit_flux_range()

    def _fit_flux_range(self) -> None:
        """Fit the flux range to what is in view."""
        state, (low, high) = self._state, self.flux.view.viewRange()[0]
        if state.wavelength is None or state.flux_smooth is None:
            return
        near = state.flux_smooth[slice(*np.searchsorted(state.wavelength, [low, high]).tolist())]
        near = near[np.isfinite(near)]
        if near.size > 3:
            self._home_y = False
            # What lies between the masks of so small a piece is signal: the whole line is wanted.
            bottom, top = float(near.min()), float(near.max())
            margin = 0.08 * (top - bottom) or 1.0
            self._set_flux_range(min(bottom, 0.0) - margin, top + margin)

    def set_palette(self, palette: Palette) -> None:
        """Wear another theme at once."""
        self._palette = palette
        self.graphics.setBackground(palette.plot)
        self.header.dress(palette)
        for panel in self.panels.values():
            panel.dress(palette)
        self.flux.top.dress(palette, palette.accent)
        for name, colour in (
            ("flux", palette.flux_raw),
            ("flux_smooth", palette.flux_smooth),
            ("error", palette.error),
            ("continuum", palette.continuum),
            ("model", palette.model),
            ("line_probability", palette.line_probability),
            ("saliency", palette.saliency),
        ):
            self._layers[name].setPen(pg.mkPen(colour, width=1))
        for name in ("line_probability", "saliency"):
            self._layers[name].setFillLevel(0.0)
            self._layers[name].setBrush(faded(getattr(palette, name), 0.28))
        self._tint.dress(palette)
        self._zero.setPen(pg.mkPen(palette.grid, width=1))
        self._colour_raw()

    # -- drawing ----------------------------------------------------------------------------------------------

    def _show_layers(self, previous: DisplayState, state: DisplayState) -> None:
        gaps = [(low + high) / 2 for low, high in state.gaps]
        for name in ("flux", "flux_smooth", "error", "continuum", "model"):
            values = getattr(state, name)
            if values is not getattr(previous, name):
                # Unsmoothed flux is one line, not two on top of each other.
                hidden = name == "flux_smooth" and values is state.flux
                self._layers[name].set_values(state.wavelength, None if hidden else values, gaps)
        self._tint.set_values(state.wavelength, state.flux_smooth, state.flux_saliency, gaps)
        if not _same(state.line_probability, previous.line_probability):
            self._show_thin("line_probability", state.line_wavelength, state.line_probability)
            highest = 1.0 if state.line_probability is None else float(np.nanmax(state.line_probability))
            self.panels["line"].reach(next((top for top in PROBABILITY_TOPS if top >= highest), 1.0))
        if not _same(state.saliency, previous.saliency):
            self._show_thin("saliency", state.saliency_wavelength, state.saliency)
        self._colour_raw()

    def _show_thin(self, name: str, grid: Any, values: Any) -> None:
        breaks = grid[np.isnan(values)] if grid is not None else ()
        self._layers[name].set_values(grid, values, breaks)

    def _colour_raw(self) -> None:
        alone = self._state.flux_smooth is self._state.flux
        self._layers["flux"].setPen(
            pg.mkPen(self._palette.flux_smooth if alone else self._palette.flux_raw, width=1)
        )

    def _refresh(self, *_: Any) -> None:
        low, high = self.flux.view.viewRange()[0]
        columns = max(1, int(self.flux.view.rect().width()))
        for layer in self._layers.values():
            layer.refresh(low, high, columns)
        self._tint.refresh(low, high, columns)

    def _home_flux_range(self) -> None:
        if self._home_y and self._state.flux_range is not None:
            self._set_flux_range(*self._state.flux_range)

    def _set_flux_range(self, low: float, high: float) -> None:
        """Leave room above the flux for the rows of line names."""
        height = float(self.flux.view.rect().height())
        strip = min(self.flux.labels.headroom, 0.4 * height) if self._state.options.show_lines else 0.0
        top = high + (high - low) * strip / max(height - strip, 1.0)
        self.flux.view.setYRange(low, top, padding=0)

    def _resized(self, *_: Any) -> None:
        self._home_flux_range()
        self._refresh()

    def _left_home(self, mouse_enabled: Any = None) -> None:
        low, high = self.flux.view.viewRange()[1]
        wanted = self._state.flux_range
        if wanted is not None and not (np.isclose(low, wanted[0]) and high >= wanted[1]):
            self._home_y = False

    def _mouse_moved(self, place: Any) -> None:
        for panel in self.panels.values():
            if panel.view.sceneBoundingRect().contains(place):
                wavelength = float(panel.view.mapSceneToView(place).x())
                shown = "flux" if self._state.flux_smooth is self._state.flux else "flux_smooth"
                self.cursor_moved.emit(wavelength, self._layers[shown].value_at(wavelength))
                return
        self.cursor_moved.emit(float("nan"), float("nan"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the thin panels thin: in a low window the flux needs what there is."""
        super().resizeEvent(event)
        row = QFontMetricsF(small_font()).height()
        for name in ("line", "saliency"):
            axis = self.panels[name].bottom.height()
            self.panels[name].plot.setMaximumHeight(max(2.2 * row, THIN * self.height()) + axis)

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the cursor is nowhere."""
        self.cursor_moved.emit(float("nan"), float("nan"))
        super().leaveEvent(event)


def _same(one: FloatArray | None, other: FloatArray | None) -> bool:
    """Whether two curves are drawn alike: a redshift step resolves them again, with the same values."""
    if one is None or other is None or one is other:
        return one is other
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=True))
