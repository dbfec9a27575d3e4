"""Layers that Keras lacks, written with keras.ops alone so that they also run on its other backends."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any


@lru_cache(maxsize=1)
def own_layers() -> SimpleNamespace:  # noqa: C901 - six small classes, whose base exists only once Keras is there
    """Define the layers, once Keras is wanted.

    Returns
    -------
    Namespace with `Mix`, `Shear`, `Phase`, `Spread`, `Expected` and `SampledDropout`.
    """
    import keras
    from keras import layers, ops

    class SampledDropout(layers.Dropout):  # type: ignore[misc]
        """Drops in inference too: a functional model hands its own `training` to every layer."""

        def call(self, inputs: Any, training: bool = False) -> Any:
            return super().call(inputs, training=True)

    class Mix(layers.Layer):  # type: ignore[misc]
        """Mix channels that come first: (n, c, cells) -> (n, units, cells).

        Channels first, because the shear copies whole rows of cells; with channels last it would copy four numbers at a time.
        """

        def __init__(self, units: int, activation: str | None = None, **options: Any) -> None:
            super().__init__(**options)
            self.units, self.activation = units, keras.activations.get(activation)

        def build(self, shape: Any) -> None:
            # Glorot's limits count the inputs along the last axis, which here is the second.
            self.kernel = self.add_weight((self.units, shape[1]), "glorot_uniform", name="kernel")
            self.bias = self.add_weight((self.units, 1), "zeros", name="bias")

        def call(self, channels: Any) -> Any:
            return self.activation(ops.matmul(self.kernel, channels) + self.bias)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], self.units, shape[2])

    class Shear(layers.Layer):  # type: ignore[misc]
        """Lay each place's own channels (n, places · width, cells) where the trial redshifts put them.

        Gives (n, places · width, steps): column k holds, for each place, its channels at cell ``offset + k``; zeros off
        the grid. Slices of a split rather than `ops.take`, whose gradient is a slow scatter.
        """

        def __init__(self, offsets: list[int], steps: int, **options: Any) -> None:
            super().__init__(**options)
            self.offsets, self.steps = offsets, steps

        def call(self, channels: Any) -> Any:
            cells = channels.shape[2]
            parts = []
            for offset, part in zip(
                self.offsets, ops.split(channels, len(self.offsets), axis=1), strict=True
            ):
                first, last = max(0, -offset), min(self.steps, cells - offset)
                inside = part[:, :, offset + first : offset + last]
                parts.append(ops.pad(inside, [[0, 0], [0, 0], [first, self.steps - last]]))
            return ops.concatenate(parts, axis=1)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1], self.steps)

    class Phase(layers.Layer):  # type: ignore[misc]
        """Take every `stride`-th pixel, from `first` on, of (n, pixels, c), channels first: (n, c, pixels / stride)."""

        def __init__(self, first: int, stride: int, **options: Any) -> None:
            super().__init__(**options)
            self.first, self.stride = first, stride

        def call(self, features: Any) -> Any:
            pixels, channels = features.shape[1:]
            rows = -(-pixels // self.stride)
            padded = ops.pad(features, [[0, 0], [0, rows * self.stride - pixels], [0, 0]])
            folded = ops.reshape(padded, (-1, rows, self.stride * channels))
            return ops.transpose(folded[:, :, self.first * channels : (self.first + 1) * channels], (0, 2, 1))

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[2], -(-shape[1] // self.stride))

    class Spread(layers.Layer):  # type: ignore[misc]
        """Repeat coarse trial redshifts (n, c, m) until they meet the fine ones (n, c, n_z)."""

        def __init__(self, bins: int, repeats: int, stride: int, **options: Any) -> None:
            super().__init__(**options)
            self.bins, self.repeats, self.stride = bins, repeats, stride

        def call(self, coarse: Any) -> Any:
            fine = ops.repeat(coarse, self.repeats, axis=2)
            return (
                fine[:, :, :: self.stride][:, :, : self.bins] if self.stride > 1 else fine[:, :, : self.bins]
            )

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1], self.bins)

    class Expected(layers.Layer):  # type: ignore[misc]
        """Average features (n, c, n_z) over the redshift PDF (n, n_z), which does not learn from it: (n, c)."""

        def call(self, inputs: Any) -> Any:
            pdf, features = inputs
            pdf = ops.cast(ops.stop_gradient(pdf), features.dtype)
            return ops.squeeze(ops.matmul(features, ops.expand_dims(pdf, 2)), 2)

        def compute_output_shape(self, shapes: Any) -> Any:
            return (shapes[0][0], shapes[1][1])

    return SimpleNamespace(
        Mix=Mix, Shear=Shear, Phase=Phase, Spread=Spread, Expected=Expected, SampledDropout=SampledDropout
    )
