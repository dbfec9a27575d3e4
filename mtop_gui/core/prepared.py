"""What every Preparation gives: the inputs of a network, and what a person should see of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from dataclasses import Field

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray


@dataclass(frozen=True, eq=False)
class PreparedSpectrum:
    """The inputs of a network for one spectrum, on the grid of the Preparation.

    Attributes
    ----------
    inputs : one array per input of the network.
    structure : (n_pix,) continuum-subtracted flux or signal-to-noise of maximum 1; 0 where `mask`.
    mask : (n_pix,) True where the network sees nothing (sky, gaps, bad pixels).
    coverage : fraction of the reachable pixels that the spectrum covers.
    running_median : (n_pix,) the continuum; NaN where `mask`.
    unit_known : False when no absolute flux can be told.
    amplitude : 0 without structure.
    """

    inputs: Mapping[str, Float32Array]
    structure: Float32Array
    mask: BoolArray
    coverage: float
    running_median: FloatArray
    unit_known: bool
    amplitude: float


def checked_fields(known: Iterable[Field[Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain JSON values to the types of a dataclass's fields.

    Raises
    ------
    ValueError : a field is unknown or of another type.
    """
    types = {item.name: str(item.type) for item in known if "ClassVar" not in str(item.type)}
    unknown = set(values) - set(types)
    if unknown:
        raise ValueError(f"unknown preparation field {sorted(unknown)[0]!r}")
    try:
        return {key: _CONVERT[types[key]](value) for key, value in values.items()}
    except TypeError as error:
        raise ValueError(f"a preparation field has the wrong type ({error})") from error


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError("a preparation field is not finite")
    return number


_CONVERT: dict[str, Any] = {
    "float": _finite,
    "int": int,
    "tuple[float, ...]": lambda values: tuple(_finite(value) for value in values),
}
