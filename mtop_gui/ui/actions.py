"""Actions: the QActions of a window, made from the one table (`action_table`); menus, toolbar, keys and help are theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from mtop_gui.ui.action_table import ACTIONS, GROUPS, NAMED_LINES, PRESETS, ActionSpec
from mtop_gui.ui.keymap import Keymap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QMainWindow

__all__ = ["ACTIONS", "GROUPS", "NAMED_LINES", "PRESETS", "ActionSpec", "Actions", "key_text"]


def key_text(keys: tuple[str, ...]) -> str:
    """Spell shortcuts for a person: ``←  Shift+←``."""
    shown = [key for key in keys if key != "Enter" or "Return" not in keys]
    return "  ".join(_spell(key) for key in shown)


def _spell(key: str) -> str:
    signs = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter"}
    parts = key.split("+") if not key.endswith("+") else [*key[:-1].split("+")[:-1], "+"]
    if len(parts) == 1 and len(key) == 1:
        return key.lower()
    return "+".join(signs.get(part, part) for part in parts)


class Actions(QObject):
    """The QActions of a window, by id.

    Parameters
    ----------
    handlers : by id or `ActionSpec.handler`; each is called with the spec's argument, or the switch's state, or nothing.
    keymap : which keys each has.
    """

    keys_changed = Signal()

    def __init__(
        self, window: QMainWindow, handlers: Mapping[str, Callable[..., object]], keymap: Keymap
    ) -> None:
        super().__init__(window)
        self.keymap = keymap
        self._made: dict[str, QAction] = {}
        for spec in ACTIONS:
            action = QAction(spec.text, window)
            action.setCheckable(spec.checkable)
            if spec.toolbar:
                action.setIconText(spec.toolbar)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._connect(action, spec, handlers[spec.handler or spec.id])
            window.addAction(action)
            self._made[spec.id] = action
        self.use_keymap(keymap)

    @staticmethod
    def _connect(action: QAction, spec: ActionSpec, handler: Callable[..., object]) -> None:
        if spec.argument is not None:
            action.triggered.connect(lambda _=False, value=spec.argument: handler(value))
        elif spec.checkable:
            action.triggered.connect(handler)
        else:
            action.triggered.connect(lambda _=False: handler())

    def __getitem__(self, name: str) -> QAction:
        return self._made[name]

    @property
    def preset(self) -> str:
        """Name of the key preset."""
        return self.keymap.preset

    def use_keymap(self, keymap: Keymap) -> None:
        """Give every action its keys."""
        self.keymap = keymap
        for spec in ACTIONS:
            keys = keymap.keys_of(spec.id)
            action = self._made[spec.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            hint = spec.help or spec.text
            action.setToolTip(f"{hint[0].upper()}{hint[1:]} ({key_text(keys)})" if keys else hint)
        self.keys_changed.emit()

    def use_preset(self, preset: str) -> None:
        """Take the keys of another preset, with what the person changed in it."""
        self.use_keymap(Keymap(preset, self.keymap.changes))

    def group(self, name: str) -> list[QAction]:
        """Give the actions of a group, in the table's order."""
        return [self._made[spec.id] for spec in ACTIONS if spec.group == name and spec.in_menu]

    def on_toolbar(self) -> list[QAction]:
        """Give the actions of the toolbar."""
        return [self._made[spec.id] for spec in ACTIONS if spec.toolbar]
