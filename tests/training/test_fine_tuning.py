"""A bundle trained further: from a survey, a table of labels, unlabelled spectra; in pieces; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Cancelled, EpochEnded, Event
from mtop_gui.network.bundle import load_bundle, save_bundle
from mtop_gui.network.ood import STATISTICS, fit_ood, ood_scores, widen_ood
from mtop_gui.network.predictor import Predictor
from mtop_gui.training import adapting, fine_tune
from mtop_gui.training import catalogue as catalogue_module
from mtop_gui.training.adapting import ramped, reversal_layer
from mtop_gui.training.recipes import fine_tuning_recipe
from tests.support.tiny import tiny_instrument, tiny_spectrum
from tests.support.tiny_restframe import tiny_restframe, write_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.network.bundle import ModelBundle

INSTRUMENT = tiny_instrument()
# A network that knows nothing has more to learn than a fine-tuned one.
RECIPE = replace(fine_tuning_recipe("restframe", 2), first_rate=0.02, mixed=False, point_source_share=0.0)
SETTINGS: dict[str, Any] = {
    "epochs": 2, "instrument": INSTRUMENT, "recipe": RECIPE, "batch_size": 8, "seed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return save_bundle(tiny_restframe(), tmp_path_factory.mktemp("parent") / "tiny")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("labelled"), galaxies=20)


def short(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(catalogue_module, "STEPS", 4)
    patch.setattr(adapting, "LEAST_STEPS", 4)


@pytest.fixture(autouse=True)
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch)


@pytest.fixture(scope="module")
def tuned(
    parent: ModelBundle, table: Path, tiny_survey: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Labelled spectra, mocks beside them, and adaptation, all at once and without interruption."""
    with pytest.MonkeyPatch.context() as patch:
        short(patch)
        folder = tmp_path_factory.mktemp("whole") / "tuned"
        return fine_tune(table, folder, parent, survey=tiny_survey, adapt=[table.parent], **SETTINGS)


def test_everything_together(parent: ModelBundle, tuned: Path) -> None:
    bundle = load_bundle(tuned)
    assert bundle.name == "tuned"
    assert bundle.training["parent"]["digest"] == parent.digest
    assert bundle.training["recipe"]["parent"] == parent.digest
    assert bundle.training["catalogue"]["galaxies"] == 20
    assert bundle.training["adapted_to"]["spectra"] == 22
    assert set(bundle.weights) == set(parent.weights)  # the discriminator stays behind
    history = bundle.training["history"]
    assert {"val_loss", "success", "survey_success", "survey_val_redshift"} <= set(history[0])
    assert "domain_loss" in history[1]
    assert history[bundle.training["best_epoch"]]["val_loss"] <= history[0]["val_loss"]
    assert bundle.ood
    said = Predictor(bundle, INSTRUMENT).predict([tiny_spectrum()])
    assert said[0].redshift_pdf.sum() == pytest.approx(1.0)


def test_a_resumed_fine_tuning_ends_where_an_uninterrupted_one_does(
    parent: ModelBundle, table: Path, tiny_survey: Path, tuned: Path, tmp_path: Path
) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise Cancelled

    given = {"survey": tiny_survey, "adapt": [table.parent], **SETTINGS}
    with pytest.raises(Cancelled):
        fine_tune(table, tmp_path / "tuned", parent, report=stop, **given)
    with pytest.raises(TrainingError, match="--resume"):
        fine_tune(table, tmp_path / "tuned", parent, **given)
    fine_tune(table, tmp_path / "tuned", parent, resume=True, **given)
    whole, parts = load_bundle(tuned), load_bundle(tmp_path / "tuned")
    assert whole.training["best_epoch"] == 2
    assert all(np.array_equal(parts.weights[path], array) for path, array in whole.weights.items())


def test_what_does_not_help_leaves_the_parent(parent: ModelBundle, table: Path, tmp_path: Path) -> None:
    spoilt = {
        **SETTINGS,
        "epochs": 1,
        "recipe": replace(RECIPE, first_rate=500.0, clip_norm=0.0, fall_epochs=1.0),
    }
    bundle = load_bundle(fine_tune(table, tmp_path / "same", parent, **spoilt))
    assert bundle.training["best_epoch"] == 0
    assert all(np.array_equal(parent.weights[path], array) for path, array in bundle.weights.items())


def test_mtopnet_learns_further_from_a_survey_and_from_a_table(
    tiny_training: Path, tiny_survey: Path, table: Path, tmp_path: Path
) -> None:
    old = load_bundle(tiny_training)
    recipe = replace(fine_tuning_recipe("mtopnet", 1), mixed=False, point_source_share=0.0)
    settings = {**SETTINGS, "epochs": 1, "recipe": recipe}
    for source in (tiny_survey, table):
        bundle = load_bundle(fine_tune(source, tmp_path / source.stem, tiny_training, **settings))
        assert bundle.architecture == "mtopnet"
        assert bundle.preparation == old.preparation
        assert bundle.training["parent"]["digest"] == old.digest
        assert bundle.ood
    assert bundle.training["catalogue"]["left_out"] == {"no galaxy of the redshift grid": 2}


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("a.h5", {"survey": "b.h5"}, "is a survey itself"),
        ("a.txt", {}, "neither a survey"),
        ("a.csv", {"adapt": ["x"]}, "--survey"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    parent: ModelBundle, tmp_path: Path, source: str, options: dict[str, Any], words: str
) -> None:
    given = {
        key: tmp_path / v if isinstance(v, str) else [tmp_path / one for one in v]
        for key, v in options.items()
    }
    with pytest.raises(TrainingError, match=words):
        fine_tune(tmp_path / source, tmp_path / "out", parent, **given)


def test_the_gradient_is_turned_round() -> None:
    import tensorflow as tf

    layer = reversal_layer()()
    x = tf.constant([[1.5, -2.0]])
    layer(x)
    layer.strength.assign(0.25)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(y * tf.constant([[2.0, 3.0]]))
    assert y.numpy() == pytest.approx(x.numpy())
    assert tape.gradient(loss, x).numpy() == pytest.approx(np.array([[-0.5, -0.75]]))


def test_the_ramp_rises_from_nothing_to_all() -> None:
    steps = [ramped(progress) for progress in (0.0, 0.2, 0.5, 1.0)]
    assert steps[0] == 0.0
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(1.0, abs=1e-3)


def test_what_was_learned_from_is_not_foreign() -> None:
    rng = np.random.default_rng(0)
    known = fit_ood(np.abs(rng.normal(size=(300, 8))), rng.normal(size=(300, len(STATISTICS))))
    embedding, statistics = np.abs(rng.normal(size=(60, 8))) * 3, 3 + rng.normal(size=(60, len(STATISTICS)))
    assert (ood_scores(known, embedding, statistics) > 1).mean() > 0.5
    wider = widen_ood(known, embedding, statistics)
    assert (ood_scores(wider, embedding, statistics) > 1).mean() < 0.03
    assert widen_ood({}, embedding, statistics) == {}
