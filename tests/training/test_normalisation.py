"""Statistics of batch normalisation are those of the network as it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtop_gui.training.normalisation import settle


@pytest.fixture
def network() -> Any:
    import keras

    keras.utils.set_random_seed(2)
    features = keras.Input((3,), name="features")
    first = keras.layers.BatchNormalization(name="first")(features)
    second = keras.layers.BatchNormalization(name="second")(keras.layers.Dense(2)(first))
    return keras.Model({"features": features}, second)


def plan_of(features: np.ndarray) -> list[Any]:
    return [lambda part=part: SimpleNamespace(inputs={"features": part}) for part in np.split(features, 4)]


def test_features_far_from_the_running_averages_come_out_normalised_in_every_layer(network: Any) -> None:
    features = (
        np.random.default_rng(1).normal([5.0, -40.0, 0.1], [3.0, 20.0, 0.5], (64, 3)).astype(np.float32)
    )
    settle(network, plan_of(features))
    first, second = network.get_layer("first"), network.get_layer("second")
    np.testing.assert_allclose(first.moving_mean.numpy(), features.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(first.moving_variance.numpy(), features.var(axis=0), rtol=1e-4)
    said = np.asarray(network({"features": features}, training=False))
    np.testing.assert_allclose(said.mean(axis=0), 0.0, atol=1e-4)
    assert said.std(axis=0) == pytest.approx(
        np.sqrt(1 / (1 + 1e-3 / second.moving_variance.numpy())), rel=1e-3
    )


def test_every_pixel_of_a_feature_counts(network: Any) -> None:
    import keras

    pixels = keras.Input((5, 2), name="features")
    network = keras.Model({"features": pixels}, keras.layers.BatchNormalization(name="only")(pixels))
    features = np.random.default_rng(1).normal(2.0, 3.0, (16, 5, 2)).astype(np.float32)
    settle(network, plan_of(features))
    np.testing.assert_allclose(
        network.get_layer("only").moving_variance.numpy(), features.var(axis=(0, 1)), rtol=1e-4
    )


def test_without_spectra_or_without_such_layers_nothing_happens(network: Any) -> None:
    import keras

    before = network.get_layer("first").moving_mean.numpy().copy()
    settle(network, [])
    assert np.array_equal(network.get_layer("first").moving_mean.numpy(), before)
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    settle(plain, plan_of(np.ones((8, 3), np.float32)))
