"""A predicted catalogue against a truth table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from mtop_gui.cli import app
from mtop_gui.core.catalogue import CatalogueRow
from mtop_gui.evaluation.catalogue_run import Reach, judge_catalogue
from mtop_gui.evaluation.errors import EvaluationError
from mtop_gui.evaluation.report import catalogue_html
from mtop_gui.evaluation.truth import match, read_truth
from mtop_gui.io import write_catalogue

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
file\trow\tclass\twave_min_A\twave_max_A\tz_true
a/one.fits\t\tGALAXY\t6470\t18000\t1.0
a/one.fits\t1\tGALAXY\t6470\t18000\t1.5
a/two.fits\t0\tGALAXY\t6470\t18000\t2.0
a/three.fits\t0\tGALAXY\t6470\t18000\t2.5
a/far.fits\t0\tGALAXY\t6470\t18000\t5.0
a/short.fits\t0\tGALAXY\t6470\t9000\t1.0
b/star.fits\t0\tSTAR\t6470\t18000\t0.0
b/quasar.fits\t0\tQSO/AGN\t6470\t18000\t2.1
b/sky.fits\t0\tSKY\t6470\t18000\t
b/dark.fits\t0\tSKY\t6470\t18000\t
b/broken.fits\t0\tGALAXY\t6470\t18000\t1.2
b/other.fits\t0\ttarget\t6470\t18000\t
b/missing.fits\t0\tGALAXY\t6470\t18000\t1.2
"""
REACHES = {"net": Reach(0.6, 3.0, (6470.0, 18000.0), 0.6)}


def row(
    file: str, z: float = float("nan"), number: int = 0, *, reason: str = "", error: str = ""
) -> CatalogueRow:
    return CatalogueRow(
        file=f"/data/spectra/{file}",
        row=number,
        z=z,
        flagged=None if error else bool(reason),
        flag_reason=reason,
        bundle="" if error else "net 1 (abc)",
        error=error,
    )


ROWS = [
    row("a/one.fits", 1.0005),
    row("a/one.fits", 1.52, 1, reason="entropy 2.40 ≥ 2.00"),
    row("a/two.fits", 2.1),
    row("a/three.fits", 2.5001),
    row("a/far.fits", 1.3, reason="unlike the training spectra (score 2.10)"),
    row("a/short.fits", reason="outside the wavelength range of bundle net (covers 20 % of 6470-18000 Å)"),
    row("b/star.fits", 1.1, reason="entropy 3.10 ≥ 2.00"),
    row("b/quasar.fits", 1.9),
    row("b/sky.fits", 0.7, reason="entropy 4.00 ≥ 2.00"),
    row("b/dark.fits", 0.9),
    row("b/broken.fits", error="the file is truncated"),
    row("b/other.fits", 1.0),
]


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    truth = tmp_path / "INDEX.tsv"
    truth.write_text(TABLE, encoding="utf-8")
    return write_catalogue(ROWS, tmp_path / "catalogue.ecsv"), truth


def test_every_kind_is_scored_where_it_belongs(tables: tuple[Path, Path]) -> None:
    report, cases = judge_catalogue(*tables, REACHES)
    assert (report["listed"], report["matched"], report["judged"]) == (13, 12, 11)
    inside = report["folders"]["a"]["inside"]
    assert inside["spectra"] == 4
    assert inside["right"] == 0.5
    assert inside["right_or_flagged"] == 0.75
    assert inside["wrong_unflagged"] == 0.25
    assert inside["success"] == {"0.003": 0.5, "0.01": 0.5, "0.1": 0.75}
    groups = report["folders"]["a"]["to_be_flagged"]
    assert groups["out of range"]["flagged"] == 1.0
    assert groups["not covered"]["spectra"] == 1
    others = report["folders"]["b"]["to_be_flagged"]
    assert others["star"]["flagged"] == 1.0
    assert others["quasar"]["flagged"] == 0.0
    assert others["sky"]["reasons"] == {"entropy #.# ≥ #.#": 1}
    assert report["folders"]["b"]["inside"]["unread"] == 1.0
    assert report["folders"]["b"]["inside"]["right_or_flagged"] == 0.0
    assert {case["file"] for case in report["wrong_unflagged"]} == {
        "a/two.fits",
        "b/quasar.fits",
        "b/dark.fits",
    }
    assert len(cases) == 11
    json.dumps(report, allow_nan=False)


def test_without_a_known_bundle_its_own_refusals_tell_the_coverage(tables: tuple[Path, Path]) -> None:
    report, _ = judge_catalogue(*tables, {})
    assert report["folders"]["a"]["inside"]["spectra"] == 5  # how far it reaches in redshift is not known
    assert report["folders"]["a"]["to_be_flagged"]["not covered"]["spectra"] == 1


def test_the_page_escapes_what_files_are_called(tables: tuple[Path, Path]) -> None:
    report, _ = judge_catalogue(*tables, REACHES)
    report["wrong_unflagged"][0]["file"] = "<script>alert(1)</script>"
    page = catalogue_html(report, [])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_names_alone_match_unless_two_folders_share_them(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("file,z,logmass\none.fits,1.0,9\nsame.fits,1.2,9\n", encoding="utf-8")
    rows = [row("a/one.fits", 1.0), row("a/same.fits", 1.2), row("b/same.fits", 1.2)]
    pairs = match(rows, read_truth(truth))
    assert [(known.file, found.file) for known, found in pairs] == [("one.fits", "/data/spectra/a/one.fits")]
    assert pairs[0][0].kind == "galaxy"
    assert pairs[0][0].folder == "."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,value\na,1\n", "no truth table"),
        ("", "no truth table"),
        ("file,z\nnowhere.fits,1\n", "no file of the truth table"),
    ],
)
def test_tables_that_will_not_do_are_refused(tmp_path: Path, text: str, words: str) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=words):
        match(ROWS, read_truth(truth))


def test_a_damaged_truth_table_is_refused(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(b"file,z\n\xff\xfe\x00,1\n")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_truth(truth)


def test_the_command_writes_a_report(tables: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    done = CliRunner().invoke(app, ["evaluate", *map(str, tables), "-o", str(tmp_path / "report")])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["judged"] == 11
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert (tmp_path / "report" / "figures" / "folders.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_says_what_is_missing(tables: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    for sources, words in (
        (["moons-lr"], "BUNDLE SURVEY.h5"),
        (["moons-lr", str(tmp_path / "none.h5")], "there is no survey"),
        ([str(tables[0]), str(tmp_path / "none.csv")], "there is no file"),
    ):
        done = CliRunner().invoke(app, ["evaluate", *sources, "-o", str(tmp_path / "report")])
        assert done.exit_code == 2
        assert words in done.output
        assert "Traceback" not in done.output
    done = CliRunner().invoke(app, ["evaluate", *map(str, tables), "-o", str(tables[0])])
    assert done.exit_code == 2
    assert "it is a file" in done.output
