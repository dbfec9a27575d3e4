"""How each architecture is trained unless told otherwise: learning rate, Preparation, redshift grid, sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtop_gui.core.log_preparation import LogPreparation, log_preparation_for
from mtop_gui.core.preparation import Preparation
from mtop_gui.network.architectures import find_architecture
from mtop_gui.network.bundle import DEFAULT_MIN_COVERAGE, RedshiftGrid
from mtop_gui.network.restframe import RestframeConfig, restframe_config

if TYPE_CHECKING:
    from mtop_gui.core.instrument import Instrument

WARM_UP, TUNING_WARM_UP = 300, 50
"""Steps over which a learning rate rises, at the beginning and when it is trained further."""

BLOCK_DROPOUT = 0.2
"""Dropout in the residual blocks of `mtopnet` while it learns its line masks (`Recipe.block_dropout_epochs`).

Its line branch alone sees the blocks' activations before any normalisation. Where these are dense and drift, as they do
without dropout, its ReLUs fall silent one after the other and stay so: no unit of 64 outlived the first epoch.
"""

REDSHIFT_RANGES = {"optical": (0.0, 1.7)}
PAPER_RANGE = (0.6, 3.0)


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the paper's (Ginolfi+25, Sect. 3.3).

    Attributes
    ----------
    batch_size : spectra per step.
    first_rate, last_rate, decay_epochs : the learning rate falls linearly from one to the other, then stays.
    fall_epochs : if positive, the learning rate instead rises, stays at `first_rate` and falls to `last_rate` over the last
        so many epochs: a training may then be prolonged, or ended early, by another number of epochs.
    clip_norm : largest norm of the gradient; 0 for any.
    block_dropout_epochs : first epochs, in which residual blocks drop out too, by `BLOCK_DROPOUT`.
    patience : epochs without a lower validation loss after which training stops.
    point_source_share : share of spectra whose flux is not corrected for the fibre, as in MOONS1D's files.
    mixed : train in mixed bfloat16, which is faster; the bundle is float32 in any case.
    """

    batch_size: int = 64
    first_rate: float = 0.005
    last_rate: float = 0.0005
    decay_epochs: int = 50
    fall_epochs: float = 0.0
    clip_norm: float = 0.0
    block_dropout_epochs: int = 0
    patience: int = 10
    point_source_share: float = 0.2
    mixed: bool = True


def recipe_for(architecture: str) -> Recipe:
    """Give the recipe of an architecture."""
    if architecture == "restframe":
        return Recipe(first_rate=0.002, last_rate=2e-5, fall_epochs=2.0, clip_norm=1.0)
    return Recipe(first_rate=0.002, last_rate=2e-5, fall_epochs=4.0, clip_norm=1.0, block_dropout_epochs=4)


def fine_tuning_recipe(architecture: str, epochs: int) -> Recipe:
    """Give the recipe by which a trained network learns a little more: a seventh of the learning rate, soon stopped."""
    if architecture == "restframe":
        falling = max(1.0, epochs / 2)
        return Recipe(first_rate=3e-4, last_rate=1e-5, fall_epochs=falling, clip_norm=1.0, patience=4)
    return Recipe(first_rate=5e-4, last_rate=5e-5, decay_epochs=epochs, patience=4)


def least_coverage(architecture: str) -> float:
    """Give the share of the pixels below which a spectrum is refused; `restframe` is taught to do with one band."""
    return 0.15 if architecture == "restframe" else DEFAULT_MIN_COVERAGE


def preparation_for(architecture: str, instrument: Instrument) -> Preparation | LogPreparation:
    """Give the untrained Preparation of an architecture for an Instrument."""
    log = find_architecture(architecture).preparation == LogPreparation.kind
    return log_preparation_for(instrument) if log else Preparation()


def grid_for(preparation: Preparation | LogPreparation, instrument: Instrument) -> RedshiftGrid:
    """Give the redshift grid: the paper's 800 bins, or bins of a few pixels of the ln λ grid over the Instrument's range."""
    lower, upper = REDSHIFT_RANGES.get(instrument.name, PAPER_RANGE)
    if not isinstance(preparation, LogPreparation):
        return RedshiftGrid(lower, upper)
    width = RestframeConfig.stride * preparation.pixel_step
    bins = math.ceil(math.log((1 + upper) / (1 + lower)) / width)
    return RedshiftGrid(lower, (1 + lower) * math.exp(bins * width) - 1, bins, "log")


def sizes_for(
    preparation: Preparation | LogPreparation, grid: RedshiftGrid, instrument: Instrument
) -> dict[str, Any]:
    """Give the sizes of a network that follow from what it is fed and asked."""
    if isinstance(preparation, LogPreparation):
        return restframe_config(preparation, grid)
    return {
        "pixels": instrument.pixels,
        "redshift_bins": grid.bins,
        "continuum_points": preparation.continuum_points,
    }


def learning_rate(recipe: Recipe, steps: int, decay_epochs: int, epochs: int, warm_up: int = WARM_UP) -> Any:
    """Make the learning-rate schedule of a training of `epochs` of `steps` each."""
    import keras
    from keras import ops

    if recipe.fall_epochs <= 0:
        return keras.optimizers.schedules.PolynomialDecay(
            recipe.first_rate, decay_epochs * steps, recipe.last_rate
        )

    class RiseStayFall(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        """Up over `warm_up` steps, level, down over the last `fall_epochs`."""

        def __call__(self, step: Any) -> Any:
            number = ops.cast(step, "float32")
            rise = ops.minimum(1.0, (number + 1.0) / warm_up)
            left = ops.clip((epochs * steps - number) / (recipe.fall_epochs * steps), 0.0, 1.0)
            return rise * (recipe.last_rate + (recipe.first_rate - recipe.last_rate) * left)

    return RiseStayFall()
