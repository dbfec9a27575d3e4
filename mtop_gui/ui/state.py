"""What the window remembers between two starts: geometry, docks, and where the person was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_dir
from PySide6.QtCore import QByteArray, QSettings

from mtop_gui.ui.main_window import LAYOUT_VERSION

if TYPE_CHECKING:
    from mtop_gui.ui.main_window import MainWindow


@dataclass(frozen=True)
class Resume:
    """Where the person was: opened paths, the selected spectrum, its candidate redshift."""

    folders: tuple[Path, ...] = ()
    selected: tuple[Path, int] | None = None
    candidate: float | None = None


def default_state_path() -> Path:
    """Give the file: ``$MTOP_WINDOW`` where set, else ``window.ini`` in the user's state folder."""
    named = os.environ.get("MTOP_WINDOW", "")
    return Path(named) if named else Path(user_state_dir("mtop-gui", appauthor=False)) / "window.ini"


class WindowState:
    """One INI file. A damaged or missing one gives a first start, never an error."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_state_path()

    def _file(self) -> QSettings:
        return QSettings(str(self.path), QSettings.Format.IniFormat)

    def restore_layout(self, window: MainWindow) -> bool:
        """Give the window its last size, place and docks; False when there are none."""
        file = self._file()
        geometry, docks = file.value("layout/geometry"), file.value("layout/docks")
        if not isinstance(geometry, QByteArray) or not isinstance(docks, QByteArray):
            return False
        return window.restoreGeometry(geometry) and window.restoreState(docks, LAYOUT_VERSION)

    def resume(self) -> Resume:
        """Give where the person was."""
        file = self._file()
        folders = file.value("session/folders")
        names = [folders] if isinstance(folders, str) else folders or []
        selected = None
        file_name, row = file.value("session/file"), file.value("session/row")
        if isinstance(file_name, str) and file_name and str(row).isdecimal():
            selected = (Path(file_name), int(str(row)))
        return Resume(
            tuple(Path(str(n)) for n in names if n), selected, _number(file.value("session/candidate"))
        )

    def save(self, window: MainWindow, resume: Resume) -> None:
        """Remember the window and where the person was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self._file()
        file.setValue("layout/geometry", window.saveGeometry())
        file.setValue("layout/docks", window.dock_layout())
        file.setValue("session/folders", [str(path) for path in resume.folders])
        file.setValue("session/file", str(resume.selected[0]) if resume.selected else "")
        file.setValue("session/row", str(resume.selected[1]) if resume.selected else "")
        file.setValue("session/candidate", "" if resume.candidate is None else repr(resume.candidate))
        file.sync()


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
