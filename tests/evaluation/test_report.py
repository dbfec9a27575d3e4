"""From a survey file and a bundle to the report, through the command."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mtop_gui.cli import app
from mtop_gui.core.projection import WITHOUT_UMAP
from mtop_gui.evaluation.errors import EvaluationError
from mtop_gui.evaluation.figures import pictures
from mtop_gui.evaluation.figures_network import draw_pulls
from mtop_gui.evaluation.html import Page, number, percent
from mtop_gui.evaluation.judge import Answers
from mtop_gui.evaluation.paper import PAPER
from mtop_gui.evaluation.report import survey_html, write_report
from mtop_gui.evaluation.sample import Sample
from mtop_gui.evaluation.survey_run import Judged, Options, judge_survey
from mtop_gui.network import predictor
from tests.support.tiny import tiny_instrument

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.network.bundle import ModelBundle

HOURS, THRESHOLDS = {"2", "4", "8"}, {"0.003", "0.01", "0.1"}
FIGURES = {
    "labels", "residuals", "thresholds", "dependence", "confusion", "screening", "detectability", "entropy", "skewness",
    "embedding", "pit", "crps", "reliability",
}  # fmt: skip


@pytest.fixture(scope="module")
def report_folder(faint_survey: Path, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate the tiny bundle, with itself as baseline; umap-learn is hidden, as it compiles for a minute."""
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    folder = tmp_path_factory.mktemp("evaluated") / "report"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "load_instrument", lambda name: tiny_instrument())
        patch.setitem(sys.modules, "umap", None)
        arguments = ["evaluate", bundle_folder, faint_survey, "-o", folder, "--baseline", bundle_folder]
        done = CliRunner().invoke(app, [str(each) for each in [*arguments, "--galaxies", "14"]])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def report(report_folder: Path) -> dict[str, Any]:
    return dict(json.loads((report_folder / "report.json").read_text(encoding="utf-8")))


def test_every_promised_number_is_there(report: dict[str, Any]) -> None:
    assert set(report["success"]) == {"mtopnet", "mtopnet tiny", "chi2", "limit"}
    for by_hours in report["success"].values():
        assert set(by_hours) == HOURS
        for shares in by_hours.values():
            assert set(shares) == THRESHOLDS
            assert 0 <= shares["0.003"] <= shares["0.01"] <= shares["0.1"] <= 1
    assert set(report["screening"]) == set(report["limit_screening"]) == HOURS
    for row in (*report["screening"].values(), *report["limit_screening"].values()):
        assert {"success", "rejected", "limit_failures", "rejected_beyond_limit", "rejected_for_99"} <= set(
            row
        )
    for name in (
        "nmad_kms",
        "pull_sigma",
        "sigma_logmass",
        "sigma_logsfr",
        "pit_ks",
        "catastrophic_unflagged",
    ):
        assert name in report
        assert name in report["definitions"]
    assert set(report["coverage68"]) == {"z", "logmass", "logsfr"}
    assert report["galaxies"] == 14
    assert report["spectra"] == 42
    assert report["survey"] == {
        "file": "faint.h5", "seed": 11, "galaxies": 180, "instrument": "tiny", "split": "test, by galaxy",
    }  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{64}", report["bundle"]["digest"])
    assert report["bundle"]["architecture"] == "mtopnet"
    assert {"python", "numpy"} <= set(report["versions"])
    assert [row["key"] for row in report["paper"]] == list(PAPER)


def test_interlopers_are_counted_by_kind(report: dict[str, Any]) -> None:
    assert set(report["interlopers"]) == {"star", "nothing"}
    for row in report["interlopers"].values():
        assert row["spectra"] == 18
        assert sum(row["reasons"].values()) == round(18 * row["flagged"])


def test_the_same_bundle_twice_says_the_same(report: dict[str, Any]) -> None:
    assert report["success"]["mtopnet"] == report["success"]["mtopnet tiny"]
    for name in ("pit_ks", "paper"):
        assert report["networks"]["mtopnet tiny"][name] == report[name]


