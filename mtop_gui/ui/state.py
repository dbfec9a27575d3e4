"""What the window remembers between two starts: place, docks, and where the person was and what was looked at."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_dir
from PySide6.QtCore import QByteArray, QRect, QSettings, QSize, Qt
from PySide6.QtGui import QGuiApplication

from mtop_gui.ui.looking import remembered
from mtop_gui.ui.main_window import LAYOUT_VERSION

if TYPE_CHECKING:
    from mtop_gui.ui.main_window import MainWindow


LEAST_SEEN = 80
"""Pixels of the window's top edge that must lie on a screen, so that it can be moved by hand."""


@dataclass(frozen=True)
class Resume:
    """Where the person was: opened paths, the selected spectrum, its candidate redshift, and the zoom on it.

    `zoom` is (low, high) wavelength [Å] and (low, high) flux as drawn; None for the whole spectrum.
    """

    folders: tuple[Path, ...] = ()
    selected: tuple[Path, int] | None = None
    candidate: float | None = None
    zoom: tuple[float, float, float, float] | None = None


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
        docks, place = file.value("layout/docks"), _numbers(file.value("layout/place"), 4)
        if not isinstance(docks, QByteArray) or place is None:
            return False
        self._put(window, QRect(*(round(number) for number in place)))
        if str(file.value("layout/maximized")) == "true":
            window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
        return window.restoreState(docks, LAYOUT_VERSION)

    @staticmethod
    def _put(window: MainWindow, place: QRect) -> None:
        """Put the window where it was, unless its top edge would be out of reach.

        Not by Qt's restoreGeometry: where no window manager draws a title it moves the window down by one at each start.
        """
        window.resize(place.size())
        top = QRect(place.topLeft(), QSize(place.width(), LEAST_SEEN))
        for screen in QGuiApplication.screens():
            seen = screen.availableGeometry() & top
            if seen.width() >= LEAST_SEEN and seen.height() >= LEAST_SEEN // 2:
                window.move(place.topLeft())
                return

    def resume(self) -> Resume:
        """Give where the person was."""
        file = self._file()
        folders = file.value("session/folders")
        names = [folders] if isinstance(folders, str) else folders or []
        selected = None
        file_name, row = file.value("session/file"), file.value("session/row")
        if isinstance(file_name, str) and file_name and str(row).isdecimal():
            selected = (Path(file_name), int(str(row)))
        zoom = _numbers(file.value("session/zoom"), 4)
        return Resume(
            tuple(Path(str(n)) for n in names if n),
            selected,
            _number(file.value("session/candidate")),
            (zoom[0], zoom[1], zoom[2], zoom[3]) if zoom else None,
        )

    def looked_at(self) -> dict[str, str]:
        """Give what the panels remember: the queue, its filter and order, and so on."""
        file = self._file()
        file.beginGroup("panels")
        return {key: str(file.value(key)) for key in file.childKeys()}

    def save(self, window: MainWindow, resume: Resume) -> None:
        """Remember the window and where the person was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self._file()
        if not (window.isMaximized() or window.isFullScreen()):
            place = (window.x(), window.y(), window.width(), window.height())
            file.setValue("layout/place", " ".join(map(str, place)))
        file.setValue("layout/maximized", "true" if window.isMaximized() else "false")
        file.setValue("layout/docks", window.dock_layout())
        file.setValue("session/folders", [str(path) for path in resume.folders])
        file.setValue("session/file", str(resume.selected[0]) if resume.selected else "")
        file.setValue("session/row", str(resume.selected[1]) if resume.selected else "")
        file.setValue("session/candidate", "" if resume.candidate is None else repr(resume.candidate))
        file.setValue("session/zoom", " ".join(map(repr, resume.zoom)) if resume.zoom else "")
        for key, value in remembered(window).items():
            file.setValue(f"panels/{key}", value)
        file.sync()


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def _numbers(text: object, count: int) -> tuple[float, ...] | None:
    """Read that many finite numbers; None for anything else."""
    numbers = [number for word in str(text).split() if (number := _number(word)) is not None]
    return tuple(numbers) if len(numbers) == count and all(map(math.isfinite, numbers)) else None
