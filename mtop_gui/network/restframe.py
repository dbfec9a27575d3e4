"""restframe: scores every trial redshift with one small network, at the places where its lines would be.

A redshift is a shift in ln λ. On a grid uniform in ln λ the pixel of a rest-frame line is therefore the pixel of the trial
redshift plus a constant, and the same weights can judge every redshift: each galaxy teaches all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("galaxy", "star", "quasar", "nothing", "beyond")
"""What a spectrum may be: a galaxy on the redshift grid; the others are flagged. "beyond": a galaxy off the grid."""

LINES = (
    1549.5, 1640.4, 1663.5, 1857.0, 1908.7, 2326.0, 2344.2, 2382.8, 2593.5, 2799.1, 2852.96, 3426.9, 3728.8, 3869.86,
    3889.75, 3934.78, 3969.59, 4102.89, 4305.0, 4341.68, 4364.4, 4862.69, 4960.30, 5008.24, 5175.0, 5271.5, 5877.25,
    5893.5, 6302.05, 6549.86, 6564.61, 6585.27, 6718.29, 6732.67, 7137.8, 8500.36, 8544.44, 8664.52, 9071.1, 9533.2,
    10052.1, 10833.3, 10941.1,
)  # fmt: skip
"""Rest-frame vacuum Å at which the trunk's features are gathered; close doublets by their middle."""

ANCHORS = (
    1400.0, 1500.0, 1650.0, 1800.0, 2000.0, 2200.0, 2400.0, 2600.0, 2800.0, 3000.0, 3250.0, 3500.0, 3700.0, 3850.0,
    4000.0, 4150.0, 4350.0, 4600.0, 4900.0, 5200.0, 5600.0, 6000.0, 6500.0, 7000.0, 7600.0, 8200.0, 9000.0, 10000.0,
)  # fmt: skip
"""Rest-frame vacuum Å at which the broad features (breaks, slopes) are gathered."""

LEAST_COVERED = 0.02
"""A line that falls onto the grid for a smaller share of the trial redshifts is not gathered."""


@dataclass(frozen=True)
class RestframeConfig:
    """Sizes of the network.

    Attributes
    ----------
    pixels, redshift_bins : of the ln λ grid and of the redshift grid.
    first_pixel, first_redshift : ln of the first pixel's centre [Å], ln(1+z) of the first bin's centre.
    pixel_step : of ln λ; a redshift bin is `stride` of them.
    stride : pixels per redshift bin.
    block : pixels per broad block.
    filters, deep_filters, broad_filters : channels of the trunk at full and at a quarter of the resolution, of the broad branch.
    blocks, deep_blocks : residual blocks of the two.
    kernel : of all convolutions.
    view : channels through which each line looks at the trunk.
    units, broad_units : hidden units of the shared scores.
    broad_view : channels in which the broad branch tells the score what it thinks of a trial redshift.
    head_units : hidden units of the heads.
    prior_nodes : nodes of the smooth prior over redshift.
    number_bins : bins of the log M* and log SFR distributions.
    dropout : after the heads' hidden layers, not where redshifts are scored.
    """

    first_pixel: float
    first_redshift: float
    pixels: int = 8192
    redshift_bins: int = 1833
    pixel_step: float = 1.25e-4
    stride: int = 4
    block: int = 16
    filters: int = 16
    deep_filters: int = 32
    broad_filters: int = 24
    blocks: int = 2
    deep_blocks: int = 2
    kernel: int = 5
    units: tuple[int, ...] = (64, 32)
    view: int = 2
    broad_units: int = 32
    broad_view: int = 8
    head_units: tuple[int, ...] = (128, 64)
    prior_nodes: int = 48
    number_bins: int = 80
    scale_inputs: int = 4
    dropout: float = 0.1


CHANNELS, BROAD_CHANNELS = 3, 3
PRIOR_UNITS, BROAD_POOL, DEEP_POOL = 64, 8, 4


def line_offsets(config: RestframeConfig, wavelengths: Sequence[float], width: int = 1) -> list[int]:
    """Give, for each rest-frame wavelength that matters on this grid, its pixel at the first trial redshift.

    Parameters
    ----------
    wavelengths : rest-frame vacuum Å.
    width : pixels of the ln λ grid per cell that is counted in.
    """
    cells, span = config.pixels // width, config.redshift_bins * config.stride / width
    offsets = []
    for wavelength in wavelengths:
        position = (math.log(wavelength) + config.first_redshift - config.first_pixel) / config.pixel_step
        offset = round((position - (width - 1) / 2) / width)
        covered = min(cells, offset + span) - max(0, offset)
        if covered >= LEAST_COVERED * span:
            offsets.append(offset)
    return offsets


