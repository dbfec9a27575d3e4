"""The architectures a bundle may name: our own code builds them from validated JSON, nothing is deserialised by Keras."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from mtop_gui.core.errors import BundleError
from mtop_gui.network.mtopnet import MtopnetConfig, build_mtopnet, mtopnet_misfit, mtopnet_shapes
from mtop_gui.network.restframe import RestframeConfig, build_restframe, restframe_misfit
from mtop_gui.network.restframe_shapes import restframe_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Architecture:
    """One registered architecture.

    Attributes
    ----------
    config : its frozen config dataclass.
    build : (config, dtype policy, sampling=) -> keras.Model with fresh weights; see `build_mtopnet`.
    shapes : config -> shape of every weight by variable path, without TensorFlow.
    embedding : names of the layers whose joined activations describe a spectrum to the network.
    before_dropout : config -> name of the layer, fed by ``spectrum`` alone, up to which nothing is dropped: MC-dropout
        passes share its activations. "" when there is none.
    preparation : kind of the Preparation that makes its inputs.
    sampled : config -> whether its redshift PDF is a mean over MC-dropout passes.
    misfit : config, Preparation, redshift grid -> what does not fit in words, "" when all does.
    """

    config: type
    build: Callable[..., Any]
    shapes: Callable[[Any], dict[str, tuple[int, ...]]]
    embedding: tuple[str, ...]
    before_dropout: Callable[[Any], str]
    preparation: str
    sampled: Callable[[Any], bool]
    misfit: Callable[[Any, Any, Any], str]


ARCHITECTURES: dict[str, Architecture] = {
    "mtopnet": Architecture(
        config=MtopnetConfig,
        build=build_mtopnet,
        shapes=mtopnet_shapes,
        embedding=("line_info_2", "redshift_hidden_2", "continuum_info_1"),
        before_dropout=lambda config: "" if config.block_dropout > 0 else "flat",
        preparation="paper",
        sampled=lambda config: max(config.dropout, config.block_dropout) > 0,
        misfit=mtopnet_misfit,
    ),
    "restframe": Architecture(
        config=RestframeConfig,
        build=build_restframe,
        shapes=restframe_shapes,
        embedding=("head_2",),
        before_dropout=lambda config: "",
        preparation="log",
        sampled=lambda config: False,
        misfit=restframe_misfit,
    ),
}

MOST_UNITS = 100_000
"""No size in a config may exceed this, so that a tampered file cannot ask for all memory."""


def find_architecture(name: str) -> Architecture:
    """Look up a registered architecture.

    Raises
    ------
    BundleError : there is none of that name.
    """
    if name not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise BundleError(f"architecture '{name}' is unknown to this version of mtop-gui: it knows {known}")
    return ARCHITECTURES[name]


def make_config(name: str, values: Mapping[str, Any]) -> Any:
    """Validate a JSON config against the architecture's fields; missing ones take their defaults.

    Raises
    ------
    BundleError : unknown architecture, unknown field, wrong type, or a size out of range.
    """
    config = find_architecture(name).config
    types = {item.name: str(item.type) for item in fields(config)}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in types:
            raise BundleError(
                f"architecture '{name}' has no setting '{key}': the bundle is of another version"
            )
        checked[key] = _check(name, key, types[key], value)
    return config(**checked)


def config_to_dict(config: Any) -> dict[str, Any]:
    """Give a config as plain JSON values."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(config).items()}


def build(name: str, config: Any, dtype: str = "float32", *, sampling: bool = False) -> Any:
    """Build the keras.Model of a registered architecture with fresh weights."""
    return find_architecture(name).build(config, dtype, sampling=sampling)


def _check(name: str, key: str, kind: str, value: Any) -> Any:
    """Convert one setting to its field's type, or refuse it."""

    def size(item: Any) -> bool:
        return isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= MOST_UNITS

    if kind == "int" and size(value):
        return value
    most = 1.0 if "dropout" in key else 100.0
    if kind == "float" and isinstance(value, int | float) and 0 <= value < most:
        return float(value)
    if (
        kind == "tuple[int, ...]"
        and isinstance(value, list | tuple)
        and 1 <= len(value) <= 16
        and all(map(size, value))
    ):
        return tuple(value)
    raise BundleError(
        f"setting '{key}' of architecture '{name}' is not a sensible {kind}: the bundle is damaged"
    )
