"""Labelled spectra in memory: what weighs, what is varied, how mocks and unlabelled ones stand beside them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.errors import TrainingError
from mtop_gui.network.restframe import KINDS
from mtop_gui.training import catalogue as module
from mtop_gui.training import familiar
from mtop_gui.training.adapting import AdaptedMaterial
from mtop_gui.training.augment import Augmentation
from mtop_gui.training.catalogue import CatalogueMaterial, load_catalogue
from mtop_gui.training.dataset import Batch
from mtop_gui.training.labelled import LabelledSpectra, joined
from mtop_gui.training.placed import Shown, place_files
from tests.support.tiny import tiny_instrument, tiny_spectrum
from tests.support.tiny_restframe import GRID, PREPARATION, STEP, tiny_restframe, write_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.network.bundle import ModelBundle

INSTRUMENT = tiny_instrument()


@pytest.fixture(scope="module")
def parent() -> ModelBundle:
    return tiny_restframe(fresh=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("labelled"))


@pytest.fixture(scope="module")
def labelled(table: Path, parent: ModelBundle) -> LabelledSpectra:
    return load_catalogue(table, parent, INSTRUMENT)


@pytest.fixture
def material(labelled: LabelledSpectra, monkeypatch: pytest.MonkeyPatch) -> CatalogueMaterial:
    monkeypatch.setattr(module, "STEPS", 3)
    return CatalogueMaterial(labelled, INSTRUMENT, seed=4)


def test_files_are_prepared_as_the_network_will_see_them(
    labelled: LabelledSpectra, table: Path, parent: ModelBundle
) -> None:
    inputs = labelled.spectra.inputs(labelled.spectra.take([2]))
    redshift = float(labelled.redshift[2])
    prepared = parent.preparation.prepare([tiny_spectrum(redshift, seed=2)], INSTRUMENT)[0]
    for name, array in prepared.inputs.items():
        assert inputs[name][0] == pytest.approx(array, abs=2e-4), name
    assert labelled.kind.tolist() == [0] * 12 + [1, 3]  # star, nothing


def test_what_is_not_known_weighs_nothing(material: CatalogueMaterial, labelled: LabelledSpectra) -> None:
    for make in material.training(8, 0):
        batch = make()
        kinds = labelled.kind[batch.galaxies]
        assert batch.weights is not None
        assert np.array_equal(batch.weights["redshift"] > 0, kinds == 0)
        assert np.array_equal(batch.weights["logmass"] > 0, batch.galaxies == 0)
        assert (batch.weights["kind"] == 1).all()
        assert np.array_equal(batch.labels["kind"].argmax(axis=1), kinds)
        assert all(np.isfinite(values).all() for values in batch.labels.values())


def test_every_training_spectrum_is_seen_and_no_validation_spectrum(material: CatalogueMaterial) -> None:
    seen = np.concatenate([make().galaxies for make in material.training(8, 0)])
    assert set(seen) == set(material.train)
    assert not set(material.train) & set(material.validation)
    assert material.validation.size == 2
    again = material.training(8, 0)[1]().inputs["spectrum"]
    assert np.array_equal(material.training(8, 0)[1]().inputs["spectrum"], again)
    assert not np.array_equal(material.training(8, 1)[1]().inputs["spectrum"], again)


def test_a_moved_spectrum_has_its_lines_where_the_moved_redshift_says() -> None:
    rng = np.random.default_rng(1)
    flux = np.zeros((1, 200), np.float32)
    flux[0, 100] = 50.0
    shown = Shown(flux, np.ones_like(flux), np.ones(flux.shape, bool), np.array([True]))
    still = Augmentation(noisier_share=0, cut_share=0, error_scale=0, tilt=0, moved_share=1.0, most_moved=20)
    varied, moved = still.draw(shown, rng)
    assert moved[0] != 0
    assert varied.flux[0].argmax() == 100 + moved[0]
    assert np.count_nonzero(~varied.good) == abs(moved[0])


def test_added_noise_is_in_the_errors() -> None:
    rng = np.random.default_rng(1)
    zeros = np.zeros((400, 100), np.float32)
    shown = Shown(zeros, np.full_like(zeros, 2.0), np.ones(zeros.shape, bool), np.ones(400, bool))
    noisy = Augmentation(noisier_share=1, most_noise=3.0, cut_share=0, error_scale=0, tilt=0, moved_share=0)
    varied, _ = noisy.draw(shown, rng)
    added = varied.sigma[:, 0] ** 2 - 4.0
    assert varied.flux.var(axis=1) == pytest.approx(added, rel=0.7, abs=0.5)
    assert (varied.flux**2).mean() == pytest.approx(added.mean(), rel=0.05)


def test_redshifts_move_with_the_spectra(material: CatalogueMaterial, labelled: LabelledSpectra) -> None:
    batch = material.training(8, 0)[0]()
    galaxy = labelled.kind[batch.galaxies] == 0
    taught = GRID.centres[batch.labels["redshift"].argmax(axis=1)][galaxy]
    shift = np.log((1 + taught) / (1 + labelled.redshift[batch.galaxies][galaxy])) / STEP
    assert np.abs(shift).max() > 3
    assert np.abs(shift).max() < 85


def test_too_few_galaxies_are_refused_with_the_reasons(tmp_path: Path, parent: ModelBundle) -> None:
    path = tmp_path / "few.csv"
    path.write_text("file,z\nnone.fits,1.0\nalso.fits,1.0\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"0 usable galaxies .* 2 not there"):
        load_catalogue(path, parent, INSTRUMENT)


def test_nothing_to_adapt_to_is_refused(tmp_path: Path, parent: ModelBundle) -> None:
    with pytest.raises(TrainingError, match="no spectrum to adapt to"):
        place_files([tmp_path], parent, INSTRUMENT)


def test_joined_batches_keep_their_weights() -> None:
    def batch(value: float, weight: float | None) -> Batch:
        weights = None if weight is None else {"a": np.full(2, weight, np.float32)}
        ones = np.full((2, 1), value, np.float32)
        return Batch({"x": ones}, {"a": ones}, np.arange(2), np.zeros(2), weights, real=weight is not None)

    both = joined([batch(1, 0.5), batch(2, None)])
    assert both.weights is not None
    assert both.weights["a"].tolist() == [0.5, 0.5, 1, 1]
    assert both.labels["a"][:, 0].tolist() == [1, 1, 2, 2]
    assert np.asarray(both.real).tolist() == [True, True, False, False]


def test_unlabelled_spectra_teach_the_domain_alone(
    material: CatalogueMaterial, table: Path, parent: ModelBundle
) -> None:
    unlabelled = place_files([table.parent], parent, INSTRUMENT)
    assert len(unlabelled) == 14
    adapted = AdaptedMaterial(material, familiar.unknown(unlabelled), INSTRUMENT, seed=1)
    batch = adapted.training(8, 0)[0]()
    assert len(batch) == 12
    assert batch.weights is not None
    assert not batch.weights["redshift"][8:].any()
    assert not batch.weights["kind"][8:].any()
    assert batch.inputs["spectrum"].shape == (12, PREPARATION.pixels, 3)
    assert batch.labels["domain"][8:].all()
    assert set(adapted.loss_weights) == {*material.loss_weights, "domain"}


def test_redshifts_of_which_the_bundle_is_certain_teach(
    material: CatalogueMaterial, table: Path, parent: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlabelled = place_files([table.parent], parent, INSTRUMENT)
    pdf, kind = np.full((14, GRID.bins), 1e-6), np.zeros((14, len(KINDS)))
    pdf[:, 30] = 1.0
    pdf[1, 60] = 0.2  # not certain
    kind[:, 0] = 1.0
    kind[2] = 0.2  # perhaps no galaxy
    said = {"redshift": pdf / pdf.sum(axis=1, keepdims=True), "kind": kind}
    network = SimpleNamespace(predict_on_batch=lambda inputs: said)
    monkeypatch.setattr(familiar, "inference_model", lambda bundle: network)
    others = familiar.surely(unlabelled)
    assert others.galaxies.tolist() == [0, *range(3, 14)]
    assert others.redshift[0] == pytest.approx(GRID.centres[30], abs=2e-3)
    batch = AdaptedMaterial(material, others, INSTRUMENT, seed=1).training(8, 0)[0]()
    assert batch.weights is not None
    certain = np.isin(batch.galaxies[8:], others.galaxies)
    assert np.array_equal(batch.weights["redshift"][8:] > 0, certain)
    assert np.array_equal(batch.weights["kind"][8:] > 0, certain)
    assert not batch.weights["logmass"][8:].any()
    assert (batch.labels["redshift"][8:][certain].argmax(axis=1) == 30).all()
