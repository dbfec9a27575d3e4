"""``mtop evaluate``: how good redshifts are, on a mock survey or on a catalogue of spectra with known redshifts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtop_gui.commands.terminal import TerminalReport, fail, without_chatter

if TYPE_CHECKING:
    from collections.abc import Sequence

SURVEY_SUFFIXES = (".h5", ".hdf5")
USAGE = "give BUNDLE SURVEY.h5, or CATALOGUE TRUTH, or BUNDLE CATALOGUE TRUTH"


def evaluate(
    sources: Sequence[str],
    output: Path,
    *,
    galaxies: int | None,
    baselines: Sequence[str],
    mc_passes: int,
    entropy_threshold: float,
    seed: int,
    jobs: int,
    chi2: bool,
    limit: bool,
    embedding: bool,
) -> None:
    """Write report.json, report.html and figures into a folder.

    Raises
    ------
    MtopError : bundle, survey, catalogue or truth table cannot be used, or the report cannot be written.
    """
    if len(sources) == 2 and Path(sources[1]).suffix.lower() in SURVEY_SUFFIXES:
        from mtop_gui.evaluation.survey_run import Options

        _check_output(output)
        options = Options(
            galaxies=galaxies,
            seed=seed,
            mc_passes=mc_passes,
            entropy_threshold=entropy_threshold,
            chi2=chi2,
            limit=limit,
            embedding=embedding,
            jobs=jobs,
        )
        _survey([sources[0], *baselines], Path(sources[1]), output, options)
    elif len(sources) in (2, 3):
        _check_output(output)
        _catalogue(list(sources[:-2]) + list(baselines), Path(sources[-2]), Path(sources[-1]), output)
    else:
        fail(f"{len(sources)} files or names were given to evaluate: {USAGE}.")


def _survey(bundles: Sequence[str], survey: Path, output: Path, options: Any) -> None:
    from mtop_gui.evaluation.figures import pictures
    from mtop_gui.evaluation.report import survey_html, write_report
    from mtop_gui.evaluation.survey_run import judge_survey
    from mtop_gui.network.predictor import Predictor

    if not survey.is_file():
        fail(f"there is no survey {survey}: make one with 'mtop simulate'.")
    predictors = [Predictor(bundle) for bundle in bundles]
    with without_chatter():
        for predictor in predictors:
            predictor.warm_up()
    with TerminalReport("spectra") as report:
        judged = judge_survey(predictors, survey, options, report=report)
        drawn = pictures(judged, report)
    write_report(output, judged.report, survey_html(judged.report, drawn), drawn)
    for name, by_hours in judged.report["success"].items():
        told = ", ".join(f"{shares['0.01']:.3f} ({hours} h)" for hours, shares in by_hours.items())
        print(f"{name}: |Δz| < 0.01 for {told}", file=sys.stderr)
    print(f"{output / 'report.html'}: {judged.report['galaxies']} galaxies", file=sys.stderr)


def _catalogue(bundles: Sequence[str], catalogue: Path, truth: Path, output: Path) -> None:
    from mtop_gui.evaluation.catalogue_run import judge_catalogue
    from mtop_gui.evaluation.figures import catalogue_pictures
    from mtop_gui.evaluation.report import catalogue_html, write_report

    for path in (catalogue, truth):
        if not path.is_file():
            fail(f"there is no file {path}: {USAGE}.")
    report, cases = judge_catalogue(catalogue, truth, _reaches(bundles))
    drawn = catalogue_pictures(cases)
    write_report(output, report, catalogue_html(report, drawn), drawn)
    for folder, score in report["folders"].items():
        print(f"{folder}: {_told(score)}", file=sys.stderr)
    print(f"{output / 'report.html'}: {report['judged']} spectra", file=sys.stderr)


def _told(score: dict[str, Any]) -> str:
    parts = []
    if score["inside"]:
        one = score["inside"]
        parts.append(
            f"{one['spectra']} galaxies, {one['right']:.0%} right, {one['right_or_flagged']:.0%} right or flagged, "
            f"{one['wrong_unflagged']:.0%} wrong and not flagged"
        )
    parts += [
        f"{group}: {row['spectra']}, {row['flagged']:.0%} flagged"
        for group, row in score["to_be_flagged"].items()
    ]
    return "; ".join(parts)


def _reaches(bundles: Sequence[str]) -> dict[str, Any]:
    """Tell how far each bundle reaches: those named, and all that are shipped."""
    from mtop_gui.core.instrument import load_instrument
    from mtop_gui.evaluation.catalogue_run import Reach
    from mtop_gui.network.bundle import available_bundles, load_bundle

    reaches = {}
    for name in (*available_bundles(), *bundles):
        bundle = load_bundle(name)
        wavelength = load_instrument(bundle.instrument).wavelength
        grid = bundle.grid.centres
        reaches[bundle.name] = Reach(
            lowest=float(grid[0]),
            highest=float(grid[-1]),
            wavelength=(float(wavelength[0]), float(wavelength[-1])),
            min_coverage=bundle.min_coverage,
        )
    return reaches


def _check_output(output: Path) -> None:
    """Refuse at once what would fail after minutes of computing."""
    if output.exists() and not output.is_dir():
        fail(f"the report cannot be written into {output}: it is a file, name a folder.")
    parent = next((folder for folder in (output, *output.absolute().parents) if folder.exists()), None)
    if parent is None or not os.access(parent, os.W_OK | os.X_OK):
        fail(f"the report cannot be written into {output}: you may not write there.")
    from mtop_gui.evaluation.figures import require_matplotlib

    require_matplotlib()
