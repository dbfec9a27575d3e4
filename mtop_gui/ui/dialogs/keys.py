"""The key help: all keys of the present preset, over the window, while `?` wants it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from mtop_gui.ui.actions import ACTIONS, ActionSpec, key_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from PySide6.QtGui import QMouseEvent

    from mtop_gui.ui.keymap import Keymap
    from mtop_gui.ui.theme import Palette

COLUMNS = (("Spectrum", "Queue", "Redshift"), ("Review", "Lines"), ("View",), ("File", "Team", "Help"))
PRESET_TITLES = {"marz": "Marz", "specvizitor": "specvizitor"}


class KeyHelp(QFrame):
    """A sheet over the middle of the window; a click, `?` or Escape puts it away."""

    def __init__(self, parent: QWidget, palette: Palette) -> None:
        super().__init__(parent)
        self.setObjectName("keyhelp")
        self._palette = palette
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 8, 4, 8)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.viewport().setAutoFillBackground(False)
        self._layout.addWidget(self._area)
        self._scale: Collection[int] = ()
        self._wanted = QSize()
        parent.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def toggle(self, keymap: Keymap, scale: Collection[int]) -> None:
        """Show or hide; `scale` are the qualities there are."""
        self._scale = scale
        if self.isVisible():
            self.hide()
            return
        self._fill(keymap)
        self.show()
        self._place()
        self.raise_()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put it away."""
        self.hide()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        wanted, margins = self._wanted, self._layout.contentsMargins()
        width = min(wanted.width() + margins.left() + margins.right() + 4, parent.width() - 16)
        height = min(wanted.height() + margins.top() + margins.bottom() + 4, parent.height() - 60)
        self.resize(width, height)
        self.move((parent.width() - self.width()) // 2, max(0, (parent.height() - self.height()) // 2))

    def _fill(self, keymap: Keymap) -> None:
        palette = self._palette
        self.setStyleSheet(
            f"#keyhelp {{ background: {palette.panel}; border: 1px solid {palette.border}; border-radius: 8px; }}"
        )
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(16, 8, 16, 4)
        columns.setSpacing(26)
        for groups in COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(4)
            for group in groups:
                column.addLayout(self._block(group, keymap))
            column.addStretch(1)
            columns.addLayout(column)
        self._area.setWidget(body)
        body.setAutoFillBackground(False)  # setWidget turns it on: the sheet's own colour is to be seen
        self._wanted = body.sizeHint()

    def _block(self, group: str, keymap: Keymap) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setContentsMargins(0, 0, 0, 8)
        title = f"{group} ({PRESET_TITLES[keymap.preset]} keys)" if group == "Spectrum" else group
        heading = QLabel(f"<b style='color:{self._palette.accent}'>{html.escape(title)}</b>")
        grid.addWidget(heading, 0, 0, 1, 2)
        for row, (keys, text) in enumerate(key_lines(group, keymap, self._scale), start=1):
            label = QLabel(f"<b>{html.escape(keys)}</b>")
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setMinimumWidth(self.fontMetrics().averageCharWidth() * 11)
            grid.addWidget(label, row, 0)
            grid.addWidget(QLabel(text), row, 1)
        grid.setColumnStretch(1, 1)
        return grid


def key_lines(group: str, keymap: Keymap, scale: Collection[int]) -> list[tuple[str, str]]:
    """Give (keys, what they do) of a group; the qualities share one line."""
    lines: list[tuple[str, str]] = []
    qualities: list[str] = []
    for spec in ACTIONS:
        keys = keymap.keys_of(spec.id)
        if spec.group != group or not keys:
            continue
        if spec.handler == "decide":
            if spec.argument in scale:
                qualities.extend(keys)
        else:
            lines.append((key_text(keys), _text(spec)))
    if qualities:
        lines.insert(0, (" ".join(sorted(qualities)), "Save quality, next spectrum"))
    return lines


def _text(spec: ActionSpec) -> str:
    return spec.text.rstrip("…")
