"""Walk: in which order next and previous go through the entries: that of the table a person was last in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, IntArray

NEIGHBOURS = (1, 2, -1)
"""Which neighbours are fetched ahead, the likeliest first."""


class Walk:
    """Entry numbers in the order of the table that owns the walk."""

    def __init__(self) -> None:
        self.order: IntArray = np.arange(0)
        self._owner: object = None

    def follow(self, owner: object, order: IntArray) -> None:
        """Follow this table from now on."""
        self._owner, self.order = owner, order

    def reorder(self, owner: object, order: IntArray) -> None:
        """Take a table's new order, if it is the one followed."""
        if owner is self._owner:
            self.order = order

    def followed(self, owner: object) -> bool:
        """Whether this table is the one followed."""
        return owner is self._owner

    def clear(self) -> None:
        """Forget all entries."""
        self.order = np.arange(0)

    def _place(self, number: int) -> int | None:
        places = np.flatnonzero(self.order == number)
        return int(places[0]) if places.size else None

    def neighbours(self, number: int) -> list[int]:
        """Give the entries a person is likely to go to next."""
        here = self._place(number)
        if here is None:
            return []
        return [int(self.order[here + by]) for by in NEIGHBOURS if 0 <= here + by < self.order.size]

    def step(self, number: int, by: int) -> int | None:
        """Give the entry `by` places further; an entry that is not listed begins at an end; None outside."""
        if self.order.size == 0:
            return None
        here = self._place(number)
        target = here + by if here is not None else (0 if by > 0 else self.order.size - 1)
        return int(self.order[target]) if 0 <= target < self.order.size else None

    def next_of(self, number: int, wanted: BoolArray) -> int | None:
        """Give the next entry that is wanted, from the top again after the last; None when there is no other.

        Parameters
        ----------
        wanted : (n,) over all entries.
        """
        if self.order.size == 0:
            return None
        places = np.flatnonzero(wanted[self.order])
        if places.size == 0:
            return None
        here = self._place(number)
        after = places[places > (-1 if here is None else here)]
        target = int(self.order[after[0] if after.size else places[0]])
        return None if target == number else target
