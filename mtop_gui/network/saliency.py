"""Saliency: which pixels a redshift hangs on; the only place that takes gradients outside training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtop_gui.core.errors import BundleError
from mtop_gui.network.restframe_forward import RestframeForward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray

SMOOTHING = 2.0
"""Standard deviation [pixels] of the Gaussian over the gradient, which jumps from pixel to pixel."""


def gradient_function(model: Any) -> Callable[[Mapping[str, Float32Array], Float32Array], FloatArray]:
    """Compile the gradient of a log probability with respect to the spectrum.

    Returns
    -------
    Function of the inputs of one spectrum and weights over redshift bins (n_z,), giving the derivative (n_pix,) with
    respect to the first channel of the input ``spectrum``.

    Raises
    ------
    BundleError : Keras runs on a backend for which no gradient is written.
    """
    if not isinstance(model, RestframeForward):
        _demand_tensorflow()
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def compute(inputs: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs["spectrum"])
            pdf = model(inputs, training=False)["redshift"]
            explained = tf.math.log(tf.reduce_sum(pdf * weights) + 1e-30)
        return tape.gradient(explained, inputs["spectrum"])

    def gradient(inputs: Mapping[str, Float32Array], weights: Float32Array) -> FloatArray:
        tensors = {name: tf.constant(array[None], tf.float32) for name, array in inputs.items()}
        found = compute(tensors, tf.constant(weights[None], tf.float32))
        return np.asarray(found, dtype=np.float64)[0, :, 0]

    return gradient


def _demand_tensorflow() -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise BundleError("saliency needs Keras's TensorFlow backend: unset KERAS_BACKEND and start again")


def redshift_weights(grid: FloatArray, redshift: float) -> Float32Array:
    """Choose the redshift bins (n_z,) whose probability is explained: the nearest one and its neighbours."""
    centre = int(np.abs(grid - redshift).argmin())
    weights = np.zeros(grid.size, np.float32)
    weights[max(0, centre - 1) : centre + 2] = 1.0
    return weights


def as_saliency(gradient: FloatArray, mask: BoolArray) -> FloatArray:
    """Turn a gradient into what is drawn: magnitude, lightly smoothed, maximum 1, 0 where masked.

    Parameters
    ----------
    gradient, mask : (n_pix,) derivative; True where the network saw nothing.
    """
    magnitude = np.where(mask | ~np.isfinite(gradient), 0.0, np.abs(gradient))
    smooth = np.where(mask, 0.0, gaussian_filter1d(magnitude, SMOOTHING, mode="nearest"))
    highest = float(smooth.max())
    return smooth / highest if highest > 0 else smooth
