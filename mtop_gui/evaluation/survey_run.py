"""``mtop evaluate BUNDLE SURVEY.h5``: everything from the survey file to the numbers and pictures of a report."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.preparation import Preparation
from mtop_gui.evaluation.chi2 import VELOCITY, Chi2Scan, learn_templates
from mtop_gui.evaluation.detectability import LineSignals, has_two_lines
from mtop_gui.evaluation.interlopers import judge_interlopers
from mtop_gui.evaluation.judge import Chi2Method, LimitMethod, NetworkMethod, judge
from mtop_gui.evaluation.limit import TrueTemplate
from mtop_gui.evaluation.log_grid import Gridder
from mtop_gui.evaluation.sample import draw_sample, observe
from mtop_gui.evaluation.summary import summarise
from mtop_gui.network.embedding import embed
from mtop_gui.simulation.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray, IntArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.evaluation.judge import Answers, Method
    from mtop_gui.evaluation.sample import Sample

MOST_EMBEDDED = 3000
"""Spectra in the picture of the embedding."""


@dataclass(frozen=True)
class Options:
    """How a survey is judged; defaults as the command line's.

    Attributes
    ----------
    galaxies : at most so many test galaxies; None for all.
    seed : of their choice and of the noise.
    mc_passes, entropy_threshold : of the networks' Predictions.
    chi2, limit, embedding : whether these are made.
    templates : training spectra from which the χ² templates are learned.
    fits : at most so many line fits per network, spread evenly over the spectra.
    jobs : threads of χ² and limit; the network uses what TensorFlow takes.
    """

    galaxies: int | None = None
    seed: int = 0
    mc_passes: int = 1
    entropy_threshold: float = 2.0
    chi2: bool = True
    limit: bool = True
    embedding: bool = True
    templates: int = 2000
    jobs: int = 1
    fits: int = 3000


@dataclass(frozen=True, eq=False)
class Judged:
    """A judged survey: all that the report is made of.

    Attributes
    ----------
    report : content of report.json.
    sample, answers : the spectra, and what each method said of them; the first is the bundle's.
    two_lines : (n,) 1 where two lines are detected, NaN where the survey does not tell.
    embedded : (n_embedded,) places of the spectra in `embedding`.
    embedding : (n_embedded, n_embedding) of the bundle's network; empty when not made.
    everything : labels of all galaxies of the survey, for its distributions.
    """

    report: dict[str, Any]
    sample: Sample
    answers: Sequence[Answers]
    two_lines: FloatArray
    embedded: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    embedding: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    everything: dict[str, FloatArray] = field(default_factory=dict)


def judge_survey(
    predictors: Sequence[Any],
    survey_path: Path,
    options: Options | None = None,
    *,
    report: Report = ignore,
) -> Judged:
    """Judge bundles, the classical peer and the limit on a survey's test galaxies.

    Parameters
    ----------
    predictors : one Predictor per bundle; the report is about the first, the others are baselines.
    report : receives Advanced; may raise Cancelled.

    Raises
    ------
    SimulationError : the survey cannot be read, has no test galaxies or belongs to another Instrument.
    """
    options = options or Options()
    main = predictors[0]
    instrument = main.instrument
    # The same pixels for every report, whatever the network's own preparation leaves out.
    preparation = Preparation()
    usable = preparation.usable(instrument)
    grid = main.bundle.grid.centres
    reach = (float(grid[0]), float(grid[-1]))
    with Survey(survey_path) as survey:
        sample = draw_sample(survey, options.galaxies, seed=options.seed)
        methods: list[Method] = [
            NetworkMethod(
                predictor,
                name,
                f"{predictor.bundle.architecture} ({predictor.bundle_name})",
                {key: sample.labels[key] for key in ("logmass", "logsfr") if key in sample.labels},
                mc_passes=options.mc_passes,
                entropy_threshold=options.entropy_threshold,
                fit_every=-(-len(sample) // options.fits) if options.fits else 0,
            )
            for predictor, name in zip(predictors, method_names(predictors), strict=True)
        ]
        window = preparation.median_window
        if options.chi2:
            gridder = Gridder(instrument, usable, velocity=VELOCITY, median_window=window)
            templates = learn_templates(
                survey, gridder, reach, spectra=options.templates, seed=options.seed, report=report
            )
            methods.append(Chi2Method(Chi2Scan(gridder, templates, reach), options.jobs))
        if options.limit:
            methods.append(
                LimitMethod(
                    TrueTemplate(instrument, usable, reach, median_window=window), survey, options.jobs
                )
            )
        answers = judge(sample, survey, instrument, methods, report=report)
        two_lines = _two_lines(sample, survey, instrument, usable)
        embedded, embedding = _embedding(main, sample, survey, instrument, options, report)
        everything = {
            name: np.asarray(values, dtype=np.float64)
            for name, values in survey.labels.items()
            if values.ndim == 1 and values.dtype.kind in "biuf"
        }
        facts = _facts(predictors, survey, options)
    facts["interlopers"] = judge_interlopers(
        main,
        survey_path,
        instrument,
        most=options.galaxies,
        seed=options.seed,
        mc_passes=options.mc_passes,
        entropy_threshold=options.entropy_threshold,
        report=report,
    )
    return Judged(
        report=summarise(sample, answers, facts),
        sample=sample,
        answers=answers,
        two_lines=two_lines,
        embedded=embedded,
        embedding=embedding,
        everything=everything,
    )


def method_names(predictors: Sequence[Any]) -> list[str]:
    """Name each bundle by its architecture; from the second of one architecture on, with the bundle's name or number."""
    names: list[str] = []
    for number, predictor in enumerate(predictors):
        name = str(predictor.bundle.architecture)
        if name in names:
            name = f"{name} {predictor.bundle.name}"
        names.append(name if name not in names else f"{name} {number + 1}")
    return names


