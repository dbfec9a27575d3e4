"""The key editor: every action with its keys; a key that two actions have is shown where it is, and settled there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.ui.action_table import ACTIONS, ActionSpec
from mtop_gui.ui.actions import key_text
from mtop_gui.ui.dialogs.keys import PRESET_TITLES
from mtop_gui.ui.fuzzy import score
from mtop_gui.ui.keymap import Keymap, plain
from mtop_gui.ui.widgets import set_tone

if TYPE_CHECKING:
    from mtop_gui.ui.theme import Palette

_TEXTS = {spec.id: spec.text.rstrip("…") for spec in ACTIONS}
ROLE = Qt.ItemDataRole.UserRole


class KeyEditor(QDialog):
    """Changes a copy of the Keymap; `accepted_keys` gives it back when the person is done."""

    accepted_keys = Signal(object)

    def __init__(self, parent: QWidget, keymap: Keymap, palette: Palette) -> None:
        super().__init__(parent)
        self.keymap = keymap
        self._palette = palette
        self.setWindowTitle(f"Keys ({PRESET_TITLES[keymap.preset]})")
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        unit = self.fontMetrics()
        self.resize(unit.averageCharWidth() * 110, unit.height() * 36)
        self._make()
        self._lay_out()
        self._connect()
        self._fill()
        self.search.setFocus()

    def _make(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an action, or what a key does")
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Action", "Keys", "What it does"])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setStyleSheet("QTreeView::item { padding: 2px 4px; }")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.recorder = QKeySequenceEdit()
        self.recorder.setMaximumSequenceLength(1)
        self.add = QPushButton("Add key")
        self.clear = QPushButton("Take all keys away")
        self.reset = QPushButton("As shipped")
        self.reset_all = QPushButton("All as shipped")
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.take = QPushButton()
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        for button in (self.add, self.clear, self.reset, self.reset_all, self.take):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        keys = QHBoxLayout()
        keys.addWidget(QLabel("New key:"))
        keys.addWidget(self.recorder, 1)
        for button in (self.add, self.clear, self.reset):
            keys.addWidget(button)
        trouble = QHBoxLayout()
        trouble.addWidget(self.sentence, 1)
        trouble.addWidget(self.take)
        bottom = QHBoxLayout()
        bottom.addWidget(self.reset_all)
        bottom.addStretch(1)
        bottom.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(keys)
        layout.addLayout(trouble)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _: self._fill())
        self.tree.currentItemChanged.connect(lambda *_: self._show_trouble())
        self.recorder.keySequenceChanged.connect(lambda _: self._show_trouble())
        self.add.clicked.connect(self.add_key)
        self.clear.clicked.connect(lambda: self._set(()))
        self.reset.clicked.connect(self._reset)
        self.reset_all.clicked.connect(self._reset_all)
        self.take.clicked.connect(self.take_from_others)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)

    @property
    def chosen(self) -> str:
        """Id of the action whose row is chosen; "" for none."""
        item = self.tree.currentItem()
        return str(item.data(0, ROLE)) if item is not None else ""

    @property
    def recorded(self) -> str:
        """The key pressed into the field, as Qt writes it."""
        return plain(self.recorder.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def choose(self, action: str) -> None:
        """Go to the row of an action."""
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            if item is not None and item.data(0, ROLE) == action:
                self.tree.setCurrentItem(item)

    def add_key(self) -> None:
        """Give the chosen action the key pressed."""
        key, chosen = self.recorded, self.chosen
        if key and chosen:
            keys = self.keymap.keys_of(chosen)
            if key not in map(plain, keys):
                self._set((*keys, key))

    def take_from_others(self) -> None:
        """Take every key the chosen action shares away from the others."""
        chosen = self.chosen
        for key, ids in self.keymap.conflicts().items():
            for other in ids:
                if chosen in ids and other != chosen:
                    kept = tuple(k for k in self.keymap.keys_of(other) if plain(k) != key)
                    self.keymap = self.keymap.with_keys(other, kept)
        self._fill()

    def _set(self, keys: tuple[str, ...]) -> None:
        if self.chosen:
            self.keymap = self.keymap.with_keys(self.chosen, keys)
            self.recorder.clear()
            self._fill()

    def _reset(self) -> None:
        if self.chosen:
            spec = next(spec for spec in ACTIONS if spec.id == self.chosen)
            self._set(spec.keys_of(self.keymap.preset))

    def _reset_all(self) -> None:
        self.keymap = self.keymap.without_changes()
        self._fill()

    def _accept(self) -> None:
        self.accepted_keys.emit(self.keymap)
        self.accept()

    # -- what is shown ----------------------------------------------------------------------------------------

    def _fill(self) -> None:
        chosen, wanted = self.chosen, self.search.text()
        shared = {action for ids in self.keymap.conflicts().values() for action in ids}
        self.tree.clear()
        for spec in ACTIONS:
            if wanted.strip() and score(wanted, self._searched(spec)) is None:
                continue
            item = QTreeWidgetItem([f"{spec.group}: {_TEXTS[spec.id]}", self._keys(spec.id), spec.help])
            item.setData(0, ROLE, spec.id)
            if self.keymap.is_changed(spec.id):
                font = item.font(1)
                font.setBold(True)
                item.setFont(1, font)
            if spec.id in shared:
                item.setForeground(1, QColor(self._palette.bad))
                item.setToolTip(1, "another action has this key too")
            self.tree.addTopLevelItem(item)
        self.choose(chosen)
        first = self.tree.topLevelItem(0)
        if self.tree.currentItem() is None and first is not None:
            self.tree.setCurrentItem(first)
        self._show_trouble()

    def _searched(self, spec: ActionSpec) -> str:
        return f"{spec.group} {spec.text} {spec.help} {self._keys(spec.id)}"

    def _keys(self, action: str) -> str:
        return key_text(self.keymap.keys_of(action))

    def _show_trouble(self) -> None:
        """Say which key is shared by which actions, and what can be done."""
        conflicts, chosen, key = self.keymap.conflicts(), self.chosen, self.recorded
        others = [other for other in self.keymap.owners(key) if other != chosen] if key else []
        mine = next((shared for shared, ids in conflicts.items() if chosen in ids), "")
        self.take.setVisible(bool(mine))
        if mine:
            names = " and ".join(f"“{_TEXTS[other]}”" for other in conflicts[mine] if other != chosen)
            text = f"{key_text((mine,))} is also the key of {names}: neither would work."
            self.take.setText(f"Keep it for “{_TEXTS[chosen]}”")
        elif conflicts:
            shared, ids = next(iter(conflicts.items()))
            names = " and ".join(f"“{_TEXTS[action]}”" for action in ids)
            text = f"{key_text((shared,))} is the key of {names}: choose one of them and settle it."
        elif others:
            text = f"{key_text((key,))} is the key of “{_TEXTS[others[0]]}” so far."
        else:
            text = "Click into “New key”, press the key, then Add. Changed keys are bold."
        self.sentence.setText(text)
        set_tone(self.sentence, "bad" if conflicts else "quiet")
        self.add.setEnabled(bool(key and chosen))
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(not conflicts)
        ok.setToolTip("Settle the keys that two actions have first" if conflicts else "")
