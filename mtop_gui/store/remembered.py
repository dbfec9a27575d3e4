"""What a program still knows of a store that is away: the rows of those who review at this program."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mtop_gui.store.standing import standing

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision

_LONGEST_TRAIL = 1000
"""How far back undo reaches while a store is away."""


class Remembered:
    """The last answers of a store, kept up to date with what this program writes; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[str, dict[str, Decision]] = {}
        self._trails: dict[str, list[Decision]] = {}

    def learn(self, reviewer: str, current: dict[str, Decision], trail: list[Decision]) -> None:
        """Take over what the store has just said of a reviewer."""
        with self._lock:
            self._current[reviewer], self._trails[reviewer] = dict(current), list(trail)

    def note(self, row: Decision) -> Decision:
        """Note a row that was just written, and give it back."""
        with self._lock:
            if row.reviewer not in self._trails:
                return row
            trail = self._trails[row.reviewer] = [*self._trails[row.reviewer][1 - _LONGEST_TRAIL :], row]
            current = self._current[row.reviewer]
            if row.retracts is None:
                current[row.content_hash] = row
                return row
            left = standing([each for each in trail if each.content_hash == row.content_hash])
            if left:
                current[row.content_hash] = left[-1]
            else:
                current.pop(row.content_hash, None)
        return row

    def names(self) -> list[str]:
        """Name the reviewers of whom something was learnt."""
        with self._lock:
            return list(self._trails)

    def knows(self, reviewer: str) -> bool:
        """Tell whether anything was learnt of a reviewer."""
        with self._lock:
            return reviewer in self._trails

    def reviewers(self) -> list[str]:
        """Name those of whom something was learnt."""
        with self._lock:
            return [name for name, trail in self._trails.items() if trail]

    def trail(self, reviewer: str) -> list[Decision]:
        """Give a reviewer's last rows."""
        with self._lock:
            return list(self._trails.get(reviewer, ()))

    def history(self, content_hash: str) -> list[Decision]:
        """Give the rows about a Spectrum."""
        with self._lock:
            rows = [
                row for trail in self._trails.values() for row in trail if row.content_hash == content_hash
            ]
            known = {row.id for row in rows}
            # What was decided before the trail begins is known by its end only.
            older = [
                current[content_hash]
                for current in self._current.values()
                if content_hash in current and current[content_hash].id not in known
            ]
        return sorted(older + rows, key=lambda row: row.id or 0)

    def current_all(self, reviewer: str | None) -> dict[str, Decision]:
        """Give the standing Decisions of a reviewer, or of all who are known."""
        with self._lock:
            if reviewer is not None:
                return dict(self._current.get(reviewer, {}))
            rows = [row for current in self._current.values() for row in current.values()]
        return {row.content_hash: row for row in sorted(rows, key=lambda row: row.id or 0)}

    def current(self, content_hash: str, reviewer: str | None) -> Decision | None:
        """Give the standing Decision on a Spectrum."""
        if reviewer is None:
            return self.current_all(None).get(content_hash)
        with self._lock:
            return self._current.get(reviewer, {}).get(content_hash)
