"""Read and write named arrays as .npz without trusting the file: no pickles, no surprises in size."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib import format as npy

from mtop_gui.core.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_TOTAL = 256 << 20
"""Bytes of all arrays together."""

MOST_ARRAYS = 2000
_KINDS = {"float16", "float32", "float64"}


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays under their names, compressed; the same arrays always give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy")  # carries a constant date
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as stream:
                npy.write_array(stream, np.asarray(arrays[name], order="C"), allow_pickle=False)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 (hex) of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_arrays(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote, after checking the checksum and every declared size.

    Raises
    ------
    BundleError : checksum, sizes, types or the archive itself are not what they should be.
    """
    try:
        if path.stat().st_size > LARGEST_TOTAL:
            raise BundleError(f"the weights {path} are too large for a bundle: do not use it")
        if sha256_of(path) != sha256:
            raise BundleError(f"the checksum of {path} does not match its bundle: copy the bundle anew")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > LARGEST_TOTAL:
                raise BundleError(f"the weights {path} unpack to more than a bundle may hold: do not use it")
            if len({member.filename for member in members}) < len(members):
                raise BundleError(f"the weights {path} hold an array twice: do not use it")
            return {member.filename.removesuffix(".npy"): _read_member(archive, member) for member in members}
    except BundleError:
        raise
    # zipfile, zlib, struct, tokenize …: what comes depends on which bytes are damaged.
    except Exception as error:
        words = " ".join(str(error).split())[:160] or type(error).__name__
        raise BundleError(f"the weights {path} are damaged ({words}): copy the bundle anew") from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Read one array, whose header must agree with the size of its entry."""
    with archive.open(member) as stream:
        if npy.read_magic(stream) != (1, 0):
            raise ValueError(f"{member.filename} is of an unknown version")
        shape, fortran, dtype = npy.read_array_header_1_0(stream)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
        if dtype.name not in _KINDS or fortran or stream.tell() + size != member.file_size:
            raise ValueError(f"{member.filename} is not the array it claims to be")
        data = stream.read(size)
    if len(data) != size:
        raise ValueError(f"{member.filename} is cut short")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
