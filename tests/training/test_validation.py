from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mtop_gui.network.predictor import apply_temperature
from mtop_gui.training.labels import redshift_labels
from mtop_gui.training.validation import error_scale, fit_temperature, robust_sigma

GRID = np.linspace(0.7, 1.3, 200)


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoiled_a_calibrated_pdf_is_found(truth: float) -> None:
    rng = np.random.default_rng(0)
    centre = rng.uniform(0.8, 1.2, 3000)
    redshift = centre + rng.normal(0, 0.03, 3000)
    calibrated = stats.norm.pdf(GRID[None], centre[:, None], 0.03)
    calibrated /= calibrated.sum(axis=1, keepdims=True)
    spoiled = apply_temperature(calibrated, 1 / truth)
    assert fit_temperature(spoiled, redshift_labels(redshift, GRID)) == pytest.approx(truth, rel=0.08)


def test_robust_sigma_is_deaf_to_outliers() -> None:
    residual = np.random.default_rng(0).normal(0, 0.2, 20000)
    residual[:200] = 50
    assert robust_sigma(residual) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("claimed", [0.5, 1.0, 3.0])
def test_scaled_errors_hold_68_percent(claimed: float) -> None:
    residual = np.random.default_rng(0).normal(0, 0.2, 20000)
    pull = np.concatenate([residual / (0.2 * claimed), [np.nan, np.nan]])
    assert error_scale(pull) == pytest.approx(1 / claimed, rel=0.03)


def test_where_no_error_was_claimed_nothing_is_scaled() -> None:
    assert error_scale(np.full(5, np.nan)) == 1.0
