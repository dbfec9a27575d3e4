"""Who shall review what: sharing Spectra out over reviewers, evenly and repeatably."""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ToReview(NamedTuple):
    """A Spectrum that somebody shall review: its content, and where and under which name it was seen."""

    content_hash: str
    file: str = ""
    row: int = 0
    name: str = ""


class Assignment(NamedTuple):
    """One Spectrum assigned to one reviewer; file, row and name as in `ToReview`."""

    content_hash: str
    reviewer: str
    file: str = ""
    row: int = 0
    name: str = ""


class Workload(NamedTuple):
    """How many Spectra are assigned to a reviewer, and how many of those he has decided."""

    assigned: int
    decided: int


def share_out(
    spectra: Sequence[ToReview],
    reviewers: Sequence[str],
    per_spectrum: int = 1,
    seed: int = 0,
    present: Iterable[Assignment] = (),
) -> list[Assignment]:
    """Choose reviewers for each Spectrum, so that all get the same number (to within one).

    Parameters
    ----------
    spectra : what shall be reviewed; a content that occurs twice counts once.
    reviewers : their names, each once.
    per_spectrum : how many different reviewers each Spectrum shall have.
    seed : who reviews with whom is random; the same seed and input give the same answer.
    present : what is assigned already. It stays: a Spectrum gets only the reviewers it lacks, and what a reviewer
        has counts as his share.

    Returns
    -------
    The new assignments, in the order of `spectra`.

    Raises
    ------
    ValueError : no reviewer, an empty or repeated name, or `per_spectrum` below 1 or above the number of reviewers.
    """
    if not reviewers or any(not name.strip() for name in reviewers):
        raise ValueError("name at least one reviewer, and none by an empty name")
    if len(set(reviewers)) != len(reviewers):
        raise ValueError("a reviewer is named twice")
    if not 1 <= per_spectrum <= len(reviewers):
        raise ValueError(
            f"each spectrum can be assigned to 1 to {len(reviewers)} of these reviewers, not to {per_spectrum}"
        )
    has: defaultdict[str, set[str]] = defaultdict(set)
    load: Counter[str] = Counter()
    for each in present:
        has[each.content_hash].add(each.reviewer)
        load[each.reviewer] += 1
    chance = random.Random(seed)
    unique = list({each.content_hash: each for each in spectra}.values())
    order = list(range(len(unique)))
    # Neighbours on the sky or of one night must not all go to the same pair of reviewers.
    chance.shuffle(order)
    heap = [(load[name], chance.random(), name) for name in reviewers]
    heapq.heapify(heap)
    chosen: dict[int, list[str]] = {}
    for number in order:
        content = unique[number].content_hash
        chosen[number] = _least_loaded(heap, per_spectrum - len(has[content]), has[content], chance)
    return [
        Assignment(each.content_hash, name, each.file, each.row, each.name)
        for number, each in enumerate(unique)
        for name in chosen[number]
    ]


def _least_loaded(
    heap: list[tuple[int, float, str]], wanted: int, without: set[str], chance: random.Random
) -> list[str]:
    """Take the reviewers with the least to do, ties by chance; those in `without` have the Spectrum already."""
    taken: list[str] = []
    put_back = []
    while heap and len(taken) < wanted:
        load, tie, name = heapq.heappop(heap)
        if name in without:
            put_back.append((load, tie, name))
        else:
            taken.append(name)
            put_back.append((load + 1, chance.random(), name))
    for entry in put_back:
        heapq.heappush(heap, entry)
    return taken
