"""Larger writing, for tired eyes and projectors: the program's font is scaled, and what was measured in it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QTableView, QWidget

if TYPE_CHECKING:
    from mtop_gui.ui.main_window import MainWindow

SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
NO_LIMIT = 16777215
"""Qt's largest size of a widget: it was given none."""


class TextSize:
    """Scales the application's font, starting from the system's."""

    def __init__(self, app: QApplication, window: MainWindow) -> None:
        self._app, self._window = app, window
        self.scale = 1.0
        size = app.font().pointSizeF()
        self._system = size if size > 0 else 9.0

    def step(self, by: int) -> None:
        """Take the next larger (1) or smaller (-1) size, or the system's (0)."""
        nearest = min(range(len(SCALES)), key=lambda place: abs(SCALES[place] - self.scale))
        self.use(SCALES[min(max(nearest + by, 0), len(SCALES) - 1)] if by else 1.0)

    def use(self, scale: float) -> None:
        """Write everything at this multiple of the system's size."""
        scale = min(max(scale, SCALES[0]), SCALES[-1])
        if abs(scale - self.scale) < 1e-3:
            return
        ratio, self.scale = scale / self.scale, scale
        before = {widget: widget.font().pointSizeF() for widget in self._window.findChildren(QWidget)}
        font = self._app.font()
        font.setPointSizeF(self._system * scale)
        self._app.setFont(font)
        for widget, size in before.items():
            _follow(widget, size, ratio)
        self._window.wear_again()
        self._window.size_docks()
        if self._window.isVisible():
            # Once more when what is in them has said how much room it needs in the new font.
            QTimer.singleShot(0, self._window, self._window.size_docks)

    def restore(self) -> None:
        """Give the application the system's font back."""
        font = self._app.font()
        font.setPointSizeF(self._system)
        self._app.setFont(font)


def _follow(widget: QWidget, size: float, ratio: float) -> None:
    """Scale what a widget fixed in the old font: a size of its own, its width, its rows and columns."""
    if size > 0 and abs(widget.font().pointSizeF() - size) < 0.01:
        font = widget.font()
        font.setPointSizeF(size * ratio)
        widget.setFont(font)
    if isinstance(widget, QDockWidget):
        return  # its least size is that of what is in it
    low, high = widget.minimumSize(), widget.maximumSize()
    if low.width() > 0:
        widget.setMinimumWidth(round(low.width() * ratio))
    if low.height() > 0:
        widget.setMinimumHeight(round(low.height() * ratio))
    if high.width() < NO_LIMIT:
        widget.setMaximumWidth(round(high.width() * ratio))
    if high.height() < NO_LIMIT:
        widget.setMaximumHeight(round(high.height() * ratio))
    if isinstance(widget, QTableView):
        vertical, horizontal = widget.verticalHeader(), widget.horizontalHeader()
        vertical.setDefaultSectionSize(round(vertical.defaultSectionSize() * ratio))
        model = widget.model()
        for column in range(model.columnCount() if model is not None else 0):
            if horizontal.sectionResizeMode(column) == horizontal.ResizeMode.Interactive:
                horizontal.resizeSection(column, round(horizontal.sectionSize(column) * ratio))
