"""Domain adaptation: a network that solves its task by features in which real spectra and mocks look alike.

A discriminator, in training only, learns to tell the domains apart from the network's features; its gradient is reversed
on the way back into the network (Ganin & Lempitsky 2015; proposed for M-TOPnet by Ginolfi+25). The spectra adapted to need
no labels; those of whose redshift the parent bundle is sure teach it as well, with more noise than it was found in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mtop_gui.network.architectures import find_architecture
from mtop_gui.training.augment import Augmentation
from mtop_gui.training.labelled import LabelledBatches, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtop_gui.core.instrument import Instrument
    from mtop_gui.training.dataset import Batch
    from mtop_gui.training.labelled import LabelledSpectra
    from mtop_gui.training.material import Material, Trial

FEATURES: Final = {"restframe": ("pooled_deep", "pooled_peak", "pooled_broad", "head_2")}
"""Layers whose outputs the discriminator sees; else the architecture's embedding. The absolute scale is not among them:
it tells exposures apart, and no network could change it."""

UNITS = 64
STRENGTH = 0.3
"""Of the reversed gradient at the end of the ramp."""

STEEPNESS = 10.0
"""Of the ramp 2 / (1 + exp(-10 p)) - 1 over the training's progress p (Ganin & Lempitsky 2015, Sect. 4)."""

PASSES = 2
"""So often an epoch goes through the spectra adapted to."""

LEAST_STEPS = 40

VARIED: Final = Augmentation(noisier_share=0.5, moved_share=0.0)
"""How the spectra adapted to are varied; they are not moved, lest the sky lines' places tell the domain."""


class Adversary:
    """The discriminator and its reversed gradient.

    Parameters
    ----------
    strength : largest factor of the reversed gradient.
    unlabelled : whether none of the spectra adapted to has a label, so that validation cannot show what is gained.
    """

    def __init__(self, strength: float = STRENGTH, *, unlabelled: bool = True) -> None:
        self.strength, self.unlabelled = strength, unlabelled
        self._reversal: Any = None

    def attach(self, network: Any, architecture: str) -> Any:
        """Give the network with one more output, ``domain`` (n, 1): the probability of not being a mock."""
        import keras
        from keras import layers

        names = FEATURES.get(architecture) or find_architecture(architecture).embedding
        features = [layers.Flatten(dtype="float32")(network.get_layer(name).output) for name in names]
        x = layers.Concatenate(name="domain_features", dtype="float32")(features)
        self._reversal = reversal_layer()(name="domain_reversal", dtype="float32")
        x = layers.LayerNormalization(name="domain_norm", dtype="float32")(self._reversal(x))
        for number in (1, 2):
            x = layers.Dense(UNITS, activation="relu", name=f"domain_{number}", dtype="float32")(x)
        domain = layers.Dense(1, activation="sigmoid", name="domain", dtype="float32")(x)
        return keras.Model(network.input, {**network.output, "domain": domain}, name="adapted")

    def ramp(self, first: int, steps: int) -> Any:
        """Make a Keras callback that raises the strength; `first` is the number of the next step of `steps`."""
        import keras

        reversal, strength = self._reversal, self.strength

        class Ramp(keras.callbacks.Callback):  # type: ignore[misc]
            """Strength by progress."""

            def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
                reversal.strength.assign(strength * ramped((first + batch) / steps))

        return Ramp()


def ramped(progress: float) -> float:
    """Give the share of the full strength: 0 at the beginning, nearly 1 at the end of a training."""
    return float(2 / (1 + np.exp(-STEEPNESS * progress)) - 1)


@lru_cache(maxsize=1)
def reversal_layer() -> Any:
    """Define the layer, once Keras is wanted: what goes in comes out, and its gradient is turned round."""
    from keras import layers, ops

    class GradientReversal(layers.Layer):  # type: ignore[misc]
        """Multiplies the gradient by ``-strength``."""

        def build(self, shape: Any) -> None:
            self.strength = self.add_weight((), "zeros", trainable=False, name="strength")

        def call(self, features: Any) -> Any:
            strength = ops.convert_to_tensor(self.strength)
            return ops.stop_gradient((1 + strength) * features) - strength * features

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return GradientReversal


class AdaptedMaterial:
    """Labelled material with the spectra adapted to beside it, half as many in every batch.

    Parameters
    ----------
    labelled : what is learned.
    others : what is adapted to; all of them teach the domain, those of known kind their redshift too.
    seed : of order and variations.
    """

    def __init__(
        self, labelled: Material, others: LabelledSpectra, instrument: Instrument, seed: int
    ) -> None:
        self._labelled, self._seed = labelled, seed
        self._count, self._sure = len(others), int(others.galaxies.size)
        self._others = LabelledBatches(others, instrument, VARIED)

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """As of the architecture; the domain's is 1."""
        return {**self._labelled.loss_weights, "domain": 1.0}

    def losses(self) -> dict[str, Any]:
        """As of the architecture, and the domain's."""
        import keras

        return {**self._labelled.losses(), "domain": keras.losses.BinaryCrossentropy()}

    def facts(self) -> dict[str, Any]:
        """Tell the labelled material, and how much it is adapted to."""
        return {**self._labelled.facts(), "adapted to": [self._count, self._sure]}

    def trials(self, size: int) -> list[Trial]:
        """As of the labelled material: there is nothing else to judge by."""
        return self._labelled.trials(size)

    def training(self, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one epoch of labelled material, as long as `PASSES` through the other spectra take."""
        each = max(1, size // 2)
        plan = self._labelled.training(size, epoch)
        steps = min(len(plan), max(LEAST_STEPS, -(-PASSES * self._count // each)))
        rng = np.random.default_rng([self._seed, 13, epoch])
        order = np.concatenate([rng.permutation(self._count) for _ in range(-(-steps * each // self._count))])

        def make(number: int) -> Batch:
            rows = order[number * each : (number + 1) * each]
            others = self._others.varied(rows, np.random.default_rng([self._seed, 14, epoch, number]))
            return with_domain(joined([plan[number](), others]))

        return [lambda number=number: make(number) for number in range(steps)]  # type: ignore[misc]


def with_domain(batch: Batch) -> Batch:
    """Label the domains; in their loss mocks and real spectra weigh alike."""
    real = np.broadcast_to(batch.real, len(batch))
    share = real.mean()
    weight = np.where(real, 0.5 / max(share, 1e-6), 0.5 / max(1 - share, 1e-6))
    return replace(
        batch,
        labels={**batch.labels, "domain": real[:, None].astype(np.float32)},
        weights={**(batch.weights or {}), "domain": weight.astype(np.float32)},
    )
