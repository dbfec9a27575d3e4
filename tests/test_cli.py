"""The command line is a contract: columns, exit codes, one sentence per error, and a quick --help."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mtop_gui import __version__, io
from mtop_gui.cli import app
from mtop_gui.core.catalogue import COLUMNS
from mtop_gui.core.errors import BundleError
from mtop_gui.core.events import Advanced, EpochEnded, Failed, Predicted
from mtop_gui.io.table_files import read_table
from mtop_gui.network import choosing
from tests.batch.fakes import FakeFiles, FakePredictor


@pytest.fixture
def mtop(monkeypatch):
    """Run ``mtop`` with files and network replaced by fakes; `.predictor` is the fake network."""
    run = SimpleNamespace(predictor=FakePredictor(), bundles=[])

    def load_predictor(name, **options):
        run.bundles.append(name)
        return run.predictor

    monkeypatch.setattr(choosing, "open_predictor", load_predictor)
    monkeypatch.setattr(io, "iter_rows", FakeFiles())

    def call(*arguments):
        run.predictor.batches.clear()
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    run.call = call
    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three files of one spectrum, one of two, and things that are no spectra."""
    spectra = tmp_path / "spectra"
    spectra.mkdir()
    for name in ("0-1.fits", "1-1.fits", "2-2.fits", "INDEX.tsv", "truth.csv", "README.md"):
        (spectra / name).write_bytes(b"")
    return spectra


