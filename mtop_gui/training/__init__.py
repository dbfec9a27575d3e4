"""Train networks on mock surveys."""

from __future__ import annotations

from mtop_gui.training.fit import train
from mtop_gui.training.recipes import Recipe

__all__ = ["Recipe", "train"]
