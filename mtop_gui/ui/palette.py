"""The command palette: a field and a list over the window; what is typed finds an action by its letters, Enter runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.ui.fuzzy import rank
from mtop_gui.ui.widgets import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.ui.theme import Palette

ROLE = Qt.ItemDataRole.UserRole
MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
ROWS = 12


@dataclass(frozen=True)
class Choice:
    """One row of the palette.

    Attributes
    ----------
    text, detail : what it is, and to the right of it, muted, what it does.
    keys : its shortcuts, spelled for a person.
    why_not : why it cannot be chosen now; "" when it can.
    run : called when it is chosen.
    also : further words it is found by.
    """

    text: str
    run: Callable[[], object]
    detail: str = ""
    keys: str = ""
    why_not: str = ""
    also: str = ""


class ChoiceDelegate(QStyledItemDelegate):
    """Draws a Choice: text, what it does, and its keys at the right; greyed with the reason where it cannot run."""

    def __init__(self, palette: Palette, parent: QObject) -> None:
        super().__init__(parent)
        self.colours = palette

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Give every row the same height."""
        return QSize(100, option.fontMetrics.height() + 9)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        choice: Choice = index.data(ROLE)
        colours, metrics = self.colours, option.fontMetrics
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(option.rect, QColor(colours.selection))
        writing = colours.on_selection if chosen else colours.text
        quiet = colours.on_selection if chosen else colours.muted
        area = option.rect.adjusted(10, 0, -10, 0)
        painter.setPen(QColor(quiet if choice.why_not else writing))
        used = self._write(painter, area, choice.text, metrics.horizontalAdvance(choice.text))
        keys_width = metrics.horizontalAdvance(choice.keys) if choice.keys else 0
        if choice.keys:
            painter.setPen(QColor(colours.on_selection if chosen else colours.accent))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, choice.keys)
        room = area.adjusted(used + 18, 0, -keys_width - 18, 0)
        painter.setPen(QColor(colours.warning if choice.why_not and not chosen else quiet))
        text = f"– {choice.why_not}" if choice.why_not else choice.detail
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        self._write(painter, room, shown, room.width())

    @staticmethod
    def _write(painter: QPainter, area: QRect, text: str, width: int) -> int:
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        return width


class CommandPalette(QFrame):
    """A sheet at the top of the window. It goes when something is chosen, with Escape, and when the focus leaves it."""

    def __init__(self, parent: QWidget, palette: Palette) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self._choices: Sequence[Choice] = ()
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self._delegate = ChoiceDelegate(palette, self)
        self.list.setItemDelegate(self._delegate)
        self.hint = quiet(QLabel())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 6)
        layout.setSpacing(6)
        for widget in (self.field, self.list, self.hint):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self.run_chosen)
        self.list.itemClicked.connect(lambda _: self.run_chosen())
        self.list.currentItemChanged.connect(lambda *_: self._show_hint())
        self.field.installEventFilter(self)
        parent.installEventFilter(self)
        self.set_palette(palette)
        self.hide()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._colours = palette
        self._delegate.colours = palette
        self.setStyleSheet(
            f"#palette {{ background: {palette.panel}; border: 1px solid {palette.accent}; border-radius: 8px; }}"
        )
        self.list.viewport().update()

    def choose(self, placeholder: str, choices: Sequence[Choice]) -> None:
        """Show these choices; asked again while it is open with the same, it goes away."""
        if self.isVisible() and self.field.placeholderText() == placeholder:
            self.close_palette()
            return
        self._choices = choices
        parent = self.parentWidget()
        if not self.isVisible():
            self._before = parent.window().focusWidget() if parent is not None else None
        self.field.setPlaceholderText(placeholder)
        self.field.clear()
        self._filter("")
        self.show()
        self._place()
        self.raise_()
        self.field.setFocus()

    def close_palette(self) -> None:
        """Put it away, and give the focus back to where it was."""
        before, self._before = self._before, None
        # First the focus: hiding the widget that has it would let Qt give it to the next one.
        if before is not None:
            before.setFocus()
        self.hide()

    @property
    def shown(self) -> list[Choice]:
        """The choices listed, best first."""
        return [self.list.item(row).data(ROLE) for row in range(self.list.count())]

    def run_chosen(self) -> None:
        """Run the chosen row; one that cannot run says why and stays."""
        item = self.list.currentItem()
        choice: Choice | None = item.data(ROLE) if item is not None else None
        if choice is None or choice.why_not:
            self._show_hint()
            return
        self.close_palette()
        choice.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list with the arrows while one types; go when the focus goes; stay in the middle."""
        if watched is self.field:
            if (
                isinstance(event, QKeyEvent)
                and event.type() == QEvent.Type.KeyPress
                and event.key() in MOVING
            ):
                self.list.keyPressEvent(event)
                return True
            if event.type() == QEvent.Type.FocusOut and self.isVisible():
                self._before = None
                self.hide()
        elif event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _filter(self, wanted: str) -> None:
        self.list.clear()
        texts = [(choice.text, f"{choice.detail} {choice.also}") for choice in self._choices]
        for place in rank(wanted, texts):
            item = QListWidgetItem()
            item.setData(ROLE, self._choices[place])
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._show_hint()

    def _show_hint(self) -> None:
        item = self.list.currentItem()
        if item is None:
            self.hint.setText("Nothing is called so. Esc goes back.")
        elif item.data(ROLE).why_not:
            choice = item.data(ROLE)
            self.hint.setText(f"{choice.text.rstrip('…')}: {choice.why_not}.")
        else:
            self.hint.setText("↑ ↓ to choose, Enter to run, Esc to go back")

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        row = self.fontMetrics().height() + 9
        width = min(parent.width() - 40, self.fontMetrics().averageCharWidth() * 110)
        height = min(parent.height() - 80, row * ROWS + 3 * row)
        self.setGeometry((parent.width() - width) // 2, 60, width, height)
