"""The user's settings: a frozen table, kept as one TOML file; only the command line and the window read it."""

from __future__ import annotations

import getpass
import os
import shutil
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "MTOP_SETTINGS"
THEMES = ("dark", "light", "system")
MOST_RECENT = 10


def login_name() -> str:
    """Give the name of the person at this computer, as the default reviewer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reviewer"


@dataclass(frozen=True)
class Settings:
    """What the user chose, with the defaults of a first start.

    Attributes
    ----------
    reviewer : name written into Decisions.
    theme : one of THEMES.
    entropy_threshold : natural-log entropy from which a Prediction is flagged.
    quality_scale, key_preset : names in `core.decision.QUALITY_SCALES` and of the key presets.
    bundle : name or folder of the ModelBundle, or "auto": the shipped one that suits each spectrum.
    mc_passes : MC-dropout passes per Spectrum in the window, by default as many as ``mtop predict`` makes, so that both
        flag the same spectra; 1 means one deterministic pass.
    smoothing : Gaussian width in pixels, 0 for none.
    store : path or URL of the store, "" for the user's own.
    blind : hide Predictions until the reviewer's first Decision on each Spectrum.
    merge_rule : name in `store.merge.RULES`.
    saved_filters : queues the person saved, ``name: expression``.
    recent_folders : newest first, at most MOST_RECENT.
    text_scale : size of all writing, as a multiple of the system's.
    watch : list and predict spectra as they arrive in the open folders.
    samp : connect to the SAMP hub at the start, where one runs.
    keys : keys the person gave to actions, by preset and action; an empty list takes an action's keys away.
    """

    reviewer: str = field(default_factory=login_name)
    theme: str = "dark"
    entropy_threshold: float = 2.0
    quality_scale: str = "desi"
    key_preset: str = "marz"
    bundle: str = "auto"
    mc_passes: int = 50
    smoothing: float = 2.0
    store: str = ""
    recent_folders: tuple[str, ...] = ()
    blind: bool = False
    merge_rule: str = "desi"
    saved_filters: tuple[str, ...] = ()
    text_scale: float = 1.0
    watch: bool = False
    samp: bool = False
    keys: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse values the program cannot work with."""
        if self.theme not in THEMES:
            raise ValueError(f"theme must be one of {', '.join(THEMES)}, not '{self.theme}'")
        if self.mc_passes < 1:
            raise ValueError("mc_passes must be at least 1")
        if not self.entropy_threshold >= 0 or not self.smoothing >= 0:
            raise ValueError("entropy_threshold and smoothing must not be negative")
        if not 0.5 <= self.text_scale <= 4:
            raise ValueError("text_scale must lie between 0.5 and 4")

    def with_recent(self, folder: Path | str) -> Settings:
        """Put a folder first in the list of recent ones."""
        name = str(folder)
        others = tuple(known for known in self.recent_folders if known != name)
        return replace(self, recent_folders=(name, *others)[:MOST_RECENT])


def settings_path() -> Path:
    """Give the file: ``$MTOP_SETTINGS`` where set, else ``settings.toml`` in the user's configuration folder."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else Path(user_config_dir("mtop-gui", appauthor=False)) / "settings.toml"


def load_settings(path: Path | None = None) -> tuple[Settings, str]:
    """Read the settings.

    Returns
    -------
    The Settings, and a warning for the user: "" unless the file is damaged or holds a value that will not do. Then
    the defaults stand in, and what the file held is kept beside it with the ending ``.bad``.
    """
    path = path or settings_path()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Settings(**_checked(values)), ""
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), f"The settings in {path} are not used, the defaults are ({error}){_keep(path)}."


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings; the file is whole at any time.

    Raises
    ------
    OSError : the folder cannot be made or written.
    """
    path = path or settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{each.name} = {_toml(getattr(settings, each.name))}\n"
        for each in fields(settings)
        if each.name != "keys"
    ]
    for preset, table in settings.keys.items():
        lines.append(f"\n[keys.{_toml(preset)}]\n")
        lines += [f"{_toml(action)} = {_toml(keys)}\n" for action, keys in table.items()]
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(path)


def _keep(path: Path) -> str:
    """Copy a file that will not do, so that the next save does not destroy it."""
    copy = path.with_name(path.name + ".bad")
    try:
        shutil.copyfile(path, copy)
    except OSError:
        return ""
    return f"; the file is kept as {copy.name}"


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Give the values whose names are settings, each of the type of its default; others are of a newer version."""
    defaults = Settings()
    checked = {}
    for each in fields(Settings):
        if each.name not in values:
            continue
        value, default = values[each.name], getattr(defaults, each.name)
        if each.name == "keys":
            checked["keys"] = _checked_keys(value)
            continue
        if isinstance(default, tuple) and isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                raise ValueError(f"{each.name} must be a list of texts")
            value = tuple(value)
        elif isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            raise ValueError(f"{each.name} must be like {_toml(default)}, not {value!r}")
        checked[each.name] = value
    return checked


def _checked_keys(value: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    """Give the keys by preset and action."""
    checked: dict[str, dict[str, tuple[str, ...]]] = {}
    for preset, table in value.items() if isinstance(value, dict) else [("keys", None)]:
        if not isinstance(table, dict):
            raise ValueError('keys must be tables by preset, like [keys.marz] and below it next = ["N"]')
        for action, keys in table.items():
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise ValueError(f"the keys of {action} must be a list of texts")
        checked[preset] = {action: tuple(keys) for action, keys in table.items()}
    return checked


def _toml(value: bool | str | float | int | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return f'"{"".join(_escaped(character) for character in value)}"'
    return repr(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    # A lone surrogate (an undecodable byte of a file name) has no place in UTF-8 text.
    if 0xD800 <= ord(character) <= 0xDFFF:
        return "\\uFFFD"
    return f"\\u{ord(character):04x}" if ord(character) < 0x20 or ord(character) == 0x7F else character
