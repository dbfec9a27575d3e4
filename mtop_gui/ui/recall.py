"""Recall: what the store already knows of reopened files is shown at once, before any of them is read."""

from __future__ import annotations

import logging
import os
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer

from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import KnownFile
from mtop_gui.ui.entries import Status
from mtop_gui.ui.gist import gist_of
from mtop_gui.ui.tasks import Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session

log = logging.getLogger(__name__)

CHUNK = 200


class Recalled(NamedTuple):
    """What is known of some entries: content hashes, Predictions, and why files could not be read."""

    hashes: dict[int, str]
    predictions: dict[int, Prediction]
    failures: dict[int, str]


class Recall(QObject):
    """Looks up content hashes of unchanged files, then their cached Predictions; remembers files after a run."""

    def __init__(
        self, session: Session, reviewing: Reviewing, lanes: Lanes, network: NetworkLane, store: ReviewStore
    ) -> None:
        super().__init__(session)
        self._session, self._reviewing = session, reviewing
        self._lanes, self._network, self._store = lanes, network, store
        self._task: Task | None = None
        self._remembered: set[int] = set()
        self._hashed = 0
        self._unwritten: list[list[tuple[Path, int, str, str]]] = []
        self._remember_soon = QTimer(self)
        self._remember_soon.setSingleShot(True)
        self._remember_soon.setInterval(3000)
        self._remember_soon.timeout.connect(self.remember)
        session.entries_reset.connect(self._begin)
        session.entries_changed.connect(self._remember_later)

    def _begin(self) -> None:
        self.cancel()
        self._remember_soon.stop()
        self._remembered, self._hashed = set(), 0

    def _remember_later(self) -> None:
        # Not started anew: while a run goes on, something changes all the time.
        if not self._remember_soon.isActive():
            self._remember_soon.start()

    def cancel(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def look_up(self) -> None:
        """Look up everything listed that is not predicted yet."""
        self.cancel()
        entries, bundle, passes = self._session.entries, self._network.bundle_name, self._network.mc_passes
        unknown = {
            (str(entries.paths[n]), entries.rows[n]): n
            for n in range(len(entries))
            if entries.status[n] < Status.PREDICTED
        }
        if not unknown:
            return

        def work(report: Callable[[Recalled], None]) -> None:
            paths = sorted({path for path, _ in unknown})
            for start in range(0, len(paths), CHUNK):
                known = self._store.known_files(paths[start : start + CHUNK])
                fresh = {
                    unknown[key]: file for key, file in known.items() if key in unknown and file.unchanged()
                }
                some = {number: file.content_hash for number, file in fresh.items() if file.content_hash}
                failed = {number: file.name for number, file in fresh.items() if not file.content_hash}
                report(Recalled(some, self._load(some, bundle, passes) if bundle else {}, failed))

        self._task = self._lanes.submit(
            Lane.FILES,
            work,
            "looking up what is known of these files",
            failed=lambda failure: None if failure.expected else self._lanes.failed.emit(failure),
            events=self._take,
        )

    def _load(self, hashes: dict[int, str], bundle: str, passes: int) -> dict[int, Prediction]:
        try:
            kept = self._store.load_predictions(hashes.values(), bundle, passes)
        except StoreError:
            return {}
        for prediction in kept.values():
            gist_of(prediction)  # worked out here, not in the window's thread
        return {number: kept[content] for number, content in hashes.items() if content in kept}

    def _take(self, found: list[Recalled]) -> None:
        session = self._session
        for recalled in found:
            for number, content in recalled.hashes.items():
                session.entries.hashes.setdefault(number, content)
                self._remembered.add(number)
            self._reviewing.mark(recalled.hashes)
            for number, prediction in recalled.predictions.items():
                if session.entries.status[number] < Status.PREDICTED:
                    session.take_prediction(number, prediction)
            for number, reason in recalled.failures.items():
                self._remembered.add(number)
                if session.entries.status[number] == Status.LISTED:
                    session.take_failure(number, reason)
        session.rows_changed()

    def remember(self) -> None:
        """Keep the content hashes of what was read, and why the rest could not be: the next start need not read it."""
        if read := self._not_remembered():
            self._unwritten.append(read)  # until it is: the window may close while this waits in its lane
            self._lanes.submit(
                Lane.FILES,
                lambda report: self._store.remember_files(known_files(read)),
                "remembering these files",
                done=lambda _: self._unwritten.remove(read),
                failed=lambda failure: None if failure.expected else self._lanes.failed.emit(failure),
            )

    def close(self) -> None:
        """Keep what was read since, before the window goes: no lane takes it any more."""
        self._remember_soon.stop()
        self.cancel()
        try:
            for read in (*self._unwritten, self._not_remembered()):
                self._store.remember_files(known_files(read))
        except StoreError as error:
            log.warning("what was read last will be read again at the next start: %s", error)

    def _not_remembered(self) -> list[tuple[Path, int, str, str]]:
        """Give (path, row, content hash, name or reason) of what is new, which counts as remembered from now on."""
        entries, known = self._session.entries, self._remembered
        # Only ever added to, and long in a large survey.
        new = islice(entries.hashes.items(), self._hashed, None)
        hashes = {n: content for n, content in new if n not in known}
        self._hashed = len(entries.hashes)
        failed = {
            n: reason for n, reason in entries.errors.items() if n not in known and n not in entries.hashes
        }
        known.update(hashes, failed)
        read = [(entries.paths[n], entries.rows[n], h, entries.names[n]) for n, h in hashes.items()]
        return read + [(entries.paths[n], entries.rows[n], "", reason) for n, reason in failed.items()]


def known_files(read: list[tuple[Path, int, str, str]]) -> list[KnownFile]:
    """Add size and modification time to (path, row, content hash, name or reason); files gone are left out."""
    known = []
    for path, row, content, name in read:
        try:
            facts = os.stat(path)  # noqa: PTH116 - as the store compares it
        except OSError:
            continue
        known.append(KnownFile(str(path), row, facts.st_size, facts.st_mtime_ns, content, name))
    return known
