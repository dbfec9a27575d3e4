"""Memory that a batch process frees is kept for what it asks for next."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8  # parameters of mallopt(3)
_KEPT = 256 << 20
_PAD = 16 << 20
_FROM_THE_SYSTEM = 32 << 20
"""Larger arrays are none of a spectrum's, and glibc takes no larger threshold."""


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed, up to 256 MiB, instead of handing it back to the system.

    Every spectrum needs the same few megabytes as the one before; given back and asked for anew, each of their pages is
    zeroed again, 80 per spectrum. Tells whether the C library listens: glibc does, others need not.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = {_TRIM_THRESHOLD: _KEPT, _TOP_PAD: _PAD, _MMAP_THRESHOLD: _FROM_THE_SYSTEM, _ARENA_MAX: 1}
    return all(mallopt(parameter, value) == 1 for parameter, value in wanted.items())
