"""Arrays as small blobs: one letter for the type, then the compressed values. No pickle."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

_TYPES: dict[bytes, np.dtype[Any]] = {
    b"d": np.dtype("<f8"),
    b"f": np.dtype("<f4"),
    b"h": np.dtype("<f2"),
    b"B": np.dtype("u1"),
}
_MOST_VALUES = 10_000_000
_LEVEL = 1
_NAN_STEP = 255
_STEPS = 254
"""Probabilities are kept in 254 steps (error ≤ 0.002, far below a pixel on the screen); 255 means NaN."""


class DamagedBlobError(ValueError):
    """A blob does not hold what it should."""


def pack(values: FloatArray, kind: bytes) -> bytes:
    """Compress an array.

    Parameters
    ----------
    values : (n,) array.
    kind : b"d", b"f", b"h" or b"B": float64, float32, float16 or unsigned bytes, little-endian.
    """
    plain = np.ascontiguousarray(values, dtype=_TYPES[kind])
    # Bytes of equal significance side by side compress better and faster.
    shuffled = plain.view(np.uint8).reshape(-1, plain.itemsize).T.tobytes()
    return kind + zlib.compress(shuffled, _LEVEL)


def unpack(blob: bytes, length: int | None = None) -> FloatArray:
    """Read an array back as float64.

    Parameters
    ----------
    blob : what `pack` made.
    length : the number of values expected, None for any.

    Raises
    ------
    DamagedBlobError : not a blob of `pack`, or of another length.
    """
    dtype = _TYPES.get(blob[:1])
    if dtype is None:
        raise DamagedBlobError("unknown array type")
    most = (_MOST_VALUES if length is None else length) * dtype.itemsize
    machine = zlib.decompressobj()
    try:
        # A bound, so that a crafted file cannot fill the memory.
        raw = machine.decompress(blob[1:], most + 1)
    except zlib.error as error:
        raise DamagedBlobError(str(error)) from error
    if not machine.eof or len(raw) % dtype.itemsize or (length is not None and len(raw) != most):
        raise DamagedBlobError("wrong array length")
    planes = np.frombuffer(raw, dtype=np.uint8).reshape(dtype.itemsize, -1)
    values: FloatArray = np.ascontiguousarray(planes.T).view(dtype)[:, 0].astype(np.float64)
    return values


def pack_probability(values: FloatArray) -> bytes:
    """Compress probabilities (0…1, NaN allowed) into 254 steps."""
    steps = np.rint(np.clip(np.nan_to_num(values, nan=0.0), 0.0, 1.0) * _STEPS)
    return pack(np.where(np.isnan(values), _NAN_STEP, steps), b"B")


def unpack_probability(blob: bytes, length: int) -> FloatArray:
    """Read probabilities back; see `unpack`."""
    steps = unpack(blob, length)
    return np.where(steps == _NAN_STEP, np.nan, steps / _STEPS)


def pack_scaled(values: FloatArray) -> bytes:
    """Compress non-negative values as float16 of their maximum, which stands in front as float64."""
    finite = values[np.isfinite(values)]
    scale = float(finite.max(initial=0.0)) or 1.0
    return np.array([scale], dtype="<f8").tobytes() + pack(values / scale, b"h")


def unpack_scaled(blob: bytes, length: int) -> FloatArray:
    """Read scaled values back; see `unpack`."""
    if len(blob) < 8:
        raise DamagedBlobError("wrong array length")
    return unpack(blob[8:], length) * float(np.frombuffer(blob[:8], dtype="<f8")[0])


def digest(*arrays: FloatArray) -> str:
    """SHA-256 (hex) of arrays, to tell grids apart."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(len(array).to_bytes(8, "little"))
        total.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return total.hexdigest()
