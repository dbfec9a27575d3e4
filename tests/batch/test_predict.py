"""Many files in, one catalogue out."""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from mtop_gui.batch import predict_catalogue
from mtop_gui.core.events import Advanced, Cancelled, Failed, Finished, Predicted
from mtop_gui.io import UnreadableRow
from tests.batch.fakes import FakeCache, FakeFiles, FakePredictor, make_spectrum


def test_rows_come_in_the_order_of_files_and_their_spectra():
    paths = [Path(f"{number}-{count}.fits") for number, count in enumerate([1, 3, 2, 1, 4])]
    rows = predict_catalogue(paths, FakePredictor(), read=FakeFiles(), batch_size=3, jobs=3)
    assert [(row.file, row.row) for row in rows] == [
        (str(path), row) for path, count in zip(paths, [1, 3, 2, 1, 4], strict=True) for row in range(count)
    ]
    expected = [
        0.7 + 0.01 * number + 0.001 * row for number, n in enumerate([1, 3, 2, 1, 4]) for row in range(n)
    ]
    assert np.allclose([row.z for row in rows], expected, atol=0.002)
    assert {row.bundle for row in rows} == {"fake 1"}


def test_a_bad_file_is_a_row_and_an_event_and_the_work_goes_on():
    paths = [Path("0-1.fits"), Path("bad.fits"), Path("broken.fits"), Path("3-1.fits")]
    events = []
    rows = predict_catalogue(paths, FakePredictor(), read=FakeFiles(), report=events.append)
    assert [bool(row.error) for row in rows] == [False, True, True, False]
    assert rows[1].error == "no flux column was found"
    assert np.isnan(rows[1].z)
    assert rows[1].flagged is None
    assert "IndexError" in rows[2].error
    assert [event.path for event in events if isinstance(event, Failed)] == paths[1:3]


def test_a_row_that_cannot_be_read_leaves_its_neighbours():
    def read(path):
        return [make_spectrum(path, 0), UnreadableRow(1, "", "every pixel is masked"), make_spectrum(path, 2)]

    events = []
    rows = predict_catalogue([Path("a")], FakePredictor(), read=read, cache=FakeCache(), report=events.append)
    assert [(row.row, row.error) for row in rows] == [(0, ""), (1, "every pixel is masked"), (2, "")]
    assert Failed(Path("a"), "every pixel is masked", 1) in events


def test_a_spectrum_that_upsets_the_network_fails_alone():
    levels = [0.9, 0.1, 1.1]
    rows = predict_catalogue(
        [Path(f"{level}.fits") for level in levels],
        FakePredictor(),
        read=lambda path: [make_spectrum(path, redshift=float(path.stem))],
    )
    assert [row.error for row in rows] == ["", "cannot be predicted: the flux is not a flux", ""]
    assert rows[2].z == pytest.approx(1.1, abs=0.002)


def test_a_spectrum_outside_the_bundle_has_no_redshift_but_is_read():
    rows = predict_catalogue(
        [Path("a")], FakePredictor(), read=lambda path: [make_spectrum(path, redshift=2.9)]
    )
    assert rows[0].error == ""
    assert np.isnan(rows[0].z)
    assert rows[0].flagged
    assert rows[0].flag_reason == "outside the range of the bundle"


def test_hashes_are_taken_for_a_cache_only():
    """They cost as much as reading the file does."""
    for cache in (None, FakeCache()):
        events = []
        predict_catalogue(
            [Path("0-2.fits")], FakePredictor(), read=FakeFiles(), cache=cache, report=events.append
        )
        spectra = [event.spectrum for event in events if isinstance(event, Predicted)]
        assert ["content_hash" in vars(spectrum) for spectrum in spectra] == 2 * [cache is not None]


def test_events_tell_progress_each_prediction_and_the_end():
    events = []
    paths = [Path(f"{number}-1.fits") for number in range(10)]
    predict_catalogue(paths, FakePredictor(), read=FakeFiles(), batch_size=4, report=events.append)
    advanced = [event for event in events if isinstance(event, Advanced)]
    assert advanced[0].done == 0
    assert advanced[-1].done == advanced[-1].total == 10
    assert [event.done for event in advanced] == sorted(event.done for event in advanced)
    assert [event.spectrum.path for event in events if isinstance(event, Predicted)] == paths
    assert isinstance(events[-1], Finished)
    assert events[-1].done == 10