def _facts(predictors: Sequence[Any], survey: Survey, options: Options) -> dict[str, Any]:
    bundles = [
        {
            "method": name,
            "label": predictor.bundle_name,
            "name": predictor.bundle.name,
            "architecture": predictor.bundle.architecture,
            "digest": predictor.bundle.digest,
            "parameters": int(sum(np.size(array) for array in predictor.bundle.weights.values())),
            "learning": _learning(predictor.bundle.training),
        }
        for predictor, name in zip(predictors, method_names(predictors), strict=True)
    ]
    return {
        "bundle": bundles[0],
        "bundles": bundles,
        "survey": {
            "file": survey.path.name,
            "seed": survey.seed,
            "galaxies": len(survey),
            "instrument": survey.instrument_name,
            "split": "test, by galaxy",
        },
        "options": vars(options),
    }


def _learning(training: Mapping[str, Any]) -> list[dict[str, float]]:
    """Give what is known of each epoch of a training: losses, success on validation spectra, learning rate.

    A bundle may come from anybody: whatever is no finite number is left out.
    """
    history = training.get("history")
    epochs = [epoch for epoch in history if isinstance(epoch, dict)] if isinstance(history, list) else []
    return [
        {key: value for key, value in epoch.items() if isinstance(value, float) and math.isfinite(value)}
        for epoch in epochs
    ]


def _two_lines(sample: Sample, survey: Survey, instrument: Instrument, usable: Any) -> FloatArray:
    """Tell the spectra with two detected lines, with the noise that each was observed with."""
    found = np.full(len(sample), np.nan)
    if "gas_sigma" not in survey.labels:
        return found
    signals = LineSignals(instrument, usable, survey.line_names)
    fluxes = survey.labels["line_fluxes"]
    for chunk in observe(sample, survey, instrument):
        for number, galaxy in enumerate(chunk.galaxies):
            ratios = signals(
                chunk.sigma[number] * chunk.unit,
                float(chunk.redshift[number]),
                fluxes[galaxy],
                float(survey.labels["gas_sigma"][galaxy]),
            )
            found[chunk.place.start + number] = float(has_two_lines(ratios))
    return found


def _embedding(
    predictor: Any, sample: Sample, survey: Survey, instrument: Instrument, options: Options, report: Report
) -> tuple[IntArray, FloatArray]:
    """Embed some of the spectra, the same for the same seed; those that the bundle must not be asked about are left out."""
    nothing: tuple[IntArray, FloatArray] = np.empty(0, np.int64), np.empty((0, 0))
    if not options.embedding:
        return nothing
    chosen = np.sort(np.random.default_rng([options.seed, 8]).permutation(len(sample))[:MOST_EMBEDDED])
    some = replace(
        sample,
        galaxies=sample.galaxies[chosen],
        hours=sample.hours[chosen],
        labels={name: values[chosen] for name, values in sample.labels.items()},
    )
    asked, parts = np.zeros(len(chosen), bool), []
    for chunk in observe(some, survey, instrument):
        report(Advanced(chunk.place.start, len(some), "embedding"))
        rows = embed(predictor, chunk.spectra)
        if rows.shape[1]:
            asked[chunk.place] = np.isfinite(rows).all(axis=1)
            parts.append(rows[asked[chunk.place]].astype(np.float64))
    return (chosen[asked], np.concatenate(parts)) if parts else nothing
