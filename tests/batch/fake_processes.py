"""What a process that predicts is given in the place of files and network; importable, as it is called in that process."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from mtop_gui import io
from mtop_gui.batch import chunks
from tests.batch.fakes import FakeFiles, FakePredictor

if TYPE_CHECKING:
    from pathlib import Path


class Files(FakeFiles):
    """Reads from a place in a file on; "deadly" in a name ends the process, "slow" takes its time."""

    def __call__(self, path: Path, first: int = 0):
        if "deadly" in path.name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in path.parts:
            time.sleep(0.02)
        return super().__call__(path)[first:]


def begin(bundle: str) -> None:
    """Stand in for `processes._begin`."""
    predictor = FakePredictor()
    chunks.loaded = lambda bundle: predictor
    io.iter_rows = Files()
