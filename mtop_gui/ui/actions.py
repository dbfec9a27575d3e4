"""The one table of actions: menus, toolbar, shortcuts and the key help are all made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QMainWindow

PRESETS = ("marz", "specvizitor")
GROUPS = ("File", "Spectrum", "Redshift", "Lines", "Review", "View", "Help")


@dataclass(frozen=True)
class ActionSpec:
    """One thing a person can do.

    Attributes
    ----------
    id : name of its handler.
    text, help : what menu and key help say.
    group : one of GROUPS: its menu, and its block in the key help.
    keys : shortcuts, by preset; "" = every preset without keys of its own.
    icon : name in ``resources/icons``; "" = none.
    argument : handed to the handler where one handler serves several actions.
    checkable : it is a switch.
    in_menu : False for what would only crowd the menu.
    """

    id: str
    text: str
    group: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    help: str = ""
    icon: str = ""
    handler: str = ""
    argument: object = None
    checkable: bool = False
    in_menu: bool = True

    def keys_of(self, preset: str) -> tuple[str, ...]:
        """Give its shortcuts in a preset."""
        return tuple(self.keys.get(preset, self.keys.get("", ())))


def _keys(*both: str, **presets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {"": both, **presets}


_QUALITY = tuple(
    ActionSpec(
        f"quality_{q}",
        f"Quality {q}",
        "Review",
        _keys(str(q)),
        f"save quality {q} and go to the next spectrum",
        handler="decide",
        argument=q,
    )
    for q in (4, 3, 2, 1, 0, 6, 9)
)

NAMED_LINES: tuple[tuple[str, str, float], ...] = (
    ("O", "[O II] 3728", 3728.48),
    ("U", "[O III] 4960", 4960.295),
    ("I", "[O III] 5008", 5008.240),
    ("A", "Hα", 6564.61),
    ("B", "Hβ", 4862.68),
    ("K", "Ca II K", 3934.78),
    ("H", "Ca II H", 3969.59),
    ("L", "Lyα", 1215.67),
    ("C", "C IV", 1549.06),
    ("V", "C III]", 1908.73),
    ("M", "Mg II", 2798.75),
)
"""Shift + letter at the cursor: (letter, line, vacuum Å; doublets by their usual blended mean)."""

_LINES = tuple(
    ActionSpec(
        f"name_{letter}",
        name,
        "Lines",
        {"marz": (f"Shift+{letter}",)},
        f"the feature under the cursor is {name}",
        handler="name_line",
        argument=wavelength,
    )
    for letter, name, wavelength in NAMED_LINES
)

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_folder", "Open folder…", "File", _keys("Ctrl+O"), "open a folder of spectra", "open"),
    ActionSpec("open_files", "Open files…", "File", _keys("Ctrl+Shift+O"), "open single files", icon="file"),
    ActionSpec("run", "Run network", "File", _keys("Ctrl+R"), "predict all listed spectra", "run"),
    ActionSpec("cancel", "Cancel run", "File", _keys("Ctrl+."), "stop the run; what is done stays", "cancel"),
    ActionSpec("export", "Save catalogue…", "File", _keys("Ctrl+S"), "write the catalogue", "export"),
    ActionSpec("quit", "Quit", "File", _keys("Ctrl+Q"), "quit; every decision is saved already"),
    ActionSpec("next", "Next spectrum", "Spectrum", _keys("N", specvizitor=("Right",)), icon="next"),
    ActionSpec(
        "previous", "Previous spectrum", "Spectrum", _keys("B", specvizitor=("Left",)), icon="previous"
    ),
    ActionSpec(
        "next_flagged", "Next flagged", "Spectrum", _keys("G"), "next flagged, not yet reviewed", icon="flag"
    ),
    ActionSpec("search", "Search", "Spectrum", _keys("/"), "filter the list by name", icon="search"),
    ActionSpec("accept", "Accept network redshift", "Redshift", _keys("Return", "Enter"), icon="accept"),
    ActionSpec("next_peak", "Next PDF peak", "Redshift", _keys("O"), handler="step_peak", argument=1),
    ActionSpec(
        "previous_peak", "Previous PDF peak", "Redshift", _keys("I"), handler="step_peak", argument=-1
    ),
    ActionSpec(
        "z_less",
        "z − 0.0001",
        "Redshift",
        _keys("Left", specvizitor=("Shift+Q",)),
        handler="nudge",
        argument=-1e-4,
    ),
    ActionSpec(
        "z_more",
        "z + 0.0001",
        "Redshift",
        _keys("Right", specvizitor=("Shift+W",)),
        handler="nudge",
        argument=1e-4,
    ),
    ActionSpec(
        "z_much_less",
        "z − 0.001",
        "Redshift",
        _keys("Shift+Left", specvizitor=("Q",)),
        handler="nudge",
        argument=-1e-3,
    ),
    ActionSpec(
        "z_much_more",
        "z + 0.001",
        "Redshift",
        _keys("Shift+Right", specvizitor=("W",)),
        handler="nudge",
        argument=1e-3,
    ),
    ActionSpec("type_redshift", "Type a redshift…", "Redshift", _keys("Z")),
    ActionSpec(
        "fit_lines",
        "Fit lines here",
        "Redshift",
        _keys("U"),
        "fit the lines near this redshift",
        icon="lines",
    ),
    ActionSpec(
        "next_line",
        "Next line",
        "Lines",
        _keys("."),
        "zoom to the next line",
        handler="step_line",
        argument=1,
    ),
    ActionSpec(
        "previous_line",
        "Previous line",
        "Lines",
        _keys(","),
        "zoom to the line before",
        handler="step_line",
        argument=-1,
    ),
    *_LINES,
    *_QUALITY,
    ActionSpec(
        "star",
        "Mark with a star",
        "Review",
        _keys("*", specvizitor=("S",)),
        "star, to come back to it",
        checkable=True,
        icon="star",
    ),
    ActionSpec(
        "comment", "Comment", "Review", _keys("E"), "write a comment; Esc leaves the field", icon="comment"
    ),
    ActionSpec(
        "undo",
        "Undo decision",
        "Review",
        _keys("Ctrl+Z"),
        "take the last decision back, also after a restart",
        icon="undo",
    ),
    ActionSpec("redo", "Redo decision", "Review", _keys("Ctrl+Shift+Z", "Ctrl+Y"), icon="redo"),
    ActionSpec(
        "smooth_more",
        "Smooth more",
        "View",
        _keys("S", specvizitor=("]",)),
        handler="smooth",
        argument=1,
        icon="smooth",
    ),
    ActionSpec(
        "smooth_less", "Smooth less", "View", _keys("D", specvizitor=("[",)), handler="smooth", argument=-1
    ),
    ActionSpec("reset_view", "Reset view", "View", _keys("R"), "show the whole spectrum again", icon="reset"),
    ActionSpec(
        "show_lines",
        "Spectral lines",
        "View",
        _keys("L"),
        "line labels on or off",
        checkable=True,
        icon="lines",
    ),
    ActionSpec("show_error", "Error", "View", _keys("X"), "error on or off", checkable=True, icon="error"),
    ActionSpec(
        "show_sky_mask", "Sky mask", "View", _keys("M"), "sky mask on or off", checkable=True, icon="sky"
    ),
    ActionSpec(
        "show_continuum",
        "Continuum",
        "View",
        _keys("C"),
        "continuum on or off",
        checkable=True,
        icon="continuum",
    ),
    ActionSpec(
        "pdf_log",
        "Logarithmic PDF",
        "View",
        _keys("P"),
        "PDF linear or logarithmic",
        checkable=True,
        icon="pdf",
    ),
    ActionSpec("zen", "Only the plots", "View", _keys("F9", specvizitor=("H",)), checkable=True),
    ActionSpec("full_screen", "Full screen", "View", _keys("F11", specvizitor=("F", "F11")), checkable=True),
    ActionSpec("theme", "Light or dark", "View", _keys("Ctrl+T"), "change the theme", icon="theme"),
    ActionSpec("reset_layout", "Reset panel layout", "View"),
    ActionSpec("help", "Keys", "Help", _keys("?"), "show or hide this help", "help"),
    ActionSpec(
        "preset", "Other key preset", "Help", help="change between the Marz and specvizitor keys", icon="keys"
    ),
    ActionSpec("escape", "Leave field or help", "Help", _keys("Esc"), in_menu=False),
    ActionSpec("about", "About", "Help"),
)


def key_text(keys: tuple[str, ...]) -> str:
    """Spell shortcuts for a person: ``←  ⇧→``."""
    signs = {"Left": "←", "Right": "→", "Return": "Enter"}
    shown = [key for key in keys if key != "Enter"]
    spelled = []
    for key in shown:
        parts = key.split("+") if key != "+" else [key]
        parts = [
            signs.get(part, part.lower() if len(part) == 1 and len(parts) == 1 else part) for part in parts
        ]
        spelled.append("+".join(parts))
    return "  ".join(spelled)


class Actions:
    """The QActions of a window, by id.

    Parameters
    ----------
    handlers : by id or `ActionSpec.handler`; each is called with the spec's argument, or the switch's state, or nothing.
    """

    def __init__(
        self, window: QMainWindow, handlers: Mapping[str, Callable[..., object]], preset: str
    ) -> None:
        self._window = window
        self.preset = preset if preset in PRESETS else PRESETS[0]
        self._made: dict[str, QAction] = {}
        for spec in ACTIONS:
            action = QAction(spec.text, window)
            action.setCheckable(spec.checkable)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._connect(action, spec, handlers[spec.handler or spec.id])
            window.addAction(action)
            self._made[spec.id] = action
        self.use_preset(self.preset)

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

    def use_preset(self, preset: str) -> None:
        """Give every action its keys of a preset."""
        self.preset = preset
        for spec in ACTIONS:
            keys = spec.keys_of(preset)
            action = self._made[spec.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            hint = spec.help or spec.text
            action.setToolTip(f"{hint[0].upper()}{hint[1:]} ({key_text(keys)})" if keys else hint)

    def group(self, name: str) -> list[QAction]:
        """Give the actions of a group, in the table's order."""
        return [self._made[spec.id] for spec in ACTIONS if spec.group == name and spec.in_menu]
