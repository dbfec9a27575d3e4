"""Every branch of the two merge rules (thresholds: DESI visual inspection; Marz)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.store.merge import RULES, Conflict, Merged, merge_all, merge_desi, merge_marz
from tests.store.records import decision

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision


def pair(first: dict[str, Any], second: dict[str, Any]) -> list[Decision]:
    """Give two reviewers' Decisions that differ in what is said here."""
    common = {"redshift": 1.0, "quality": 4}
    return [
        decision(**(common | {"reviewer": "ada"} | first)),
        decision(**(common | {"reviewer": "bob"} | second)),
    ]


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        ({}, {}, ()),
        ({"quality": 4}, {"quality": 3}, ()),
        ({"quality": 4}, {"quality": 2}, ("quality",)),
        ({"quality": 0}, {"quality": 4}, ("quality",)),
        ({"redshift": 0.0}, {"redshift": 0.0033}, ("redshift",)),
        ({"redshift": 0.0033}, {"redshift": 0.0}, ("redshift",)),
        ({"redshift": 0.0}, {"redshift": 0.0032999}, ()),
        ({"redshift": 1.0}, {"redshift": 1.0065}, ()),
        ({"redshift": 1.0}, {"redshift": 1.0067}, ("redshift",)),
        ({"redshift": None}, {"redshift": None}, ()),
        ({"redshift": None}, {}, ("redshift",)),
        ({"spectrum_class": "QSO"}, {}, ("class",)),
        ({"spectrum_class": "QSO", "quality": 1, "redshift": 3.0}, {}, ("quality", "redshift", "class")),
        ({"scale": "ozdes"}, {}, ("scale",)),
        ({"scale": "vimos"}, {"scale": "vimos"}, ("scale",)),
    ],
)
def test_desi_conflicts(first: dict[str, Any], second: dict[str, Any], reasons: tuple[str, ...]) -> None:
    merging = merge_desi(pair(first, second))
    assert (merging.reasons if isinstance(merging, Conflict) else ()) == reasons


def test_desi_means_and_joins() -> None:
    decisions = [
        decision(reviewer="ada", redshift=1.0, quality=4, issues="RS", comment="two lines"),
        decision(reviewer="bob", redshift=1.002, quality=3, issues="S"),
        decision(reviewer="cyd", redshift=1.004, quality=4, issues="C", comment="two lines"),
        decision(reviewer="dan", redshift=1.002, quality=3, comment="sky"),
    ]
    merging = merge_desi(decisions)
    assert isinstance(merging, Merged)
    assert merging.redshift == pytest.approx(1.002)
    assert (merging.quality, merging.spectrum_class, merging.scale) == (3.5, "GALAXY", "desi")
    assert (merging.issues, merging.comment) == ("RSC", "two lines; sky")
    assert merging.reviewers == ("ada", "bob", "cyd", "dan")


