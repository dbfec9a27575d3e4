"""Run a ModelBundle over many spectra; the command line and the window call the same functions."""

from __future__ import annotations

from mtop_gui.batch.predict import Asked, KeepsPredictions, predict_catalogue, predict_rows
from mtop_gui.batch.run import Summary, predict_to_file

__all__ = [
    "Asked",
    "KeepsPredictions",
    "Summary",
    "predict_catalogue",
    "predict_rows",
    "predict_to_file",
]
