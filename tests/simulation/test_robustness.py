"""Disturbances: the same for the same seed, bounded, honest about what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtop_gui.core.instrument import load_instrument
from mtop_gui.simulation.robustness import Robustness

CALM = {
    "missing_share": 0.0,
    "hit_share": 0.0,
    "error_scale": 0.0,
    "tilt": 0.0,
    "band_offset": 0.0,
    "shift": 0.0,
    "dead_share": 0.0,
}


@pytest.fixture(scope="module")
def robustness() -> Robustness:
    return Robustness(load_instrument("moons-lr"))


@pytest.fixture
def spectra(robustness: Robustness) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    shape = (64, robustness.instrument.pixels)
    return rng.normal(10, 1, shape).astype(np.float32), np.ones(shape, np.float32)


def test_the_same_seed_gives_the_same_and_leaves_its_arguments(robustness, spectra):
    flux, sigma = (array.copy() for array in spectra)
    first = robustness.draw(flux, sigma, np.random.default_rng(1))
    again = robustness.draw(flux, sigma, np.random.default_rng(1))
    other = robustness.draw(flux, sigma, np.random.default_rng(2))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.flux, other.flux)
    np.testing.assert_array_equal(flux, spectra[0])
    np.testing.assert_array_equal(sigma, spectra[1])
    assert first.flux.dtype == first.sigma.dtype == np.float32


def test_nothing_switched_on_changes_nothing(robustness, spectra):
    calm = replace(robustness, **CALM)
    flux, sigma, mask = calm.draw(*spectra, np.random.default_rng(1))
    np.testing.assert_array_equal(flux, spectra[0])
    np.testing.assert_array_equal(sigma, spectra[1])
    assert not mask.any()


def test_masked_pixels_have_no_flux_and_infinite_error(robustness, spectra):
    flux, sigma = spectra
    sigma[:, 100:200] = np.inf
    sigma[:, 300] = 0.0
    flux[:, 100:200] = np.nan
    drawn = robustness.draw(flux, sigma, np.random.default_rng(1))
    assert drawn.mask[:, 100:200].all()
    assert drawn.mask[:, 300].all()
    assert (drawn.flux[drawn.mask] == 0).all()
    assert np.isposinf(drawn.sigma[drawn.mask]).all()
    assert np.isfinite(drawn.flux).all()
    assert np.isfinite(drawn.sigma[~drawn.mask]).all()


def test_bands_go_missing_but_never_all(robustness, spectra):
    losing = replace(robustness, **{**CALM, "missing_share": 1.0})
    mask = losing.draw(*spectra, np.random.default_rng(1)).mask
    lost = np.stack([mask[:, part].all(axis=1) for part in losing.instrument.band_slices.values()], axis=1)
    assert set(lost.sum(axis=1)) == {1, 2}
    assert lost.any(axis=0).all()
    # the only band with data is never taken
    sigma = spectra[1].copy()
    sigma[:, losing.instrument.band_slices["RI"].stop :] = np.inf
    assert (~losing.draw(spectra[0], sigma, np.random.default_rng(1)).mask).any(axis=1).all()


def test_errors_are_wrong_by_the_scale_asked_for(robustness, spectra):
    wrong = replace(robustness, **{**CALM, "error_scale": 0.1})
    sigma = wrong.draw(*spectra, np.random.default_rng(1)).sigma
    middle = np.log(sigma[:, [100, 6000, 12000]])
    assert middle.std() == pytest.approx(0.1 * np.sqrt(2), rel=0.25)


def test_a_shift_moves_a_line_by_that_part_of_a_pixel(robustness):
    pixels = np.arange(robustness.instrument.pixels, dtype=np.float32)
    line = np.exp(-0.5 * ((pixels - 2000) / 2.0) ** 2)
    flux = np.repeat(line[None], 50, axis=0)
    shifting = replace(robustness, **{**CALM, "shift": 0.1})
    moved = shifting.draw(flux, np.ones_like(flux), np.random.default_rng(1)).flux
    centroid = (moved * pixels).sum(axis=1) / moved.sum(axis=1) - 2000
    assert np.abs(centroid).max() <= 0.101
    assert np.abs(centroid).max() > 0.08
    assert centroid.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.25)


def test_hits_are_bright_and_some_are_masked(robustness, spectra):
    hit = replace(robustness, **{**CALM, "hit_share": 1.0, "hits": 10.0})
    flux, _, mask = hit.draw(*spectra, np.random.default_rng(1))
    bright = flux - spectra[0] > 3
    assert 5 < bright.sum(axis=1).mean() < 20
    assert 0.3 < mask.sum() / (mask.sum() + bright.sum()) < 0.7
