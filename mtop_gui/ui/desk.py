"""The desk: what lies around the spectrum: command palette, panels, text size, fields of the toolbar, recent folders."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QComboBox, QTableView, QWidget

from mtop_gui.ui.actions import ACTIONS, key_text
from mtop_gui.ui.availability import Availability
from mtop_gui.ui.dialogs.guide import GuideDialog
from mtop_gui.ui.palette import Choice
from mtop_gui.ui.text_size import TextSize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.ui.actions import Actions, ActionSpec
    from mtop_gui.ui.batch_run import BatchRun
    from mtop_gui.ui.keymap import Keymap
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.neighbours import Neighbours
    from mtop_gui.ui.preferences import Preferences
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.watching import Watching


class Desk(QObject):
    """Handlers of the actions that are not about one spectrum.

    Parameters
    ----------
    preferences : the Settings, recent folders among them.
    """

    open_wanted = Signal(list)

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        reviewing: Reviewing,
        run: BatchRun,
        keymap: Keymap,
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._reviewing = window, session, reviewing
        self._preferences = preferences
        self.keymap = keymap
        self.availability = Availability(session, run)
        self.availability.checks["recent"] = lambda: bool(self.recent())
        self._cursor_known = False
        self.availability.checks["cursor"] = lambda: self._cursor_known
        window.stack.cursor_moved.connect(self._note_cursor)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.text_size = TextSize(app, window)
        self._actions: Actions | None = None
        self.guide: GuideDialog | None = None
        self._parts: list[Any] = [preferences]

    def join(self, neighbours: Neighbours, watching: Watching) -> None:
        """Take the parts that have actions of their own."""
        self._parts += [neighbours, watching]
        self.availability.checks["hub"] = lambda: neighbours.link.connected

    def add(self, part: Any) -> None:
        """Take one more part that has actions of its own, and checks of when they can do something."""
        self._parts.append(part)
        part.add_checks(self.availability)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        own: dict[str, Callable[..., object]] = {
            "palette": self.show_palette,
            "open_recent": self.choose_recent,
            "choose_bundle": self.choose_bundle,
            "choose_passes": self.choose_passes,
            "set_class": lambda name: self._session.set_draft(spectrum_class=name),
            "turn_issue": self.turn_issue,
            "reviewer": self.edit_reviewer,
            "threshold": self.edit_threshold,
            "plane": lambda on: self._window.batch.plane.setChecked(on),
            "show_panel": self.turn_panel,
            "next_panel": self.next_panel,
            "reset_layout": self._window.reset_layout,
            "scale_text": self.scale_text,
            "guide": self.show_guide,
        }
        for part in self._parts:
            own |= part.handlers()
        return own

    def attach(self, actions: Actions) -> None:
        """Take the QActions: the switches among them follow the panels."""
        self._actions = actions
        for part in self._parts:
            part.attach(actions)
        for name, dock in self._window.docks.items():
            dock.visibilityChanged.connect(lambda _, n=name: self._show_panels(n))
            self._show_panels(name)
        self._window.batch.plane.toggled.connect(actions["plane"].setChecked)

    def show_guide(self) -> None:
        """Open the guide, or bring it to the front."""
        window = self._window
        if self.guide is None:
            self.guide = GuideDialog(window, window.theme_palette)
            self.guide.open_page("index")
        self.guide.keymap = self._actions.keymap if self._actions is not None else None
        self.guide.set_palette(window.theme_palette)
        self.guide.show()
        self.guide.raise_()
        self.guide.list.setFocus()

    # -- palette ----------------------------------------------------------------------------------------------

    def show_palette(self) -> None:
        """List every action, or put the list away."""
        self._window.command_palette.choose(
            "Find an action", [self._choice(s) for s in ACTIONS if self._fits(s)]
        )

    def _fits(self, spec: ActionSpec) -> bool:
        """Leave out qualities that are not on the reviewer's scale."""
        return spec.handler != "decide" or spec.argument in self._reviewing.scale.meanings

    def _choice(self, spec: ActionSpec) -> Choice:
        assert self._actions is not None
        action = self._actions[spec.id]
        keys = key_text(self._actions.keymap.keys_of(spec.id))
        detail = spec.help if spec.help.lower() != spec.text.lower() else ""
        if spec.checkable:
            detail = f"{'on' if action.isChecked() else 'off'} · {detail}" if detail else ""
        return Choice(
            f"{spec.group}: {spec.text}"
            if spec.group == "Lines" and spec.handler == "name_line"
            else spec.text,
            action.trigger,
            detail,
            keys,
            self.availability.why_not(spec),
            f"{spec.group} {keys}",
        )

    def _note_cursor(self, wavelength: float, flux: float) -> None:
        if wavelength > 0:
            self._cursor_known = True

    # -- choices ----------------------------------------------------------------------------------------------

    def recent(self) -> list[str]:
        """Give the recent folders that are still there."""
        return [folder for folder in self._preferences.kept.recent_folders if Path(folder).is_dir()]

    def choose_recent(self) -> None:
        """Choose one of the last folders, and open it."""
        choices = [
            Choice(Path(folder).name or folder, partial(self.open_wanted.emit, [folder]), folder)
            for folder in self.recent()
        ]
        if choices:
            self._window.command_palette.choose("Open a recent folder", choices)
        else:
            self._window.status.say("No folder was opened before: open one with Ctrl+O.")

    def choose_bundle(self) -> None:
        """Choose the network."""
        toolbar = self._window.toolbar
        if toolbar is not None:
            self._choose_of(toolbar.bundle, "Predict with this bundle", toolbar.bundle_chosen.emit)

    def choose_passes(self) -> None:
        """Choose how many MC-dropout passes are made."""
        toolbar = self._window.toolbar
        if toolbar is not None:
            self._choose_of(toolbar.passes, "MC-dropout passes for each spectrum", toolbar.passes_chosen.emit)

    def _choose_of(self, box: QComboBox, placeholder: str, chosen: Callable[[Any], object]) -> None:
        def take(place: int) -> None:
            box.setCurrentIndex(place)
            chosen(box.itemData(place))

        choices = [
            Choice(box.itemText(place), partial(take, place), "now" if place == box.currentIndex() else "")
            for place in range(box.count())
        ]
        self._window.command_palette.choose(placeholder, choices)

    # -- fields and panels ------------------------------------------------------------------------------------

    def turn_issue(self, letter: str) -> None:
        """Put an issue on the spectrum, or take it off."""
        issues = self._session.draft.issues
        kept = issues.replace(letter, "") if letter in issues else issues + letter
        self._session.set_draft(issues="".join(sorted(kept, key="RCS".find)))

    def edit_reviewer(self) -> None:
        """Go to the reviewer's name."""
        if self._window.toolbar is not None:
            self._window.toolbar.reviewer.setFocus()
            self._window.toolbar.reviewer.selectAll()

    def edit_threshold(self) -> None:
        """Go to the entropy threshold: arrows and digits change it, Escape goes back."""
        if self._window.toolbar is not None:
            self._window.toolbar.threshold.setFocus()
            self._window.toolbar.threshold.selectAll()

    def turn_panel(self, name: str) -> None:
        """Show a panel, also one that lies behind another; hide one that is to be seen."""
        dock = self._window.docks[name]
        if _is_seen(dock):
            dock.hide()
        else:
            dock.show()
            dock.raise_()
        self._show_panels(name)

    def _show_panels(self, name: str) -> None:
        if self._actions is not None:
            self._actions[f"panel_{name}"].setChecked(not self._window.docks[name].isHidden())

    def next_panel(self) -> None:
        """Give the keys to the next table that is to be seen."""
        tables = [table for table in self._tables() if _is_seen(table)]
        if not tables:
            self._window.setFocus()
            return
        focused = self._window.focusWidget()
        here = next((place for place, table in enumerate(tables) if table is focused), -1)
        tables[(here + 1) % len(tables)].setFocus()

    def _tables(self) -> Sequence[QTableView]:
        found: list[QTableView] = []
        for dock in self._window.docks.values():
            found += [t for t in dock.findChildren(QTableView) if t.focusPolicy().value]
        return found

    def scale_text(self, by: int) -> None:
        """Write everything larger (by=1), smaller (-1), or as the system does (0)."""
        self.text_size.step(by)
        self._window.status.say(f"Text at {100 * self.text_size.scale:.0f} % of the system's size.")


def _is_seen(widget: QWidget) -> bool:
    """Whether a person sees it: a panel behind another's tab is visible to Qt, but nowhere on the screen."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()
