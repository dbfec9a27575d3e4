"""The fit loop: epoch by epoch, with a checkpoint after each, so that a training can stop and go on at any time."""

from __future__ import annotations

import time
from dataclasses import replace
from re import fullmatch
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Advanced, EpochEnded
from mtop_gui.network.architectures import build, config_to_dict
from mtop_gui.network.bundle import save_bundle
from mtop_gui.training.checkpoint import Progress, read_progress, restore_variables, save_checkpoint
from mtop_gui.training.dataset import as_keras_dataset
from mtop_gui.training.normalisation import SETTLING_BATCHES, settle
from mtop_gui.training.recipes import BLOCK_DROPOUT, TUNING_WARM_UP, WARM_UP, learning_rate
from mtop_gui.training.validation import fit_temperature, judge, robust_sigma, success_by_exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mtop_gui.core.events import Report
    from mtop_gui.network.bundle import ModelBundle
    from mtop_gui.training.adapting import Adversary
    from mtop_gui.training.dataset import Batch
    from mtop_gui.training.material import Material, Trial
    from mtop_gui.training.recipes import Recipe
    from mtop_gui.training.validation import Judged

REPORT_EVERY = 10
"""Batches between two Advanced events."""

OLD_TEMPERATURE = 50
"""Validation spectra that weigh as much as what a parent bundle knew of its temperature."""

FEWEST_RESIDUALS = 8

TOLERANCE = 0.03
"""By this part may the validation loss of labelled spectra grow while a network is adapted to others."""


