"""Pace: how fast a reviewer decides, and how long the rest will take at that speed. No clock of its own, no Qt."""

from __future__ import annotations

import itertools
from collections import deque

WINDOW = 600.0
"""Decisions of the last so many seconds count."""

BREAK = 120.0
"""A longer silence between two Decisions is a break, and does not count as time worked [s]."""

FEWEST = 3
"""Fewer Decisions say nothing about the pace."""


class Pace:
    """Remembers when Decisions were made."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def decided(self, now: float) -> None:
        """Note a Decision at a time [s] of any clock that does not go backwards."""
        self._times.append(now)
        while self._times and now - self._times[0] > WINDOW:
            self._times.popleft()

    def undone(self) -> None:
        """Forget the last one: it was taken back."""
        if self._times:
            self._times.pop()

    def per_minute(self) -> float | None:
        """Give spectra per minute of work over the last minutes; None while there are too few."""
        times = list(self._times)
        if len(times) < FEWEST:
            return None
        steps = [b - a for a, b in itertools.pairwise(times) if b - a <= BREAK]
        worked = sum(steps)
        return 60.0 * len(steps) / worked if worked > 0 else None

    def left(self, remaining: int) -> float | None:
        """Give the seconds that so many more spectra will take; None while the pace is not known."""
        pace = self.per_minute()
        return None if pace is None else 60.0 * remaining / pace