def read_back(path: Path) -> dict[str, list]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return {name: [row[name] for row in rows] for name in rows[0]}
    return read_table(path)


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".csv", ".parquet"])
def test_predict_writes_the_documented_columns(mtop, folder, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    result = mtop.call("predict", folder, "-o", tmp_path / f"out{suffix}")
    assert result.exit_code == 0, result.output
    table = read_back(tmp_path / f"out{suffix}")
    assert tuple(table) == COLUMNS
    assert [Path(file).name for file in table["file"]] == ["0-1.fits", "1-1.fits", "2-2.fits", "2-2.fits"]
    assert [float(z) for z in table["z"]] == pytest.approx([0.70, 0.71, 0.72, 0.721], abs=0.002)
    assert mtop.bundles == ["auto"]
    assert mtop.predictor.passes == {50}


def test_predict_with_one_bad_file_ends_with_1_and_a_row_that_says_so(mtop, folder, tmp_path):
    (folder / "bad.fits").write_bytes(b"")
    result = mtop.call("predict", folder, "-o", tmp_path / "out.ecsv")
    assert result.exit_code == 1
    table = read_back(tmp_path / "out.ecsv")
    errors = dict(zip([Path(file).name for file in table["file"]], table["error"], strict=True))
    assert errors["bad.fits"] == "no flux column was found"
    assert len(errors) == 4
    assert "bad.fits: no flux column was found" in result.stderr
    assert "Traceback" not in result.output


def test_a_path_that_is_not_there_is_a_row_beside_the_others(mtop, folder, tmp_path, monkeypatch):
    def read(path):
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there")
        return FakeFiles()(path)

    monkeypatch.setattr(io, "iter_rows", read)
    result = mtop.call("predict", folder, tmp_path / "bad-nothing.fits", "-o", tmp_path / "out.ecsv")
    assert result.exit_code == 1
    assert len(read_back(tmp_path / "out.ecsv")["error"]) == 5


@pytest.mark.parametrize(
    ("paths", "output", "words"),
    [
        (["nowhere"], "out.ecsv", "no spectrum file was found under"),
        (["empty"], "out.ecsv", "no spectrum file was found under"),
        (["spectra"], "out.txt", "must end in .ecsv, .fits, .csv, .parquet"),
        (["spectra"], "no/such/folder/out.ecsv", "its folder is not there"),
    ],
)
def test_nothing_could_be_done_ends_with_2_and_one_sentence(mtop, folder, tmp_path, paths, output, words):
    (tmp_path / "empty").mkdir()
    result = mtop.call("predict", *[tmp_path / path for path in paths], "-o", tmp_path / output)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith("mtop: ")
    assert result.stderr.count("\n") == 1
    assert mtop.bundles == []  # found before the seconds that TensorFlow takes
    assert not (tmp_path / output).exists()


def test_a_bundle_that_cannot_be_loaded_ends_with_2(mtop, folder, tmp_path, monkeypatch):
    def load_predictor(name, **options):
        raise BundleError(f"there is no bundle '{name}'")

    monkeypatch.setattr(choosing, "open_predictor", load_predictor)
    result = mtop.call("predict", folder, "-o", tmp_path / "out.ecsv", "--bundle", "none")
    assert result.exit_code == 2
    assert result.stderr == "mtop: there is no bundle 'none'\n"


def test_interrupting_writes_nothing_and_ends_with_130(mtop, folder, tmp_path, monkeypatch):
    def predict(spectra, *, mc_passes=1):
        raise KeyboardInterrupt

    monkeypatch.setattr(mtop.predictor, "predict", predict)
    result = mtop.call("predict", folder, "-o", tmp_path / "out.ecsv")
    assert result.exit_code == 130
    assert not (tmp_path / "out.ecsv").exists()


def test_a_spectrum_is_never_overwritten_by_its_own_catalogue(mtop, folder, tmp_path):
    from tests.io import layouts

    spectrum = tmp_path / "spectrum.fits"
    layouts.write_plain(spectrum)
    before = spectrum.read_bytes()
    done = mtop.call("predict", spectrum, "-o", spectrum)
    assert done.exit_code == 2
    assert "one of the files to read" in done.stderr
    assert spectrum.read_bytes() == before


def test_a_folder_is_no_catalogue(mtop, folder, tmp_path):
    (tmp_path / "c.csv").mkdir()
    done = mtop.call("predict", folder, "-o", tmp_path / "c.csv")
    assert done.exit_code == 2
    assert "it is a folder" in done.stderr


def test_options_reach_the_work(mtop, folder, tmp_path):
    result = mtop.call(
        "predict", folder, "-o", tmp_path / "out.ecsv", "--mc-passes", 3, "--bundle", "x", "--jobs", 1,
        "--entropy-threshold", 0,
    )  # fmt: skip
    assert result.exit_code == 0
    assert mtop.predictor.passes == {3}
    assert mtop.bundles == ["x"]
    assert all(read_back(tmp_path / "out.ecsv")["flagged"])


@pytest.mark.skipif(find_spec("bagpipes") is None, reason="the extra mocks is not installed")
def test_simulate_and_train_make_a_survey_and_ask_for_a_bundle(tmp_path, monkeypatch):
    survey = tmp_path / "survey.h5"
    result = CliRunner().invoke(
        app, ["simulate", str(survey), "--galaxies", "3", "--seed", "5", "--fits", str(tmp_path / "fits")]
    )
    assert result.exit_code == 0, result.output
    assert survey.stat().st_size > 0
    assert len(list((tmp_path / "fits").glob("*.fits"))) == 3
    from mtop_gui import training

    asked = {}
    monkeypatch.setattr(training, "train", lambda *paths, **options: asked.update(options, paths=paths))
    result = CliRunner().invoke(
        app,
        [
            "train",
            str(survey),
            "-o",
            str(tmp_path / "b"),
            "--epochs",
            "2",
            "--seed",
            "7",
            "--resume",
            "--max-hours",
            "1.5",
        ],
    )
    assert result.exit_code == 0, result.output
    assert asked["paths"] == (survey, tmp_path / "b")
    assert (asked["epochs"], asked["seed"], asked["resume"], asked["max_hours"]) == (2, 7, True, 1.5)
    assert asked["architecture"] == "restframe"


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "x"],
        ["predict", "x", "-o", "y.ecsv", "--mc-passes", "0"],
        ["simulate", "x.h5"],
        ["nonsense"],
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(arguments):
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_help_is_quick_and_version_is_right():
    code = "import sys, mtop_gui.cli; print(*sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    heavy = {"numpy", "astropy", "tensorflow", "keras", "PySide6", "sqlalchemy", "scipy", "rich.progress"}
    assert heavy.isdisjoint(modules)
    result = CliRunner().invoke(app, ["--version"])
    assert result.output.strip() == f"mtop {__version__}"


def test_the_terminal_report_says_failures_and_notes_once(capsys):
    from mtop_gui.commands.terminal import MOST_FAILURES_TOLD, TerminalReport

    spectrum = SimpleNamespace(notes=("noise estimated from the data",))
    with TerminalReport() as report:
        report(Advanced(1, 100, "predicting"))
        for number in range(MOST_FAILURES_TOLD + 3):
            report(Failed(Path(f"{number}.fits"), "no flux"))
        for _ in range(2):
            report(Predicted(spectrum, None))
        report(EpochEnded(1, 2, {"loss": 0.5}))
    said = capsys.readouterr().err
    assert said.count("no flux") == MOST_FAILURES_TOLD
    assert "… and 3 more" in said
    assert said.count("noise estimated from the data") == 1
    assert "(2 spectra)" in said
    assert "epoch 1/2  loss 0.5" in said


def test_chatter_of_libraries_is_held_back_unless_loading_fails(capfd):
    from mtop_gui.commands.terminal import without_chatter

    with without_chatter():
        os.write(2, b"custom operations are on")
    assert capfd.readouterr().err == ""
    with pytest.raises(OSError, match="Bad file"), without_chatter():
        os.write(2, b"no such symbol") and os.close(-1)
    assert capfd.readouterr().err == "no such symbol"
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
