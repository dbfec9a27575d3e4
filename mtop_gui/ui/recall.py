"""Recall: what the store already knows of reopened files is shown at once, before any of them is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import KnownFile
from mtop_gui.ui.entries import Status
from mtop_gui.ui.tasks import Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session

CHUNK = 200


class Recall(QObject):
    """Looks up content hashes of unchanged files, then their cached Predictions; remembers files after a run."""

    def __init__(
        self, session: Session, reviewing: Reviewing, lanes: Lanes, network: NetworkLane, store: ReviewStore
    ) -> None:
        super().__init__(session)
        self._session, self._reviewing = session, reviewing
        self._lanes, self._network, self._store = lanes, network, store
        self._task: Task | None = None
        session.entries_reset.connect(self.cancel)

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

        def work(report: Callable[[object], None]) -> dict[int, str]:
            paths = sorted({path for path, _ in unknown})
            hashes: dict[int, str] = {}
            for start in range(0, len(paths), CHUNK):
                known = self._store.known_files(paths[start : start + CHUNK])
                some = {
                    unknown[key]: file.content_hash
                    for key, file in known.items()
                    if key in unknown and file.unchanged()
                }
                hashes |= some
                report((some, self._load(some, bundle, passes) if bundle else {}))
            return hashes

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
            _ = prediction.confidence  # worked out here, not in the window's thread
        return {number: kept[content] for number, content in hashes.items() if content in kept}

    def _take(self, found: list[tuple[dict[int, str], dict[int, Prediction]]]) -> None:
        session = self._session
        for hashes, predictions in found:
            for number, content in hashes.items():
                session.entries.hashes.setdefault(number, content)
            self._reviewing.mark(hashes)
            for number, prediction in predictions.items():
                if session.entries.status[number] < Status.PREDICTED:
                    session.take_prediction(number, prediction)
        session.rows_changed()

    def remember(self) -> None:
        """Keep the content hashes of everything read, so that the next start need not read it again."""
        entries = self._session.entries
        read = [(entries.paths[n], entries.rows[n], h, entries.names[n]) for n, h in entries.hashes.items()]
        self._lanes.submit(
            Lane.FILES,
            lambda report: self._store.remember_files(known_files(read)),
            "remembering these files",
            failed=lambda failure: None if failure.expected else self._lanes.failed.emit(failure),
        )


def known_files(read: list[tuple[Path, int, str, str]]) -> list[KnownFile]:
    """Add size and modification time to (path, row, content hash, name); files gone meanwhile are left out."""
    known = []
    for path, row, content, name in read:
        try:
            facts = os.stat(path)  # noqa: PTH116 - as the store compares it
        except OSError:
            continue
        known.append(KnownFile(str(path), row, facts.st_size, facts.st_mtime_ns, content, name))
    return known
