"""A run over fake files that is slow enough to be killed: python -m tests.batch.interrupted OUTPUT FILES [--dataset]."""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path

from mtop_gui.batch import Asked, predict_rows, predict_to_file
from mtop_gui.core.events import Cancelled, Predicted
from tests.batch.fakes import FakeFiles, FakePredictor

FACTS = {"bundle": "fake 1", "entropy threshold": 2.0}


class SlowPredictor(FakePredictor):
    """Takes a moment for each batch."""

    def predict(self, spectra, *, mc_passes=1):
        time.sleep(0.02)
        return super().predict(spectra, mc_passes=mc_passes)


def files(count: int) -> list[Path]:
    return [Path(f"{number}-{1 + number % 3}.fits") for number in range(count)]


def predicting(predictor=None, read=None, batch_size=8):
    asked = Asked(batch_size=batch_size)
    predict = functools.partial(predict_rows, asked=asked, read=read or FakeFiles())
    return lambda paths, begin, report: predict(
        paths, predictor or FakePredictor(), begin=begin, report=report
    )


def after(events_until_then):
    """A Report that interrupts the run after so many Predicted events."""
    seen = []

    def report(event):
        seen.append(event)
        if sum(isinstance(each, Predicted) for each in seen) > events_until_then:
            raise Cancelled

    return report


if __name__ == "__main__":
    predict_to_file(
        files(int(sys.argv[2])),
        predicting(SlowPredictor()),
        Path(sys.argv[1]),
        facts=FACTS,
        dataset="--dataset" in sys.argv,
        resume="--resume" in sys.argv,
        rows_per_part=50,
    )
