"""Reading a store that may be away: its own answers where it gives any, else what is remembered, with what waits."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from mtop_gui.core.errors import StoreUnavailableError
from mtop_gui.store.remembered import Remembered
from mtop_gui.store.review_store import ReviewStore
from mtop_gui.store.standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.assignments import Assignment, ToReview, Workload
    from mtop_gui.store.review_store import CacheEntry, KnownFile
    from mtop_gui.store.sql_store import SqlReviewStore
    from mtop_gui.store.vi_exchange import ExchangeFile

T = TypeVar("T")


class ReadingOn(ReviewStore):
    """The reading half of a `JournaledStore`."""

    def __init__(self) -> None:
        self._known = Remembered()
        # One assignment to a dict is whole for every thread.
        self._answers: dict[str, tuple[object, Any]] = {}

    @abstractmethod
    def _ask(self, question: Callable[[SqlReviewStore], T]) -> T:
        """Ask the store itself; raises StoreUnavailableError where it cannot be read."""

    @abstractmethod
    def _rows_waiting(self) -> list[Decision]:
        """Give the rows on their way to the store, oldest first."""

    def _ask_or(self, question: Callable[[SqlReviewStore], T], otherwise: T) -> T:
        try:
            return self._ask(question)
        except StoreUnavailableError:
            return otherwise

    def _ask_or_last(
        self, what: str, of: object, question: Callable[[SqlReviewStore], T], otherwise: T | None = None
    ) -> T:
        """Ask the store, or repeat its last answer; raises StoreUnavailableError where it never gave one."""
        try:
            answer = self._ask(question)
        except StoreUnavailableError:
            kept, last = self._answers.get(what, (of, otherwise))
            last = last if kept == of else otherwise
            if last is None:
                raise
            return last  # type: ignore[no-any-return]
        self._answers[what] = (of, answer)
        return answer

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
        """Give the id of the store's last row, or the last one known."""
        return self._ask_or_last("newest", None, lambda inner: inner.newest_id())

    def opinions(self, content_hashes: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """Give the last standing Decision of every reviewer; all of them also as last known, with what waits."""
        wanted = None if content_hashes is None else list(content_hashes)
        if wanted is None:
            found = dict(self._ask_or_last("opinions", None, lambda inner: inner.opinions()))
        else:
            found = self._opinions_on(wanted)
        for row in self._rows_waiting():
            if wanted is None or row.content_hash in wanted:
                own = self.current(row.content_hash, row.reviewer)
                others = [each for each in found.get(row.content_hash, ()) if each.reviewer != row.reviewer]
                found[row.content_hash] = others if own is None else [*others, own]
        return {content_hash: rows for content_hash, rows in found.items() if rows}

    def _opinions_on(self, wanted: list[str]) -> dict[str, list[Decision]]:
        try:
            return self._ask(lambda inner: inner.opinions(wanted))
        except StoreUnavailableError:
            if "opinions" not in self._answers:
                raise
            known = self._answers["opinions"][1]
            return {content_hash: known[content_hash] for content_hash in wanted if content_hash in known}

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
        """Give all assignments, or those last known."""
        return self._ask_or_last("assignments", None, lambda inner: inner.assignments())

    def assigned_to(self, reviewer: str) -> dict[str, Assignment]:
        """Give what is assigned to a reviewer, or was when the store was last asked."""
        return self._ask_or_last("assigned to", reviewer, lambda inner: inner.assigned_to(reviewer), {})

    def workloads(self) -> dict[str, Workload]:
        """Count assignments and how many of them are decided, or give the last counts known."""
        return self._ask_or_last("workloads", None, lambda inner: inner.workloads())

    def spectra_named(self, names: Iterable[str]) -> dict[str, ToReview]:
        """Find Spectra by their names; only the store knows."""
        return self._ask(lambda inner: inner.spectra_named(names))

    def known_spectra(self) -> list[ToReview]:
        """Give all Spectra among files remembered and Decisions; only the store knows."""
        return self._ask(lambda inner: inner.known_spectra())

    def keep_exchange_file(self, file: ExchangeFile) -> None:
        """Keep a file taken over from another program; only the store can."""
        self._ask(lambda inner: inner.keep_exchange_file(file))

    def exchange_files(self, form: str) -> list[ExchangeFile]:
        """Give the files of a format that were taken over; only the store knows."""
        return self._ask(lambda inner: inner.exchange_files(form))

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
