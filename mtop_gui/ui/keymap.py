"""Which keys each action has: a preset of the table, and what the person changed in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from mtop_gui.ui.action_table import ACTIONS, PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Changes = Mapping[str, Mapping[str, tuple[str, ...]]]

_BY_ID = {spec.id: spec for spec in ACTIONS}


def plain(key: str) -> str:
    """Write a shortcut as Qt does, so that two spellings of one key are equal; "" for what is no key."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


@dataclass(frozen=True)
class Keymap:
    """The keys of all actions.

    Attributes
    ----------
    preset : one of PRESETS; an unknown one is taken as the first.
    changes : by preset, by action: the keys the person gave it; an empty tuple takes its keys away.
    """

    preset: str = PRESETS[0]
    changes: Changes = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take an unknown preset as the first."""
        if self.preset not in PRESETS:
            object.__setattr__(self, "preset", PRESETS[0])

    def keys_of(self, action: str) -> tuple[str, ...]:
        """Give the keys of an action."""
        own = self.changes.get(self.preset, {})
        if action in own:
            return tuple(key for key in own[action] if plain(key))
        return _BY_ID[action].keys_of(self.preset)

    def with_keys(self, action: str, keys: tuple[str, ...]) -> Keymap:
        """Give an action these keys in the present preset; those of the preset itself are no change."""
        own = dict(self.changes.get(self.preset, {}))
        own.pop(action, None)
        if tuple(map(plain, keys)) != tuple(map(plain, _BY_ID[action].keys_of(self.preset))):
            own[action] = tuple(plain(key) for key in keys)
        changes = {preset: table for preset, table in self.changes.items() if preset != self.preset}
        if own:
            changes[self.preset] = own
        return Keymap(self.preset, changes)

    def without_changes(self) -> Keymap:
        """Give the present preset as it was shipped."""
        return Keymap(self.preset, {p: table for p, table in self.changes.items() if p != self.preset})

    def is_changed(self, action: str) -> bool:
        """Tell whether the person changed the keys of an action in the present preset."""
        return action in self.changes.get(self.preset, {})

    def owners(self, key: str) -> list[str]:
        """Give the actions that have a key."""
        wanted = plain(key)
        if not wanted:
            return []
        return [spec.id for spec in ACTIONS if wanted in map(plain, self.keys_of(spec.id))]

    def conflicts(self) -> dict[str, list[str]]:
        """Give every key that several actions have, with their ids: Qt would run none of them."""
        owners: dict[str, list[str]] = {}
        for spec in ACTIONS:
            for key in self.keys_of(spec.id):
                owners.setdefault(plain(key), []).append(spec.id)
        return {key: ids for key, ids in owners.items() if len(ids) > 1}
