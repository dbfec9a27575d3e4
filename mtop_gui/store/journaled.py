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
from mtop_gui.store.reading_on import ReadingOn
from mtop_gui.store.review_store import StoreState, new_key
from mtop_gui.store.standing import redoable, undoable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.store.sql_store import SqlReviewStore

T = TypeVar("T")


def _for_now(error: StoreError) -> StoreUnavailableError:
    """Take any failure to come back for one that may pass: what waits is not given up."""
    return error if isinstance(error, StoreUnavailableError) else StoreUnavailableError(str(error))


PROVISIONAL = 1 << 62
"""Ids from here on are of rows that wait: later than everything in the store, which gives them ids of its own."""
_REPLAYED_AT_ONCE = 100


class JournaledStore(ReadingOn):
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
        super().__init__()
        self._place, self._reopen, self._journal = place, reopen, journal
        self._inner = inner
        self._trouble = trouble
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
        """Remember a trouble."""
        with self._lock:
            # A row whose fate is unknown waits, and may be in the store too: until all that waits has arrived, what
            # is remembered is the better answer.
            unknown = self._trouble is not None and not self._trouble.readable
            self._trouble = StoreUnavailableError(str(error), readable=error.readable and not unknown)

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

    def _rows_waiting(self) -> list[Decision]:
        with self._lock:
            return [row for _, row in self._waiting]
