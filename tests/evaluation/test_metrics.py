from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.evaluation import metrics

RNG = np.random.default_rng


def test_success_counts_missing_redshifts_as_failures() -> None:
    truth = np.array([1.0, 1.0, 1.0, 1.0])
    said = np.array([1.002, 1.02, np.nan, 1.0])
    assert metrics.success(said, truth, 0.003) == 0.5
    assert metrics.success(said, truth, 0.1) == 0.75
    assert np.isnan(metrics.success(np.array([]), np.array([])))


def test_success_table_is_keyed_by_hours_and_threshold() -> None:
    table = metrics.success_table(np.array([1.0, 1.2]), np.array([1.0, 1.0]), np.array([2.0, 8.0]))
    assert table == {
        "2": {"0.003": 1.0, "0.01": 1.0, "0.1": 1.0},
        "8": {"0.003": 0.0, "0.01": 0.0, "0.1": 0.0},
    }


def test_nmad_and_robust_sigma_are_those_of_the_gaussian_core() -> None:
    values = RNG(0).normal(5.0, 30.0, 20_000)
    values[:500] = 1e6
    assert metrics.nmad(values) == pytest.approx(30.0, rel=0.05)
    assert metrics.robust_sigma(values[500:]) == pytest.approx(30.0, rel=0.03)


def test_velocity_offset() -> None:
    assert metrics.velocity_offset(np.array([1.001]), np.array([1.0]))[0] == pytest.approx(149.896, rel=1e-4)


@pytest.mark.parametrize("outliers", [0.0, 0.3])
def test_the_gaussian_fit_sees_the_core_only(outliers: float) -> None:
    rng = RNG(1)
    core = rng.normal(2e-4, 1e-3, 5000)
    wild = rng.uniform(-2, 2, int(outliers * core.size))
    fit = metrics.gaussian_fit(np.concatenate([core, wild, [np.nan]]))
    assert fit.mean == pytest.approx(2e-4, abs=1e-4)
    assert fit.sigma == pytest.approx(1e-3, rel=0.06)


def test_the_gaussian_fit_of_next_to_nothing() -> None:
    assert np.isnan(metrics.gaussian_fit(np.array([np.nan])).mean)
    assert metrics.gaussian_fit(np.full(50, 0.2)) == (pytest.approx(0.2), 0.0)


def test_catastrophic_counts_far_and_missing_ones() -> None:
    truth = np.ones(4)
    said = np.array([1.0, 1.4, 1.6, np.nan])
    assert metrics.catastrophic(said, truth) == 0.5
    assert metrics.catastrophic(said, truth, np.array([True, True, False, False])) == 0.0
    assert np.isnan(metrics.catastrophic(said, truth, np.zeros(4, bool)))


def test_screening() -> None:
    right, kept = np.array([True, True, False, False]), np.array([True, True, True, False])
    cut = metrics.screening(right, kept)
    assert cut == (pytest.approx(2 / 3), 0.25, 0.5)
    assert np.isnan(metrics.screening(right, np.zeros(4, bool)).success)


def test_risk_coverage_of_a_perfect_and_of_a_useless_order() -> None:
    right = np.array([True] * 6 + [False] * 4)
    coverage, risk = metrics.risk_coverage(np.arange(10.0), right)
    assert coverage[-1] == 1.0
    assert risk[:6].max() == 0.0
    assert risk[-1] == pytest.approx(0.4)
    assert metrics.area_under_risk(np.arange(10.0), right) == pytest.approx(0.0, abs=1e-12)
    coverage, risk = metrics.risk_coverage(np.zeros(10), right)
    assert coverage.tolist() == [1.0]
    assert risk.tolist() == [0.4]
    assert metrics.area_under_risk(-np.arange(10.0), right) > 0.3


def test_missing_doubt_is_the_greatest_doubt() -> None:
    _, risk = metrics.risk_coverage(np.array([np.nan, 1.0, 2.0]), np.array([False, True, True]))
    assert risk.tolist() == [0.0, 0.0, pytest.approx(1 / 3)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_risk_at_full_coverage_is_the_share_of_wrong_ones(seed: int, count: int) -> None:
    rng = RNG(seed)
    right = rng.random(count) < 0.7
    coverage, risk = metrics.risk_coverage(rng.integers(0, 5, count).astype(float), right)
    assert coverage[-1] == 1.0
    assert risk[-1] == pytest.approx(np.mean(~right))
    assert (np.diff(coverage) > 0).all()
    assert metrics.area_under_risk(rng.random(count), right) >= -1e-12


def test_a_reliable_probability_has_no_calibration_error() -> None:
    rng = RNG(2)
    claimed = rng.random(200_000)
    right = rng.random(claimed.size) < claimed
    said, true, count = metrics.reliability(claimed, right)
    assert np.abs(said - true).max() < 0.02
    assert count.sum() == claimed.size
    assert metrics.calibration_error(claimed, right) < 0.01
    assert metrics.calibration_error(np.full(100, 0.9), np.zeros(100, bool)) == pytest.approx(0.9)


def test_how_many_must_be_rejected() -> None:
    doubt, right = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([True, True, False, True, False])
    assert metrics.least_rejected(doubt, right, 0.9) == pytest.approx(0.6)
    assert metrics.least_rejected(doubt, right, 0.75) == pytest.approx(
        0.2
    )  # 3 of 4: a later right one makes good
    assert np.isnan(metrics.least_rejected(doubt, ~right, 0.9))


def test_pulls_leave_out_what_has_no_error() -> None:
    pulls = metrics.pulls(np.array([1.0, 2.0, 3.0]), np.zeros(3), np.array([0.5, 0.0, np.nan]))
    assert pulls.tolist() == [2.0]
