from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtop_gui.core.cumulative import bin_edges
from mtop_gui.evaluation import pdfs

GRID = np.arange(0.6, 3.0, 0.003) + 0.0015
EDGES = bin_edges(GRID)


def gaussian(mean: float, sigma: float) -> np.ndarray:
    probability = np.diff(stats.norm.cdf(EDGES, mean, sigma))
    return probability / probability.sum()


def test_pit_of_an_analytic_gaussian_is_uniform() -> None:
    rng = np.random.default_rng(0)
    means, sigmas = rng.uniform(1.2, 2.4, 3000), rng.uniform(0.004, 0.1, 3000)
    truth = rng.normal(means, sigmas)
    transform = pdfs.pit(GRID, np.stack([gaussian(*one) for one in zip(means, sigmas, strict=True)]), truth)
    assert pdfs.ks_distance(transform) < 1.63 / np.sqrt(3000)  # the 1 % point
    assert pdfs.central_coverage(transform, 0.68) == pytest.approx(0.68, abs=0.03)


def test_pit_of_gaussians_narrower_than_a_bin_is_nearly_uniform() -> None:
    rng = np.random.default_rng(2)
    means, sigmas = rng.uniform(1.2, 2.4, 3000), rng.uniform(0.0012, 0.003, 3000)  # 0.4 to one bin
    truth = rng.normal(means, sigmas)
    transform = pdfs.pit(GRID, np.stack([gaussian(*one) for one in zip(means, sigmas, strict=True)]), truth)
    assert pdfs.ks_distance(transform) < 0.04
    assert pdfs.central_coverage(transform, 0.68) == pytest.approx(0.68, abs=0.04)


def test_pit_of_a_gaussian_claimed_too_narrow_is_not() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(1.8, 0.05, 2000)
    narrow, wide = gaussian(1.8, 0.025), gaussian(1.8, 0.1)
    for claimed, covered in ((narrow, 0.38), (wide, 0.954)):
        transform = pdfs.pit(GRID, np.broadcast_to(claimed, (2000, GRID.size)), truth)
        assert pdfs.ks_distance(transform) > 0.1
        assert pdfs.central_coverage(transform, 0.68) == pytest.approx(covered, abs=0.04)


@pytest.mark.parametrize("offset", [-0.3, 0.0, 0.02, 0.4])
@pytest.mark.parametrize("sigma", [0.02, 0.1])
def test_crps_of_a_gaussian_is_its_closed_form(offset: float, sigma: float) -> None:
    # Gneiting & Raftery 07, Eq. 21
    x = offset / sigma
    closed = sigma * (x * (2 * stats.norm.cdf(x) - 1) + 2 * stats.norm.pdf(x) - 1 / np.sqrt(np.pi))
    assert pdfs.crps(GRID, gaussian(1.8, sigma), 1.8 + offset) == pytest.approx(closed, rel=3e-3)


def test_crps_beyond_the_grid_grows_with_the_distance() -> None:
    pdf = gaussian(2.9, 0.02)
    at_end = pdfs.crps(GRID, pdf, EDGES[-1])
    assert pdfs.crps(GRID, pdf, EDGES[-1] + 0.5) == pytest.approx(at_end + 0.5)


@given(st.floats(0.6, 3.0), st.integers(0, 2**32 - 1))
def test_crps_lies_between_zero_and_the_grid(truth: float, seed: int) -> None:
    pdf = np.random.default_rng(seed).random(GRID.size) ** 8
    score = pdfs.crps(GRID, pdf / pdf.sum(), truth)
    assert 0 <= score <= EDGES[-1] - EDGES[0]


def test_ks_distance_of_a_regular_grid_and_of_nothing() -> None:
    assert pdfs.ks_distance((np.arange(100) + 0.5) / 100) == pytest.approx(0.005)
    assert pdfs.ks_distance(np.full(50, 0.5)) == pytest.approx(0.5)
    assert np.isnan(pdfs.ks_distance(np.array([np.nan])))
