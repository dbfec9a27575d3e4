"""Spectra that arrive while a list is open: files are asked what they hold and appended; nothing listed is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from mtop_gui.ui.scanning import entries_of
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mtop_gui.core.events import Report
    from mtop_gui.ui.entries import NewEntry
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Lanes


class Arriving(QObject):
    """Appends the spectra of files to the Session's list."""

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__(session)
        self._session, self._lanes = session, lanes

    def add(self, paths: Sequence[Path], done: Callable[[list[int]], None] | None = None) -> None:
        """Append the spectra of these files and folders.

        Parameters
        ----------
        done : called with the entry numbers of all spectra in them, also of those that were listed already.
        """
        session = self._session
        entries = session.entries

        def work(report: Report) -> list[NewEntry]:
            from mtop_gui import io  # astropy: imported here, so that the window is up before it

            return [entry for path in io.find_files(list(paths)) for entry in entries_of(path)]

        def take(found: list[NewEntry]) -> None:
            if session.entries is not entries:
                return  # another folder was opened meanwhile
            session.add(found)
            numbers = [entries.find(entry.path, entry.row) for entry in found]
            if done is not None:
                done([number for number in numbers if number is not None])

        self._lanes.submit(Lane.FILES, work, "reading what arrived", done=take)