def test_the_limit_is_above_all(report: dict[str, Any]) -> None:
    means = {
        name: np.mean([shares["0.01"] for shares in by_hours.values()])
        for name, by_hours in report["success"].items()
    }
    assert max(means, key=lambda name: means[name]) == "limit"


def test_the_page_holds_all_figures_and_needs_no_other_file(report_folder: Path) -> None:
    assert {path.stem for path in (report_folder / "figures").iterdir()} == FIGURES
    page = (report_folder / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(FIGURES)
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert WITHOUT_UMAP in page
    assert "Beside the paper" in page
    assert "Bundles side by side" in page


def test_tables_by_magnitude_redshift_and_flux_count_every_spectrum_once(report: dict[str, Any]) -> None:
    for name in ("mag_h", "z", "halpha"):
        parts = report["by"]["limit"][name]
        assert parts
        assert sum(row["spectra"] for part in parts.values() for row in part.values()) <= 42


def test_a_survey_of_another_instrument_is_refused(
    faint_survey: Path, bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    from dataclasses import replace

    other = replace(tiny_instrument(), name="other")
    monkeypatch.setattr(predictor, "load_instrument", lambda name: other)
    done = CliRunner().invoke(
        app, ["evaluate", str(bundle_folder), str(faint_survey), "-o", str(tmp_path / "r"), "--without-chi2"]
    )
    assert done.exit_code == 2
    assert "was made for 'tiny'" in done.output


def test_redshifts_after_the_line_fit_are_drawn_where_there_are_any() -> None:
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    rng = np.random.default_rng(6)
    truth = rng.uniform(0.8, 1.2, 50)
    said = truth + rng.normal(0, 1e-4, 50)
    columns = {
        "redshift": said,
        "fitted": said.copy(),
        "fitted_error": np.full(50, 1e-4),
        "flagged": np.zeros(50),
    }
    sample = Sample("faint.h5", 11, 0, np.arange(50), np.full(50, 2.0), {"z": truth})
    judged = Judged({}, sample, [Answers("mtopnet", columns, 1.0)], np.zeros(50))
    assert draw_pulls(judged) is not None
    columns["fitted"][:] = np.nan
    assert draw_pulls(judged) is None


def test_a_report_without_peer_limit_and_embedding(faint_survey: Path, tiny_bundle: ModelBundle) -> None:
    history = [
        {"val_redshift": 2.5, "success_8h": 0.5, "remark": "no number", "val_loss": float("inf")},
        {"val_redshift": 2.0},
        "no epoch",
    ]
    learnt = replace(tiny_bundle, training={"history": history})
    network = predictor.Predictor(learnt, tiny_instrument())
    judged = judge_survey(
        [network], faint_survey, Options(galaxies=3, chi2=False, limit=False, embedding=False, fits=0)
    )
    assert set(judged.report["success"]) == {"mtopnet"}
    assert judged.report["bundle"]["learning"] == [
        {"val_redshift": 2.5, "success_8h": 0.5},
        {"val_redshift": 2.0},
    ]
    assert judged.report["chi2"] is None
    assert judged.report["nmad_kms"] is None
    assert judged.embedding.size == 0
    assert "Screening by entropy" in survey_html(judged.report, [])
    pytest.importorskip("matplotlib", reason="figures need the extra figures")
    # Here, unlike in the command, any warning that matplotlib gives is an error.
    assert {picture.name for picture in pictures(judged)} == FIGURES - {"embedding"} | {"learning"}


def test_pages_escape_everything() -> None:
    page = Page("<b>")
    page.heading("<i>")
    page.paragraph('a & b "c"')
    page.table(("<th>",), [("<td>",)])
    page.table(("x",), [])
    page.picture("<u>", "<s>", "")
    html = page.html()
    for tag in ("<b>", "<i>", "<th><", "<td><td>", "<u>", "<s>"):
        assert tag not in html
    assert "None." in html


def test_numbers_that_cannot_be_measured_are_dashes() -> None:
    assert percent(None) == percent(float("nan")) == number(None) == number(float("inf")) == "–"
    assert percent(0.1234) == "12.3 %"
    assert number(0.012345) == "0.01235"
    assert number(12345.6) == "12346"


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_report(file, {}, "", [])
