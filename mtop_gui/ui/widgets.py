"""Small widgets that several panels use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QTextEdit,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class ElidedLabel(QLabel):
    """A one-line label that ends in … where it has no room, and says all in its tooltip."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def minimumSizeHint(self) -> QSize:
        """Need almost no width."""
        return QSize(20, super().minimumSizeHint().height())


class WrappedLabel(QLabel):
    """A label of several lines that always has the height its lines need; an empty one takes none.

    Qt's layouts ask a word-wrapped label for its height at a width they guess, and may cut its last lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        """Show a text."""
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = max(0, self.heightForWidth(self.width())) if self.text() else 0
        if wanted != self.minimumHeight():
            self.setMinimumHeight(wanted)


KEY = Qt.Key
COMMANDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


def heading(text: str) -> QLabel:
    """Make a small heading inside a panel."""
    label = QLabel(text)
    font = QFont(label.font())
    font.setPointSizeF(font.pointSizeF() * 0.88)
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    label.setContentsMargins(0, 5, 0, 0)
    return quiet(label)


def quiet(label: QLabel) -> QLabel:
    """Write a label in the theme's muted colour: legible, but behind what is at hand."""
    set_tone(label, "quiet")
    return label


def set_tone(label: QLabel, tone: str) -> None:
    """Let a label wear the theme's colour for ``quiet``, ``warning`` or ``bad``; free where it wears it already."""
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        label.style().unpolish(label)
        label.style().polish(label)


class UprightScroll(QScrollArea):
    """Lets a panel scroll up and down where the window is too low for it; never narrower than the panel can be."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(panel)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the panel when its font or contents change."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        panel, bar = self.widget(), self.verticalScrollBar()
        if panel is not None:
            self.setMinimumWidth(panel.minimumSizeHint().width() + bar.sizeHint().width())


def roomy(field: QSpinBox | QDoubleSpinBox) -> None:
    """Keep a spin box's number off its border: style sheets do not reach it."""
    field.lineEdit().setTextMargins(5, 0, 3, 0)


class TextFieldKeys(QObject):
    """Lets text fields have every key but those with Ctrl or Alt and F1, F2 …; Escape leaves them.

    Shortcuts are single letters here: without this, Return in a field would accept a redshift.
    """

    def __init__(self, leave: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._leave = leave

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch the keys of whatever has the focus."""
        if isinstance(event, QKeyEvent) and is_text_field(watched):
            plain = not event.modifiers() & COMMANDS and not KEY.Key_F1 <= event.key() <= KEY.Key_F35
            if event.type() == QEvent.Type.ShortcutOverride and plain:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
        return False


def is_text_field(thing: object) -> bool:
    """Whether a widget takes typed text."""
    if isinstance(thing, QComboBox):
        return thing.isEditable()
    return isinstance(thing, QLineEdit | QPlainTextEdit | QTextEdit | QAbstractSpinBox)
