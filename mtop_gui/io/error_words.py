"""One sentence for whatever a damaged file provokes."""

from __future__ import annotations

import errno
import os
import warnings
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import MtopError, UnreadableSpectrumError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_ONE_AT_A_TIME = Lock()


@contextmanager
def silenced() -> Iterator[None]:
    """Keep warnings off the screen; `warnings` keeps its filters per process, so only one thread may change them."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Turn what numpy, zlib or astropy raise over a file into one sentence.

    Raises
    ------
    UnreadableSpectrumError : for every Exception but MtopError, which passes.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except MtopError:
        raise
    # ValueError, IndexError, TypeError, OSError, struct.error …: what comes depends on which bytes are damaged.
    except Exception as error:
        raise UnreadableSpectrumError(_in_words(error, path)) from error


def _in_words(error: Exception, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path}"
    if isinstance(error, IsADirectoryError):
        if not os.access(path, os.R_OK | os.X_OK):
            return "you may not list this folder: ask its owner for permission"
        return f"{path} is a folder, not a file"
    if isinstance(error, PermissionError):
        return "you may not read this file: ask its owner for permission"
    if isinstance(error, MemoryError):
        return "the file claims more data than fits into memory: it is damaged"
    if isinstance(error, OSError) and error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
        return "this is a link that leads to itself, or a name longer than the system allows"
    if isinstance(error, OSError) and error.errno in (errno.EIO, errno.ESTALE, errno.ENODEV):
        return f"the disk does not give the file ({error.strerror}): is it still connected?"
    words = " ".join(str(error).split())[:160] or type(error).__name__
    return f"the file is damaged or not standard FITS ({words})"
