"""The columns behind the tables: sorting, filtering and flags over many rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mtop_gui.ui.actions import ACTIONS, PRESETS
from mtop_gui.ui.entries import Entries, NewEntry, Status, natural
from mtop_gui.ui.tables.entry_model import sorted_numbers
from mtop_gui.ui.walk import Walk
from tests.support.fakes import fake_prediction, make_spectrum


@pytest.fixture(scope="module")
def hundred_thousand() -> Entries:
    entries = Entries()
    entries.extend(NewEntry(Path(f"/night/s{n:06d}.fits"), 0, f"GAL-{n:06d}") for n in range(100_000))
    random = np.random.default_rng(2)
    entries.status[:] = Status.PREDICTED
    entries.entropy[:] = random.gamma(2.0, 0.7, len(entries))
    return entries


def test_flags_follow_the_threshold(hundred_thousand: Entries) -> None:
    flagged = hundred_thousand.flagged(2.0)
    assert flagged.sum() == (hundred_thousand.entropy >= 2.0).sum()
    number = int(np.flatnonzero(~flagged)[0])
    assert not hundred_thousand.is_flagged(number, 2.0)
    hundred_thousand.peak_probability[number] = 0.6
    hundred_thousand.entropy[number] = 1.0
    assert hundred_thousand.is_flagged(number, 2.0)
    assert hundred_thousand.flagged(2.0)[number]
    hundred_thousand.suspect[7] = True
    assert hundred_thousand.flagged(np.inf).sum() == 1


def test_a_filter_holds_every_word(hundred_thousand: Entries) -> None:
    assert hundred_thousand.matching("gal-00042 S000421").tolist() == [421]
    assert hundred_thousand.matching("nothing like it").size == 0
    assert hundred_thousand.matching("  ").size == 100_000


@pytest.mark.parametrize("descending", [True, False])
def test_what_is_not_known_sorts_last_in_either_direction(descending: bool) -> None:
    key = np.array([2.0, np.nan, 1.0, 3.0, np.nan])
    ordered = sorted_numbers(np.arange(5), key, descending)
    assert np.isnan(key[ordered[-2:]]).all()
    known = key[ordered[:3]].tolist()
    assert known == sorted(known, reverse=descending)


def test_names_sort_as_a_person_would() -> None:
    names = ["m10", "m2", "M1", "m2b", "10", "9"]
    assert sorted(names, key=natural) == ["9", "10", "M1", "m2", "m2b", "m10"]


def test_an_entry_keeps_the_scalars_of_its_prediction() -> None:
    entries = Entries()
    spectrum = make_spectrum(3)
    rejected = make_spectrum(4, metadata={"REJECT": 1})
    entries.extend([NewEntry(Path("a.fits"), 0, "a"), NewEntry(Path("b.fits"), 0, "b")])
    prediction = fake_prediction(spectrum, "fake")
    entries.note_prediction(0, prediction)
    entries.note_prediction(1, fake_prediction(rejected, "fake"))
    assert entries.z[0] == prediction.redshift
    assert entries.entropy[0] == prediction.confidence.entropy
    assert np.isnan(entries.z[1])
    assert entries.flagged(np.inf).tolist() == [False, True]
    assert entries.flag_reason(1, 2.0) == "outside the bundle's range"
    entries.forget_predictions()
    assert not entries.flagged(0.0).any()


def test_the_same_place_is_listed_once() -> None:
    entries = Entries()
    entries.extend(
        [NewEntry(Path("a.fits"), 0, "a"), NewEntry(Path("a.fits"), 0, "a"), NewEntry(Path("a.fits"), 1, "b")]
    )
    assert len(entries) == 2
    assert entries.find(Path("a.fits"), 1) == 1
    assert entries.find(Path("c.fits"), 0) is None


def test_a_walk_follows_one_table_and_wraps_only_for_the_wanted() -> None:
    walk = Walk()
    table, other = object(), object()
    walk.follow(table, np.array([4, 2, 0]))
    walk.reorder(other, np.array([0, 1, 2]))
    assert walk.step(4, 1) == 2
    assert walk.step(0, 1) is None
    assert walk.step(3, 1) == 4  # not listed: begins at the end one walks away from
    assert walk.next_of(0, np.array([False, False, True, False, True])) == 4
    assert walk.next_of(4, np.array([False, False, False, False, True])) is None
    assert walk.neighbours(2) == [0, 4]


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_does_two_things(preset: str) -> None:
    keys = Counter(key for spec in ACTIONS for key in spec.keys_of(preset))
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_action_has_a_name_of_its_own() -> None:
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)
