"""The noise agrees with MOONS1D pixel by pixel, with the reference line limits, and with itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import median_filter

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.instrument import Instrument, load_instrument
from mtop_gui.simulation.fibre import half_light_fraction, point_source_fraction
from mtop_gui.simulation.noise import FLUX_UNIT, NoiseModel, noise_sigma

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray

SPEED_OF_LIGHT = 299792.458
LINE_LIMITS = {"RI": 8.0e-18, "YJ": 5.5e-18, "H": 4.6e-18}  # 5 sigma, 2 h, line of 100 km/s in clean sky


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument("moons-lr")


def moons1d_bands(path: Path, kind: str) -> list[FloatArray]:
    with fits.open(path) as hdus:
        named = {hdu.header["NAME"]: hdu.data.astype(np.float64) for hdu in hdus[1:]}
    return [named[f"{kind}_{band}"] for band in ("RI", "YJ", "H")]


def test_sigma_agrees_with_every_moons1d_file(shared_spectra: Path, instrument: Instrument) -> None:
    model = NoiseModel(instrument, convention="moons1d", unit=1.0)
    files = sorted((shared_spectra / "moons1d").glob("*.fits"))
    assert files
    for path in files:
        hours = float(fits.getval(path, "NDIT")) / 12
        observed = np.concatenate([median_filter(data, 101) for data in moons1d_bands(path, "DATA")])
        sigma = model.sigma(observed / model.response, hours)
        ratio = np.concatenate(moons1d_bands(path, "ERR")) / sigma
        for name, pixels in instrument.band_slices.items():
            assert np.median(ratio[pixels]) == pytest.approx(1, abs=0.005), (path.name, name)
            # single pixels too; what departs is the object's own structure, which the median filter removes
            assert np.mean(np.abs(ratio[pixels] - 1) < 0.05) > 0.95, (path.name, name)


def test_sky_agrees_with_moons1d(shared_spectra: Path, instrument: Instrument) -> None:
    # MOONS1D writes its sky multiplied by the fibre's solid angle.
    aperture = np.pi * (instrument.fibre_diameter / 2) ** 2
    with fits.open(next((shared_spectra / "moons1d").glob("*.fits"))) as hdus:
        for number, (band, pixels) in enumerate(
            zip(instrument.bands, instrument.band_slices.values(), strict=True)
        ):
            hdu = hdus[4 * number + 4]
            assert hdu.header["NAME"] == "Sky"
            np.testing.assert_allclose(hdu.data, aperture * instrument.sky_emission[pixels], rtol=1e-6)
            wavelength = hdu.header["CRVAL1"] + hdu.header["CDELT1"] * np.arange(band.pixels)
            np.testing.assert_array_equal(wavelength, instrument.wavelength[pixels])


@pytest.mark.parametrize(("hours", "factor"), [(2.0, 1.0), (8.0, 0.5)])
def test_line_limits_in_clean_sky(instrument: Instrument, hours: float, factor: float) -> None:
    sigma = noise_sigma(instrument, np.zeros(instrument.pixels), hours)
    width = instrument.wavelength * np.hypot(100 / SPEED_OF_LIGHT, 1 / instrument.resolution / 2.3548)
    # matched filter of a Gaussian line: flux error = sigma * sqrt(2 sqrt(pi) width * step)
    limit = 5 * sigma * np.sqrt(2 * np.sqrt(np.pi) * width * instrument.step)
    clean = ~instrument.sky_mask(-4.5)
    for name, pixels in instrument.band_slices.items():
        assert np.median(limit[pixels][clean[pixels]]) == pytest.approx(factor * LINE_LIMITS[name], rel=0.15)


@pytest.mark.parametrize("convention", ["physical", "moons1d"])
def test_observations_scatter_by_their_sigma(instrument: Instrument, convention: str) -> None:
    model = NoiseModel(instrument, convention=convention)  # type: ignore[arg-type]
    flux = np.full((40, instrument.pixels), 30.0, dtype=np.float32)
    hours = np.tile([2.0, 4.0, 8.0, 2.0], 10)
    options = {"fibre_fraction": np.full(40, 0.5), "sky_residual": np.full(40, 0.003)}
    observed, sigma = model.observe(np.random.default_rng(5), flux, hours, **options)
    assert observed.dtype == sigma.dtype == np.float32
    pull = (observed - flux * model.response) / sigma
    assert abs(pull.mean()) < 0.006
    assert pull.std() == pytest.approx(1, abs=0.006)
    again, _ = model.observe(np.random.default_rng(5), flux, hours, **options)
    np.testing.assert_array_equal(observed, again)


def test_batch_and_single_spectrum_agree(instrument: Instrument) -> None:
    flux = np.random.default_rng(1).uniform(0, 100, (3, instrument.pixels))
    hours, share, residual = (
        np.array([2.0, 4.0, 8.0]),
        np.array([0.3, 0.5, 0.7]),
        np.array([0.0, 0.002, 0.005]),
    )
    batch = NoiseModel(instrument).sigma(
        flux.astype(np.float32), hours, fibre_fraction=share, sky_residual=residual
    )
    for row in range(3):
        single = noise_sigma(
            instrument,
            flux[row] * FLUX_UNIT,
            float(hours[row]),
            fibre_fraction=float(share[row]),
            sky_residual=float(residual[row]),
        )
        np.testing.assert_allclose(batch[row] * FLUX_UNIT, single, rtol=1e-5)


def test_noise_grows_with_what_makes_noise(instrument: Instrument) -> None:
    dark_sky = noise_sigma(instrument, np.zeros(instrument.pixels), 2.0)
    assert np.all(noise_sigma(instrument, np.full(instrument.pixels, 1e-16), 2.0) > dark_sky)
    assert np.all(noise_sigma(instrument, np.zeros(instrument.pixels), 2.0, sky_residual=0.005) > dark_sky)
    # half the light in the fibre, twice the noise once calibrated
    half = noise_sigma(
        instrument, np.zeros(instrument.pixels), 2.0, fibre_fraction=0.5 * point_source_fraction(1.1)
    )
    np.testing.assert_allclose(half, 2 * dark_sky)
    # the residual floor does not fall with exposure time
    floors = [
        noise_sigma(instrument, np.zeros(instrument.pixels), hours, sky_residual=0.004) ** 2
        - noise_sigma(instrument, np.zeros(instrument.pixels), hours) ** 2
        for hours in (2.0, 8.0)
    ]
    bright = instrument.sky_mask(-4.0)
    np.testing.assert_allclose(floors[0][bright], floors[1][bright], rtol=1e-6)


@pytest.mark.parametrize(("hours", "fraction"), [(0.0, 0.5), (-2.0, 0.5), (2.0, 0.0)])
def test_impossible_exposures_are_refused(instrument: Instrument, hours: float, fraction: float) -> None:
    with pytest.raises(SimulationError, match="positive"):
        noise_sigma(instrument, np.zeros(instrument.pixels), hours, fibre_fraction=fraction)


@pytest.mark.parametrize("sersic", [1.0, 4.0])
def test_fibre_fraction_limits(sersic: float) -> None:
    radius = np.array([0.0, 0.1, 0.3, 1.0, 3.0])
    fraction = half_light_fraction(radius, sersic, 1.1)
    assert fraction[0] == pytest.approx(point_source_fraction(1.1), rel=1e-3)
    assert np.all(np.diff(fraction) < 0)
    # without seeing, the half-light radius holds half the light
    assert half_light_fraction(0.55, sersic, 1.1, seeing=0.02)[0] == pytest.approx(0.5, abs=0.01)


def test_fibre_fraction_agrees_with_a_monte_carlo() -> None:
    rng = np.random.default_rng(3)
    # an exponential disc of half-light radius 0.4": scale length 0.4/1.678, radii are Gamma(2)
    radius = rng.gamma(2.0, 0.4 / 1.67835, 400_000)
    angle = rng.uniform(0, 2 * np.pi, radius.size)
    blur = rng.normal(0, 0.8 / 2.35482, (2, radius.size))
    landed = np.hypot(radius * np.cos(angle) + blur[0], radius * np.sin(angle) + blur[1])
    assert half_light_fraction(0.4, 1.0, 1.1)[0] == pytest.approx(np.mean(landed < 0.55), abs=0.003)
