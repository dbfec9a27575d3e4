"""The instrument optical: its grid, its galaxies, and observing them as many surveys would."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.instrument import Instrument, load_instrument
from mtop_gui.core.resample import resample
from mtop_gui.simulation import optical_observing
from mtop_gui.simulation.observing import Observer, make_observer
from mtop_gui.simulation.optical_galaxies import draw_optical_galaxies
from mtop_gui.simulation.optical_modes import MODES
from mtop_gui.simulation.optical_observing import OpticalObserver
from mtop_gui.simulation.optical_pixels import draw_pixels, molecular_transmission
from mtop_gui.simulation.templates import LIGHT_SPEED
from tests.simulation.fakes import FakeSurvey
from tests.support.mock_galaxies import needs_templates

if TYPE_CHECKING:
    from numpy.typing import NDArray

N = 24


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument("optical")


@pytest.fixture(scope="module")
def observer(instrument: Instrument) -> OpticalObserver:
    flux = np.full((N, instrument.pixels), 50.0, dtype=np.float32)
    observer = make_observer(FakeSurvey(flux, "optical"), instrument)
    assert isinstance(observer, OpticalObserver)
    return observer


def test_the_grid_is_uniform_in_log_wavelength(instrument):
    steps = np.diff(np.log(instrument.wavelength))
    np.testing.assert_allclose(steps, 1.25e-4, rtol=1e-6)
    np.testing.assert_allclose(instrument.step / instrument.wavelength, 1.25e-4, rtol=1e-3)
    assert instrument.wavelength[0] == 3600.0
    assert 9820 < instrument.wavelength[-1] <= 9824
    assert sum(band.pixels for band in instrument.bands) == instrument.pixels
    # the strongest airglow line stands where it should
    near = np.abs(instrument.wavelength - 5578.9) < 20
    assert instrument.wavelength[near][np.argmax(instrument.sky_emission[near])] == pytest.approx(
        5578.9, abs=0.7
    )


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_native_pixels_resample_as_files_are_resampled(instrument, mode):
    """A file on a mode's pixels, read and resampled by the program, equals what the mocks make of it."""
    rng = np.random.default_rng(5)
    pixels = draw_pixels(rng, mode, instrument)
    flux = rng.normal(10, 1, pixels.wavelength.size)
    sigma = rng.uniform(0.5, 2.0, flux.size)
    ours, error = pixels.to_grid(flux[None], sigma[None])
    mask = np.zeros(flux.size, dtype=bool)
    theirs = resample(pixels.wavelength, flux, sigma**-2.0, mask, instrument.wavelength, instrument.step)
    both = ~theirs.mask & np.isfinite(error[0])
    assert both.sum() > 0.98 * np.isfinite(error[0]).sum()
    np.testing.assert_allclose(ours[0, both], theirs.flux[both], atol=0.02)
    np.testing.assert_allclose(error[0, both], theirs.ivar[both] ** -0.5, rtol=0.02)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_native_pixels_conserve_flux_and_have_sensible_noise(instrument, mode):
    pixels = draw_pixels(np.random.default_rng(5), mode, instrument)
    flux = np.random.default_rng(6).random((1, instrument.pixels)).astype(np.float32)
    native = pixels.from_grid(flux)[0]
    inside = (instrument.wavelength > pixels.wavelength[0]) & (instrument.wavelength < pixels.wavelength[-1])
    total = float((flux[0] * instrument.step)[inside].sum())
    assert float((native * pixels.width).sum()) == pytest.approx(total, rel=0.01)
    assert np.median(pixels.shape) == pytest.approx(1)
    assert (pixels.shape > 0).all()
    assert np.isfinite(pixels.shape).all()


def test_every_draw_is_finite_and_follows_its_seed(observer):
    rows = np.arange(N)
    flux, sigma = observer.draw(np.random.default_rng(1), rows)
    again, same = observer.draw(np.random.default_rng(1), rows)
    np.testing.assert_array_equal(flux, again)
    np.testing.assert_array_equal(sigma, same)
    assert np.isfinite(flux).all()
    assert (sigma > 0).all()
    assert (np.isfinite(sigma).sum(axis=1) > 1000).all()
    assert (flux[np.isinf(sigma)] == 0).all()


