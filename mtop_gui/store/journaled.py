"""A store that goes on when its database is away: rows wait in a journal and follow, each exactly once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from mtop_gui.core.decision import Decision, check
from mtop_gui.core.errors import StoreError, StoreUnavailableError
from mtop_gui.store.decision_rows import stored_form
from mtop_gui.store.journal import Entry, Journal
from mtop_gui.store.remembered import Remembered
from mtop_gui.store.review_store import ReviewStore, StoreState, new_key
from mtop_gui.store.standing import redoable, standing, undoable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.assignments import Assignment, ToReview, Workload
    from mtop_gui.store.review_store import CacheEntry, KnownFile
    from mtop_gui.store.sql_store import SqlReviewStore

T = TypeVar("T")


def _for_now(error: StoreError) -> StoreUnavailableError:
    """Take any failure to come back for one that may pass: what waits is not given up."""
    return error if isinstance(error, StoreUnavailableError) else StoreUnavailableError(str(error))


PROVISIONAL = 1 << 62
"""Ids from here on are of rows that wait: later than everything in the store, which gives them ids of its own."""
_REPLAYED_AT_ONCE = 100


class JournaledStore(ReviewStore):
    """A `ReviewStore` in front of one that may be lost at any time.

    `record`, `undo` and `redo` return once the row is durable: in the store, or, where that is away, in the journal.
    `reconnect`, called every few seconds from a background thread, writes what waits. Keys see to it that a row whose
    fate was unknown when the connection broke is there once. Reading goes on with what was last known of the reviewer
    at this program; what only the store can answer raises StoreUnavailableError.

    Parameters
    ----------
    place : the store, as a user would name it.
    reopen : opens it again; a file that is gone must not be made anew.
    inner : the open store, or one open for reading only, or None while it cannot be opened.
    trouble : why not, or why it cannot be written; None when all is well.
    """

    def __init__(
        self,
        place: str,
        reopen: Callable[[], SqlReviewStore],
        journal: Journal,
        inner: SqlReviewStore | None,
        trouble: StoreUnavailableError | None = None,
    ) -> None:
        self._place, self._reopen, self._journal = place, reopen, journal
        self._inner = inner
        self._trouble = trouble
        self._known = Remembered()
        self._waiting: list[tuple[Entry, Decision]] = []
        self._number = PROVISIONAL
        # Held for moments only: the window's thread must never wait for a server.
        self._lock = threading.RLock()
        self._reconnecting = threading.Lock()
        self._closed = False
        self._take_over()

    @property
    def place(self) -> str:
        """Where the store is, as a user would name it."""
        return self._place

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know of the opening."""
        return self._inner.notices if self._inner is not None else ()

    def state(self) -> StoreState:
        """Tell what trouble the store has, and how many rows wait."""
        with self._lock:
            return StoreState(str(self._trouble or ""), len(self._waiting))

    def _take_over(self) -> None:
        with self._lock:
            for entry in self._journal.take_over():
                self._wait(entry)

    def _wait(self, entry: Entry) -> Decision:
        """Add a row to those that wait, with an id for the time being."""
        self._number += 1
        retracts = entry.decision.retracts
        if entry.retracts_key:
            retracts = next(
                (row.id for each, row in self._waiting if each.key == entry.retracts_key), retracts
            )
        row = replace(entry.decision, id=self._number, retracts=retracts)
        self._waiting.append((entry, row))
        return row

    # -- writing ------------------------------------------------------------------------------------------------

    def record(self, decision: Decision, key: str | None = None) -> Decision:
        """Append a Decision durably, in the store or in the journal."""
        check(decision)
        if decision.retracts is not None:
            raise ValueError("a retraction cannot be recorded directly: use undo or redo")
        key = key or new_key()
        row = self._write(lambda inner: inner.record(decision, key))
        if row is not None:
            return self._known.note(row)
        with self._lock:
            return self._journalled(Entry(key, stored_form(decision)))

    def undo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Take back the reviewer's last standing Decision."""
        return self._turn(reviewer, key or new_key(), "undo")

    def redo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Let the Decision stand again that the reviewer's last undo took back."""
        return self._turn(reviewer, key or new_key(), "redo")

    def _turn(self, reviewer: str, key: str, act: str) -> Decision | None:
        found: list[Decision | None] = []
        self._write(lambda inner: found.append(getattr(inner, act)(reviewer, key)))
        if found:
            row = found[0]
            return None if row is None else self._known.note(row)
        with self._lock:
            rows = self.trail(reviewer)
            target = (undoable if act == "undo" else redoable)(rows)
            if target is None:
                if not rows and not self._known.knows(reviewer):
                    raise StoreUnavailableError(
                        f"{self._why()} Earlier decisions can be taken back once it is there."
                    )
                return None
            return self._journalled(self._retraction(target, key))

    def _retraction(self, target: Decision, key: str) -> Entry:
        waiting = {row.id: entry.key for entry, row in self._waiting}
        retracts_key = waiting.get(target.id, "")
        row = replace(target, retracts=None if retracts_key else target.id, id=None, time=datetime.now(UTC))
        return Entry(key, row, retracts_key)

    def _write(self, act: Callable[[SqlReviewStore], T]) -> T | None:
        """Write to the store; None where it is away, or where earlier rows still wait to be written."""
        self._check_open()
        inner = self._inner
        with self._lock:
            if inner is None or self._trouble is not None or self._waiting:
                return None
        try:
            return act(inner)
        except StoreUnavailableError as error:
            self._note(error)
            return None

    def _journalled(self, entry: Entry) -> Decision:
        try:
            self._journal.append(entry)
        except StoreError as error:
            raise StoreError(f"{self._why()} Then {error}") from error
        return self._wait(entry)

    def _why(self) -> str:
        return str(self._trouble or f"{self._place} is away.")

    def _note(self, error: StoreUnavailableError) -> None:
        with self._lock:
            self._trouble = error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self._place} was closed: open it again.")

    # -- coming back --------------------------------------------------------------------------------------------

    def reconnect(self) -> int:
        """Try to end a trouble, and write what waits; gives how many waiting rows arrived."""
        if self._closed or not self._reconnecting.acquire(blocking=False):
            return 0
        try:
            with self._lock:
                if self._trouble is None and not self._waiting:
                    return 0
            return self._arrive()
        finally:
            self._reconnecting.release()

    def _arrive(self) -> int:
        """Write what waits to the open store or, where that fails, to one opened anew."""
        arrived, inner = 0, self._inner
        if inner is not None and inner.writable:
            arrived = self._replay_into(inner)
        if self._away():
            fresh = self._opened_anew()
            if fresh is not None:
                arrived += self._replay_into(fresh)
                self._swap(fresh)
        return arrived

    def _away(self) -> bool:
        with self._lock:
            return self._trouble is not None or bool(self._waiting)

    def _replay_into(self, inner: SqlReviewStore) -> int:
        """Write all that waits; when nothing is left, writing goes to the store again."""
        arrived = 0
        while True:
            with self._lock:
                some = [entry for entry, _ in self._waiting[:_REPLAYED_AT_ONCE]]
            try:
                # With nothing to write this still takes the lock and commits, which shows that writing works.
                inner.replay(some)
                self._learn_again(inner)
            except StoreError as error:
                self._note(_for_now(error))
                return arrived
            arrived += len(some)
            with self._lock:
                del self._waiting[: len(some)]
                if not self._waiting:
                    self._journal.clear()
                    self._trouble = None
                    return arrived

    def _learn_again(self, inner: SqlReviewStore) -> None:
        """Ask for the rows of the reviewers here: those that waited have got ids of the store."""
        for name in self._known.names():
            self._known.learn(name, inner.current_all(name), inner.trail(name))

    def _opened_anew(self) -> SqlReviewStore | None:
        try:
            return self._reopen()
        except StoreError as error:
            self._note(_for_now(error))
            return None

    def _swap(self, inner: SqlReviewStore) -> None:
        old, self._inner = self._inner, inner
        if old is not None:
            old.close()
        if self._closed:
            inner.close()

    def close(self) -> None:
        """Let go of the database and the journal; what waits, waits for the next start."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._journal.close()
            if self._inner is not None:
                self._inner.close()

    # -- reading ------------------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[SqlReviewStore], T]) -> T:
        """Ask the store itself; raises StoreUnavailableError where it cannot be read."""
        self._check_open()
        inner, trouble = self._inner, self._trouble
        if inner is None or (trouble is not None and not trouble.readable):
            raise StoreUnavailableError(self._why())
        try:
            return question(inner)
        except StoreUnavailableError as error:
            if not error.readable:
                self._note(error)
            raise

    def _ask_or(self, question: Callable[[SqlReviewStore], T], otherwise: T) -> T:
        try:
            return self._ask(question)
        except StoreUnavailableError:
            return otherwise

    def _rows_waiting(self) -> list[Decision]:
        with self._lock:
            return [row for _, row in self._waiting]

    def current(self, content_hash: str, reviewer: str | None = None) -> Decision | None:
        """Give the last standing Decision on a Spectrum."""
        if not any(row.content_hash == content_hash for row in self._rows_waiting()):
            known = self._known.current(content_hash, reviewer)
            return self._ask_or(lambda inner: inner.current(content_hash, reviewer), known)
        rows = [row for row in self.history(content_hash) if reviewer in (None, row.reviewer)]
        left = standing(rows)
        return left[-1] if left else None

    def current_all(self, reviewer: str | None = None) -> dict[str, Decision]:
        """Give the last standing Decision on every Spectrum that has one."""
        try:
            found = self._ask(lambda inner: inner.current_all(reviewer))
            if reviewer is not None:
                self._known.learn(reviewer, found, self._ask(lambda inner: inner.trail(reviewer)))
        except StoreUnavailableError:
            found = self._known.current_all(reviewer)
        merged = dict(found)
        for content_hash in {row.content_hash for row in self._rows_waiting()}:
            decision = self.current(content_hash, reviewer)
            if decision is None:
                merged.pop(content_hash, None)
            else:
                merged[content_hash] = decision
        return merged

    def history(self, content_hash: str) -> list[Decision]:
        """Give every row about a Spectrum, oldest first, with those that wait."""
        rows = self._ask_or(lambda inner: inner.history(content_hash), self._known.history(content_hash))
        return rows + [row for row in self._rows_waiting() if row.content_hash == content_hash]

    def trail(self, reviewer: str, limit: int = 1000) -> list[Decision]:
        """Give a reviewer's last rows, oldest first, with those that wait."""
        rows = self._ask_or(lambda inner: inner.trail(reviewer, limit), self._known.trail(reviewer))
        return (rows + [row for row in self._rows_waiting() if row.reviewer == reviewer])[-limit:]

    def decisions(self, since_id: int = 0) -> list[Decision]:
        """Give every row of the store with an id above `since_id`; those that wait come once they are there."""
        return self._ask(lambda inner: inner.decisions(since_id))

    def decisions_since(self, cursor: int, limit: int = 5000) -> tuple[list[Decision], int]:
        """Give rows of the store that came after a cursor, none while it is away."""
        nothing: list[Decision] = []
        return self._ask_or(lambda inner: inner.decisions_since(cursor, limit), (nothing, cursor))

    def newest_id(self) -> int:
        """Give the id of the store's last row."""
        return self._ask(lambda inner: inner.newest_id())

    def opinions(self, content_hashes: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """Give the last standing Decision of every reviewer; only the store knows."""
        return self._ask(lambda inner: inner.opinions(content_hashes))

    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Count the standing Decisions on each Spectrum that has any."""
        known = dict.fromkeys(self._known.current_all(reviewer), 1)
        counts = self._ask_or(lambda inner: inner.counts(reviewer), known)
        for content_hash in {row.content_hash for row in self._rows_waiting()}:
            rows = [row for row in self.history(content_hash) if reviewer in (None, row.reviewer)]
            counts[content_hash] = len(standing(rows))
        return {content_hash: count for content_hash, count in counts.items() if count}

    def reviewers(self) -> list[str]:
        """Name everybody who has ever recorded a Decision."""
        names = set(self._ask_or(lambda inner: inner.reviewers(), self._known.reviewers()))
        return sorted(names | {row.reviewer for row in self._rows_waiting()})

    def assign(
        self, spectra: Iterable[ToReview], reviewers: Sequence[str], per_spectrum: int = 1, seed: int = 0
    ) -> list[Assignment]:
        """Share Spectra out over reviewers; only the store can."""
        return self._ask(lambda inner: inner.assign(spectra, reviewers, per_spectrum, seed))

    def unassign(self, content_hashes: Iterable[str], reviewer: str | None = None) -> int:
        """Take assignments back; only the store can."""
        return self._ask(lambda inner: inner.unassign(content_hashes, reviewer))

    def assignments(self) -> list[Assignment]:
        """Give all assignments; only the store knows."""
        return self._ask(lambda inner: inner.assignments())

    def assigned_to(self, reviewer: str) -> dict[str, Assignment]:
        """Give what is assigned to a reviewer, or was when the store was last asked."""
        try:
            return self._known.note_assigned(reviewer, self._ask(lambda inner: inner.assigned_to(reviewer)))
        except StoreUnavailableError:
            return self._known.assigned_to(reviewer)

    def workloads(self) -> dict[str, Workload]:
        """Count assignments and how many of them are decided; only the store knows."""
        return self._ask(lambda inner: inner.workloads())

    def save_predictions(self, entries: Iterable[CacheEntry | tuple[str, str, int, Prediction]]) -> None:
        """Cache Predictions; a cache that is away forgets them."""
        self._ask_or(lambda inner: inner.save_predictions(entries), None)

    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Give the cached Predictions, none while the store is away."""
        return self._ask_or(lambda inner: inner.load_predictions(content_hashes, bundle_name, mc_passes), {})

    def predictions_of(self, content_hash: str) -> list[CacheEntry]:
        """Give every cached Prediction of one Spectrum, none while the store is away."""
        return self._ask_or(lambda inner: inner.predictions_of(content_hash), [])

    def remember_files(self, files: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Remember which content the rows of files have; a cache that is away forgets it."""
        self._ask_or(lambda inner: inner.remember_files(files), None)

    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Give what is remembered of these files, nothing while the store is away."""
        return self._ask_or(lambda inner: inner.known_files(paths), {})
