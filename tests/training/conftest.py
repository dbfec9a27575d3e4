"""One tiny survey, and one tiny training, shared by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mtop_gui.core.preparation import Preparation
from mtop_gui.training import Recipe, train
from tests.support.tiny import TINY_CONFIG, TINY_GRID, tiny_instrument, write_tiny_survey

if TYPE_CHECKING:
    from pathlib import Path

# One decay for all tests, so that they may ask for different numbers of epochs; float32, so that runs repeat exactly.
RECIPE = Recipe(decay_epochs=2, block_dropout_epochs=2, mixed=False, point_source_share=0.0)


@pytest.fixture(scope="session", autouse=True)
def repeatable() -> None:
    """Sums in threads end in any order unless told otherwise; then a training repeats to the last bit."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


@pytest.fixture(scope="session")
def tiny_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_survey(tmp_path_factory.mktemp("survey") / "tiny.h5")


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    return {
        "architecture": "mtopnet",
        "config": TINY_CONFIG,
        "grid": TINY_GRID,
        "recipe": RECIPE,
        "instrument": tiny_instrument(),
        "preparation": Preparation(median_window=101),
        "batch_size": 16,
        "seed": 3,
    }


@pytest.fixture(scope="session")
def tiny_training(
    tiny_survey: Path, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A bundle trained for three epochs without interruption."""
    return train(tiny_survey, tmp_path_factory.mktemp("trained") / "bundle", epochs=3, **settings)
