"""restframe: the sheared scoring against a slow loop, weights that travel, and a bundle that says what it sees."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import BundleError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.log_preparation import LogPreparation
from mtop_gui.core.spectrum import Spectrum
from mtop_gui.network.architectures import build, make_config
from mtop_gui.network.bundle import ModelBundle, RedshiftGrid, load_bundle, save_bundle
from mtop_gui.network.kinds import kind_warning
from mtop_gui.network.loading import forward_model, inference_model
from mtop_gui.network.numbers import central, measured, number_labels
from mtop_gui.network.restframe import (
    LINES,
    RestframeConfig,
    line_offsets,
    restframe_config,
    restframe_misfit,
)
from mtop_gui.network.restframe_shapes import restframe_shapes
from mtop_gui.network.saliency import gradient_function, redshift_weights

if TYPE_CHECKING:
    from pathlib import Path

STRIDE, STEP = 3, 1e-3
PREPARATION = LogPreparation(
    first_wavelength=6470.0,
    pixel_step=STEP,
    pixels=1024,
    median_block=16,
    scale_mean=(0.0, 0.0),
    scale_std=(1.0, 1.0),
)
BINS = 300
GRID = RedshiftGrid(0.6, 1.6 * math.exp(BINS * STRIDE * STEP) - 1, BINS, "log")
SMALL = {
    "stride": STRIDE,
    "filters": 4,
    "deep_filters": 6,
    "broad_filters": 5,
    "blocks": 1,
    "deep_blocks": 1,
    "head_units": [16, 8],
}


@pytest.fixture(scope="module")
def config() -> RestframeConfig:
    made: RestframeConfig = make_config("restframe", {**restframe_config(PREPARATION, GRID), **SMALL})
    return made


@pytest.fixture(scope="module")
def model(config: RestframeConfig) -> Any:
    import keras

    keras.utils.set_random_seed(5)
    return build("restframe", config)


@pytest.fixture(scope="module")
def bundle(config: RestframeConfig, model: Any) -> ModelBundle:
    return ModelBundle(
        name="small",
        version="1",
        architecture="restframe",
        config=config,
        instrument="moons-lr",
        grid=GRID,
        lines=(("Hα", 6564.61),),
        preparation=PREPARATION,
        weights={variable.path: np.asarray(variable) for variable in model.weights},
    )


def random_inputs(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = PREPARATION.input_shapes(load_instrument("moons-lr"))
    return {name: rng.normal(size=(count, *shape)).astype(np.float32) for name, shape in shapes.items()}


def spectrum(seed: int = 0) -> Spectrum:
    wavelength = load_instrument("moons-lr").wavelength
    flux = 1e-18 + 1e-19 * np.random.default_rng(seed).normal(size=wavelength.size)
    return Spectrum(
        wavelength=wavelength,
        flux=flux,
        ivar=np.full(wavelength.size, 1e38),
        mask=np.zeros(wavelength.size, bool),
        flux_unit="erg / (s cm2 Angstrom)",
    )


def test_weights_are_those_announced(config: RestframeConfig, model: Any) -> None:
    assert {variable.path: tuple(variable.shape) for variable in model.weights} == restframe_shapes(config)


def test_outputs_are_probabilities(config: RestframeConfig, model: Any) -> None:
    said = model.predict_on_batch(random_inputs(3))
    for name in ("redshift", "logmass", "logsfr", "kind"):
        assert said[name].sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert said["redshift"].shape == (3, BINS)
    assert said["lines"].shape == (3, 1024)
    assert ((said["lines"] > 0) & (said["lines"] < 1)).all()


@pytest.mark.parametrize("view", [2, 3], ids=["view divides the broad view", "it does not"])
def test_inference_says_what_the_keras_model_says(
    config: RestframeConfig, bundle: ModelBundle, view: int
) -> None:
    import keras

    keras.utils.set_random_seed(5)
    config = replace(config, view=view)
    weights = {variable.path: np.asarray(variable) for variable in build("restframe", config).weights}
    bundle = replace(bundle, config=config, weights=weights)
    inputs, forward = random_inputs(3, seed=8), forward_model(bundle)
    said, known = forward.predict_on_batch(inputs), inference_model(bundle).predict_on_batch(inputs)
    assert set(said) == set(known)
    for name, values in known.items():
        assert said[name].dtype == np.float32
        assert said[name] == pytest.approx(np.asarray(values), abs=1e-5), name


def test_its_gradient_is_that_of_the_keras_model(bundle: ModelBundle) -> None:
    inputs = {name: array[0] for name, array in random_inputs(1, seed=9).items()}
    weights = redshift_weights(GRID.centres, 1.0)
    found = gradient_function(forward_model(bundle))(inputs, weights)
    known = gradient_function(inference_model(bundle))(inputs, weights)
    assert found == pytest.approx(known, abs=1e-4 * np.abs(known).max())


def _loop(model: Any, config: RestframeConfig, features: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Score every redshift by itself, pixel by pixel, from the trunk's features (pixels, c) and the broad view."""
    weights = {variable.path: np.asarray(variable) for variable in model.weights}
    offsets = line_offsets(config, LINES)
    logits = np.empty(config.redshift_bins)
    for bin_number in range(config.redshift_bins):
        seen = [coarse[:, bin_number * config.stride // config.block]]
        for phase in range(config.stride):
            kernel, bias = weights[f"view_{phase}/kernel"], weights[f"view_{phase}/bias"][:, 0]
            of_phase = [offset for offset in offsets if offset % config.stride == phase]
            for number, offset in enumerate(of_phase):
                rows = slice(number * config.view, (number + 1) * config.view)
                pixel = offset + bin_number * config.stride
                inside = 0 <= pixel < len(features)
                seen.append(kernel[rows] @ features[pixel] + bias[rows] if inside else np.zeros(config.view))
        x = np.concatenate(seen)
        for number in range(1, len(config.units) + 1):
            x = np.maximum(weights[f"score_{number}/kernel"] @ x + weights[f"score_{number}/bias"][:, 0], 0)
        logits[bin_number] = (weights["score_out/kernel"] @ x + weights["score_out/bias"][:, 0])[0]
    return logits


def test_the_shared_scoring_is_the_slow_loop(config: RestframeConfig, model: Any) -> None:
    import keras

    inner = keras.Model(
        model.input, [model.get_layer(name).output for name in ("features", "broad_score_2", "score_out")]
    )
    features, coarse, score = (np.asarray(value)[0] for value in inner.predict_on_batch(random_inputs(1)))
    assert score[0] == pytest.approx(_loop(model, config, features, coarse), abs=2e-4)


def test_the_gradient_of_the_shared_scoring_is_that_of_finite_differences(model: Any) -> None:
    """Move single weights of the line views and of the score: the loss must follow the gradient."""
    import tensorflow as tf

    inputs = random_inputs(2, seed=3)
    wanted = np.eye(BINS, dtype=np.float32)[[40, 200]]

    def loss() -> Any:
        return -tf.reduce_mean(tf.reduce_sum(wanted * tf.math.log(model(inputs)["redshift"]), axis=1))

    with tf.GradientTape() as tape:
        value = loss()
    watched = [
        v
        for v in model.trainable_variables
        if v.path in ("view_1/kernel", "score_1/kernel", "broad_view/kernel")
    ]
    gradients = tape.gradient(value, [v.value for v in watched])
    assert len(watched) == 3
    for variable, gradient in zip(watched, gradients, strict=True):
        array, slope = np.asarray(variable).copy(), np.asarray(gradient)
        place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
        found = []
        for sign in (1, -1):
            moved = array.copy()
            moved[place] += sign * 1e-2
            variable.assign(moved)
            found.append(float(loss()))
        variable.assign(array)
        assert (found[0] - found[1]) / 2e-2 == pytest.approx(slope[place], rel=0.05)


def test_a_bundle_comes_back_and_predicts_alike(bundle: ModelBundle, tmp_path: Path) -> None:
    from mtop_gui.network.predictor import Predictor

    saved = save_bundle(bundle, tmp_path / "small")
    read = load_bundle(tmp_path / "small")
    assert read.config == bundle.config
    assert read.preparation == PREPARATION
    assert read.digest == saved.digest
    spectra = [spectrum(seed) for seed in range(3)]
    before, after = Predictor(bundle).predict(spectra), Predictor(read).predict(spectra, mc_passes=50)
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one.redshift_pdf, other.redshift_pdf)  # no dropout where redshifts are judged
        assert other.redshift_pdf_std is None
        assert one.logmass == other.logmass
        assert one.line_probability.shape == (1024,)
    assert Predictor(bundle).saliency(spectra[0]).shape == (1024,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"first_wavelength": 6000.0}, "first_pixel"),
        ({"pixel_step": 2e-3}, "pixel_step"),
    ],
)
def test_parts_of_different_bundles_are_refused(
    bundle: ModelBundle, change: dict[str, float], words: str, tmp_path: Path
) -> None:
    save_bundle(replace(bundle, preparation=replace(PREPARATION, **change)), tmp_path / "mixed")
    with pytest.raises(BundleError, match=words):
        load_bundle(tmp_path / "mixed")


