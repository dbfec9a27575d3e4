"""Rebinning onto the ln λ grid: flux conserved, masks only grow, the same rules as `resample`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtop_gui.core.rebinning import Rebinning, Rebinnings
from mtop_gui.core.resample import resample

EDGES = 4000.0 * np.exp(2e-4 * np.arange(301))


def irregular(seed: int, pixels: int = 400) -> np.ndarray:
    """Wavelengths from 3950 Å, of steps between 0.4 and 1.6 Å."""
    return 3950.0 + np.cumsum(np.random.default_rng(seed).uniform(0.4, 1.6, pixels))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), bad=st.floats(0, 0.2))
def test_the_same_as_resampling(seed: int, bad: float) -> None:
    rng = np.random.default_rng(seed)
    wavelength = irregular(seed)
    flux, ivar = rng.normal(size=400), rng.uniform(0.5, 2.0, 400)
    good = rng.random(400) >= bad
    found, variance, kept = Rebinning(wavelength, EDGES)(flux, np.where(good, 1 / ivar, np.nan), good)
    centres, widths = (EDGES[1:] + EDGES[:-1]) / 2, np.diff(EDGES)
    expected = resample(wavelength, flux, np.where(good, ivar, 0.0), ~good, centres, widths)
    assert np.array_equal(kept, ~expected.mask)
    assert found == pytest.approx(expected.flux, abs=1e-9)
    assert variance[kept] == pytest.approx(1 / expected.ivar[kept], rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_flux_and_information_are_conserved(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wavelength = np.linspace(3900.0, 4400.0, 700)
    flux, ivar = rng.uniform(1, 2, 700), rng.uniform(0.5, 2.0, 700)
    # A line well inside: nothing is cut off at the ends.
    line = 50 * np.exp(-0.5 * ((wavelength - rng.uniform(4080, 4160)) / 3.0) ** 2)
    everything = np.ones(700, bool)
    rebinning = Rebinning(wavelength, EDGES)
    with_line, variance, good = rebinning(flux + line, 1 / ivar, everything)
    without = rebinning(flux, 1 / ivar, everything)[0]
    widths = np.diff(EDGES)
    assert good.all()
    step = wavelength[1] - wavelength[0]
    assert np.sum((with_line - without) * widths) == pytest.approx(np.sum(line) * step, rel=1e-6)
    inside = (wavelength > EDGES[0] - step) & (wavelength < EDGES[-1] + step)
    assert np.sum(1 / variance) <= np.sum(ivar[inside]) * (1 + 1e-9)


def test_a_batch_is_rebinned_row_by_row() -> None:
    rng = np.random.default_rng(3)
    rebinning = Rebinning(irregular(1), EDGES)
    flux, variance = rng.normal(size=(4, 400)), rng.uniform(1, 2, (4, 400))
    good = rng.random((4, 400)) > 0.05
    together = rebinning(flux, variance, good)
    for row in range(4):
        alone = rebinning(flux[row], variance[row], good[row])
        for one, all_rows in zip(alone, together, strict=True):
            assert np.allclose(one, all_rows[row])


def test_single_precision_stays_single() -> None:
    flux = np.ones((2, 400), np.float32)
    found, variance, _ = Rebinning(irregular(1), EDGES)(flux, flux, np.ones(flux.shape, bool))
    assert found.dtype == variance.dtype == np.float32


def test_gaps_are_not_bridged() -> None:
    wavelength = np.concatenate([np.arange(3990.0, 4080.0), np.arange(4120.0, 4300.0)])
    flux = np.ones(wavelength.size)
    _, _, good = Rebinning(wavelength, EDGES)(flux, flux, np.ones(flux.shape, bool))
    centres = (EDGES[1:] + EDGES[:-1]) / 2
    assert not good[(centres > 4081) & (centres < 4119)].any()
    assert good[(centres > 4001) & (centres < 4078)].all()


def test_grids_are_remembered() -> None:
    kept = Rebinnings(EDGES)
    first = kept.of(irregular(1))
    assert kept.of(irregular(1)) is first
    assert kept.of(irregular(2)) is not first
    assert kept.of(irregular(1)) is first