class Trainer:
    """One training: network, data and progress.

    Parameters
    ----------
    material : what it learns from.
    blueprint : the bundle to be, without weights; its temperature and residuals count for a parent's.
    bundle_dir, work : folders of the bundle and of the checkpoint.
    parent : bundle to start from; what is saved is never worse than it on the validation spectra.
    adversary : makes the network unable to tell mocks from the spectra it is adapted to.
    """

    def __init__(
        self,
        material: Material,
        blueprint: ModelBundle,
        recipe: Recipe,
        seed: int,
        bundle_dir: Path,
        work: Path,
        *,
        parent: ModelBundle | None = None,
        adversary: Adversary | None = None,
    ) -> None:
        self._material = material
        self._blueprint = blueprint
        self._recipe = recipe
        self._seed = seed
        self._bundle_dir, self._work = bundle_dir, work
        self._parent, self._adversary = parent, adversary
        self._network: Any = None
        self._trials: list[Trial] = []
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
        elif self._parent is not None:
            self._begin()
        deadline = None if max_hours is None else time.monotonic() + 3600 * max_hours
        while self.progress.epoch < epochs and not self.progress.stalled(self._recipe.patience):
            took = self._epoch(model, epochs, report)
            if deadline is not None and time.monotonic() + took > deadline:
                break

    def _facts(self, decay_epochs: int) -> dict[str, Any]:
        """Give all that a resumed training must share with the one it continues, as JSON values."""
        blueprint = self._blueprint
        facts = {
            "architecture": blueprint.architecture,
            "config": config_to_dict(blueprint.config),
            **self._material.facts(),
            "seed": self._seed,
            "grid": vars(blueprint.grid),
            "preparation": blueprint.preparation.as_dict(),
            **vars(self._recipe),
            "decay_epochs": decay_epochs,
        }
        if self._parent is not None:
            facts["parent"] = self._parent.digest
        if self._adversary is not None:
            facts["adversary"] = self._adversary.strength
        return facts

    def _compiled(self, decay_epochs: int, epochs: int) -> Any:
        """Build the network with its losses and learning rate."""
        import keras

        recipe, material = self._recipe, self._material
        dtype = "mixed_bfloat16" if recipe.mixed else "float32"
        config = self._blueprint.config
        if recipe.block_dropout_epochs > 0:
            config = replace(config, block_dropout=BLOCK_DROPOUT)
        model = self._network = build(self._blueprint.architecture, config, dtype)
        if self._parent is not None:
            for variable in model.weights:
                variable.assign(self._parent.weights[variable.path])
        if self._adversary is not None:
            self._network.compile(jit_compile=False)
            model = self._adversary.attach(model, self._blueprint.architecture)
        steps = len(material.training(recipe.batch_size, 0))
        warm_up = WARM_UP if self._parent is None else TUNING_WARM_UP
        model.compile(
            optimizer=keras.optimizers.Adam(
                learning_rate(recipe, steps, decay_epochs, epochs, warm_up),
                global_clipnorm=recipe.clip_norm or None,
            ),
            loss=material.losses(),
            loss_weights=dict(material.loss_weights),
            jit_compile=False,
        )
        return model

    def _begin(self) -> None:
        """Save the parent as it is, judged on these validation spectra: the bundle to beat."""
        logs, judged = self._judge()
        self.progress.best_loss = logs["val_loss"]
        self.progress.history.append({"epoch": 0.0, **logs})
        self._save_bundle(judged)

    def _epoch(self, model: Any, epochs: int, report: Report) -> float:
        """Train one epoch, judge it, save, report; gives the seconds it took."""
        started = time.monotonic()
        number = self.progress.epoch
        plan = self._material.training(self._recipe.batch_size, number)
        if number >= self._recipe.block_dropout_epochs > 0:
            self._still_blocks(model)
        callbacks = [_reporting(report, len(plan), f"epoch {number + 1} of {epochs}")]
        if self._adversary is not None:
            callbacks.append(self._adversary.ramp(number * len(plan), epochs * len(plan)))
        history = model.fit(
            as_keras_dataset(plan),
            epochs=number + 1,
            initial_epoch=number,
            shuffle=False,  # the plan is shuffled, and must not depend on Keras's generator
            verbose=0,
            callbacks=callbacks,
        )
        logs = {key: float(values[-1]) for key, values in history.history.items()}
        if not np.isfinite(logs["loss"]):
            raise TrainingError(
                f"the loss became infinite in epoch {number + 1}: lower the learning rate, then --resume"
            )
        settle(self._network, plan[:SETTLING_BATCHES])
        said, judged = self._judge()
        logs |= said
        logs["learning_rate"] = float(np.asarray(model.optimizer.learning_rate))
        took = time.monotonic() - started
        logs["seconds"] = took
        self.progress.epoch = number + 1
        self.progress.seconds += took
        self.progress.history.append(logs)
        if self._improved(logs["val_loss"]):
            self._save_bundle(judged)
        save_checkpoint(self._work, self.progress, model)
        report(EpochEnded(number + 1, epochs, logs))
        return took

    def _still_blocks(self, model: Any) -> None:
        """Let the residual blocks drop no more than the bundle's own config says."""
        rate = self._blueprint.config.block_dropout
        blocks = [layer for layer in self._network.layers if fullmatch(r"block_\d+_dropout", layer.name)]
        if any(layer.rate != rate for layer in blocks):
            for layer in blocks:
                layer.rate = rate
            model.make_train_function(force=True)  # the rate is part of the compiled step

    def _improved(self, loss: float) -> bool:
        """Tell whether this is the network to keep, and remember it.

        What adaptation gains does not show on labelled spectra: there the last epoch is kept that loses little on them.
        """
        progress = self.progress
        if self._adversary is not None and self._adversary.unlabelled:
            if loss > progress.best_loss * (1 + TOLERANCE):
                return False
        elif loss >= progress.best_loss:
            return False
        else:
            progress.best_loss = loss
        progress.best_epoch = progress.epoch
        return True

    def _judge(self) -> tuple[dict[str, float], Judged]:
        """Judge the network on the validation spectra; gives logs, and what it said of the first Trial."""
        if not self._trials:
            self._trials = self._material.trials(self._recipe.batch_size)
        logs: dict[str, float] = {}
        first: Judged | None = None
        weights = {name: weight for name, weight in self._material.loss_weights.items() if name != "domain"}
        losses = []
        for trial in self._trials:
            kept: list[Callable[[], Batch]] = [lambda batch=batch: batch for batch in trial.batches]  # type: ignore[misc]
            judged = judge(self._network.predict_on_batch, kept, self._blueprint.preparation, weights)
            first = first or judged
            before = f"{trial.name}_" if trial.name else ""
            losses.append(judged.losses["loss"])
            logs |= {f"{before}val_{key}": value for key, value in judged.losses.items()}
            shares = success_by_exposure(judged, self._blueprint.grid.centres, trial.redshift)
            logs |= {before + key: value for key, value in shares.items()}
        if first is None:
            raise TrainingError("there are no validation spectra")
        if len(losses) > 1:
            logs["val_loss"] = float(np.mean(losses))
        return logs, first

    def _save_bundle(self, judged: Judged) -> None:
        """Write the network as it is now, calibrated on the validation spectra."""
        blueprint = self._blueprint
        facts = {
            **blueprint.training,
            "recipe": self.progress.recipe,
            "best_epoch": self.progress.best_epoch,
            "best_loss": self.progress.best_loss,
            "seconds": self.progress.seconds,
            "history": self.progress.history,
        }
        temperature = sampled = fit_temperature(judged.pdf, judged.labels)
        if self._parent is not None:
            share = len(judged.pdf) / (len(judged.pdf) + OLD_TEMPERATURE)
            temperature = float(temperature**share * blueprint.temperature ** (1 - share))
            sampled = temperature * blueprint.sampled_temperature / blueprint.temperature
        bundle = replace(
            blueprint,
            weights={variable.path: np.asarray(variable) for variable in self._network.weights},
            temperature=temperature,
            sampled_temperature=sampled,  # until `calibrate` has drawn passes
            logmass_sigma=_sigma(judged.logmass, blueprint.logmass_sigma),
            logsfr_sigma=_sigma(judged.logsfr, blueprint.logsfr_sigma),
            training=facts,
        )
        save_bundle(bundle, self._bundle_dir)


def _sigma(residual: np.ndarray, before: float) -> float:
    """Give the standard deviation of the known residuals; the one before where too few are known."""
    known = np.count_nonzero(np.isfinite(residual))
    return robust_sigma(residual) if known >= FEWEST_RESIDUALS else before


def _reporting(report: Report, steps: int, what: str) -> Any:
    """Make a Keras callback that reports progress; a Cancelled raised by the report ends the fit."""
    import keras

    class Reporting(keras.callbacks.Callback):  # type: ignore[misc]
        """Advanced every few batches."""

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
            if (batch + 1) % REPORT_EVERY == 0 or batch + 1 == steps:
                report(Advanced(batch + 1, steps, what))

    return Reporting()