def test_the_network_is_called_from_the_calling_thread_in_full_batches():
    threads = set()

    class Predictor(FakePredictor):
        def predict(self, spectra, *, mc_passes=1):
            threads.add(threading.current_thread())
            return super().predict(spectra, mc_passes=mc_passes)

    predictor = Predictor()
    predict_catalogue(
        [Path(f"{n}-1.fits") for n in range(10)], predictor, read=FakeFiles(), batch_size=4, mc_passes=7
    )
    assert threads == {threading.current_thread()}
    assert predictor.batches == [4, 4, 2]
    assert predictor.passes == {7}


def test_predictions_in_the_cache_are_not_made_again():
    cache, paths = FakeCache(), [Path(f"{number}-2.fits") for number in range(3)]
    first = predict_catalogue(paths, FakePredictor(), read=FakeFiles(), cache=cache)
    assert len(cache.kept) == 6
    predictor = FakePredictor()
    more = [*paths, Path("7-1.fits")]
    again = predict_catalogue(more, predictor, read=FakeFiles(), cache=cache)
    assert predictor.batches == [1]
    assert again[:6] == first
    assert len(cache.kept) == 7


def test_other_passes_are_other_predictions():
    cache, predictor = FakeCache(), FakePredictor()
    for passes in (1, 50, 50):
        predict_catalogue([Path("0-1.fits")], predictor, read=FakeFiles(), cache=cache, mc_passes=passes)
    assert predictor.batches == [1, 1]


def test_cancelling_stops_at_once_and_keeps_what_was_cached():
    cache, files = FakeCache(), FakeFiles()
    seen = []

    def report(event):
        seen.append(event)
        if sum(isinstance(each, Predicted) for each in seen) == 5:
            raise Cancelled

    paths = [Path(f"{number}-1.fits") for number in range(1000)]
    with pytest.raises(Cancelled):
        predict_catalogue(paths, FakePredictor(), read=files, batch_size=4, cache=cache, report=report)
    assert len(files.read_paths) < 30
    # The third batch is predicted while the rows of the second are made.
    assert len(cache.kept) == 12


def test_cancelling_does_not_wait_for_a_slow_file():
    asked = threading.Event()
    release = threading.Event()

    def read(path):
        release.wait(timeout=5)
        return [make_spectrum(path)]

    def report(event):
        if asked.is_set():
            release.set()  # the file under way is waited for, it cannot be interrupted; no other is begun
            raise Cancelled
        asked.set()

    started = time.monotonic()
    with pytest.raises(Cancelled):
        predict_catalogue(
            [Path(f"{n}") for n in range(50)], FakePredictor(), read=read, report=report, jobs=1
        )
    assert time.monotonic() - started < 30


def test_memory_stays_constant_however_many_files_there_are():
    alive: weakref.WeakSet = weakref.WeakSet()
    most = 0

    def read(path):
        spectrum = make_spectrum(path)
        alive.add(spectrum)
        return [spectrum]

    def report(event):
        nonlocal most
        most = max(most, len(alive))

    rows = predict_catalogue(
        [Path(f"{n}") for n in range(400)], FakePredictor(), read=read, batch_size=8, report=report
    )
    assert len(rows) == 400
    # One batch with the network, one whose rows are made, two on the shelf, those in the threads' hands.
    assert most <= 4 * 8 + 4


def test_no_files_make_an_empty_catalogue():
    events = []
    assert predict_catalogue([], FakePredictor(), read=FakeFiles(), report=events.append) == []
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("jobs", [1, 4])
def test_threads_do_not_change_the_catalogue(jobs):
    paths = [Path(f"{number}-{1 + number % 3}.fits") for number in range(60)]
    rows = predict_catalogue(paths, FakePredictor(), read=FakeFiles(), jobs=jobs, batch_size=7)
    assert rows == predict_catalogue(paths, FakePredictor(), read=FakeFiles(), jobs=2, batch_size=64)
