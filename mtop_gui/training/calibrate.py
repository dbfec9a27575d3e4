"""What is settled once the weights are: temperature, error floors, out-of-distribution reference, test-set figures."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD, summarise
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.log_preparation import LogPreparation, unsoftened
from mtop_gui.network.architectures import find_architecture
from mtop_gui.network.bundle import ModelBundle, load_bundle, save_bundle
from mtop_gui.network.loading import inference_model, reset_dropout
from mtop_gui.network.ood import fit_ood, flux_statistics
from mtop_gui.network.predictor import BATCH, apply_temperature
from mtop_gui.simulation.observing import make_observer
from mtop_gui.training.dataset import Exposures, MockBatches, SurveyInMemory
from mtop_gui.training.validation import Judged, error_scale, fit_temperature, judge, robust_sigma

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.arrays import Float32Array, FloatArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.preparation import Preparation
    from mtop_gui.simulation.survey import Split
    from mtop_gui.training.dataset import Batch

MOST_SPECTRA = 6000
"""Spectra of a split that are looked at; more would change no figure by more than half a per cent."""

SAMPLED_SPECTRA, PASSES = 1024, 16
"""Spectra and MC-dropout passes of each from which the temperature of sampled PDFs is found."""

THRESHOLDS = (0.003, 0.01, 0.1)


def calibrate(
    bundle_dir: Path,
    survey_path: Path,
    *,
    seed: int = 0,
    instrument: Instrument | None = None,
    report: Report = ignore,
    most: int = MOST_SPECTRA,
    temperatures: bool = True,
) -> ModelBundle:
    """Settle a trained bundle on a survey's validation spectra, measure it on the test spectra, and save it again.

    Parameters
    ----------
    bundle_dir : folder of a bundle; rewritten.
    survey_path : the survey it was trained on, with the same `seed`.
    report : receives Advanced; may raise Cancelled, which leaves the bundle as it was.
    most : at most so many spectra per split.
    temperatures : whether temperatures and error floors are settled here too, and not by other spectra already.

    Returns
    -------
    The bundle with its temperatures, error floors, `ood` and ``training["test"]``.

    Raises
    ------
    BundleError, SimulationError : bundle or survey cannot be read, or do not belong together.
    """
    bundle = load_bundle(bundle_dir)
    instrument = instrument or load_instrument(bundle.instrument)
    with closing(SurveyInMemory(survey_path)) as survey:
        batches = MockBatches(
            make_observer(survey, instrument),
            instrument,
            bundle.preparation,
            bundle.grid.centres,
            np.array([wavelength for _, wavelength in bundle.lines]),
            seed,
        )
        network = _Watched(bundle, batches, report)
        judged = network.judge(_some(survey, "validation", seed, most), "calibrating")
        bundle = replace(bundle, ood=fit_ood(np.concatenate(network.embedding), np.stack(network.statistics)))
        if temperatures:
            alone = fit_temperature(judged.pdf, judged.labels)
            some = _some(survey, "validation", seed, min(most, SAMPLED_SPECTRA))
            sampled = find_architecture(bundle.architecture).sampled(bundle.config)
            bundle = replace(
                bundle,
                temperature=alone,
                sampled_temperature=_sampled_temperature(bundle, batches, some, seed, report)
                if sampled
                else alone,
                logmass_sigma=robust_sigma(judged.logmass),
                logsfr_sigma=robust_sigma(judged.logsfr),
                logmass_scale=error_scale(judged.logmass_pull),
                logsfr_scale=error_scale(judged.logsfr_pull),
            )
        facts = dict(bundle.training)
        rows = _some(survey, "test", seed, most)
        if len(rows):
            tested = network.judge(rows, "testing")
            redshift = survey.labels["z"].astype(float)[tested.galaxies]
            facts["test"] = measure(tested, bundle, redshift)
    return save_bundle(replace(bundle, training=facts), bundle_dir)


def measure(judged: Judged, bundle: ModelBundle, redshift: FloatArray) -> dict[str, Any]:
    """Measure the paper's figures, per exposure time: success before and after the entropy cut, residuals.

    The redshift is what a Prediction of one deterministic pass says: the best Peak of the calibrated PDF.

    Parameters
    ----------
    redshift : (n,) true redshifts of the judged spectra.

    Returns
    -------
    Plain JSON values by exposure ("2h", …).
    """
    grid = bundle.grid.centres
    pdf = apply_temperature(judged.pdf.astype(np.float64), bundle.temperature)
    said = [summarise(grid, one) for one in pdf]
    error = np.abs(np.array([one.peaks[0].redshift for one in said]) - redshift)
    entropy = np.array([one.entropy for one in said])
    figures: dict[str, Any] = {}
    for hours in np.unique(judged.hours):
        chosen = judged.hours == hours
        kept = chosen & (entropy < DEFAULT_ENTROPY_THRESHOLD)
        row: dict[str, Any] = {"spectra": int(chosen.sum())}
        for threshold in THRESHOLDS:
            row[f"success_{threshold:g}"] = float(np.mean(error[chosen] < threshold))
            if kept.any():
                row[f"success_{threshold:g}_low_entropy"] = float(np.mean(error[kept] < threshold))
        row["rejected_by_entropy"] = float(1 - kept.sum() / chosen.sum())
        row["catastrophic"] = float(np.mean(error[chosen] > 0.5))
        for name in ("logmass", "logsfr"):
            residual = getattr(judged, name)[chosen]
            row[f"{name}_bias"] = float(np.median(residual))
            row[f"{name}_sigma"] = robust_sigma(residual)
        figures[f"{hours:g}h"] = row
    return figures


def _sampled_temperature(
    bundle: ModelBundle, batches: MockBatches, rows: Exposures, seed: int, report: Report
) -> float:
    """Find the temperature of PDFs that are means over MC-dropout passes."""
    model = inference_model(bundle, sampling=True)
    reset_dropout(model, seed)
    plan = batches.fixed(rows, BATCH)
    pdfs: list[FloatArray] = []
    labels: list[FloatArray] = []
    for number, make in enumerate(plan):
        report(Advanced(number, len(plan), "sampling"))
        batch = make()
        passes = [np.asarray(model.predict_on_batch(batch.inputs)["redshift"]) for _ in range(PASSES)]
        pdfs.append(np.mean(passes, axis=0, dtype=np.float64))
        labels.append(batch.labels["redshift"])
    return fit_temperature(np.concatenate(pdfs), np.concatenate(labels))


def structure_of(spectrum: Float32Array, preparation: Preparation | LogPreparation) -> Float32Array:
    """Give what `PreparedSpectrum.structure` holds (n_pix,), from the network's input ``spectrum`` (n_pix, channels)."""
    if not isinstance(preparation, LogPreparation):
        return spectrum[:, 0]
    lines = unsoftened(spectrum[:, 0])
    strength = np.abs(lines).max()
    return lines / strength if strength > 0 else lines


