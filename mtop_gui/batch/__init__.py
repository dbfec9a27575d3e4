"""Run a ModelBundle over many spectra; the command line and the window call the same function."""

from __future__ import annotations

from mtop_gui.batch.predict import KeepsPredictions, predict_catalogue

__all__ = ["KeepsPredictions", "predict_catalogue"]