def phases(config: RestframeConfig) -> list[list[int]]:
    """Sort the lines by the phase of their offset in the stride; within one, offsets count rows of `stride` pixels."""
    offsets = line_offsets(config, LINES)
    return [
        [offset // config.stride for offset in offsets if offset % config.stride == phase]
        for phase in range(config.stride)
    ]


def broad_steps(config: RestframeConfig) -> int:
    """Count the trial redshifts of the broad branch: one per block."""
    return math.ceil(config.redshift_bins * config.stride / config.block)


def bins_per_node(config: RestframeConfig) -> int:
    """Count the redshift bins of one node of the smooth prior."""
    return math.ceil(config.redshift_bins / config.prior_nodes)


def build_restframe(config: RestframeConfig, dtype: str = "float32", *, sampling: bool = False) -> Any:
    """Build the network with fresh weights.

    Parameters
    ----------
    config : sizes.
    dtype : Keras dtype policy; outputs are float32 in any case.
    sampling : dropout stays active in inference; the redshift has none.

    Returns
    -------
    keras.Model from ``spectrum`` (n, pixels, 3): signal-to-noise of the lines, log noise, usable share; ``broad``
    (n, pixels // block, 3): signal-to-noise and shape of the block means, usable share; ``scale`` (n, scale_inputs), to
    ``redshift`` (n, redshift_bins), ``lines`` (n, pixels), ``logmass`` and ``logsfr`` (n, number_bins) and ``kind`` (n, 5)
    probabilities.
    """
    import keras

    parts = _Parts(config, dtype, sampling)
    inputs = {
        "spectrum": keras.Input((config.pixels, CHANNELS), name="spectrum"),
        "broad": keras.Input((config.pixels // config.block, BROAD_CHANNELS), name="broad"),
        "scale": keras.Input((config.scale_inputs,), name="scale"),
    }
    features, deep = parts.trunk(inputs["spectrum"])
    broad = parts.broad(inputs["broad"])
    gathered, score = parts.score(features, broad)
    pooled = parts.pooled(deep, broad, inputs["scale"])
    redshift = parts.posterior(score, pooled)
    shared = parts.shared(redshift, gathered, score, broad, pooled)
    return keras.Model(inputs, parts.outputs(redshift, features, shared), name="restframe")


class _Parts:
    """The parts of the network, in the order in which a spectrum passes them."""

    def __init__(self, config: RestframeConfig, dtype: str, sampling: bool) -> None:
        from keras import layers

        from mtop_gui.network.layers import own_layers

        self._config = config
        self._keras, self._own = layers, own_layers()
        self._dropout = self._own.SampledDropout if sampling else layers.Dropout
        self._options = {"dtype": dtype}

    def _conv(self, x: Any, filters: int, kernel: int, name: str, activation: str | None = None) -> Any:
        layer = self._keras.Conv1D
        return layer(filters, kernel, padding="same", activation=activation, name=name, **self._options)(x)

    def _residual(self, x: Any, filters: int, name: str) -> Any:
        kernel, layers = self._config.kernel, self._keras
        y = self._conv(x, filters, kernel, f"{name}_conv_1", "relu")
        y = self._conv(y, filters, kernel, f"{name}_conv_2")
        added = layers.Add(name=f"{name}_add", **self._options)([x, y])
        return layers.ReLU(name=f"{name}_relu", **self._options)(added)

    def trunk(self, spectrum: Any) -> tuple[Any, Any]:
        """Give features (n, pixels, filters), and what stands at a quarter of the resolution."""
        config, layers, options = self._config, self._keras, self._options
        x = self._conv(spectrum, config.filters, config.kernel, "entry", "relu")
        for number in range(1, config.blocks + 1):
            x = self._residual(x, config.filters, f"block_{number}")
        deep = layers.AveragePooling1D(DEEP_POOL, name="deep_pool", **options)(x)
        deep = self._conv(deep, config.deep_filters, 1, "deep_entry", "relu")
        for number in range(1, config.deep_blocks + 1):
            deep = self._residual(deep, config.deep_filters, f"deep_{number}")
        raised = self._conv(deep, config.filters, 1, "deep_exit")
        raised = layers.UpSampling1D(DEEP_POOL, name="deep_raised", **options)(raised)
        features = layers.Add(name="features_add", **options)([x, raised])
        return layers.ReLU(name="features", **options)(features), deep

    def broad(self, blocks: Any) -> Any:
        """Give features of the continuum (n, pixels / block, broad_filters)."""
        config = self._config
        x = self._conv(blocks, config.broad_filters, config.kernel, "broad_entry", "relu")
        return self._residual(x, config.broad_filters, "broad_1")

    def score(self, features: Any, broad: Any) -> tuple[Any, Any]:
        """Gather what stands at the rest-frame places of every trial redshift, and judge it; both (n, channels, n_z)."""
        config, layers, own, options = self._config, self._keras, self._own, self._options
        anchors = line_offsets(config, ANCHORS, config.block)
        seen = layers.Permute((2, 1), name="broad_first", **options)(broad)
        seen = own.Mix(len(anchors) * config.view, name="broad_view", **options)(seen)
        seen = own.Shear(anchors, broad_steps(config), name="broad_shear", **options)(seen)
        seen = own.Mix(config.broad_units, "relu", name="broad_score_1", **options)(seen)
        seen = own.Mix(config.broad_view, name="broad_score_2", **options)(seen)
        spread = own.Spread(config.redshift_bins, config.block, config.stride, name="broad_spread", **options)
        views = [spread(seen)]
        for phase, offsets in enumerate(phases(config)):
            # Each line looks at the trunk through a few channels of its own: shearing all would cost ten times more.
            seen = own.Phase(phase, config.stride, name=f"phase_{phase}", **options)(features)
            seen = own.Mix(len(offsets) * config.view, name=f"view_{phase}", **options)(seen)
            views.append(own.Shear(offsets, config.redshift_bins, name=f"shear_{phase}", **options)(seen))
        gathered = score = layers.Concatenate(axis=1, name="gathered", **options)(views)
        for number, units in enumerate(config.units, start=1):
            score = own.Mix(units, "relu", name=f"score_{number}", **options)(score)
        return gathered, score

    def pooled(self, deep: Any, broad: Any, scale: Any) -> Any:
        """Give what is known whatever the redshift: (n, channels)."""
        layers, options = self._keras, self._options
        return layers.Concatenate(name="pooled", **options)(
            [
                layers.GlobalAveragePooling1D(name="pooled_deep", **options)(deep),
                layers.GlobalMaxPooling1D(name="pooled_peak", **options)(deep),
                layers.GlobalAveragePooling1D(name="pooled_broad", **options)(broad),
                scale,
            ]
        )

    def posterior(self, score: Any, pooled: Any) -> Any:
        """Add a smooth prior to the scores; softmax (n, n_z)."""
        config, layers = self._config, self._keras
        logits = self._own.Mix(1, name="score_out", dtype="float32")(score)
        prior = layers.Dense(PRIOR_UNITS, activation="relu", name="prior_1", **self._options)(pooled)
        prior = layers.Dense(config.prior_nodes, name="prior_2", dtype="float32")(prior)
        prior = layers.Reshape((1, config.prior_nodes), name="prior_nodes")(prior)
        prior = self._own.Spread(config.redshift_bins, bins_per_node(config), 1, name="prior_spread")(prior)
        logits = layers.Add(name="posterior")([logits, prior])
        return layers.Softmax(name="redshift", dtype="float32")(
            layers.Flatten(name="logits", dtype="float32")(logits)
        )

    def shared(self, redshift: Any, gathered: Any, score: Any, broad: Any, pooled: Any) -> Any:
        """Give what the heads share: what stands at the lines of the likely redshifts, and everything broad."""
        config, layers, own, options = self._config, self._keras, self._own, self._options
        nodes = layers.Reshape((config.redshift_bins, 1), name="pdf_column")(redshift)
        nodes = layers.AveragePooling1D(bins_per_node(config), padding="same", name="pdf_pooled")(nodes)
        nodes = layers.Flatten(name="pdf_nodes")(nodes)
        coarse = layers.AveragePooling1D(BROAD_POOL, name="broad_pool", **options)(broad)
        x = layers.Concatenate(name="shared", **options)(
            [
                own.Expected(name="expected_lines", **options)([redshift, gathered]),
                own.Expected(name="expected_score", **options)([redshift, score]),
                layers.Rescaling(float(bins_per_node(config)), name="pdf_scaled")(nodes),
                layers.Flatten(name="broad_flat", **options)(coarse),
                pooled,
            ]
        )
        for number, units in enumerate(config.head_units, start=1):
            x = layers.Dense(units, activation="relu", name=f"head_{number}", **options)(x)
            x = self._dropout(config.dropout, name=f"head_{number}_dropout", **options)(x)
        return x

    def outputs(self, redshift: Any, features: Any, shared: Any) -> dict[str, Any]:
        """Give all outputs, in float32."""
        layers = self._keras
        lines = layers.Conv1D(1, 1, activation="sigmoid", name="line_probability", dtype="float32")(features)
        outputs = {"redshift": redshift, "lines": layers.Flatten(name="lines", dtype="float32")(lines)}
        sizes = {"logmass": self._config.number_bins, "logsfr": self._config.number_bins, "kind": len(KINDS)}
        for name, size in sizes.items():
            outputs[name] = layers.Dense(size, activation="softmax", name=name, dtype="float32")(shared)
        return outputs


def restframe_config(preparation: Any, grid: Any) -> dict[str, Any]:
    """Give the settings that follow from Preparation and redshift grid."""
    return {
        "first_pixel": math.log(preparation.first_wavelength),
        "first_redshift": math.log1p(float(grid.centres[0])),
        "pixels": preparation.pixels,
        "redshift_bins": grid.bins,
        "pixel_step": preparation.pixel_step,
        "block": preparation.block,
    }


def restframe_misfit(config: RestframeConfig, preparation: Any, grid: Any) -> str:
    """Say what of Preparation and redshift grid does not fit the network; "" when all does."""
    for name, value in restframe_config(preparation, grid).items():
        if not math.isclose(getattr(config, name), value, rel_tol=1e-9):
            return f"{name} of its network is {getattr(config, name)}, that of its preparation or redshift grid {value}"
    width = math.log((1 + grid.upper) / (1 + grid.lower)) / grid.bins
    if grid.spacing != "log" or not math.isclose(width, config.stride * config.pixel_step, rel_tol=1e-6):
        return f"its redshift bins are not {config.stride} pixels wide"
    return ""
