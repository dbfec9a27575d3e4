"""What the conditions of filter expressions do with whole columns."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def known(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Compare numbers; what is missing differs from nothing."""
    holds = compare(left, right)
    if compare is operator.ne:
        holds = holds & ~(np.isnan(left) | np.isnan(right))
    return holds


def folded(values: str | Sequence[str]) -> Any:
    """Give texts in lower case."""
    if isinstance(values, str):
        return values.lower()
    return np.array([value.lower() for value in values], dtype=object)


def containing(values: str | Sequence[str], needle: str | Sequence[str]) -> Any:
    """Tell which texts hold another."""
    if isinstance(values, str):
        values = [values]
    if isinstance(needle, str):
        low = needle.lower()
        return np.fromiter((low in value.lower() for value in values), dtype=bool, count=len(values))
    return np.array([b.lower() in a.lower() for a, b in zip(values, needle, strict=False)], dtype=bool)


def all_of(masks: list[Any]) -> Any:
    """Join masks of any broadcastable shapes by and."""
    return np.logical_and.reduce(np.broadcast_arrays(*masks)) if len(masks) > 1 else masks[0]


def any_of(masks: list[Any]) -> Any:
    """Join masks of any broadcastable shapes by or."""
    return np.logical_or.reduce(np.broadcast_arrays(*masks)) if len(masks) > 1 else masks[0]
