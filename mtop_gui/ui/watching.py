"""Watching the open folders: files that arrive and have stopped growing are listed, and predicted as they come."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mtop_gui.core.events import Report
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.arriving import Arriving
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.newcomers import Newcomers
    from mtop_gui.ui.preferences import Preferences
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Lanes, Task

LOOK_EVERY = 4000
"""Milliseconds between looks at the folders: network drives tell nobody that something arrived."""
SETTLE = 800
"""Milliseconds in which a file must not have grown to count as complete."""
MOST_FOLDERS = 500
FileFacts = dict[str, tuple[int, int]]


def growing(paths: Iterable[Path], before: FileFacts) -> tuple[list[Path], FileFacts]:
    """Tell which files have stopped growing since the last look.

    Parameters
    ----------
    before : size and modification time [ns] of each file at the last look.

    Returns
    -------
    The files whose size and time are as they were, and not empty; and the facts of all others, for the next look.
    """
    complete, facts = [], {}
    for path in paths:
        try:
            now = os.stat(path)  # noqa: PTH116 - as the store does, for thousands of files
        except OSError:
            continue
        fact = (now.st_size, now.st_mtime_ns)
        if now.st_size > 0 and before.get(str(path)) == fact:
            complete.append(path)
        else:
            facts[str(path)] = fact
    return complete, facts


class Watching(QObject):
    """Lists and predicts what arrives, while it is on."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        lanes: Lanes,
        arriving: Arriving,
        newcomers: Newcomers,
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._lanes = window, session, lanes
        self._arriving, self._newcomers, self._preferences = arriving, newcomers, preferences
        self._watcher: QFileSystemWatcher | None = None
        self._times: dict[str, int] = {}
        self._facts: FileFacts = {}
        self._task: Task | None = None
        self._actions: Actions | None = None
        self._look_soon = QTimer(self)
        self._look_soon.setSingleShot(True)
        self._look_soon.setInterval(SETTLE)
        self._look_soon.timeout.connect(self.look)
        self._look_regularly = QTimer(self)
        self._look_regularly.setInterval(LOOK_EVERY)
        self._look_regularly.timeout.connect(self.look)
        preferences.changed.connect(lambda settings: self.turn(settings.watch))
        session.entries_reset.connect(self._begin)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {"watch": self.turn}

    def attach(self, actions: Actions) -> None:
        """Take the QActions, and watch if the person did so last time."""
        self._actions = actions
        if self._preferences.kept.watch:
            self.turn(True)

    @property
    def on(self) -> bool:
        """Whether the open folders are watched."""
        return self._watcher is not None

    def turn(self, on: bool) -> None:
        """Begin or end watching."""
        self._preferences.kept = replace(self._preferences.kept, watch=on)
        if self._actions is not None:
            self._actions["watch"].setChecked(on)
        if on == self.on:
            return
        if on:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(lambda _: self._look_soon.start())
            self._look_regularly.start()
            self._begin()
            self._window.status.say(
                "Watching the open folders: new spectra are listed and predicted as they come."
            )
        else:
            self.close()
            self._window.status.say("The folders are not watched any more.")

    def close(self) -> None:
        """End watching."""
        self._look_soon.stop()
        self._look_regularly.stop()
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None

    def _begin(self) -> None:
        self._facts, self._times = {}, {}
        if self._watcher is not None:
            if self._watcher.directories():
                self._watcher.removePaths(self._watcher.directories())
            self._look_soon.start()

    def look(self) -> None:
        """Look for files that are not listed; those that have stopped growing since the last look are taken."""
        session, entries = self._session, self._session.entries
        folders = [folder for folder in session.folders if folder.is_dir()]
        if not self.on or self._task is not None or not folders:
            return
        known, facts, times = {str(path) for path in entries.paths}, self._facts, self._times

        def work(report: Report) -> tuple[list[Path], FileFacts, dict[str, int]]:
            from mtop_gui import io  # astropy: imported here, so that the window is up before it

            now = _times_of(folders)
            if now == times and not facts:
                return [], {}, now
            new = [path for path in io.find_files(folders) if str(path) not in known]
            complete, still = growing(new, facts)
            return complete, still, now

        def done(answer: tuple[list[Path], FileFacts, dict[str, int]]) -> None:
            if session.entries is entries:
                self._take(*answer)

        def ended() -> None:
            self._task = None

        self._task = self._lanes.submit(
            Lane.FILES,
            work,
            "looking for new spectra",
            done=done,
            failed=lambda failure: self._window.status.say(failure.message, bad=True),
            ended=ended,
        )

    def _take(self, complete: list[Path], still: FileFacts, times: dict[str, int]) -> None:
        self._facts, self._times = still, times
        if self._watcher is not None:
            fresh = [folder for folder in times if folder not in self._watcher.directories()]
            if fresh:
                self._watcher.addPaths(fresh)
        if still:
            self._look_soon.start()
        if complete:
            self._arriving.add(complete, self._arrived)

    def _arrived(self, numbers: list[int]) -> None:
        if not numbers:
            return
        session = self._session
        entries = session.entries
        names = ", ".join(entries.names[number] for number in numbers[:3])
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        self._window.status.say(f"Arrived: {names}{more}")

        def done() -> None:
            flagged = sum(entries.is_flagged(number, session.threshold) for number in numbers)
            self._window.status.say(f"Arrived and predicted: {names}{more}; {flagged} flagged")

        self._newcomers.predict(numbers, done)


def _times_of(folders: list[Path]) -> dict[str, int]:
    """Give the modification time [ns] of every folder under these: it changes when something arrives."""
    times: dict[str, int] = {}
    for folder in folders:
        for name, inside, _ in os.walk(folder):
            inside[:] = [each for each in inside if not each.startswith(".")]
            if len(times) >= MOST_FOLDERS:
                return times
            try:
                times[name] = os.stat(name).st_mtime_ns  # noqa: PTH116
            except OSError:
                continue
    return times
