"""Decisions and Predictions for the tests of the store."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtop_gui.core.decision import Decision
from mtop_gui.core.prediction import Prediction

GRID = np.arange(0.5, 4.0, 0.003)
WAVELENGTH = np.linspace(6470.0, 18000.0, 3000)


def decision(content_hash: str = "a" * 64, **changes: Any) -> Decision:
    """Give a Decision; anything may be changed."""
    values: dict[str, Any] = {
        "file": "field.fits",
        "row": 0,
        "name": "galaxy",
        "redshift": 1.2345678901234567,
        "quality": 4,
        "reviewer": "ada",
    }
    return Decision(content_hash, **(values | changes))


def prediction(redshift: float = 1.5, seed: int = 0, **changes: Any) -> Prediction:
    """Give a Prediction with two peaks and everything filled."""
    random = np.random.default_rng(seed)
    pdf = np.exp(-0.5 * ((GRID - redshift) / 0.01) ** 2) + 0.2 * np.exp(-0.5 * ((GRID - 3.1) / 0.02) ** 2)
    pdf += 1e-5 * random.random(GRID.size)
    pdf /= pdf.sum()
    values: dict[str, Any] = {
        "redshift_grid": GRID,
        "redshift_pdf": pdf,
        "line_wavelength": WAVELENGTH,
        "line_probability": random.random(WAVELENGTH.size),
        "logmass": 10.3,
        "logmass_err": 0.1 + 0.2,
        "logsfr": 1.1,
        "logsfr_err": float("nan"),
        "bundle": "moons-lr 1 (3f2a)",
        "coverage": 0.97,
        "redshift_pdf_std": pdf * random.random(GRID.size),
        "ood": 0.3,
        "ood_threshold": 2.5,
        "warnings": ("much of it is masked", "noise estimated"),
    }
    return Prediction(**(values | changes))
