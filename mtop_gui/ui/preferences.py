"""Preferences: the Settings as they are now, and what it takes to put changed ones into force at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mtop_gui.ui.dialogs.key_editor import KeyEditor
from mtop_gui.ui.dialogs.settings import SettingsDialog
from mtop_gui.ui.keymap import Keymap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QDialog

    from mtop_gui.settings import Settings
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.app import Bench

AT_THE_START = {"quality_scale": "the quality scale", "store": "the store"}
"""Settings that hold from the next start, as a person calls them."""


class Preferences(QObject):
    """Keeps the Settings of one running window."""

    changed = Signal(object)

    def __init__(self, bench: Bench, settings: Settings, bundles: Sequence[str], place: Path | None) -> None:
        super().__init__(bench)
        self._bench, self._bundles, self._place = bench, bundles, place
        self.kept = settings
        self._open: QDialog | None = None

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {"settings": self.edit, "edit_keys": self.edit_keys}

    def attach(self, actions: Actions) -> None:
        """Take the QActions; none of them is a switch of a setting."""

    def remember_folders(self, folders: tuple[Path, ...]) -> None:
        """Put opened folders first in the list of recent ones."""
        for folder in reversed(folders):
            if folder.is_dir():
                self.kept = self.kept.with_recent(folder)

    def present(self) -> Settings:
        """Give the Settings with what the person changed in the window since."""
        bench = self._bench
        session, actions = bench.session, bench.controller.actions
        return replace(
            self.kept,
            reviewer=session.reviewer,
            entropy_threshold=session.threshold,
            key_preset=actions.preset,
            bundle=bench.network.bundle,
            mc_passes=bench.network.mc_passes,
            smoothing=session.options.smoothing,
            blind=session.blind,
            merge_rule=bench.team.rule,
            saved_filters=bench.window.browser.bar.filters.written(),
            text_scale=bench.desk.text_size.scale,
            keys={preset: dict(table) for preset, table in actions.keymap.changes.items()},
        )

    def edit(self) -> None:
        """Show the settings dialog."""
        dialog = SettingsDialog(self._bench.window, self.present(), self._bundles, self._place)
        dialog.chosen.connect(self.use)
        dialog.keys_wanted.connect(self.edit_keys)
        self._show(dialog)

    def edit_keys(self) -> None:
        """Show the key editor."""
        actions = self._bench.controller.actions
        editor = KeyEditor(self._open or self._bench.window, actions.keymap, self._bench.window.theme_palette)
        editor.accepted_keys.connect(actions.use_keymap)
        editor.accepted_keys.connect(lambda _: self._bench.window.status.say("The keys are changed."))
        editor.setModal(self._open is not None)
        editor.show()

    def _show(self, dialog: QDialog) -> None:
        if self._open is not None:
            self._open.raise_()
            dialog.deleteLater()
            return
        self._open = dialog
        dialog.finished.connect(self._closed)
        dialog.show()

    def _closed(self) -> None:
        if self._open is not None:
            self._open.deleteLater()
            self._open = None

    @property
    def dialog(self) -> QDialog | None:
        """The settings dialog while it is open."""
        return self._open

    def use(self, wanted: Settings) -> None:
        """Put Settings into force."""
        bench, before = self._bench, self.present()
        self.kept = wanted
        session = bench.session
        session.set_reviewer(wanted.reviewer)
        session.set_threshold(wanted.entropy_threshold)
        if wanted.smoothing != before.smoothing:
            session.set_options(smoothing=wanted.smoothing)
        if wanted.theme != before.theme:
            bench.use_theme(wanted.theme)
        bench.desk.text_size.use(wanted.text_scale)
        actions = bench.controller.actions
        if wanted.key_preset != actions.preset:
            actions.use_keymap(Keymap(wanted.key_preset, actions.keymap.changes))
        if wanted.bundle != before.bundle:
            bench.choose_bundle(wanted.bundle)
        if wanted.mc_passes != before.mc_passes:
            bench.choose_passes(wanted.mc_passes)
        if bench.window.toolbar is not None:
            bench.window.toolbar.show_network(bench.network.bundle, bench.network.mc_passes)
        self.changed.emit(wanted)
        later = [
            title for name, title in AT_THE_START.items() if getattr(wanted, name) != getattr(before, name)
        ]
        note = f" From the next start: {' and '.join(later)}." if later else ""
        bench.window.status.say(f"Settings are in force.{note}")
