"""A strip above the plots that says in place what went wrong, and stays until it is put away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

if TYPE_CHECKING:
    from mtop_gui.ui.theme import Palette


class Banner(QFrame):
    """One sentence, coloured by how bad it is; `show_message` replaces the sentence before."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close = QToolButton(self)
        self._close.setText("Dismiss")
        self._close.setAutoRaise(True)
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._close)
        self._bad = True
        self.set_palette(palette)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; "" when put away."""
        return self._label.text() if not self.isHidden() else ""

    def show_message(self, sentence: str, bad: bool = True) -> None:
        """Show a sentence."""
        self._bad = bad
        self._label.setText(sentence)
        self._dress()
        self.show()

    def clear(self) -> None:
        """Put the banner away."""
        self._label.clear()
        self.hide()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self._dress()

    def _dress(self) -> None:
        colour = self._palette.bad if self._bad else self._palette.accent
        self.setStyleSheet(
            f"#banner {{ background: {self._palette.raised}; border: none; border-left: 4px solid {colour}; }}"
        )
