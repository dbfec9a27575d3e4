"""Train a network on a mock survey, epoch by epoch, so that it can stop and go on at any time."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Advanced, EpochEnded, Finished, ignore
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.lines import paper_mask_lines
from mtop_gui.network.architectures import build, config_to_dict, make_config
from mtop_gui.network.bundle import ModelBundle, save_bundle
from mtop_gui.simulation.observing import make_observer
from mtop_gui.simulation.survey import INTERLOPERS, has_interlopers
from mtop_gui.training.calibrate import calibrate
from mtop_gui.training.checkpoint import (
    Progress,
    has_checkpoint,
    read_progress,
    restore_variables,
    save_checkpoint,
)
from mtop_gui.training.dataset import (
    Exposures,
    MockBatches,
    SurveyInMemory,
    as_keras_dataset,
    fit_preparation,
)
from mtop_gui.training.recipes import (
    Recipe,
    grid_for,
    learning_rate,
    least_coverage,
    preparation_for,
    recipe_for,
    sizes_for,
)
from mtop_gui.training.validation import Judged, fit_temperature, judge, robust_sigma, success_by_exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.log_preparation import LogPreparation
    from mtop_gui.core.preparation import Preparation
    from mtop_gui.network.bundle import RedshiftGrid
    from mtop_gui.simulation.survey import Survey
    from mtop_gui.training.dataset import Batch

MOST_VALIDATION = 6000
"""Spectra judged after each epoch; they are kept prepared in memory."""

REPORT_EVERY = 10
"""Batches between two Advanced events."""


def train(
    survey_path: Path,
    bundle_dir: Path,
    *,
    architecture: str = "mtopnet",
    epochs: int = 100,
    seed: int = 0,
    resume: bool = False,
    batch_size: int = 64,
    report: Report = ignore,
    max_hours: float | None = None,
    config: Mapping[str, Any] | None = None,
    recipe: Recipe | None = None,
    preparation: Preparation | LogPreparation | None = None,
    instrument: Instrument | None = None,
    grid: RedshiftGrid | None = None,
    name: str = "",
    version: str = "1",
) -> Path:
    """Train a network on a mock survey and write it as a ModelBundle.

    After every improvement the bundle is usable; after every epoch a checkpoint is written to ``<bundle_dir>.training``.

    Parameters
    ----------
    survey_path : HDF5 of ``mtop simulate``.
    bundle_dir : folder of the bundle.
    epochs : at most this many; fewer if validation stops improving.
    resume : go on from the last checkpoint, exactly as an uninterrupted training would have; only `epochs` may differ.
    report : receives Advanced and EpochEnded; Cancelled raised in it leaves checkpoint and bundle usable.
    max_hours : stop after the epoch that would end later than this.
    config : sizes of the network that differ from the architecture's defaults.
    recipe, preparation, grid : default: those of the architecture (`training.recipes`) for the survey's instrument.
    instrument : for tests; default: the survey's own.
    name : of the bundle; default: the instrument's.

    Returns
    -------
    `bundle_dir`.

    Raises
    ------
    TrainingError : nothing to train on, a training already begun there, or one that cannot be resumed.
    SimulationError : the survey cannot be read.
    """
    bundle_dir = Path(bundle_dir)
    work = bundle_dir.with_name(bundle_dir.name + ".training")
    if has_checkpoint(work) and not resume:
        raise TrainingError(f"a training was already begun in {work}: add --resume, or remove that folder")
    recipe = replace(recipe or recipe_for(architecture), batch_size=batch_size)
    started = time.monotonic()
    with ExitStack() as opened:
        survey = opened.enter_context(SurveyInMemory(Path(survey_path)))
        instrument = instrument or load_instrument(survey.instrument_name)
        share = recipe.point_source_share
        observer = make_observer(survey, instrument, point_source_share=share)
        interlopers = None
        if has_interlopers(Path(survey_path)):
            others = opened.enter_context(SurveyInMemory(Path(survey_path), group=INTERLOPERS))
            interlopers = make_observer(others, instrument, point_source_share=share)
        preparation = fit_preparation(
            preparation or preparation_for(architecture, instrument), observer, instrument, seed
        )
        grid = grid or grid_for(preparation, instrument)
        blueprint = ModelBundle(
            name=name or instrument.name,
            version=version,
            architecture=architecture,
            config=make_config(architecture, {**sizes_for(preparation, grid, instrument), **(config or {})}),
            instrument=instrument.name,
            grid=grid,
            lines=tuple((line.name, line.wavelength) for line in paper_mask_lines()),
            preparation=preparation,
            weights={},
            min_coverage=least_coverage(architecture),
        )
        batches = MockBatches(
            observer,
            instrument,
            preparation,
            grid.centres,
            np.array([wavelength for _, wavelength in blueprint.lines]),
            seed,
            interlopers,
        )
        trainer = _Trainer(batches, survey, blueprint, recipe, seed, bundle_dir, work)
        trainer.run(epochs, resume, report, max_hours)
    calibrate(bundle_dir, Path(survey_path), seed=seed, instrument=instrument, report=report)
    report(Finished(trainer.progress.epoch, time.monotonic() - started))
    return bundle_dir


class _Trainer:
    """One training: model, data and progress."""

    def __init__(
        self,
        batches: MockBatches,
        survey: Survey,
        blueprint: ModelBundle,
        recipe: Recipe,
        seed: int,
        bundle_dir: Path,
        work: Path,
    ) -> None:
        self._survey = survey
        self._blueprint = blueprint
        self._recipe = recipe
        self._seed = seed
        self._bundle_dir, self._work = bundle_dir, work
        self._batches = batches
        self._rows = Exposures.of(self._survey.rows("train"))
        self._validation: list[Batch] = []
        self.progress = Progress(recipe={})

    def run(self, epochs: int, resume: bool, report: Report, max_hours: float | None) -> None:
        """Train until `epochs`, patience or the clock ends it."""
        import keras

        keras.utils.set_random_seed(self._seed)
        decay_epochs = min(epochs, self._recipe.decay_epochs)
        if resume:
            self.progress = read_progress(self._work)
            decay_epochs = int(self.progress.recipe.get("decay_epochs", decay_epochs))
        wanted = self._facts(decay_epochs)
        if resume and self.progress.recipe != wanted:
            different = next(key for key in wanted if self.progress.recipe.get(key) != wanted[key])
            raise TrainingError(
                f"the training in {self._work} was begun with another {different}: start without --resume"
            )
        self.progress.recipe = wanted
        model = self._compiled(decay_epochs, epochs)
        if resume:
            restore_variables(self._work, model)
        deadline = None if max_hours is None else time.monotonic() + 3600 * max_hours
        while self.progress.epoch < epochs and not self.progress.stalled(self._recipe.patience):
            took = self._epoch(model, epochs, report)
            if deadline is not None and time.monotonic() + took > deadline:
                break

    def _facts(self, decay_epochs: int) -> dict[str, Any]:
        """Give all that a resumed training must share with the one it continues, as JSON values."""
        blueprint = self._blueprint
        return {
            "architecture": blueprint.architecture,
            "config": config_to_dict(blueprint.config),
            "survey": [self._survey.seed, len(self._survey), self._survey.instrument_name],
            "seed": self._seed,
            "grid": vars(blueprint.grid),
            "preparation": blueprint.preparation.as_dict(),
            **vars(self._recipe),
            "decay_epochs": decay_epochs,
        }

    def _compiled(self, decay_epochs: int, epochs: int) -> Any:
        """Build the network with its losses and learning rate."""
        import keras

        recipe, teaching = self._recipe, self._batches.teaching
        dtype = "mixed_bfloat16" if recipe.mixed else "float32"
        model = build(self._blueprint.architecture, self._blueprint.config, dtype)
        steps = len(self._batches.training(self._rows, recipe.batch_size, 0))
        model.compile(
            optimizer=keras.optimizers.Adam(
                learning_rate(recipe, steps, decay_epochs, epochs), global_clipnorm=recipe.clip_norm or None
            ),
            loss=teaching.losses(),
            loss_weights=teaching.loss_weights,
            jit_compile=False,
        )
        return model

    def _epoch(self, model: Any, epochs: int, report: Report) -> float:
        """Train one epoch, judge it, save, report; gives the seconds it took."""
        started = time.monotonic()
        number = self.progress.epoch
        plan = self._batches.training(self._rows, self._recipe.batch_size, number)
        history = model.fit(
            as_keras_dataset(plan),
            epochs=number + 1,
            initial_epoch=number,
            shuffle=False,  # the plan is shuffled, and must not depend on Keras's generator
            verbose=0,
            callbacks=[_reporting(report, len(plan), f"epoch {number + 1} of {epochs}")],
        )
        logs = {key: float(values[-1]) for key, values in history.history.items()}
        if not np.isfinite(logs["loss"]):
            raise TrainingError(
                f"the loss became infinite in epoch {number + 1}: lower the learning rate, then --resume"
            )
        judged = self._judge(model)
        logs |= {f"val_{key}": value for key, value in judged.losses.items()}
        redshift = self._survey.labels["z"].astype(float)
        logs |= success_by_exposure(judged, self._blueprint.grid.centres, redshift)
        logs["learning_rate"] = float(np.asarray(model.optimizer.learning_rate))
        took = time.monotonic() - started
        logs["seconds"] = took
        self.progress.epoch = number + 1
        self.progress.seconds += took
        self.progress.history.append(logs)
        if logs["val_loss"] < self.progress.best_loss:
            self.progress.best_loss, self.progress.best_epoch = logs["val_loss"], number + 1
            self._save_bundle(model, judged)
        save_checkpoint(self._work, self.progress, model)
        report(EpochEnded(number + 1, epochs, logs))
        return took

    def _judge(self, model: Any) -> Judged:
        """Judge the network on the validation spectra, whose noise never changes."""
        if not self._validation:
            rows = Exposures.of(self._survey.rows("validation"))
            if len(rows) == 0:
                raise TrainingError("the survey holds no validation galaxies: simulate one with more")
            if len(rows) > MOST_VALIDATION:
                some = np.sort(np.random.default_rng(self._seed).permutation(len(rows))[:MOST_VALIDATION])
                rows = Exposures(rows.galaxies[some], rows.hours[some])
            self._validation = [make() for make in self._batches.fixed(rows, self._recipe.batch_size)]
        kept: list[Callable[[], Batch]] = [lambda batch=batch: batch for batch in self._validation]  # type: ignore[misc]
        return judge(
            model.predict_on_batch, kept, self._blueprint.preparation, self._batches.teaching.loss_weights
        )

    def _save_bundle(self, model: Any, judged: Judged) -> None:
        """Write the network as it is now, calibrated on the validation spectra."""
        weights = {variable.path: np.asarray(variable) for variable in model.weights}
        facts = {
            "recipe": self.progress.recipe,
            "best_epoch": self.progress.best_epoch,
            "best_loss": self.progress.best_loss,
            "seconds": self.progress.seconds,
            "history": self.progress.history,
        }
        temperature = fit_temperature(judged.pdf, judged.labels)
        bundle = replace(
            self._blueprint,
            weights=weights,
            temperature=temperature,
            sampled_temperature=temperature,  # until `calibrate` has drawn passes
            logmass_sigma=robust_sigma(judged.logmass),
            logsfr_sigma=robust_sigma(judged.logsfr),
            training=facts,
        )
        save_bundle(bundle, self._bundle_dir)


def _reporting(report: Report, steps: int, what: str) -> Any:
    """Make a Keras callback that reports progress; a Cancelled raised by the report ends the fit."""
    import keras

    class Reporting(keras.callbacks.Callback):  # type: ignore[misc]
        """Advanced every few batches."""

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
            if (batch + 1) % REPORT_EVERY == 0 or batch + 1 == steps:
                report(Advanced(batch + 1, steps, what))

    return Reporting()
