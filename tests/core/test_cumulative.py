from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.interpolate import PchipInterpolator

from mtop_gui.core.cumulative import Cumulative, bin_edges, bins_of

GRID = np.arange(0.6, 3.0, 0.003) + 0.0015
EDGES = bin_edges(GRID)


def gaussian(mean: float, sigma: float) -> np.ndarray:
    return np.diff(stats.norm.cdf(EDGES, mean, sigma))


def test_edges_lie_halfway() -> None:
    assert EDGES.size == GRID.size + 1
    assert np.allclose((EDGES[1:] + EDGES[:-1]) / 2, GRID)


@given(st.integers(0, 10_000))
def test_the_cubic_is_the_one_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = np.cumsum(rng.uniform(0.5, 2.0, 30))
    probability = rng.choice([0.0, 1.0, 3.0], 30) * rng.uniform(0.1, 1.0, 30)
    probability[7] += 0.1
    one = Cumulative(grid, probability)
    reference = PchipInterpolator(one.edges, one.below)
    # At the two ends scipy takes a slope of three points, this one that of the outermost bin.
    for redshift in rng.uniform(one.edges[2], one.edges[-3], 20):
        assert one.at(redshift) == pytest.approx(float(reference(redshift)), abs=1e-12)


def test_quantiles_undo_the_cumulative() -> None:
    one = Cumulative(GRID, gaussian(1.7, 0.04))
    levels = (0.025, 0.16, 0.5, 0.84, 0.975)
    assert np.allclose(one.quantiles(levels), stats.norm.ppf(levels, 1.7, 0.04), atol=2e-5)
    assert [one.at(redshift) for redshift in one.quantiles(levels)] == pytest.approx(list(levels), abs=1e-3)


def test_a_peak_narrower_than_a_bin_is_placed_by_its_neighbours() -> None:
    centre = float(GRID[400])
    for offset in (-0.001, 0.0, 0.001):
        median = Cumulative(GRID, gaussian(centre + offset, 0.0012)).quantiles([0.5])[0]
        assert median == pytest.approx(centre + offset, abs=3e-4)


def test_all_in_one_bin_stays_there_and_beyond_the_ends_is_nothing() -> None:
    probability = np.zeros(GRID.size)
    probability[100] = 2.0
    one = Cumulative(GRID, probability)
    low, middle, high = one.quantiles([0.16, 0.5, 0.84])
    assert EDGES[100] < low < middle < high < EDGES[101]
    assert middle == pytest.approx(GRID[100])
    assert (one.at(0.0), one.at(9.0)) == (0.0, 1.0)
    assert (one.at(float(EDGES[100])), one.at(float(EDGES[101]))) == (0.0, 1.0)


def test_probability_in_the_outermost_bins() -> None:
    probability = np.zeros(GRID.size)
    probability[[0, -1]] = 1.0
    low, high = Cumulative(GRID, probability).quantiles([0.25, 0.75])
    assert EDGES[0] < low < EDGES[1]
    assert EDGES[-2] < high < EDGES[-1]


@pytest.mark.parametrize("width", [0.003, 0.0101, 5.0])
@pytest.mark.parametrize("frozen", [False, True])
def test_bins_of_another_width_hold_what_the_cumulative_says(width: float, frozen: bool) -> None:
    grid = 1.7 * np.exp(5e-4 * np.arange(1000)) - 1
    grid.flags.writeable = not frozen
    probability = np.random.default_rng(1).random(grid.size)
    edges = bin_edges(grid)
    wanted = edges[0] + width * np.arange(2 + int((edges[-1] - edges[0]) / width))
    below = np.interp(wanted, edges, np.concatenate([[0.0], np.cumsum(probability) / probability.sum()]))
    for _ in range(2):  # the second time from what is remembered of the grid
        found = Cumulative(grid, probability).rebinned(width)
        assert found == pytest.approx(np.diff(below))
    assert (bins_of(grid) is bins_of(grid)) == frozen


def test_a_grid_that_has_the_width_is_left_as_it_is() -> None:
    grid = 0.6 + 0.003 * (np.arange(800) + 0.5)
    assert Cumulative(grid, np.ones(800)).rebinned(0.003) is None
