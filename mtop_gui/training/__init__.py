"""Train networks on mock surveys, and bundles further on labelled and unlabelled spectra."""

from __future__ import annotations

from mtop_gui.training.fine_tuning import fine_tune
from mtop_gui.training.fit import train
from mtop_gui.training.recipes import Recipe

__all__ = ["Recipe", "fine_tune", "train"]
