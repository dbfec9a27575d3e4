"""Runs into a catalogue: resumed after any interruption they give what an uninterrupted run gives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mtop_gui import io
from mtop_gui.batch import journal, predict_catalogue, predict_to_file
from mtop_gui.batch.run import partial_folder
from mtop_gui.core.errors import ExportError, UnreadableSpectrumError
from mtop_gui.core.events import Advanced, Cancelled, Failed, Finished, Predicted
from tests.batch.fakes import FakeFiles, FakePredictor, make_spectrum
from tests.batch.interrupted import FACTS, after, files, predicting

ROOT = Path(__file__).parents[2]


def run(output, count=60, **options):
    options = {"facts": FACTS, "rows_per_part": 50} | options
    return predict_to_file(files(count), options.pop("predicting", predicting()), output, **options)


def content(output):
    """Whatever was written: the bytes of a file, or the rows of a data set's parts."""
    if output.is_dir():
        return {path.name: [repr(row) for row in io.read_catalogue(path)] for path in output.iterdir()}
    return output.read_bytes()


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".csv"])
def test_the_catalogue_is_that_of_the_rows_at_once(tmp_path, suffix):
    rows = predict_catalogue(files(60), FakePredictor(), read=FakeFiles(), batch_size=8)
    events = []
    summary = run(tmp_path / f"run{suffix}", report=events.append)
    expected = io.write_catalogue(rows, tmp_path / f"expected{suffix}")
    assert (tmp_path / f"run{suffix}").read_bytes() == expected.read_bytes()
    assert (summary.rows, summary.failed) == (len(rows), 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"expected{suffix}", f"run{suffix}"]
    assert isinstance(events[-1], Finished)
    advanced = [event for event in events if isinstance(event, Advanced)]
    assert advanced[-1].done == advanced[-1].total == len(rows)


@pytest.mark.parametrize("dataset", [False, True])
@pytest.mark.parametrize("interruptions", [[0], [9], [40], [60, 1, 30], [115], [8, 8, 8, 8]])
def test_wherever_it_is_interrupted_resuming_gives_the_same(tmp_path, dataset, interruptions):
    if dataset:
        pytest.importorskip("pyarrow")
    name = "set" if dataset else "run.csv"
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole" / name, dataset=dataset)
    output = tmp_path / name
    for number in interruptions:
        with pytest.raises(Cancelled):
            run(output, dataset=dataset, resume=True, report=after(number))
    run(output, dataset=dataset, resume=True)
    assert content(output) == content(tmp_path / "whole" / name)
    assert not partial_folder(output, dataset).exists()


@pytest.mark.parametrize("dataset", [False, True])
def test_killed_in_the_middle_and_gone_on_with(tmp_path, dataset):
    if dataset:
        pytest.importorskip("pyarrow")
    name = "set" if dataset else "run.csv"
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole" / name, 400, dataset=dataset)
    output = tmp_path / name
    command = [sys.executable, "-m", "tests.batch.interrupted", str(output), "400", "--resume"]
    for least in (30, 200):
        process = subprocess.Popen(command + (["--dataset"] if dataset else []), cwd=ROOT)
        deadline = time.monotonic() + 60
        while journal.interrupted_run(partial_folder(output, dataset))[0] < least:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        rows, _ = journal.interrupted_run(partial_folder(output, dataset))
        assert least <= rows < 800
    part = max(partial_folder(output, dataset).glob("rows-*.csv"))
    assert io.read_catalogue(part)  # what is there can be read as it is
    run(output, 400, dataset=dataset, resume=True)
    assert content(output) == content(tmp_path / "whole" / name)


def test_what_was_cut_short_on_the_disk_is_done_again(tmp_path):
    whole = tmp_path / "whole.csv"
    run(whole)
    output = tmp_path / "run.csv"
    with pytest.raises(Cancelled):
        run(output, report=after(30))
    folder = partial_folder(output)
    rows, listed = journal.interrupted_run(folder)
    assert 0 < rows < 120
    assert listed == 60
    with (folder / "rows-000000.csv").open("ab") as stream:
        stream.write(b'7-2.fits,0,"half a row')
    with (folder / journal.LOG).open("ab") as stream:
        stream.write(b'{"place": [9')
    run(output, resume=True)
    assert output.read_bytes() == whole.read_bytes()


def test_another_bundle_or_threshold_is_refused(tmp_path):
    output = tmp_path / "run.csv"
    with pytest.raises(Cancelled):
        run(output, report=after(30))
    with pytest.raises(ExportError, match=r"had bundle fake 1, this one has fake 2"):
        run(output, resume=True, facts=FACTS | {"bundle": "fake 2"})
    assert journal.interrupted_run(partial_folder(output))[0] > 0
    run(output, facts=FACTS | {"bundle": "fake 2"})  # without --resume it begins anew
    assert len(io.read_catalogue(output)) == 120


