from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.core.resample import pixel_edges, resample


def grids() -> st.SearchStrategy[np.ndarray]:
    """Increasing wavelengths with steps that differ by less than a gap."""
    steps = st.lists(st.floats(0.8, 1.6), min_size=5, max_size=60)
    return steps.map(lambda values: 5000.0 + np.cumsum(np.array(values)))


def masks(size: int) -> st.SearchStrategy[np.ndarray]:
    return st.lists(st.booleans(), min_size=size, max_size=size).map(np.array)


@given(grid=grids(), width=st.floats(0.3, 7.0), seed=st.integers(0, 1000))
def test_flux_is_conserved_where_it_is_covered(grid: np.ndarray, width: float, seed: int) -> None:
    flux = np.random.default_rng(seed).normal(1e-18, 1e-18, grid.size)
    low, high = pixel_edges(grid)
    count = max(1, int((high[-1] - low[0]) / width))
    step = (high[-1] - low[0]) / count
    new = low[0] + step * (np.arange(count) + 0.5)
    found = resample(
        grid, flux, np.full(grid.size, 1e36), np.zeros(grid.size, bool), new, np.full(count, step)
    )
    assert not found.mask.any()
    assert np.sum(found.flux) * step == pytest.approx(np.sum(flux * (high - low)), rel=1e-9, abs=1e-27)


@given(st.data())
def test_masks_only_grow(data: st.DataObject) -> None:
    grid = data.draw(grids())
    mask = data.draw(masks(grid.size))
    step = data.draw(st.floats(0.3, 5.0))
    new = np.arange(grid[0] - 10, grid[-1] + 10, step)
    found = resample(grid, np.ones(grid.size), np.ones(grid.size), mask, new, np.full(new.size, step))
    low, high = pixel_edges(grid)
    for centre, bad in zip(new, found.mask, strict=True):
        overlap = np.minimum(high, centre + step / 2) - np.maximum(low, centre - step / 2)
        if (overlap[mask] > 0.02 * step).any() or np.clip(overlap, 0, None).sum() < 0.98 * step:
            assert bad
    assert (found.ivar[found.mask] == 0).all()
    assert (found.flux[found.mask] == 0).all()
    assert (found.ivar[~found.mask] > 0).all()
    assert found.flux[~found.mask] == pytest.approx(1.0)


@given(grid=grids(), step=st.floats(0.3, 6.0))
def test_information_never_grows(grid: np.ndarray, step: float) -> None:
    ivar = np.linspace(1, 3, grid.size)
    new = np.arange(grid[0], grid[-1], step)
    found = resample(grid, np.ones(grid.size), ivar, np.zeros(grid.size, bool), new, np.full(new.size, step))
    assert found.ivar.sum() <= ivar.sum() * (1 + 1e-9)


def test_the_same_grid_comes_back_untouched() -> None:
    grid = np.linspace(6000, 7000, 50)
    flux, ivar, mask = np.arange(50.0), np.ones(50), np.zeros(50, bool)
    found = resample(grid, flux, ivar, mask, grid * (1 + 1e-8), np.full(50, 20.0))
    assert found.flux is flux
    assert found.ivar is ivar
    assert found.mask is mask


def test_nothing_is_invented_in_a_gap_or_beyond_the_ends() -> None:
    grid = np.concatenate([np.arange(5000.0, 5100.0), np.arange(5300.0, 5400.0)])
    new = np.arange(4900.0, 5500.0, 2.0)
    found = resample(grid, np.ones(200), np.ones(200), np.zeros(200, bool), new, np.full(new.size, 2.0))
    empty = (new < 4999) | (new > 5401) | ((new > 5101) & (new < 5299))
    assert found.mask[empty].all()
    assert not found.mask[(new > 5002) & (new < 5097)].any()


def test_variance_of_a_mean_of_pixels() -> None:
    grid = np.arange(1000.0, 1100.0)
    new = np.arange(1001.5, 1090.0, 4.0)
    found = resample(grid, np.zeros(100), np.ones(100), np.zeros(100, bool), new, np.full(new.size, 4.0))
    assert found.ivar == pytest.approx(4.0)


def test_tiny_fluxes_keep_their_digits() -> None:
    grid = np.linspace(6000, 7000, 500)
    flux = 1e-19 * (1 + 0.5 * np.sin(grid / 30))
    new = grid[10:-10] + 0.7
    found = resample(
        grid, flux, np.full(500, 1e40), np.zeros(500, bool), new, np.full(new.size, grid[1] - grid[0])
    )
    assert found.flux == pytest.approx(np.interp(new, grid, flux), rel=2e-2)
