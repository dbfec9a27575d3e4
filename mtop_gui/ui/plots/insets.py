"""The inset strip: a small window on every expected line at the candidate redshift, painted in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.ui.display_state import DisplayState
from mtop_gui.ui.plots.inset_texts import caption, short_name, shorter_name, snr_text, tip
from mtop_gui.ui.plots.inset_windows import Frame, expected_features, half_width, inset_curves
from mtop_gui.ui.plots.writing import Writer, faded
from mtop_gui.ui.theme import small_font

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent

    from mtop_gui.core.line_fit import LineFit
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.ui.theme import Palette

EMS = 9.0
"""Least width of a window, in heights of its writing."""
GRIP = 4.0
"""Pixels the mouse moves before a click becomes a drag."""

_DRAWN = (
    "spectrum_id",
    "options",
    "flux",
    "flux_smooth",
    "error",
    "candidate",
    "line_model",
    "model",
    "line_labels",
)
"""What of a state the strip draws."""


class InsetStrip(QWidget):
    """Windows in order of wavelength, as many as fit; the wheel and stepping through lines scroll.

    Signals
    -------
    line_chosen(name, wavelength) : a window was clicked; Å.
    redshift_dragged(z) : a window's spectrum is pulled sideways.
    """

    line_chosen = Signal(str, float)
    redshift_dragged = Signal(float)

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._state = DisplayState()
        self._features: tuple[LineMeasurement, ...] = ()
        self._fit: LineFit | None = None
        self._first = 0
        self._chosen = ""
        self._settled_for: object = None
        self._grip: tuple[QPointF, float, LineMeasurement] | None = None
        self._dragging = False
        self._writer = Writer(small_font())
        self._picture: tuple[tuple[object, ...], QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)

    # -- what others call -------------------------------------------------------------------------------------

    def show_state(self, state: DisplayState) -> None:
        """Take a new state; hidden, or with nothing new in it for the strip, it costs nothing."""
        before, self._state = self._state, state
        if all(getattr(state, part) is getattr(before, part) for part in _DRAWN):
            return
        self._features = expected_features(state) if state.flux is not None else ()
        if state.spectrum_id != self._settled_for and self._features:
            self._settled_for = state.spectrum_id
            self._chosen = ""
            self._first = self._best_first()
        self._first = max(0, min(self._first, len(self._features) - self.fitting))
        self.update()

    def show_fit(self, fit: LineFit | None) -> None:
        """Take the last line fit; its error is written while the candidate stays on it."""
        if fit is not self._fit:
            self._fit = fit
            self.update()

    def show_line(self, name: str) -> None:
        """Scroll to the window that holds a line, and mark it."""
        for index, feature in enumerate(self._features):
            if name == feature.name or name in feature.members:
                self._chosen = feature.name
                if not self._first <= index < self._first + self.fitting:
                    self._first = max(0, min(index - self.fitting // 2, len(self._features) - self.fitting))
                self.update()
                return

    @property
    def fitting(self) -> int:
        """How many windows fit side by side."""
        return max(1, int(self.width() // (EMS * self._writer.metrics.height())))

    @property
    def shown(self) -> tuple[LineMeasurement, ...]:
        """The lines whose windows are in view."""
        return self._features[self._first : self._first + self.fitting]

    def scroll_by(self, by: int) -> None:
        """Move by so many windows."""
        self._first = max(0, min(self._first + by, len(self._features) - self.fitting))
        self.update()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme and the system's font."""
        self._palette = palette
        self._writer = Writer(small_font())
        self.updateGeometry()
        self.update()

    def _best_first(self) -> int:
        """Begin where the windows in view hold most of what is seen."""
        weight = np.array([min(abs(f.snr), 50.0) if f.detected else 0.0 for f in self._features])
        count = min(self.fitting, weight.size)
        sums = np.convolve(weight, np.ones(count), "valid")
        return int(np.argmax(sums))

    # -- drawing ----------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Ask for a caption and windows seven rows high."""
        return QSize(600, round(9.0 * QFontMetricsF(small_font()).height()))

    def minimumSizeHint(self) -> QSize:
        """Need six rows to show a line at all."""
        return QSize(120, round(7.6 * QFontMetricsF(small_font()).height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frames, kept as a picture, and over them the curves of all windows at once."""
        painter = QPainter(self)
        boxes = self._boxes()
        painter.drawPixmap(0, 0, self._background(boxes))
        row = self._writer.row_height
        words = caption(self._state, self._features, self._first, self.fitting, self._fit)
        painter.setFont(self._writer.font)
        painter.setPen(QColor(self._palette.muted))
        top = QRectF(8.0, 2.0, self.width() - 16.0, row)
        painter.drawText(top, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
        if boxes:
            self._draw_curves(painter, boxes)
            for feature, box in boxes:
                said = snr_text(feature)
                width = self._writer.width(said)
                colour = QColor(self._palette.good if feature.detected else self._palette.disabled)
                self._writer.draw(painter, said, QRectF(box.right() - width, box.top(), width, row), colour)
        painter.end()

    def _boxes(self) -> list[tuple[LineMeasurement, QRectF]]:
        if self._state.flux is None:
            return []
        top = self._writer.row_height + 4.0
        # A few windows share the strip, but none is wider than two.
        width = self.width() / min(self.fitting, max(len(self._features), self.fitting // 2))
        return [
            (feature, QRectF(k * width + 3.0, top, width - 6.0, self.height() - top - 3.0))
            for k, feature in enumerate(self.shown)
        ]

    def _plot(self, box: QRectF) -> QRectF:
        row = self._writer.row_height
        return box.adjusted(1.0, row + 1.0, -1.0, -row)

    def _draw_curves(self, painter: QPainter, boxes: list[tuple[LineMeasurement, QRectF]]) -> None:
        frames = []
        for _, box in boxes:
            plot = self._plot(box)
            frames.append(Frame(plot.left(), plot.top(), plot.width(), plot.height()))
        curves = inset_curves(self._state, [feature for feature, _ in boxes], frames)
        c = self._palette
        for values, colour, width in (
            (curves.flux, c.flux_raw, 1.0),
            (curves.error, c.error, 1.0),
            (curves.smooth, c.flux_smooth, 1.0),
            (curves.model, c.model, 1.0),
        ):
            if values is not None:
                painter.setPen(QPen(QColor(colour), width))
                painter.drawPath(pg.arrayToQPath(curves.x, values, connect="finite"))

    def _background(self, boxes: list[tuple[LineMeasurement, QRectF]]) -> QPixmap:
        """Paint what a redshift step leaves alone: frames, names, ticks, and where the lines are expected."""
        key = (
            tuple((feature.name, box.left(), box.width()) for feature, box in boxes),
            self.size().toTuple(),
            self.devicePixelRatioF(),
            self._palette,
            self._chosen,
            self._writer.font.key(),
        )
        if self._picture is None or self._picture[0] != key:
            ratio = self.devicePixelRatioF()
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(QColor(self._palette.plot))
            painter = QPainter(pixmap)
            for feature, box in boxes:
                self._draw_frame(painter, feature, box)
            painter.end()
            self._picture = (key, pixmap)
        return self._picture[1]

    def _draw_frame(self, painter: QPainter, feature: LineMeasurement, box: QRectF) -> None:
        c, row, plot = self._palette, self._writer.row_height, self._plot(box)
        painter.setPen(QPen(QColor(c.accent if feature.name == self._chosen else c.border), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        half = half_width(self._state, feature)
        per_velocity, middle = plot.width() / (2 * half), plot.center().x()
        painter.setPen(QPen(faded(c.emission, 0.45), 1.0, Qt.PenStyle.DotLine))
        for label in self._state.line_labels:
            velocity = LIGHT_SPEED * (label.observed_wavelength / feature.observed_wavelength - 1.0)
            if abs(velocity) < half and label.name not in feature.members:
                x = middle + velocity * per_velocity
                painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
        painter.setPen(QPen(QColor(c.accent), 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(middle, plot.top(), middle, plot.bottom()))
        room = box.width() - self._writer.width("000 σ") - 1.0
        name = short_name(feature)
        if self._writer.width(name) + self._writer.width("−0.0 σ") > box.width() - 3.0:
            name = shorter_name(name, [short_name(other) for other in self._features])
        name = self._writer.metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        colour = QColor(c.absorption if feature.kind == "absorption" else c.emission)
        self._writer.draw(painter, name, QRectF(box.left() + 1, box.top(), room, row), colour)
        mark = round(half * 2 / 3, -2 if half < 5000 else -3)
        for velocity in (-mark, mark):
            text = f"{velocity:.0f}".replace("-", "−")
            width, x = self._writer.width(text), middle + velocity * per_velocity
            painter.setPen(QColor(c.border))
            painter.drawLine(QLineF(x, plot.bottom(), x, plot.bottom() + 3))
            place = QRectF(x - width / 2, plot.bottom() + 1, width, row)
            self._writer.draw(painter, text, place, QColor(c.muted))

    # -- mouse ------------------------------------------------------------------------------------------------

    def _at(self, point: QPointF) -> tuple[LineMeasurement, QRectF] | None:
        return next((pair for pair in self._boxes() if pair[1].contains(point)), None)

    def event(self, event: QEvent) -> bool:
        """Say flux, equivalent width and S/N of the line under the cursor."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            under = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(under[0], self._state) if under else "", self)
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll by a window."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.scroll_by(-1 if turned > 0 else 1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a window."""
        under = self._at(event.position())
        if (
            under is not None
            and event.button() == Qt.MouseButton.LeftButton
            and self._state.candidate is not None
        ):
            feature, box = under
            per_pixel = 2.0 * half_width(self._state, feature) / self._plot(box).width() / LIGHT_SPEED
            self._grip = (event.position(), (1.0 + self._state.candidate) * per_pixel, feature)
            self._from = self._state.candidate
            self._dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pull the expected line to where the cursor is: the redshift follows."""
        if self._grip is None:
            return
        start, per_pixel, _ = self._grip
        moved = event.position().x() - start.x()
        if self._dragging or abs(moved) > GRIP:
            self._dragging = True
            self.setCursor(Qt.CursorShape.SizeHorCursor)
            self.redshift_dragged.emit(self._from + moved * per_pixel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Without a drag it was a click: choose the line."""
        if self._grip is not None and not self._dragging:
            feature = self._grip[2]
            self._chosen = feature.name
            self.line_chosen.emit(feature.name, feature.observed_wavelength)
            self.update()
        self._grip = None
        self._dragging = False
        self.unsetCursor()

    _from = 0.0