def test_fixed_noise_does_not_depend_on_the_batch(observer):
    together = observer.fixed(np.arange(6), 4.0, 9)
    alone = observer.fixed([3], 4.0, 9)
    np.testing.assert_array_equal(together[0][3], alone[0][0])
    np.testing.assert_array_equal(together[1][3], alone[1][0])
    assert not np.array_equal(observer.fixed([3], 8.0, 9)[0], alone[0])


def test_depth_raises_the_signal_to_noise_ratio(observer):
    rows = np.tile(np.arange(N), 4)

    def typical(hours: float) -> float:
        flux, sigma = observer.draw(np.random.default_rng(2), rows, hours)
        return float(np.median([np.median(s[np.isfinite(s)] ** -1) for s in sigma]) * np.median(flux))

    assert typical(8.0) == pytest.approx(2.0 * typical(2.0), rel=0.3)


def test_stated_errors_describe_the_scatter_on_native_pixels(observer, monkeypatch):
    """Without calibration errors and additive surprises the noise has the stated standard deviation."""
    monkeypatch.setattr(optical_observing, "_additive", lambda pixels, n, rng: 0.0)
    pixels = observer.pixels[0][0]
    flux = np.full((200, observer.instrument.pixels), 50.0, dtype=np.float32)
    seen, error = observer._expose(
        pixels,
        flux,
        np.full(200, 50.0),
        np.full(200, 0.5),
        replace(MODES[0], estimated=0.0),
        np.random.default_rng(3),
    )
    pulls = ((seen - pixels.from_grid(flux)) / error)[:, 2:-2]
    assert pulls.std() == pytest.approx(1.0, abs=0.01)
    assert pulls.mean() == pytest.approx(0.0, abs=0.01)


def test_blurring_gives_the_resolution_asked_for(observer):
    size = observer.instrument.pixels
    line = np.zeros((2, size), dtype=np.float32)
    line[:, size // 2] = 1.0
    for resolution in (300.0, 1500.0):
        blurred = observer._degrade(line, np.full(2, resolution))[0].astype(float)
        x = np.arange(size) - size // 2
        near = np.abs(x) < 100
        wanted = LIGHT_SPEED / 2.355 * np.sqrt(resolution**-2 - 5000.0**-2) / (1.25e-4 * LIGHT_SPEED)
        assert np.sqrt((blurred * x**2)[near].sum() / blurred.sum()) == pytest.approx(wanted, rel=0.02)
        assert blurred.sum() == pytest.approx(1.0, rel=1e-3)


def test_telluric_bands_are_deep_and_the_rest_is_clear(instrument):
    clear = molecular_transmission(instrument)
    wavelength = instrument.wavelength
    assert clear[np.abs(wavelength - 7610) < 10].min() < 0.4
    assert clear[np.abs(wavelength - 5200) < 300].min() > 0.97


def test_observers_go_with_their_instruments(instrument, observer):
    moons = load_instrument("moons-lr")
    with pytest.raises(SimulationError, match="was made for 'optical'"):
        make_observer(observer.survey, moons)
    with pytest.raises(SimulationError, match="was made for 'optical'"):
        OpticalObserver(observer.survey, replace(instrument, name="other"))
    flux = np.ones((2, moons.pixels), dtype=np.float32)
    assert isinstance(make_observer(FakeSurvey(flux, "moons-lr"), moons), Observer)


@needs_templates
def test_galaxies_cover_the_redshifts_and_kinds_of_optical_surveys():
    galaxies = draw_optical_galaxies(np.random.default_rng(0), 400)

    def share(chosen: NDArray[np.bool_]) -> float:
        return float(chosen.mean())

    assert galaxies.redshift.min() > 0
    assert galaxies.redshift.max() < 1.7
    assert share(galaxies.redshift < 0.3) > 0.15
    assert share(galaxies.redshift > 0.8) > 0.25
    assert share(galaxies.redshift > 1.2) > 0.08
    assert 0.25 < share(galaxies.quiescent) < 0.45
    assert 20 < np.median(galaxies.mag_i) < 22.5
    assert (galaxies.mag_i < 24.31).all()
    # nuclei: [O III] over Hβ beyond what stars excite, in some massive galaxies
    names = galaxies.line_names
    lines = galaxies.line_fluxes
    excitation = lines[:, names.index("[O III] 5008")] / lines[:, names.index("Hβ 4863")]
    assert 0.005 < share((excitation > 5) & (galaxies.logmass > 10)) < 0.2