def test_a_resumed_run_keeps_its_own_list_of_files(tmp_path):
    whole = tmp_path / "whole.csv"
    run(whole)
    output = tmp_path / "run.csv"
    with pytest.raises(Cancelled):
        run(output, report=after(30))
    predict_to_file(files(90)[::-1], predicting(), output, facts=FACTS, resume=True)
    assert output.read_bytes() == whole.read_bytes()


def test_two_runs_do_not_write_the_same_catalogue(tmp_path):
    pytest.importorskip("fcntl")
    output = tmp_path / "run.csv"

    def report(event):
        if isinstance(event, Predicted):
            with pytest.raises(ExportError, match="another run writes into"):
                run(output)
            raise Cancelled

    with pytest.raises(Cancelled):
        run(output, report=report)


def test_a_run_that_stopped_before_its_first_row_leaves_nothing(tmp_path):
    def report(event):
        raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path / "run.csv", report=report)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_the_rows_so_far_are_kept(tmp_path):
    resource = pytest.importorskip("resource")
    whole = tmp_path / "whole.csv"
    run(whole, 200)
    output = tmp_path / "run.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        with pytest.raises(ExportError, match=r"cannot be written \(File too large\).*--resume") as caught:
            run(output, 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    rows, _ = journal.interrupted_run(partial_folder(output))
    assert 0 < rows < 400
    run(output, 200, resume=True)
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder_is_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="cannot be written"):
        run(tmp_path / "run.csv")


def test_a_folder_that_went_away_is_one_sentence(tmp_path):
    with pytest.raises(ExportError, match="cannot be written"):
        run(tmp_path / "absent" / "run.csv")


def test_a_data_set_is_never_mixed_with_what_is_there(tmp_path):
    pytest.importorskip("pyarrow")
    run(tmp_path / "set", dataset=True)
    before = content(tmp_path / "set")
    assert sorted(before) == ["part-000000.parquet", "part-000001.parquet", "part-000002.parquet"]
    with pytest.raises(ExportError, match="holds something already"):
        run(tmp_path / "set", dataset=True)
    assert content(tmp_path / "set") == before


def test_an_empty_run_is_an_empty_catalogue(tmp_path):
    assert run(tmp_path / "run.csv", 0).rows == 0
    assert io.read_catalogue(tmp_path / "run.csv") == []


def test_a_file_that_vanishes_meanwhile_is_a_row(tmp_path):
    paths = [tmp_path / f"{number}.fits" for number in range(40)]
    for path in paths:
        path.touch()

    def read(path):
        path.stat()
        return [make_spectrum(path)]

    def report(event):
        if isinstance(event, Predicted) and event.spectrum.path == paths[0]:
            paths[39].unlink()
        events.append(event)

    events = []
    summary = predict_to_file(
        paths, predicting(read=read, batch_size=2), tmp_path / "out.csv", facts=FACTS, report=report
    )
    assert (summary.rows, summary.failed) == (40, 1)
    assert io.read_catalogue(tmp_path / "out.csv")[39].error.startswith("cannot be read: FileNotFoundError")
    assert [event.path for event in events if isinstance(event, Failed)] == [paths[39]]


def test_progress_counts_the_spectra_of_a_long_file(tmp_path):
    from tests.io import layouts

    layouts.write_desi(tmp_path / "coadd.fits", spectra=40)
    events = []
    predict_to_file(
        [tmp_path / "coadd.fits"],
        predicting(read=io.iter_rows),
        tmp_path / "out.csv",
        facts=FACTS,
        report=events.append,
    )
    advanced = [event for event in events if isinstance(event, Advanced)]
    assert {event.total for event in advanced} == {40}
    assert len({event.done for event in advanced}) > 3


def test_a_long_file_goes_on_in_its_middle(tmp_path):
    from tests.io import layouts

    layouts.write_desi(tmp_path / "coadd.fits", spectra=40)
    paths = [tmp_path / "coadd.fits", tmp_path / "absent.fits"]
    reading = []

    def read(path):
        for entry in io.iter_rows(path):
            reading.append(entry.row)
            yield entry

    predict_to_file(paths, predicting(read=read), tmp_path / "whole.csv", facts=FACTS)
    output = tmp_path / "out.csv"
    with pytest.raises(Cancelled):
        predict_to_file(paths, predicting(read=io.iter_rows), output, facts=FACTS, report=after(20))
    log = (partial_folder(output) / journal.LOG).read_text().splitlines()
    assert '"place": [0, 1' in log[-1]
    predict_to_file(paths, predicting(read=io.iter_rows), output, facts=FACTS, resume=True)
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    with pytest.raises(UnreadableSpectrumError):
        io.read(paths[1])
