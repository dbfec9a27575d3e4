"""The same rows from several processes of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtop_gui.batch import Asked, predict_catalogue, processes
from mtop_gui.batch.predict import Place
from mtop_gui.batch.processes import LARGEST, LEAST_FILES, Processes, worth_processes
from mtop_gui.core.errors import BundleError, MtopError
from mtop_gui.core.events import Advanced, Cancelled, Failed, ignore
from tests.batch import fake_processes
from tests.batch.fakes import FakeFiles, FakePredictor

PATHS = [Path(f"{number}-{1 + number % 3}.fits") for number in range(150)]


@pytest.fixture(autouse=True)
def _fakes(monkeypatch):
    monkeypatch.setattr(processes, "_begin", fake_processes.begin)


def here(paths=PATHS):
    return predict_catalogue(paths, FakePredictor(), read=FakeFiles())


def there(paths=PATHS, *, begin=Place(), label="fake 1", report=ignore):  # noqa: B008 - a NamedTuple is immutable
    with Processes("x", label, Asked(jobs=2)) as running:
        made = list(running.predict_rows(paths, begin, report))
    return [row for some in made for row in some.rows], [some.place for some in made]


def same(rows, others):
    return [repr(row) for row in rows] == [repr(row) for row in others]


def test_rows_places_and_failures_are_those_of_one_process():
    events = []
    paths = [*PATHS[:20], Path("bad.fits"), *PATHS[20:]]
    rows, places = there(paths, report=events.append)
    assert same(rows, here(paths))
    assert places == [Place(64), Place(128), Place(151)]
    assert [event for event in events if isinstance(event, Failed)] == [
        Failed(Path("bad.fits"), "no flux column was found")
    ]
    assert [event.done for event in events if isinstance(event, Advanced)][-1] == 151


def test_they_go_on_from_a_place():
    rows, _ = there(begin=Place(10, 1))
    assert same(rows, here()[sum(1 + number % 3 for number in range(10)) + 1 :])


def test_one_that_is_ended_from_outside_is_one_sentence():
    with pytest.raises(MtopError, match="go on with --resume"):
        there([*PATHS[:20], Path("deadly-1.fits")])


def test_another_bundle_is_one_sentence():
    with pytest.raises(BundleError, match="a worker has bundle fake 1, not fake 2"):
        there(label="fake 2")


def test_cancelling_ends_them():
    told = []

    def report(event):
        told.append(event)
        if isinstance(event, Advanced) and event.done:
            raise Cancelled

    with pytest.raises(Cancelled):
        there([Path(f"slow/{number}-1.fits") for number in range(300)], report=report)
    assert told[-1].done < 300


def test_few_files_and_large_files_are_left_to_one_process(tmp_path):
    small, large = tmp_path / "small.fits", tmp_path / "large.fits"
    small.write_bytes(b"x")
    with large.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    assert worth_processes([small] * LEAST_FILES)
    assert not worth_processes([small] * (LEAST_FILES - 1))
    assert not worth_processes([small] * LEAST_FILES + [large])
    assert worth_processes([tmp_path / "gone.fits"] * LEAST_FILES)
