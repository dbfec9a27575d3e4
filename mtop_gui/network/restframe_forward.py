"""restframe for inference: the network of `build_restframe`, laid out for the processor, with its weights as constants.

It says the same to rounding, in less time. What Keras keeps apart is done in one operation (a convolution with its residual and its
rectifier). What the lines see is copied once where Keras copies it three times: all places' rows are written behind each other,
with zeros between them, and then folded, so that channels come in another order, for which the weights are sorted. Keras itself need
not be loaded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.network.restframe import (
    ANCHORS,
    BROAD_POOL,
    DEEP_POOL,
    RestframeConfig,
    bins_per_node,
    broad_steps,
    line_offsets,
    phases,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.arrays import Float32Array, IntArray

INPUTS = ("spectrum", "broad", "scale")
EMBEDDING = 2  # number of the hidden layer, as `ARCHITECTURES` has it


class RestframeForward:
    """What a trained restframe says; safe to use from several threads.

    Parameters
    ----------
    config : sizes of the network.
    weights : by variable path, as `restframe_shapes` names them.
    """

    def __init__(self, config: RestframeConfig, weights: Mapping[str, np.ndarray]) -> None:
        import tensorflow as tf

        self._tf, self._config = tf, config
        self._weights = {path: np.asarray(array, np.float32) for path, array in weights.items()}
        self._sort_weights()
        # Traced once for every number of spectra; XLA does not help on CPUs and compiles for seconds at each.
        self._compiled = tf.function(self._outputs, autograph=False, jit_compile=False)

    def __call__(self, inputs: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Give the outputs as tensors, within a function to be compiled; it cannot be trained."""
        return self._outputs(*(inputs[name] for name in INPUTS), apart=True)

    def predict_on_batch(self, inputs: Mapping[str, Float32Array]) -> dict[str, Float32Array]:
        """Give the outputs (n, …) of the keras.Model, and ``embedding``, for inputs (n, …)."""
        said = self._compiled(*(self._tf.constant(inputs[name], self._tf.float32) for name in INPUTS))
        return {name: value.numpy() for name, value in said.items()}

    def _outputs(self, spectrum: Any, broad: Any, scale: Any, *, apart: bool = False) -> dict[str, Any]:
        """Give all outputs; `apart` where gradients are taken: that of many slices of one tensor is slow, that of a split is not."""
        tf = self._tf
        features, deep = self._trunk(spectrum)
        broad = self._residual(self._conv(broad[:, None], "broad_entry"), "broad_1")
        pooled = tf.concat(
            [
                tf.reduce_mean(deep, (1, 2)),
                tf.reduce_max(deep, (1, 2)),
                tf.reduce_mean(broad, (1, 2)),
                scale,
            ],
            1,
        )
        broad = broad[:, 0]
        gathered, score = self._score(features, broad, apart)
        redshift = self._posterior(score, pooled)
        hidden = self._hidden(redshift, gathered, score, broad, pooled)
        # One long row: a product that gives a column takes twice the time.
        kernel, pixels = self._constant("line_probability/kernel")[0], self._config.pixels
        flat = tf.reshape(features, (-1, features.shape[2]))
        lines = tf.matmul(kernel, flat, transpose_a=True, transpose_b=True)
        lines = tf.reshape(tf.sigmoid(lines + self._constant("line_probability/bias")), (-1, pixels))
        said = {name: tf.nn.softmax(self._dense(hidden[-1], name)) for name in ("logmass", "logsfr", "kind")}
        return {**said, "redshift": redshift, "lines": lines, "embedding": hidden[EMBEDDING]}

    def _sort_weights(self) -> None:
        """Bring the weights of what takes folded channels into the order of these."""
        config, weights = self._config, self._weights
        anchors, lines = len(line_offsets(config, ANCHORS, config.block)), sum(map(len, phases(config)))
        gathered = _folded_order(config.broad_view, lines, config.view)
        for name, order in (("broad_score_1", _folded_order(0, anchors, config.view)), ("score_1", gathered)):
            weights[f"{name}/kernel"] = np.where(order >= 0, weights[f"{name}/kernel"][:, order], 0)
        kernel = weights["head_1/kernel"]
        expected = np.where(gathered[:, None] >= 0, kernel[gathered], 0)
        weights["head_1/kernel"] = np.concatenate([expected, kernel[gathered.max() + 1 :]])

    def _constant(self, name: str) -> Any:
        return self._tf.constant(self._weights[name])

    def _conv(self, x: Any, name: str, *, linear: bool = False, added: Any = None) -> Any:
        """Convolve (n, 1, pixels, c), add, and rectify: as two-dimensional, TensorFlow makes one operation of it."""
        tf = self._tf
        y = tf.nn.conv2d(x, self._constant(f"{name}/kernel")[None], 1, "SAME")
        y = tf.nn.bias_add(y, self._constant(f"{name}/bias"))
        if added is not None:
            y = y + added
        return y if linear else tf.nn.relu(y)

    def _residual(self, x: Any, name: str) -> Any:
        return self._conv(self._conv(x, f"{name}_conv_1"), f"{name}_conv_2", added=x)

    def _dense(self, x: Any, name: str) -> Any:
        return self._tf.matmul(x, self._constant(f"{name}/kernel")) + self._constant(f"{name}/bias")

    def _mix(self, channels: Any, name: str, *, last: bool = False) -> Any:
        """Mix channels that come first, or last: (n, c, cells) or (n, cells, c) -> (n, units, cells)."""
        mixed = self._tf.matmul(self._constant(f"{name}/kernel"), channels, transpose_b=last)
        return mixed + self._constant(f"{name}/bias")

    def _trunk(self, spectrum: Any) -> tuple[Any, Any]:
        """Give features (n, pixels, filters), and what stands at a quarter of the resolution (n, 1, pixels / 4, c)."""
        tf, config = self._tf, self._config
        x = self._conv(spectrum[:, None], "entry")
        for number in range(1, config.blocks + 1):
            x = self._residual(x, f"block_{number}")
        deep = self._conv(tf.nn.avg_pool2d(x, (1, DEEP_POOL), (1, DEEP_POOL), "VALID"), "deep_entry")
        for number in range(1, config.deep_blocks + 1):
            deep = self._residual(deep, f"deep_{number}")
        raised = self._conv(deep, "deep_exit", linear=True)
        quarter = (-1, config.pixels // DEEP_POOL)
        x = tf.reshape(x, (*quarter, DEEP_POOL, config.filters))
        features = tf.nn.relu(x + tf.reshape(raised, (*quarter, 1, config.filters)))
        return tf.reshape(features, (-1, config.pixels, config.filters)), deep

    def _score(self, features: Any, broad: Any, apart: bool) -> tuple[Any, Any]:
        """Gather what stands at the rest-frame places of every trial redshift, and judge it; both (n, channels, n_z)."""
        tf, config = self._tf, self._config
        anchors = line_offsets(config, ANCHORS, config.block)
        seen = self._mix(broad, "broad_view", last=True)
        seen = self._folded(self._sheared(seen, anchors, broad_steps(config), apart), broad_steps(config))
        seen = self._mix(tf.nn.relu(self._mix(seen, "broad_score_1")), "broad_score_2")
        seen = self._spread(seen, config.block, config.stride)
        if spare := -config.broad_view % config.view:
            seen = tf.pad(seen, [[0, 0], [0, spare], [0, 0]])
        views = [tf.reshape(seen, (-1, config.view, seen.shape[1] // config.view * config.redshift_bins))]
        rows = -(-config.pixels // config.stride)
        folded = tf.pad(features, [[0, 0], [0, rows * config.stride - config.pixels], [0, 0]])
        folded = tf.reshape(folded, (-1, rows, config.stride * config.filters))
        for phase, offsets in enumerate(phases(config)):
            if offsets:
                channels = slice(phase * config.filters, (phase + 1) * config.filters)
                seen = self._mix(folded[:, :, channels], f"view_{phase}", last=True)
                views += self._sheared(seen, offsets, config.redshift_bins, apart)
        gathered = score = self._folded(views, config.redshift_bins)
        for number in range(1, len(config.units) + 1):
            score = tf.nn.relu(self._mix(score, f"score_{number}"))
        return gathered, score

    def _sheared(self, channels: Any, offsets: Sequence[int], steps: int, apart: bool) -> list[Any]:
        """Lay each place's channels (n, view, steps) where the trial redshifts put them: cells, and zeros around them."""
        tf, cells, view = self._tf, channels.shape[2], self._config.view
        parts = tf.split(channels, len(offsets), 1) if apart else []
        laid = []
        for number, offset in enumerate(offsets):
            first, last = max(0, -offset), min(steps, cells - offset)
            rows, columns = slice(number * view, (number + 1) * view), slice(offset + first, offset + last)
            inside = parts[number][:, :, columns] if apart else channels[:, rows, columns]
            count = tf.shape(channels)[0] if channels.shape[0] is None else channels.shape[0]
            for piece, width in ((None, first), (inside, last - first), (None, steps - last)):
                if width:
                    laid.append(tf.zeros((count, view, width)) if piece is None else piece)
        return laid

    def _folded(self, pieces: Sequence[Any], steps: int) -> Any:
        """Write pieces (n, view, cells) behind each other, and fold: (n, channels, steps), channels sorted as by `_folded_order`."""
        tf = self._tf
        places = sum(piece.shape[2] for piece in pieces) // steps
        return tf.reshape(tf.concat(pieces, 2), (-1, self._config.view * places, steps))

    def _spread(self, coarse: Any, repeats: int, stride: int) -> Any:
        """Repeat coarse trial redshifts (n, c, m) until they meet the fine ones, as `layers.Spread` does.

        The pattern comes again after a few cells, within which a small matrix chooses the cell of each bin.
        """
        tf, bins = self._tf, self._config.redshift_bins
        common = math.gcd(repeats, stride)
        cells, fine = stride // common, repeats // common
        chosen = np.zeros((cells, fine), np.float32)
        chosen[np.arange(fine) * stride // repeats, np.arange(fine)] = 1
        periods = -(-bins // fine)
        channels, known = coarse.shape[1:]
        coarse = tf.pad(coarse, [[0, 0], [0, 0], [0, max(0, periods * cells - known)]])
        spread = tf.matmul(tf.reshape(coarse[:, :, : periods * cells], (-1, cells)), tf.constant(chosen))
        return tf.reshape(spread, (-1, channels, periods * fine))[:, :, :bins]

    def _posterior(self, score: Any, pooled: Any) -> Any:
        """Add a smooth prior to the scores; softmax (n, n_z)."""
        tf = self._tf
        prior = self._dense(tf.nn.relu(self._dense(pooled, "prior_1")), "prior_2")
        spread = self._spread(prior[:, None], bins_per_node(self._config), 1)
        return tf.nn.softmax((self._mix(score, "score_out") + spread)[:, 0])

    def _hidden(self, redshift: Any, gathered: Any, score: Any, broad: Any, pooled: Any) -> list[Any]:
        """Give the hidden layers that the heads share."""
        tf, config = self._tf, self._config
        width = bins_per_node(config)
        nodes = tf.nn.avg_pool1d(redshift[:, :, None], width, width, "SAME")[:, :, 0] * float(width)
        coarse = tf.nn.avg_pool1d(broad, BROAD_POOL, BROAD_POOL, "VALID")
        coarse = tf.reshape(coarse, (-1, math.prod(coarse.shape[1:])))
        expected = [self._expected(seen, redshift) for seen in (gathered, score)]
        hidden = [tf.concat([*expected, nodes, coarse, pooled], 1)]
        for number in range(1, len(config.head_units) + 1):
            hidden.append(tf.nn.relu(self._dense(hidden[-1], f"head_{number}")))
        return hidden

    def _expected(self, seen: Any, redshift: Any) -> Any:
        """Give what stands at the trial redshifts (n, c, n_z), weighted with their probabilities: (n, c)."""
        tf = self._tf
        if seen.shape[0] is None:
            return tf.matmul(seen, redshift[:, :, None])[:, :, 0]
        # Spectrum by spectrum: TensorFlow has a faster product for one vector than for a batch of them.
        pairs = zip(tf.unstack(seen), tf.unstack(redshift), strict=True)
        return tf.stack([tf.linalg.matvec(*pair) for pair in pairs])


def _folded_order(others: int, places: int, view: int) -> IntArray:
    """Tell which channel, of `others` and then `view` of each place, stands where after folding; -1 for one of zeros.

    Folded, the first channel of every place comes before the second of any; the others count as places.
    """
    columns = -(-others // view)
    before = np.arange(view * columns).reshape(view, columns)
    behind = others + np.arange(places * view).reshape(places, view).T
    return np.concatenate([np.where(before < others, before, -1), behind], axis=1).ravel()
