"""A tiny bundle with fresh weights: enough for everything but good redshifts."""

from __future__ import annotations

import numpy as np
import pytest

from mtop_gui.core.preparation import Preparation
from mtop_gui.network.architectures import build, make_config
from mtop_gui.network.bundle import ModelBundle
from mtop_gui.network.ood import STATISTICS, fit_ood
from mtop_gui.network.predictor import Predictor
from tests.support.tiny import TINY_CONFIG, TINY_GRID, tiny_instrument


@pytest.fixture(scope="session")
def tiny_bundle() -> ModelBundle:
    import keras

    keras.utils.set_random_seed(1)
    config = make_config("mtopnet", {**TINY_CONFIG, "pixels": 500, "redshift_bins": TINY_GRID.bins})
    model = build("mtopnet", config)
    rng = np.random.default_rng(0)
    return ModelBundle(
        name="tiny",
        version="1",
        architecture="mtopnet",
        config=config,
        instrument="tiny",
        grid=TINY_GRID,
        lines=(("Hα", 6564.61),),
        preparation=Preparation(
            median_window=101,
            continuum_mean=(5e-19,) * 10,
            continuum_std=(1e-19,) * 10,
            logmass_mean=10.0,
            logsfr_mean=1.0,
        ),
        weights={variable.path: np.asarray(variable) for variable in model.weights},
        temperature=1.3,
        sampled_temperature=1.2,
        logmass_sigma=0.1,
        logsfr_sigma=0.2,
        ood=fit_ood(np.abs(rng.normal(size=(200, 40))), rng.normal(size=(200, len(STATISTICS)))),
        training={"note": "none"},
    )


@pytest.fixture(scope="session")
def predictor(tiny_bundle: ModelBundle) -> Predictor:
    return Predictor(tiny_bundle, tiny_instrument())
