"""M-TOPnet, the multi-task network of Ginolfi+25 (Sect. 3.2, Fig. 2), kept faithful as the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MtopnetConfig:
    """Sizes of the network; the defaults are the paper's, `kernel` is not given there.

    `filters` is one residual block each; `dropout` follows every hidden dense layer, `block_dropout` every residual
    block. The paper says "each hidden layer"; with dropout in the blocks too, five epochs of training stood at 0.633 of
    the validation redshifts within 0.01, and 250 steps after it was taken out there at 0.673.
    """

    pixels: int = 12217
    redshift_bins: int = 800
    continuum_points: int = 10
    kernel: int = 5
    filters: tuple[int, ...] = (16, 32, 64)
    pool: int = 5
    line_units: tuple[int, ...] = (64, 128)
    continuum_units: int = 32
    redshift_units: tuple[int, ...] = (64, 128)
    mass_units: tuple[int, ...] = (64, 32)
    dropout: float = 0.2
    block_dropout: float = 0.0


def build_mtopnet(config: MtopnetConfig, dtype: str = "float32", *, sampling: bool = False) -> Any:
    """Build M-TOPnet with fresh weights.

    Parameters
    ----------
    config : sizes.
    dtype : Keras dtype policy; "mixed_bfloat16" trains faster, outputs are float32 in any case.
    sampling : dropout stays active in inference while batch normalisation does not learn: one MC-dropout pass per call.

    Returns
    -------
    keras.Model from ``spectrum`` (n, pixels, 1) and ``continuum`` (n, continuum_points) to ``redshift``
    (n, redshift_bins) probabilities, ``lines`` (n, pixels) probabilities, ``logmass`` and ``logsfr`` (n, 1)
    standardised.
    """
    import keras
    from keras import layers

    from mtop_gui.network.layers import own_layers

    dropout = own_layers().SampledDropout if sampling else layers.Dropout

    def hidden(x: Any, units: tuple[int, ...], name: str) -> Any:
        """Stack dense layers, each with ReLU and dropout."""
        for number, size in enumerate(units, start=1):
            x = layers.Dense(size, activation="relu", dtype=dtype, name=f"{name}_{number}")(x)
            x = dropout(config.dropout, dtype=dtype, name=f"{name}_{number}_dropout")(x)
        return x

    spectrum = keras.Input((config.pixels, 1), name="spectrum")
    continuum = keras.Input((config.continuum_points,), name="continuum")

    x = spectrum
    for number, filters in enumerate(config.filters, start=1):
        name = f"block_{number}"
        conv = {"padding": "same", "dtype": dtype}
        y = layers.Conv1D(filters, config.kernel, activation="relu", name=f"{name}_conv_1", **conv)(x)
        y = layers.Conv1D(filters, config.kernel, name=f"{name}_conv_2", **conv)(y)
        skip = layers.Conv1D(filters, 1, name=f"{name}_skip", **conv)(x)
        x = layers.Add(name=f"{name}_add", dtype=dtype)([y, skip])
        x = layers.ReLU(name=f"{name}_relu", dtype=dtype)(x)
        x = layers.AveragePooling1D(config.pool, name=f"{name}_pool", dtype=dtype)(x)
        if config.block_dropout > 0:
            x = dropout(config.block_dropout, name=f"{name}_dropout", dtype=dtype)(x)
    flat = layers.Flatten(name="flat", dtype=dtype)(x)

    line_info = hidden(flat, config.line_units, "line_info")
    continuum_info = hidden(continuum, (config.continuum_units,), "continuum_info")
    shared = layers.Concatenate(name="concatenated", dtype=dtype)([flat, continuum_info, line_info])
    shared = layers.BatchNormalization(name="shared_info", dtype=dtype)(shared)

    outputs = {
        "redshift": layers.Dense(
            config.redshift_bins, activation="softmax", dtype="float32", name="redshift"
        )(hidden(shared, config.redshift_units, "redshift_hidden")),
        "lines": layers.Dense(config.pixels, activation="sigmoid", dtype="float32", name="lines")(line_info),
    }
    for name in ("logmass", "logsfr"):
        outputs[name] = layers.Dense(1, dtype="float32", name=name)(
            hidden(shared, config.mass_units, f"{name}_hidden")
        )
    return keras.Model({"spectrum": spectrum, "continuum": continuum}, outputs, name="mtopnet")


def mtopnet_shapes(config: MtopnetConfig) -> dict[str, tuple[int, ...]]:
    """Give the shape of every weight of `build_mtopnet`, by variable path."""
    shapes: dict[str, tuple[int, ...]] = {}

    def dense(name: str, before: int, units: int) -> int:
        shapes[f"{name}/kernel"], shapes[f"{name}/bias"] = (before, units), (units,)
        return units

    def hidden(name: str, before: int, units: tuple[int, ...]) -> int:
        for number, size in enumerate(units, start=1):
            before = dense(f"{name}_{number}", before, size)
        return before

    channels, pixels = 1, config.pixels
    for number, filters in enumerate(config.filters, start=1):
        for part, width, inputs in (
            ("conv_1", config.kernel, channels),
            ("conv_2", config.kernel, filters),
            ("skip", 1, channels),
        ):
            name = f"block_{number}_{part}"
            shapes[f"{name}/kernel"], shapes[f"{name}/bias"] = (width, inputs, filters), (filters,)
        channels, pixels = filters, pixels // config.pool
    flat = channels * pixels
    line_info = hidden("line_info", flat, config.line_units)
    dense("lines", line_info, config.pixels)
    shared = flat + hidden("continuum_info", config.continuum_points, (config.continuum_units,)) + line_info
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        shapes[f"shared_info/{name}"] = (shared,)
    dense("redshift", hidden("redshift_hidden", shared, config.redshift_units), config.redshift_bins)
    for name in ("logmass", "logsfr"):
        dense(name, hidden(f"{name}_hidden", shared, config.mass_units), 1)
    return shapes


def mtopnet_misfit(config: MtopnetConfig, preparation: Any, grid: Any) -> str:
    """Say what of Preparation and redshift grid does not fit the network; "" when all does."""
    if any(
        len(values) != config.continuum_points
        for values in (preparation.continuum_mean, preparation.continuum_std)
    ):
        return f"the preparation does not give its network {config.continuum_points} continuum points"
    if config.redshift_bins != grid.bins:
        return f"{grid.bins} redshift bins but a network for {config.redshift_bins}"
    return ""
