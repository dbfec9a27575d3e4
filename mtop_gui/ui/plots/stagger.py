"""Where labels go so that no two ever overlap: pure geometry in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = -1


@dataclass(frozen=True)
class Box:
    """A label's place: left edge [px], width [px], and level (0 on top, HIDDEN when there is no room)."""

    left: float
    width: float
    level: int

    @property
    def right(self) -> float:
        """Right edge in pixels."""
        return self.left + self.width


def stagger(
    centres: Sequence[float],
    widths: Sequence[float],
    ranks: Sequence[int],
    *,
    extent: float,
    levels: int,
    spacing: float = 4.0,
    reserved: Sequence[Box] = (),
) -> list[Box]:
    """Place labels in levels, the most important first, each in the topmost level where it is free.

    Parameters
    ----------
    centres : where each label belongs [px]; outside 0…`extent` it is hidden.
    widths : of each label [px].
    ranks : importance, 0 first; where not all fit, the highest ranks are hidden.
    extent : width of the panel [px]; labels are pushed inside it.
    levels : how many rows there are.
    spacing : least distance between two labels of a row [px].
    reserved : places that are taken already.

    Returns
    -------
    One Box per label, in the order given.
    """
    taken: list[list[tuple[float, float]]] = [[] for _ in range(levels)]
    for box in reserved:
        if 0 <= box.level < levels:
            taken[box.level].append((box.left, box.right))
    placed: list[Box] = [Box(0.0, 0.0, HIDDEN)] * len(centres)
    for index in sorted(range(len(centres)), key=lambda i: (ranks[i], centres[i])):
        centre, width = centres[index], widths[index]
        if not (math.isfinite(centre) and 0.0 <= centre <= extent) or width > extent:
            continue
        left = min(max(centre - width / 2, 0.0), extent - width)
        low, high = left - spacing, left + width + spacing
        for level, row in enumerate(taken):
            if all(right <= low or start >= high for start, right in row):
                row.append((left, left + width))
                placed[index] = Box(left, width, level)
                break
    return placed
