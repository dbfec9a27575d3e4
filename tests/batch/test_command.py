"""``mtop predict`` over long lists: resuming, data sets, and what it says of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mtop_gui import io
from mtop_gui.cli import app
from mtop_gui.network import choosing
from tests.batch.fakes import FakeFiles, FakePredictor


class Stopping(FakePredictor):
    """Ctrl-C in the third batch."""

    def predict(self, spectra, *, mc_passes=1):
        if len(self.batches) == 2:
            raise KeyboardInterrupt
        return super().predict(spectra, mc_passes=mc_passes)


def read(path, first=0):
    return FakeFiles()(path)[first:]


@pytest.fixture
def mtop(monkeypatch, tmp_path):
    """Run ``mtop predict`` over 300 fake files; `predictor` may be exchanged between two calls."""
    spectra = tmp_path / "spectra"
    spectra.mkdir()
    for number in range(300):
        (spectra / f"{number}-1.fits").touch()
    run = SimpleNamespace(predictor=FakePredictor(), spectra=spectra)
    monkeypatch.setattr(choosing, "open_predictor", lambda name: run.predictor)
    monkeypatch.setattr(io, "iter_rows", read)

    def call(output, *more):
        return CliRunner().invoke(
            app, ["predict", str(spectra), "-o", str(output), "--jobs", "1", *map(str, more)]
        )

    run.call = call
    return run


def test_an_interrupted_run_says_how_to_go_on_and_does(mtop, tmp_path):
    mtop.call(tmp_path / "whole.ecsv")
    mtop.predictor = Stopping()
    stopped = mtop.call(tmp_path / "run.ecsv")
    assert stopped.exit_code == 130
    assert "128 rows are kept in" in stopped.stderr
    assert "--resume" in stopped.stderr
    assert not (tmp_path / "run.ecsv").exists()
    mtop.predictor = FakePredictor()
    (mtop.spectra / "301-1.fits").touch()
    resumed = mtop.call(tmp_path / "run.ecsv", "--resume")
    assert resumed.exit_code == 0
    assert "going on with the 300 files of the interrupted run; there are 301 now" in resumed.stderr
    assert (tmp_path / "run.ecsv").read_bytes() == (tmp_path / "whole.ecsv").read_bytes()
    assert not (tmp_path / "run.ecsv.partial").exists()


def test_without_resume_it_begins_anew_and_says_so(mtop, tmp_path):
    mtop.predictor = Stopping()
    mtop.call(tmp_path / "run.csv")
    mtop.predictor = FakePredictor()
    again = mtop.call(tmp_path / "run.csv")
    assert again.exit_code == 0
    assert "128 rows of an interrupted run are replaced" in again.stderr
    assert len(io.read_catalogue(tmp_path / "run.csv")) == 300


def test_resuming_nothing_begins(mtop, tmp_path):
    done = mtop.call(tmp_path / "run.csv", "--resume")
    assert done.exit_code == 0
    assert "there is no interrupted run to go on with" in done.stderr


def test_other_passes_are_refused(mtop, tmp_path):
    mtop.predictor = Stopping()
    mtop.call(tmp_path / "run.csv", "--mc-passes", 1)
    mtop.predictor = FakePredictor()
    refused = mtop.call(tmp_path / "run.csv", "--mc-passes", 5, "--resume")
    assert refused.exit_code == 2
    assert "had MC passes 1, this one has 5" in refused.stderr


def test_a_folder_becomes_a_data_set(mtop, tmp_path):
    pytest.importorskip("pyarrow")
    done = mtop.call(f"{tmp_path}/set/")
    assert done.exit_code == 0, done.stderr
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["part-000000.parquet"]
    assert len(io.read_catalogue(tmp_path / "set")) == 300
    again = mtop.call(f"{tmp_path}/set/")
    assert again.exit_code == 2
    assert "holds something already" in again.stderr
    empty = tmp_path / "other.parquet"
    empty.mkdir()
    assert mtop.call(empty).exit_code == 0
    assert len(io.read_catalogue(empty)) == 300


def test_a_cluster_that_does_not_answer_is_one_sentence(mtop, tmp_path):
    pytest.importorskip("distributed")
    done = mtop.call(tmp_path / "run.csv", "--dask", "nonsense")
    assert done.exit_code == 2
    assert done.stderr.startswith("mtop: no Dask scheduler answers at nonsense")
    assert "Traceback" not in done.output