def test_bins_must_be_whole_pixels(config: RestframeConfig) -> None:
    assert restframe_misfit(config, PREPARATION, GRID) == ""
    assert "4 pixels wide" in restframe_misfit(replace(config, stride=4), PREPARATION, GRID)


def test_lines_beyond_the_grid_are_not_gathered(config: RestframeConfig) -> None:
    offsets = line_offsets(config, [1000.0, 6564.61, 30000.0])
    assert len(offsets) == 1
    expected = math.log(6564.61 * (1 + GRID.centres[0]) / PREPARATION.first_wavelength) / STEP
    assert offsets[0] == pytest.approx(expected, abs=0.51)


@pytest.mark.parametrize(
    ("probabilities", "words"),
    [
        ([0.9, 0.1, 0, 0, 0], ""),
        ([0.1, 0.8, 0.1, 0, 0], "star"),
        ([0.1, 0, 0.9, 0, 0], "quasar"),
        ([0.8, 0.05, 0.15, 0, 0], "may be a quasar (0.20)"),
        ([0.2, 0, 0, 0.8, 0], "no signal"),
        ([0.2, 0, 0.1, 0, 0.7], "outside z 0.60"),
    ],
)
def test_what_is_no_galaxy_is_said(probabilities: list[float], words: str) -> None:
    said = kind_warning(np.array(probabilities), GRID)
    assert bool(said) == bool(words)
    assert not words or words in said[0]


def test_median_and_width_are_deaf_to_a_second_peak_far_off() -> None:
    near, far = number_labels(np.array([0.0, 3.0]), 80, sigma=0.3)
    median, half = central(np.stack([near, 0.9 * near + 0.1 * far]))
    assert median == pytest.approx([0.0, 0.0], abs=0.05)
    assert half[0] == pytest.approx(0.3, rel=0.03)
    assert half[1] < 1.25 * half[0]


def test_numbers_from_distributions() -> None:
    labels = number_labels(np.array([0.0, 1.3, -9.0]), 80, sigma=0.3)
    assert labels.sum(axis=1) == pytest.approx(np.ones(3))
    value, error = measured(labels[None, 1:2], mean=10.0, std=0.5, floor=9.0)
    assert value == pytest.approx(10.65, abs=0.01)
    assert error == pytest.approx(
        0.15, abs=0.01
    )  # the distribution's own width: the floor is for single numbers
    assert measured(labels[None, 1:2], 10.0, 0.5, 9.0, 0.5)[1] == pytest.approx(error / 2)
    assert measured(np.array([[[1.3]]]), mean=10.0, std=0.5, floor=0.2) == pytest.approx((10.65, 0.2))
