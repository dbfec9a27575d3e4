"""The contract of `ReviewStore`, over every backend."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import StoreError
from mtop_gui.core.prediction import rejected
from mtop_gui.store.review_store import CacheEntry, KnownFile, ReviewStore
from tests.store.records import GRID, WAVELENGTH, decision, prediction

if TYPE_CHECKING:
    from pathlib import Path


def test_a_recorded_decision_comes_back_equal(store: ReviewStore) -> None:
    given = decision(
        redshift=1 / 3,
        quality=29,
        scale="vimos",
        redshift_origin="peak 2",
        spectrum_class="QSO",
        issues="RS",
        comment="one line,\nthen O’Neill says “λ”",
        bundle="moons-lr 1",
        starred=True,
    )
    recorded = store.record(given)
    assert recorded == replace(given, id=recorded.id)
    assert store.decisions() == [recorded]
    assert store.current(given.content_hash) == recorded


@pytest.mark.parametrize("redshift", [0.1 + 0.2, 5e-324, -1e-4, np.nextafter(1.0, 2.0), 0.0, None])
def test_redshifts_are_kept_to_the_last_bit(store: ReviewStore, redshift: float | None) -> None:
    assert store.record(decision(redshift=redshift)).redshift == redshift
    assert store.decisions()[0].redshift == redshift


def test_a_nan_redshift_is_none(store: ReviewStore) -> None:
    assert store.record(decision(redshift=math.nan)).redshift is None
    assert store.decisions()[0].redshift is None


def test_numpy_redshifts_are_welcome(store: ReviewStore) -> None:
    store.record(decision(redshift=np.float64(0.7)))
    assert store.decisions()[0].redshift == 0.7


def test_times_come_back_in_utc(store: ReviewStore) -> None:
    noon = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    recorded = store.record(decision(time=noon))
    assert recorded.time == noon
    assert store.decisions()[0].time.tzinfo == UTC


@pytest.mark.parametrize(
    "text", ["nul \0 inside", "bad byte \udcff", "", "\n", "☃ 星 'quoted' \"; DROP TABLE"]
)
def test_any_text_can_be_recorded(store: ReviewStore, text: str) -> None:
    recorded = store.record(decision(comment=text, file=text, name=text, reviewer=text))
    assert store.decisions() == [recorded]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quality": 5}, "quality 5 is not on the desi scale"),
        ({"scale": "mine"}, "no quality scale"),
        ({"spectrum_class": "PLANET"}, "no class"),
        ({"issues": "X"}, "no issues"),
        ({"redshift": math.inf}, "infinite"),
        ({"time": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - the point of the test
        ({"retracts": 1}, "undo"),
    ],
)
def test_what_is_no_decision_is_refused(store: ReviewStore, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        store.record(decision(**changes))
    assert store.decisions() == []


def test_the_last_word_is_current(store: ReviewStore) -> None:
    first = store.record(decision(quality=1))
    other = store.record(decision(quality=2, reviewer="bob"))
    elsewhere = store.record(decision("b" * 64, quality=3))
    assert store.current(first.content_hash) == other
    assert store.current(first.content_hash, "ada") == first
    assert store.current(first.content_hash, "eve") is None
    assert store.current("c" * 64) is None
    assert store.current_all() == {"a" * 64: other, "b" * 64: elsewhere}
    assert store.current_all("ada") == {"a" * 64: first, "b" * 64: elsewhere}
    assert store.counts() == {"a" * 64: 2, "b" * 64: 1}
    assert store.counts("bob") == {"a" * 64: 1}
    assert store.reviewers() == ["ada", "bob"]


def test_history_and_news(store: ReviewStore) -> None:
    first = store.record(decision())
    second = store.record(decision("b" * 64))
    undone = store.undo("ada")
    assert store.history("a" * 64) == [first]
    assert store.history("b" * 64) == [second, undone]
    assert store.decisions(first.id or 0) == [second, undone]
    assert store.decisions(10_000) == []


def test_undo_and_redo_walk_the_decisions(store: ReviewStore) -> None:
    first = store.record(decision(quality=1))
    second = store.record(decision(quality=2))
    undone = store.undo("ada")
    assert undone is not None
    assert (undone.retracts, undone.quality) == (second.id, 2)
    assert store.current("a" * 64) == first
    redone = store.redo("ada")
    assert redone is not None
    assert (redone.retracts, redone.quality) == (undone.id, 2)
    assert store.current("a" * 64) == second
    assert store.redo("ada") is None
    assert [row.retracts for row in (store.undo("ada"), store.undo("ada")) if row] == [second.id, first.id]
    assert store.current("a" * 64) is None
    assert store.undo("ada") is None


def test_a_new_decision_ends_redo(store: ReviewStore) -> None:
    store.record(decision(quality=1))
    store.undo("ada")
    store.record(decision(quality=2))
    assert store.redo("ada") is None


def test_reviewers_undo_only_their_own(store: ReviewStore) -> None:
    kept = store.record(decision(reviewer="bob"))
    store.record(decision(reviewer="ada"))
    store.undo("ada")
    assert store.undo("ada") is None
    assert store.redo("bob") is None
    store.record(decision("b" * 64, reviewer="bob"))
    assert store.redo("ada") is not None
    store.undo("ada")
    assert store.current("a" * 64) == kept


def test_a_key_is_recorded_once(store: ReviewStore) -> None:
    first = store.record(decision(), "1" * 32)
    assert store.record(decision(quality=1), "1" * 32) == first
    undone = store.undo("ada", "2" * 32)
    assert store.undo("ada", "2" * 32) == undone
    redone = store.redo("ada", "3" * 32)
    assert store.redo("ada", "3" * 32) == redone
    assert store.decisions() == [first, undone, redone]


def test_what_is_new_since_a_cursor(store: ReviewStore) -> None:
    assert store.newest_id() == 0
    assert store.decisions_since(0) == ([], 0)
    rows = [store.record(decision(quality=quality)) for quality in range(5)]
    found, cursor = store.decisions_since(0, limit=3)
    assert found == rows[:3]
    assert store.decisions_since(cursor) == (rows[3:], rows[-1].id)
    assert store.decisions_since(store.newest_id()) == ([], rows[-1].id)


def test_a_reviewers_trail(store: ReviewStore) -> None:
    store.record(decision(reviewer="bob"))
    rows = [store.record(decision(quality=1)), store.record(decision(quality=2)), store.undo("ada")]
    assert store.trail("ada") == rows
    assert store.trail("ada", limit=2) == rows[1:]
    assert store.trail("eve") == []


def test_everybodys_last_opinion(store: ReviewStore) -> None:
    store.record(decision(quality=1))
    ada = store.record(decision(quality=2))
    bob = store.record(decision(quality=4, reviewer="bob"))
    elsewhere = store.record(decision("b" * 64))
    store.record(decision("c" * 64, reviewer="bob"))
    store.undo("bob")
    assert store.opinions() == {"a" * 64: [ada, bob], "b" * 64: [elsewhere]}
    assert store.opinions(["b" * 64, "d" * 64]) == {"b" * 64: [elsewhere]}
    assert store.opinions([]) == {}


def test_a_store_in_order_says_so(store: ReviewStore) -> None:
    assert (store.state().trouble, store.state().waiting) == ("", 0)
    assert store.reconnect() == 0


def test_threads_lose_nothing_and_keep_their_order(store: ReviewStore) -> None:
    def review(reviewer: str) -> list[int]:
        ids = []
        for number in range(50):
            ids.append(
                store.record(decision(f"{number:064d}", reviewer=reviewer, comment=str(number))).id or 0
            )
            store.current_all(reviewer)
        return ids

    names = ["ada", "bob", "cyd", "dan"]
    with ThreadPoolExecutor(4) as pool:
        ids = dict(zip(names, pool.map(review, names), strict=True))
    rows = store.decisions()
    assert len(rows) == 200
    for name in names:
        mine = [row for row in rows if row.reviewer == name]
        assert [row.id for row in mine] == ids[name]
        assert [row.comment for row in mine] == [str(number) for number in range(50)]


def test_a_closed_store_says_so(store: ReviewStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"was closed: open it again\.$"):
        store.decisions()


def test_a_prediction_comes_back_within_its_quantisation(store: ReviewStore) -> None:
    given = prediction()
    assert given.redshift_pdf_std is not None
    store.save_prediction("a" * 64, given.bundle, 50, given)
    loaded = store.load_prediction("a" * 64, given.bundle, 50)
    assert loaded is not None
    assert loaded.redshift_pdf_std is not None
    np.testing.assert_array_equal(loaded.redshift_grid, given.redshift_grid)
    np.testing.assert_array_equal(loaded.line_wavelength, given.line_wavelength)
    np.testing.assert_allclose(loaded.redshift_pdf, given.redshift_pdf, rtol=1e-6)
    np.testing.assert_allclose(loaded.line_probability, given.line_probability, atol=0.002)
    top = given.redshift_pdf_std.max()
    np.testing.assert_allclose(loaded.redshift_pdf_std, given.redshift_pdf_std, rtol=1e-3, atol=1e-6 * top)
    assert loaded.confidence.entropy == pytest.approx(given.confidence.entropy, abs=1e-5)
    assert loaded.redshift == pytest.approx(given.redshift, abs=1e-6)
    for name in (
        "logmass",
        "logmass_err",
        "logsfr",
        "bundle",
        "coverage",
        "ood",
        "ood_threshold",
        "warnings",
    ):
        assert getattr(loaded, name) == getattr(given, name)
    assert math.isnan(loaded.logsfr_err)


def test_a_rejection_comes_back(store: ReviewStore) -> None:
    given = rejected(
        "outside the range", redshift_grid=GRID, line_wavelength=WAVELENGTH, bundle="b", coverage=0.1
    )
    store.save_prediction("a" * 64, "b", 1, given)
    loaded = store.load_prediction("a" * 64, "b")
    assert loaded is not None
    assert (loaded.rejection, loaded.best, loaded.redshift_pdf_std) == ("outside the range", None, None)


def test_predictions_are_kept_apart_by_content_bundle_and_passes(store: ReviewStore) -> None:
    store.save_predictions(
        [
            CacheEntry("a" * 64, "one", 1, prediction(1.0)),
            CacheEntry("a" * 64, "one", 50, prediction(2.0)),
            ("a" * 64, "two", 1, prediction(2.5, bundle="two")),
            ("b" * 64, "one", 1, prediction(3.0)),
        ]
    )
    found = store.load_predictions(["a" * 64, "b" * 64, "c" * 64], "one", 1)
    assert {key: round(value.redshift, 2) for key, value in found.items()} == {"a" * 64: 1.0, "b" * 64: 3.0}
    assert store.load_prediction("b" * 64, "two", 1) is None
    assert store.load_predictions([], "one") == {}


def test_saving_again_replaces(store: ReviewStore) -> None:
    store.save_prediction("a" * 64, "one", 1, prediction(1.0))
    store.save_predictions([("a" * 64, "one", 1, prediction(1.5)), ("a" * 64, "one", 1, prediction(2.0))])
    loaded = store.load_prediction("a" * 64, "one", 1)
    assert loaded is not None
    assert loaded.redshift == pytest.approx(2.0, abs=1e-3)


def test_a_bundle_may_change_its_grids(store: ReviewStore) -> None:
    other = GRID + 0.001
    store.save_prediction("a" * 64, "one", 1, prediction())
    store.save_prediction("b" * 64, "one", 1, prediction(redshift_grid=other))
    found = store.load_predictions(["a" * 64, "b" * 64], "one")
    np.testing.assert_array_equal(found["a" * 64].redshift_grid, GRID)
    np.testing.assert_array_equal(found["b" * 64].redshift_grid, other)


def test_many_predictions_at_once(store: ReviewStore) -> None:
    given = prediction()
    hashes = [f"{number:064d}" for number in range(1200)]
    store.save_predictions([(content_hash, "one", 1, given) for content_hash in hashes])
    assert list(store.load_predictions(hashes, "one")) == hashes


def known_row(store: ReviewStore, path: Path, row: int = 0) -> KnownFile | None:
    """What is remembered of one row of a file."""
    return store.known_files([path]).get((str(path), row))


def test_known_files(store: ReviewStore, tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(b"12345")
    status = path.stat()
    known = KnownFile(str(path), 3, status.st_size, status.st_mtime_ns, "a" * 64, "galaxy")
    store.remember_files([known, known._replace(row=4, content_hash="b" * 64)])
    assert known_row(store, path, 3) == known
    assert known_row(store, path, 5) is None
    assert set(store.known_files([path, tmp_path / "b.fits"])) == {(str(path), 3), (str(path), 4)}
    assert known.unchanged()
    path.write_bytes(b"123456")
    assert not known.unchanged()
    store.remember_files([known._replace(size=6)])
    remembered = known_row(store, path, 3)
    assert remembered is not None
    assert remembered.size == 6
    path.unlink()
    assert not known.unchanged()


def test_files_are_known_however_their_path_is_spelled(
    store: ReviewStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = "sub/../\udcff.fits"
    store.remember_files(
        [KnownFile(odd, 0, 1, 2, "a" * 64, "n"), KnownFile("b.fits", 0, 1, 2, "b" * 64, "n")]
    )
    assert known_row(store, tmp_path / "b.fits") == KnownFile(
        str(tmp_path / "b.fits"), 0, 1, 2, "b" * 64, "n"
    )
    remembered = known_row(store, tmp_path / "\udcff.fits")
    assert remembered is not None
    assert remembered.path == str(tmp_path / "\udcff.fits")
