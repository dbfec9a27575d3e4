"""Sharing Spectra out over reviewers: even, repeatable, and kept by every backend."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.store.assignments import Assignment, ToReview, Workload, share_out
from tests.store.records import decision

if TYPE_CHECKING:
    from mtop_gui.store.review_store import ReviewStore

NAMES = ["ada", "bob", "cyd", "dan"]


def spectra(count: int, start: int = 0) -> list[ToReview]:
    return [ToReview(f"{n:064d}", f"/data/{n}.fits", n, f"galaxy {n}") for n in range(start, start + count)]


@given(
    count=st.integers(0, 60),
    people=st.integers(1, 4),
    per_spectrum=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_everybody_gets_the_same_number_and_no_spectrum_twice(
    count: int, people: int, per_spectrum: int, seed: int
) -> None:
    names, per_spectrum = NAMES[:people], min(people, per_spectrum)
    shared = share_out(spectra(count), names, per_spectrum, seed)
    assert len(set(shared)) == len(shared) == count * per_spectrum
    assert set(Counter(each.content_hash for each in shared).values()) <= {per_spectrum}
    loads = [sum(each.reviewer == name for each in shared) for name in names]
    assert max(loads) - min(loads) <= 1
    assert share_out(spectra(count), names, per_spectrum, seed) == shared


def test_chance_decides_who_reviews_together() -> None:
    first, second = (share_out(spectra(50), NAMES, 2, seed) for seed in (1, 2))
    assert first != second
    pairs = {
        frozenset(each.reviewer for each in first if each.content_hash == one.content_hash)
        for one in spectra(50)
    }
    assert len(pairs) == 6


def test_what_is_assigned_counts_and_is_only_topped_up() -> None:
    present = [Assignment(each.content_hash, "ada") for each in spectra(10)]
    shared = share_out(spectra(10), ["ada", "bob"], 2, 0, present)
    assert [each.reviewer for each in shared] == ["bob"] * 10
    more = share_out(spectra(10, start=10), ["ada", "bob"], 1, 0, present)
    assert {each.reviewer for each in more} == {"bob"}


@pytest.mark.parametrize(
    ("reviewers", "per_spectrum", "reason"),
    [
        ([], 1, "at least one reviewer"),
        ([" "], 1, "at least one reviewer"),
        (["ada", "ada"], 1, "named twice"),
        (["ada"], 2, "1 to 1 of these reviewers, not to 2"),
        (["ada"], 0, "not to 0"),
    ],
)
def test_what_cannot_be_shared_out(
    store: ReviewStore, reviewers: list[str], per_spectrum: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        store.assign(spectra(3), reviewers, per_spectrum)
    assert store.assignments() == []


def test_assignments_are_kept(store: ReviewStore) -> None:
    new = store.assign(spectra(6), NAMES[:3], 2, seed=5)
    assert new == share_out(spectra(6), NAMES[:3], 2, 5)
    assert store.assignments() == new
    mine = store.assigned_to("ada")
    assert list(mine.values()) == [each for each in new if each.reviewer == "ada"]
    assert all(each.file == f"/data/{each.row}.fits" for each in mine.values())
    assert store.assigned_to("eve") == {}
    assert store.assign(spectra(6), NAMES[:3], 2, seed=5) == []
    later = store.assign(spectra(8), NAMES[:3], 2, seed=5)
    assert {each.content_hash for each in later} == {each.content_hash for each in spectra(2, start=6)}


def test_assignments_are_taken_back(store: ReviewStore) -> None:
    store.assign(spectra(2), NAMES[:2], 2)
    first, second = (each.content_hash for each in spectra(2))
    assert store.unassign([first], "ada") == 1
    assert store.unassign([first, second, "f" * 64]) == 3
    assert store.assignments() == []


def test_workloads(store: ReviewStore) -> None:
    store.assign(spectra(4), ["ada", "bob"], 2)
    for each in spectra(3):
        store.record(decision(each.content_hash, reviewer="ada"))
        store.record(decision(each.content_hash, reviewer="ada", quality=2))
    store.undo("ada")
    store.undo("ada")
    store.record(decision("f" * 64, reviewer="bob"))
    assert store.workloads() == {"ada": Workload(4, 2), "bob": Workload(4, 0)}