class _Watched:
    """The network of a bundle that remembers embedding and statistics of the spectra it was last asked about."""

    def __init__(self, bundle: ModelBundle, batches: MockBatches, report: Report) -> None:
        self._model = inference_model(bundle)
        self._batches = batches
        self._preparation = bundle.preparation
        self._reachable = bundle.preparation.reachable(batches.instrument)
        self._report = report
        self.embedding: list[np.ndarray] = []
        self.statistics: list[FloatArray] = []

    def judge(self, rows: Exposures, what: str) -> Judged:
        """Judge spectra, with noise that never changes."""
        self.embedding, self.statistics = [], []
        plan = self._batches.fixed(rows, BATCH)

        def reported(number: int, make: Callable[[], Batch]) -> Callable[[], Batch]:
            def call() -> Batch:
                self._report(Advanced(number, len(plan), what))
                return make()

            return call

        steps = [reported(number, make) for number, make in enumerate(plan)]
        weights = dict.fromkeys(self._batches.teaching.loss_weights, 1.0)
        return judge(self._predict, steps, self._preparation, weights)

    def _predict(self, inputs: dict[str, Any]) -> dict[str, Any]:
        said = self._model.predict_on_batch(inputs)
        self.embedding.append(np.asarray(said.pop("embedding")))
        self.statistics += [
            flux_statistics(structure_of(one, self._preparation), self._reachable)
            for one in inputs["spectrum"]
        ]
        return said


def _some(survey: SurveyInMemory, split: Split, seed: int, most: int) -> Exposures:
    """Choose at most `most` spectra of a split, the same for the same seed."""
    rows = Exposures.of(survey.rows(split))
    if len(rows) <= most:
        return rows
    chosen = np.sort(np.random.default_rng([seed, 5]).permutation(len(rows))[:most])
    return Exposures(rows.galaxies[chosen], rows.hours[chosen])
