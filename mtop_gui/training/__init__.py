"""Train networks on mock surveys."""

from __future__ import annotations

from mtop_gui.training.fit import Recipe, train

__all__ = ["Recipe", "train"]