def test_desi_looks_at_every_pair() -> None:
    decisions = [decision(reviewer=str(quality), quality=quality) for quality in (3, 2, 4)]
    merging = merge_desi(decisions)
    assert isinstance(merging, Conflict)
    assert (merging.decisions, merging.reasons) == (tuple(decisions), ("quality",))


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        ({}, {}, ()),
        ({"redshift": 0.0}, {"redshift": 2e-4}, ()),
        ({"redshift": 0.0}, {"redshift": 2.1e-4}, ("redshift",)),
        ({"redshift": 0.0, "quality": 3}, {"redshift": 2.1e-4, "quality": 3}, ("redshift",)),
        ({"redshift": 0.0, "quality": 2}, {"redshift": 5.0, "quality": 1}, ()),
        ({"redshift": 0.0, "quality": 2}, {"redshift": 5.0, "quality": 3}, ("redshift", "quality")),
        ({"quality": 2}, {"quality": 3}, ("quality",)),
        ({"quality": 3}, {"quality": 4}, ("quality",)),
        ({"quality": 4}, {"quality": 3}, ("quality",)),
        ({"quality": 1}, {"quality": 2}, ()),
        ({"redshift": 0.0, "spectrum_class": "QSO"}, {"redshift": 1.5e-3, "spectrum_class": "QSO"}, ()),
        (
            {"redshift": 0.0, "spectrum_class": "QSO"},
            {"redshift": 1.6e-3, "spectrum_class": "QSO"},
            ("redshift",),
        ),
        ({"redshift": 0.0, "spectrum_class": "QSO"}, {"redshift": 1e-3}, ("redshift",)),
        ({"redshift": None}, {"redshift": None}, ()),
        ({"redshift": None}, {}, ("redshift",)),
        ({"redshift": None, "quality": 1}, {"quality": 2}, ()),
        ({"scale": "ozdes", "quality": 6}, {"scale": "ozdes", "quality": 6}, ()),
        ({"scale": "ozdes"}, {"scale": "desi"}, ("scale",)),
        ({"scale": "vimos"}, {"scale": "vimos"}, ("scale",)),
    ],
)
def test_marz_conflicts(first: dict[str, Any], second: dict[str, Any], reasons: tuple[str, ...]) -> None:
    merging = merge_marz(pair(first, second))
    assert (merging.reasons if isinstance(merging, Conflict) else ()) == reasons


def test_marz_takes_the_higher_quality() -> None:
    low, high = pair(
        {"quality": 1, "redshift": 0.2}, {"quality": 2, "redshift": 0.7, "spectrum_class": "QSO"}
    )
    merging = merge_marz([low, high])
    assert isinstance(merging, Merged)
    assert (merging.redshift, merging.quality, merging.spectrum_class) == (0.7, 2, "QSO")
    assert merging.reviewers == ("ada", "bob")


def test_marz_takes_the_earlier_at_a_tie() -> None:
    merging = merge_marz(pair({"redshift": 1.0}, {"redshift": 1.0001}))
    assert isinstance(merging, Merged)
    assert merging.redshift == 1.0


@pytest.mark.parametrize("rule", sorted(RULES))
def test_one_reviewer_stands_alone(rule: str) -> None:
    merging = RULES[rule]([decision(scale="vimos", quality=29, redshift=None)])
    assert isinstance(merging, Merged)
    assert (merging.redshift, merging.quality, merging.scale) == (None, 29, "vimos")


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("decisions", [[], [decision("a"), decision("b")]])
def test_only_decisions_on_one_spectrum_are_merged(rule: str, decisions: list[Decision]) -> None:
    with pytest.raises(ValueError, match="one Spectrum at a time"):
        RULES[rule](decisions)


def test_merging_many() -> None:
    decisions = [
        decision("a"),
        decision("b", quality=4),
        decision("b", quality=1, reviewer="bob"),
        decision("a"),
    ]
    mergings = merge_all(decisions, "desi")
    assert [(type(merging), merging.content_hash) for merging in mergings] == [(Merged, "a"), (Conflict, "b")]
    with pytest.raises(ValueError, match="is no merge rule: use one of desi, marz"):
        merge_all(decisions, "majority")


REVIEWS = st.lists(
    st.builds(
        decision,
        redshift=st.none() | st.floats(0, 0.01),
        quality=st.integers(0, 4),
        spectrum_class=st.sampled_from(["GALAXY", "QSO"]),
    ),
    min_size=1,
    max_size=4,
)


@given(REVIEWS, st.sampled_from(sorted(RULES)))
def test_the_order_of_reviewers_decides_no_conflict(decisions: list[Decision], rule: str) -> None:
    there, back = RULES[rule](decisions), RULES[rule](decisions[::-1])
    assert type(there) is type(back)
    if isinstance(there, Conflict) and isinstance(back, Conflict):
        assert set(there.reasons) == set(back.reasons)
    elif isinstance(there, Merged) and isinstance(back, Merged):
        assert there.quality == back.quality
