"""Fitting lines near a candidate: it finds what was put in, says how well, and refuses noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtop_gui.core.line_fit import LIGHT_SPEED, REACH, fit_lines
from mtop_gui.core.spectrum import FLAM, Spectrum

STRENGTHS = {3727.09: 1.0, 3729.88: 1.2, 4862.68: 1.0, 4960.30: 0.7, 5008.24: 2.0, 6564.61: 3.0}
NOISE = 1e-19


def galaxy(redshift: float, *, brightness: float = 3e-18, seed: int = 0, width: float = 150.0) -> Spectrum:
    """Make a flat continuum with emission lines of `width` km/s, noise included."""
    random = np.random.default_rng(seed)
    wavelength = np.arange(6470.0, 18000.0, 1.0)
    flux = 5e-19 + random.normal(0.0, NOISE, wavelength.size)
    for line, strength in STRENGTHS.items():
        velocity = LIGHT_SPEED * (wavelength / (line * (1 + redshift)) - 1)
        flux += brightness * strength * np.exp(-0.5 * (velocity / width) ** 2)
    mask = (wavelength > 13450) & (wavelength < 14600)
    return Spectrum(
        wavelength=wavelength,
        flux=np.where(mask, 0.0, flux),
        ivar=np.where(mask, 0.0, NOISE**-2),
        mask=mask,
        path=Path("made.fits"),
        flux_unit=FLAM,
    )


@settings(max_examples=25, deadline=None)
@given(redshift=st.floats(0.8, 2.4), off=st.floats(-0.75, 0.75), seed=st.integers(0, 99))
def test_it_finds_the_redshift_that_was_put_in(redshift: float, off: float, seed: int) -> None:
    candidate = redshift + off * REACH / LIGHT_SPEED * (1 + redshift)
    fit = fit_lines(galaxy(redshift, seed=seed), candidate)
    assert fit is not None
    assert fit.redshift == pytest.approx(redshift, abs=1.5e-4)
    assert 0 < fit.error < 1e-4


def test_its_error_is_the_scatter_of_faint_galaxies() -> None:
    fits = [fit_lines(galaxy(1.2, brightness=3e-19, seed=seed), 1.2) for seed in range(40)]
    found = [fit for fit in fits if fit is not None]
    assert len(found) >= 38
    pulls = np.array([(fit.redshift - 1.2) / fit.error for fit in found])
    assert abs(pulls.mean()) < 0.6
    assert 0.6 < pulls.std() < 1.7


def test_noise_and_a_spectrum_without_good_pixels_give_nothing() -> None:
    assert sum(fit_lines(galaxy(1.2, brightness=0.0, seed=seed), 1.2) is not None for seed in range(20)) <= 1
    dark = galaxy(1.2)
    assert fit_lines(replace(dark, ivar=np.zeros(dark.flux.size)), 1.2) is None


def test_nothing_is_claimed_where_no_line_is_covered() -> None:
    assert fit_lines(galaxy(1.2), 25.0) is None
