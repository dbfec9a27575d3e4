"""The pages of the guide that are made from the program itself: the keys from the table of actions, the quality scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.core.decision import ISSUES, QUALITY_SCALES, SPECTRUM_CLASSES
from mtop_gui.core.resources import resource_path
from mtop_gui.ui.action_table import ACTIONS, GROUPS, PRESETS
from mtop_gui.ui.actions import key_text
from mtop_gui.ui.dialogs.keys import PRESET_TITLES
from mtop_gui.ui.keymap import Keymap

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.action_table import ActionSpec

PAGES: tuple[tuple[str, str], ...] = (
    ("index", "Welcome"),
    ("tutorial", "Ten minutes"),
    ("keys", "Keys"),
    ("quality", "Quality scales"),
    ("layouts", "File layouts"),
    ("team", "A team"),
    ("neighbours", "Other programs"),
    ("embedding", "Embedding explorer"),
    ("cluster", "Batch on a cluster"),
    ("training", "Your own bundle"),
)
"""Pages in reading order: name of the file ``resources/guide/NAME.md``, title."""

MADE = "<!-- Made from the program by python -m mtop_gui.ui.guide_pictures; changes here are lost. -->\n"
SCALE_TITLES = {"desi": "DESI", "ozdes": "OzDES and Marz", "vimos": "VIMOS (VVDS, VIPERS, VANDELS)"}


def guide_folder() -> Path:
    """Give the folder of the guide."""
    return resource_path("guide")


def pages() -> list[tuple[str, str]]:
    """Give name and title of the pages there are."""
    return [(name, title) for name, title in PAGES if (guide_folder() / f"{name}.md").is_file()]


def keys_page(keymap: Keymap | None = None) -> str:
    """Write the page of keys: both presets side by side, or the person's own beside them.

    Parameters
    ----------
    keymap : the keys in force; None for the page as it is shipped.
    """
    changed = keymap is not None and bool(keymap.changes.get(keymap.preset))
    titles = [PRESET_TITLES[preset] for preset in PRESETS] + (["yours"] if changed else [])
    lines = [
        "# Keys",
        "",
        "Every action is in the command palette: press `Ctrl+K` and type a few letters of its name. `?` shows the keys over",
        "the window. *Help, Other key preset* changes between the two presets, *Help, Change keys…* gives any action other",
        "keys and shows where two would share one.",
    ]
    for group in GROUPS:
        lines += ["", f"## {group}", "", f"| Action | {' | '.join(titles)} | What it does |"]
        lines.append("| --- " * (len(titles) + 2) + "|")
        for spec in (spec for spec in ACTIONS if spec.group == group):
            cells = [_keys(Keymap(preset), spec.id) for preset in PRESETS]
            if changed and keymap is not None:
                cells.append(_keys(keymap, spec.id) if keymap.is_changed(spec.id) else "")
            lines.append(f"| {_cell(spec.text.rstrip('…'))} | {' | '.join(cells)} | {_cell(_what(spec))} |")
    return MADE + "\n".join(lines) + "\n"


def quality_page() -> str:
    """Write the page of quality scales."""
    lines = [
        "# Quality scales",
        "",
        "A decision keeps the number you gave and the name of its scale; nothing is ever converted behind your back. The scale is",
        "chosen in *File, Settings…* and holds from the next start. On the VIMOS scale, `10` more means a broad-line object and",
        "`20` more a secondary one: those numbers have no key of their own, the command palette (`Ctrl+K`, then e.g. `14`) has them.",
    ]
    for name, scale in QUALITY_SCALES.items():
        lines += [
            "",
            f"## {SCALE_TITLES.get(name, name)}: `{name}`",
            "",
            "| Quality | Meaning |",
            "| --- | --- |",
        ]
        lines += [
            f"| {quality} | {_cell(meaning)} |"
            for quality, meaning in sorted(scale.meanings.items(), reverse=True)
        ]
    issues = ", ".join(f"`{letter}` {what}" for letter, what in ISSUES.items())
    classes = ", ".join(f"`{name}`" for name in SPECTRUM_CLASSES)
    lines += [
        "",
        "## Class and issues",
        "",
        f"Beside the quality a decision holds a class ({classes}; keys `F2`, `F3`, `F4`) and what is wrong ({issues}; keys",
        "`Ctrl+1`, `Ctrl+2`, `Ctrl+3`). Set them before the quality key, which saves all of it at once.",
    ]
    return MADE + "\n".join(lines) + "\n"


def made_pages() -> dict[str, str]:
    """Give the text of every page that is made, by file name."""
    return {"keys.md": keys_page(), "quality.md": quality_page()}


def _keys(keymap: Keymap, action: str) -> str:
    keys = [f"`{key_text((key,))}`".replace("|", "\\|") for key in _shown(keymap.keys_of(action))]
    return " ".join(keys) or "–"


def _shown(keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if key != "Enter" or "Return" not in keys]


def _what(spec: ActionSpec) -> str:
    return spec.help[:1].upper() + spec.help[1:]


def _cell(text: str) -> str:
    return (
        text.replace("|", "\\|")
        .replace("*", "\\*")
        .replace("<", "&lt;")
        .replace("[", "\\[")
        .replace("]", "\\]")
    )
