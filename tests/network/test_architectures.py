from __future__ import annotations

import json

import numpy as np
import pytest

from mtop_gui.core.errors import BundleError
from mtop_gui.network.architectures import build, config_to_dict, find_architecture, make_config
from mtop_gui.network.mtopnet import MtopnetConfig, mtopnet_shapes
from tests.support.tiny import TINY_CONFIG


def test_mtopnet_has_the_papers_size() -> None:
    shapes = mtopnet_shapes(MtopnetConfig())
    assert sum(np.prod(shape) for shape in shapes.values()) == pytest.approx(3.4e6, rel=0.03)
    assert shapes["lines/kernel"] == (128, 12217)
    assert shapes["redshift/kernel"] == (128, 800)


@pytest.mark.parametrize(
    "change", [{}, {"kernel": 11}, {"filters": [4, 4, 4], "pool": 3}, {"mass_units": [5]}]
)
def test_the_declared_shapes_are_those_of_the_network(change: dict[str, object]) -> None:
    config = make_config("mtopnet", {**TINY_CONFIG, "pixels": 300, "redshift_bins": 50, **change})
    model = build("mtopnet", config)
    assert {v.path: tuple(v.shape) for v in model.weights} == mtopnet_shapes(config)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_outputs_are_probabilities_in_float32(dtype: str) -> None:
    config = make_config("mtopnet", {**TINY_CONFIG, "pixels": 300, "redshift_bins": 50})
    model = build("mtopnet", config, dtype)
    rng = np.random.default_rng(0)
    inputs = {
        "spectrum": rng.normal(size=(3, 300, 1)).astype(np.float32),
        "continuum": np.zeros((3, 10), np.float32),
    }
    said = {key: np.asarray(value) for key, value in model(inputs).items()}
    assert {key: value.shape for key, value in said.items()} == {
        "redshift": (3, 50),
        "lines": (3, 300),
        "logmass": (3, 1),
        "logsfr": (3, 1),
    }
    assert all(value.dtype == np.float32 for value in said.values())
    assert said["redshift"].sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (said["lines"] >= 0).all()
    assert (said["lines"] <= 1).all()


def test_a_config_survives_json() -> None:
    config = make_config("mtopnet", TINY_CONFIG)
    assert make_config("mtopnet", json.loads(json.dumps(config_to_dict(config)))) == config


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"filtres": [1]}, "filtres"),
        ({"kernel": 0}, "kernel"),
        ({"kernel": "5"}, "kernel"),
        ({"kernel": True}, "kernel"),
        ({"pixels": 10**9}, "pixels"),
        ({"dropout": 1.5}, "dropout"),
        ({"dropout": float("nan")}, "dropout"),
        ({"filters": []}, "filters"),
        ({"filters": [1, -1]}, "filters"),
        ({"filters": 3}, "filters"),
    ],
)
def test_senseless_configs_are_refused(values: dict[str, object], word: str) -> None:
    with pytest.raises(BundleError, match=word):
        make_config("mtopnet", values)


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(BundleError, match="resnet"):
        find_architecture("resnet")
