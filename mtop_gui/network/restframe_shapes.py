"""Shapes of the weights of `restframe`, without TensorFlow: what a bundle's file is checked against."""

from __future__ import annotations

import math

from mtop_gui.network.restframe import (
    ANCHORS,
    BROAD_CHANNELS,
    BROAD_POOL,
    CHANNELS,
    KINDS,
    PRIOR_UNITS,
    RestframeConfig,
    bins_per_node,
    line_offsets,
    phases,
)


class _Shapes(dict[str, tuple[int, ...]]):
    """Weights by variable path; each method adds a layer's and gives what comes out of it."""

    def conv(self, name: str, width: int, before: int, filters: int) -> int:
        self[f"{name}/kernel"], self[f"{name}/bias"] = (width, before, filters), (filters,)
        return filters

    def residual(self, name: str, width: int, filters: int) -> int:
        for part in (1, 2):
            self.conv(f"{name}_conv_{part}", width, filters, filters)
        return filters

    def dense(self, name: str, before: int, units: int) -> int:
        self[f"{name}/kernel"], self[f"{name}/bias"] = (before, units), (units,)
        return units

    def mix(self, name: str, before: int, units: int) -> int:
        self[f"{name}/kernel"], self[f"{name}/bias"] = (units, before), (units, 1)
        return units


def restframe_shapes(config: RestframeConfig) -> dict[str, tuple[int, ...]]:
    """Give the shape of every weight of `build_restframe`, by variable path."""
    shapes = _Shapes()
    shapes.conv("entry", config.kernel, CHANNELS, config.filters)
    for number in range(1, config.blocks + 1):
        shapes.residual(f"block_{number}", config.kernel, config.filters)
    shapes.conv("deep_entry", 1, config.filters, config.deep_filters)
    for number in range(1, config.deep_blocks + 1):
        shapes.residual(f"deep_{number}", config.kernel, config.deep_filters)
    shapes.conv("deep_exit", 1, config.deep_filters, config.filters)
    shapes.conv("line_probability", 1, config.filters, 1)
    shapes.conv("broad_entry", config.kernel, BROAD_CHANNELS, config.broad_filters)
    shapes.residual("broad_1", config.kernel, config.broad_filters)
    gathered, score = _score(shapes, config)

    pooled = 2 * config.deep_filters + config.broad_filters + config.scale_inputs
    shapes.dense("prior_2", shapes.dense("prior_1", pooled, PRIOR_UNITS), config.prior_nodes)
    shared = gathered + score + math.ceil(config.redshift_bins / bins_per_node(config)) + pooled
    shared += config.broad_filters * (config.pixels // config.block // BROAD_POOL)
    for number, units in enumerate(config.head_units, start=1):
        shared = shapes.dense(f"head_{number}", shared, units)
    for name, units in (
        ("logmass", config.number_bins),
        ("logsfr", config.number_bins),
        ("kind", len(KINDS)),
    ):
        shapes.dense(name, shared, units)
    return dict(shapes)


def _score(shapes: _Shapes, config: RestframeConfig) -> tuple[int, int]:
    """Add what judges the trial redshifts; gives the channels gathered and those of the score."""
    anchors = len(line_offsets(config, ANCHORS, config.block))
    seen = shapes.mix("broad_view", config.broad_filters, config.view * anchors)
    gathered = shapes.mix(
        "broad_score_2", shapes.mix("broad_score_1", seen, config.broad_units), config.broad_view
    )
    for phase, offsets in enumerate(phases(config)):
        gathered += shapes.mix(f"view_{phase}", config.filters, config.view * len(offsets))
    score = gathered
    for number, units in enumerate(config.units, start=1):
        score = shapes.mix(f"score_{number}", score, units)
    shapes.mix("score_out", score, 1)
    return gathered, score
