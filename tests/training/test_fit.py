from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Advanced, Cancelled, EpochEnded, Event, Finished
from mtop_gui.network.bundle import load_bundle
from mtop_gui.network.predictor import Predictor
from mtop_gui.training import train
from mtop_gui.training.checkpoint import read_progress
from tests.support.tiny import tiny_instrument, tiny_spectrum

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def stop_after(epoch: int) -> Callable[[Event], None]:
    def report(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == epoch:
            raise Cancelled

    return report


def test_the_trained_bundle_is_usable(tiny_training: Path) -> None:
    bundle = load_bundle(tiny_training)
    assert bundle.temperature > 0
    assert bundle.logmass_sigma > 0
    assert bundle.ood
    history = bundle.training["history"]
    assert history[-1]["loss"] < history[0]["loss"]
    assert set(bundle.training["test"]) == {"2h", "4h", "8h"}
    row = bundle.training["test"]["8h"]
    assert row["success_0.003"] <= row["success_0.01"] <= row["success_0.1"]
    assert row["spectra"] == 12
    said = Predictor(bundle, tiny_instrument()).predict([tiny_spectrum()])
    assert said[0].redshift_pdf.sum() == pytest.approx(1.0)
    assert said[0].bundle.startswith("tiny 1 (")


def test_a_resumed_training_ends_to_the_bit_where_an_uninterrupted_one_does(
    tiny_training: Path, tiny_survey: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    with pytest.raises(Cancelled):
        train(tiny_survey, folder, epochs=3, report=stop_after(1), **settings)
    assert load_bundle(folder).training["best_epoch"] == 1
    train(tiny_survey, folder, epochs=3, resume=True, **settings)
    whole, resumed = load_bundle(tiny_training), load_bundle(folder)
    for path, array in whole.weights.items():
        assert np.array_equal(resumed.weights[path], array), path
    losses = [[epoch["val_loss"] for epoch in one.training["history"]] for one in (whole, resumed)]
    assert losses[0] == losses[1]
    assert resumed.training["test"] == whole.training["test"]


def test_residual_blocks_drop_out_in_the_first_epochs_only(
    tiny_survey: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    losses = {}
    for dropping in range(3):
        recipe = replace(settings["recipe"], block_dropout_epochs=dropping)
        folder = train(tiny_survey, tmp_path / str(dropping), epochs=2, **(settings | {"recipe": recipe}))
        bundle = load_bundle(folder)
        assert bundle.config.block_dropout == 0.0
        progress = read_progress(folder.with_name(f"{dropping}.training"))
        losses[dropping] = [epoch["loss"] for epoch in progress.history]
    assert losses[1][0] == losses[2][0] != losses[0][0]
    assert losses[1][1] != losses[2][1]


def test_cancelling_within_an_epoch_stops_cleanly(
    tiny_survey: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    def report(event: Event) -> None:
        if isinstance(event, Advanced):
            raise Cancelled

    with pytest.raises(Cancelled):
        train(tiny_survey, tmp_path / "bundle", epochs=1, report=report, **settings)
    assert not (tmp_path / "bundle").exists()


def test_a_training_is_not_begun_twice_by_accident(
    tiny_training: Path, tiny_survey: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(TrainingError, match="--resume"):
        train(tiny_survey, tiny_training, epochs=1, **settings)


def test_resuming_needs_a_checkpoint(tiny_survey: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training to resume"):
        train(tiny_survey, tmp_path / "bundle", epochs=1, resume=True, **settings)


def test_resuming_with_another_recipe_is_refused(
    tiny_training: Path, tiny_survey: Path, settings: dict[str, Any]
) -> None:
    changed = {**settings, "recipe": replace(settings["recipe"], first_rate=0.1)}
    with pytest.raises(TrainingError, match="another first_rate"):
        train(tiny_survey, tiny_training, epochs=4, resume=True, **changed)


def test_progress_and_early_stopping(tiny_survey: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    events: list[Event] = []
    # A learning rate this small improves nothing visible; patience 1 stops after the first epoch without progress.
    recipe = replace(settings["recipe"], first_rate=1e-12, last_rate=1e-12, patience=1)
    changed = {**settings, "recipe": recipe, "batch_size": 32}
    train(tiny_survey, tmp_path / "bundle", epochs=30, report=events.append, **changed)
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    assert 1 < len(epochs) < 30
    assert {"loss", "val_loss", "success_2h", "success_8h"} <= set(epochs[0].logs)
    assert isinstance(events[-1], Finished)


def test_the_clock_ends_a_training(tiny_survey: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    events: list[Event] = []
    train(tiny_survey, tmp_path / "bundle", epochs=5, max_hours=0.0, report=events.append, **settings)
    assert sum(isinstance(event, EpochEnded) for event in events) == 1


def test_the_facts_are_plain_json(tiny_training: Path) -> None:
    facts = json.loads((tiny_training / "bundle.json").read_text(encoding="utf-8"))
    assert facts["architecture"]["name"] == "mtopnet"
    assert facts["training"]["recipe"]["seed"] == 3
    assert np.isfinite(facts["training"]["best_loss"])
