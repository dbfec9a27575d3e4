"""resolve: pure, honest about masks and gaps, and never in the way when something is missing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtop_gui.core.segments import find_segments
from mtop_gui.core.spectrum import Spectrum
from mtop_gui.ui.display import DisplayOptions, resolve, with_candidate
from mtop_gui.ui.scaling import display_exponent, robust_range, unit_text
from mtop_gui.ui.smoothing import gaussian_smooth, running_continuum
from tests.support.plots import make_prediction, make_spectrum, moons

MOONS = moons()
SPECTRUM = make_spectrum(MOONS)
PREDICTION = make_prediction(MOONS)
OPTIONS = DisplayOptions()


def plain(
    flux: np.ndarray, *, wavelength: np.ndarray | None = None, mask: np.ndarray | None = None
) -> Spectrum:
    grid = 5000.0 + np.arange(flux.size) if wavelength is None else wavelength
    bad = np.zeros(flux.size, dtype=bool) if mask is None else mask
    return Spectrum(grid, np.where(bad, 0.0, flux), np.where(bad, 0.0, np.full(flux.size, 4.0)), bad)


def test_display_needs_no_qt() -> None:
    code = "import sys, mtop_gui.ui.display; sys.exit(any(m.startswith(('PySide6', 'pyqtgraph')) for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_resolve_is_pure() -> None:
    before = (SPECTRUM.flux.copy(), PREDICTION.redshift_pdf.copy())
    one = resolve(SPECTRUM, PREDICTION, OPTIONS, instrument=MOONS)
    other = resolve(make_spectrum(MOONS), PREDICTION, OPTIONS, instrument=MOONS)
    for name in ("wavelength", "flux", "flux_smooth", "error", "line_probability"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.line_labels == other.line_labels
    assert one.masked_spans == other.masked_spans
    np.testing.assert_array_equal(SPECTRUM.flux, before[0])
    np.testing.assert_array_equal(PREDICTION.redshift_pdf, before[1])


def test_candidate_is_the_predictions_until_told_otherwise() -> None:
    assert resolve(SPECTRUM, PREDICTION, OPTIONS).candidate == PREDICTION.redshift
    assert resolve(SPECTRUM, PREDICTION, OPTIONS, candidate=0.9).candidate == 0.9


def test_without_a_prediction() -> None:
    state = resolve(SPECTRUM, None, OPTIONS)
    assert state.candidate is None
    assert state.line_labels == ()
    assert state.redshift_pdf is None
    assert state.peaks == ()
    assert state.flux_notice == ""
    assert state.pdf_notice
    assert state.line_notice
    assert replace(state, message="predicting…").pdf_notice == "predicting…"


def test_a_rejection_shows_no_pdf_but_its_reason() -> None:
    reason = "outside the bundle's range: take another bundle"
    state = resolve(SPECTRUM, make_prediction(MOONS, rejection=reason), OPTIONS)
    assert state.message == reason
    assert state.pdf_notice == reason
    assert state.redshift_pdf is None
    assert state.candidate is None
    assert resolve(SPECTRUM, make_prediction(MOONS, rejection=reason), OPTIONS, candidate=1.0).line_labels


@pytest.mark.parametrize("candidate", [float("nan"), float("inf"), -1.0, -3.0])
def test_an_impossible_candidate_is_none(candidate: float) -> None:
    assert resolve(SPECTRUM, PREDICTION, OPTIONS, candidate=candidate).candidate is None


def test_masked_all_but_a_few_pixels() -> None:
    mask = np.ones(200, dtype=bool)
    mask[100:103] = False
    state = resolve(plain(np.full(200, 2.0), mask=mask), None, OPTIONS)
    assert np.isfinite(state.flux_smooth).sum() == 3
    np.testing.assert_allclose(state.flux_smooth[100:103], 2.0)
    low, high = state.flux_range
    assert low < 2.0 < high
    assert len(state.masked_spans) == 2


def test_one_good_pixel() -> None:
    mask = np.ones(50, dtype=bool)
    mask[7] = False
    state = resolve(plain(np.full(50, -3.0), mask=mask), None, DisplayOptions(show_continuum=True))
    assert state.flux_range[0] < -3.0 < state.flux_range[1]


def test_a_spectrum_without_any_error_is_shown_all_the_same() -> None:
    flux = 1e-18 * (2.0 + np.sin(np.arange(300.0) / 30))
    spectrum = Spectrum(5000.0 + np.arange(300), flux, np.zeros(300), np.zeros(300, dtype=bool))
    state = resolve(spectrum, None, OPTIONS, instrument=MOONS)
    assert state.error is None
    assert state.flux_exponent == -18
    low, high = state.flux_range
    assert low < 1.0 < 3.0 < high < 5.0
    np.testing.assert_allclose(state.flux_smooth, state.flux, atol=0.05)


def test_gaps_are_never_interpolated() -> None:
    state = resolve(
        SPECTRUM, PREDICTION, DisplayOptions(smoothing=20.0, show_continuum=True), instrument=MOONS
    )
    assert len(state.gaps) == 1
    low, high = state.gaps[0]
    assert low == pytest.approx(13499, abs=2)
    assert high == pytest.approx(14520, abs=2)
    for grid, name in (
        (state.wavelength, "flux"),
        (state.wavelength, "flux_smooth"),
        (state.wavelength, "error"),
        (state.wavelength, "continuum"),
        (state.line_wavelength, "line_probability"),
    ):
        inside = (grid > low) & (grid < high)
        assert inside.sum() == 1
        assert np.isnan(getattr(state, name)[inside]).all()
    assert np.all(np.diff(state.wavelength) > 0)
    assert state.bad[(state.wavelength > low) & (state.wavelength < high)].all()
    assert not any(low < label.observed_wavelength < high for label in state.line_labels)


def test_smoothing_does_not_leak_across_a_gap() -> None:
    wavelength = np.concatenate([5000.0 + np.arange(100), 6000.0 + np.arange(100)])
    flux = np.concatenate([np.full(100, 1.0), np.full(100, 9.0)])
    state = resolve(plain(flux, wavelength=wavelength), None, DisplayOptions(smoothing=8.0))
    np.testing.assert_allclose(state.flux_smooth[:100], 1.0)
    np.testing.assert_allclose(state.flux_smooth[101:], 9.0)


def test_sky_mask_of_another_grid_is_the_nearest_pixels() -> None:
    own = resolve(SPECTRUM, None, OPTIONS, instrument=MOONS)
    keep = slice(100, 4000)
    part = Spectrum(
        SPECTRUM.wavelength[keep] + 0.05, SPECTRUM.flux[keep], SPECTRUM.ivar[keep], SPECTRUM.mask[keep]
    )
    shifted = resolve(part, None, OPTIONS, instrument=MOONS)
    np.testing.assert_array_equal(shifted.bad, own.bad[keep])
    assert MOONS.sky_mask(OPTIONS.sky_mask_threshold).mean() == pytest.approx(0.155, abs=0.01)


def test_sky_mask_can_be_hidden() -> None:
    state = resolve(SPECTRUM, None, DisplayOptions(show_sky_mask=False), instrument=MOONS)
    assert state.masked_spans == ()
    good = ~SPECTRUM.mask
    finite = np.isfinite(np.delete(state.flux_smooth, 4117 + 4229))
    np.testing.assert_array_equal(finite, good)


def test_masked_spans_cover_exactly_the_bad_pixels() -> None:
    state = resolve(SPECTRUM, None, OPTIONS, instrument=MOONS)
    starts, stops = np.array(state.masked_spans).T
    index = np.searchsorted(starts, state.wavelength, side="right") - 1
    covered = (index >= 0) & (state.wavelength <= stops[index])
    gap = np.isclose(state.wavelength, sum(state.gaps[0]) / 2)
    np.testing.assert_array_equal(covered[~gap], state.bad[~gap])


def test_saliency_on_each_grid() -> None:
    for spectrum, size in ((SPECTRUM, MOONS.pixels), (plain(np.ones(300)), 300)):
        state = resolve(spectrum, PREDICTION, OPTIONS, saliency=np.ones(size))
        assert state.saliency.shape == state.saliency_wavelength.shape
    on_bundle = resolve(plain(np.ones(300)), PREDICTION, OPTIONS, saliency=np.ones(MOONS.pixels))
    assert on_bundle.saliency_wavelength[0] == MOONS.wavelength[0]
    on_instrument = resolve(
        plain(np.ones(300)), None, OPTIONS, saliency=np.ones(MOONS.pixels), instrument=MOONS
    )
    assert on_instrument.saliency is not None
    with pytest.raises(ValueError, match="77 pixels"):
        resolve(SPECTRUM, PREDICTION, OPTIONS, saliency=np.ones(77))


def test_with_candidate_shares_every_array() -> None:
    state = resolve(SPECTRUM, PREDICTION, OPTIONS, instrument=MOONS)
    moved = with_candidate(state, 1.3)
    assert moved.flux is state.flux
    assert moved.masked_spans is state.masked_spans
    assert moved.candidate == 1.3
    halpha = next(label for label in moved.line_labels if label.name == "Hα 6565")
    assert halpha.observed_wavelength == pytest.approx(6564.61 * 2.3)
    assert with_candidate(moved, None).line_labels == ()


def test_a_redshift_step_keeps_the_arrays_of_the_same_spectrum() -> None:
    one = resolve(SPECTRUM, PREDICTION, OPTIONS, candidate=1.0, instrument=MOONS)
    two = resolve(SPECTRUM, PREDICTION, OPTIONS, candidate=1.1, instrument=MOONS)
    assert one.flux_smooth is two.flux_smooth
    assert one.line_probability is two.line_probability


def test_options_leave_layers_out() -> None:
    state = resolve(SPECTRUM, PREDICTION, DisplayOptions(smoothing=0.0, show_lines=False, show_error=False))
    assert state.line_labels == ()
    assert state.error is None
    assert state.continuum is None
    assert state.flux_smooth is state.flux


@given(value=st.floats(-1e3, 1e3), sigma=st.floats(0.3, 30.0), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_smoothing_conserves_constants_and_shrinks_errors(value: float, sigma: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    ivar = random.uniform(0.1, 10.0, 150)
    ivar[random.random(150) < 0.2] = 0.0
    ivar[75] = 1.0
    smooth, error = gaussian_smooth(np.full(150, value), ivar, sigma, [slice(0, 150)])
    seen = ivar > 0
    np.testing.assert_allclose(smooth[seen], value, rtol=1e-9, atol=1e-12)
    assert np.isnan(smooth[~seen]).all()
    # A weighted mean of independent pixels is never worse than its best pixel's share of the weight allows.
    assert np.all(error[seen] <= np.sqrt(1.0 / ivar[seen].min()) * (1 + 1e-9))


def test_smoothed_error_is_the_scatter_of_smoothed_noise() -> None:
    random = np.random.default_rng(4)
    sigma = random.uniform(0.5, 2.0, 400)
    noise = sigma * random.normal(size=(500, 400))
    smooths = np.array([gaussian_smooth(row, sigma**-2.0, 2.5, [slice(0, 400)])[0] for row in noise])
    _, error = gaussian_smooth(noise[0], sigma**-2.0, 2.5, [slice(0, 400)])
    np.testing.assert_allclose(np.median(smooths.std(axis=0) / error), 1.0, atol=0.03)
    assert np.median(error / sigma) < 0.5


def test_tiny_fluxes_do_not_underflow() -> None:
    wavelength = 5000.0 + np.arange(300)
    flux = 1e-19 * (1 + 0.1 * np.sin(wavelength))
    spectrum = Spectrum(wavelength, flux, np.full(300, 1e42), np.zeros(300, dtype=bool))
    state = resolve(spectrum, None, OPTIONS)
    assert state.flux_exponent == -19
    np.testing.assert_allclose(np.nanmean(state.flux_smooth), 1.0, rtol=0.02)
    assert np.isfinite(state.error).all()


def test_flux_range_is_blind_to_sky_residuals_and_shows_lines() -> None:
    random = np.random.default_rng(0)
    flux = random.normal(1.0, 0.1, 10000)
    calm = robust_range(flux)
    flux[::3000] = 1e4
    assert robust_range(flux)[1] < 3 * calm[1]
    flux[5000:5020] += 0.5
    assert robust_range(flux)[1] > 1.3
    assert robust_range(np.full(5, np.nan)) == (-1.0, 1.0)
    low, high = robust_range(np.zeros(100))
    assert low < 0 < high


def test_flux_range_ignores_noisy_pixels_that_nobody_masked() -> None:
    random = np.random.default_rng(5)
    sigma = np.where(np.arange(5000) % 12 == 0, 20.0, 0.1)
    flux = 1.0 + sigma * random.normal(size=5000)
    spectrum = Spectrum(5000.0 + np.arange(5000), flux, sigma**-2.0, np.zeros(5000, dtype=bool))
    for smoothing in (0.0, 2.0):
        low, high = resolve(spectrum, None, DisplayOptions(smoothing=smoothing)).flux_range
        assert -0.5 < low < 1.0 < high < 3.0


@pytest.mark.parametrize(
    ("unit", "exponent", "text"),
    [
        ("erg / (s cm2 Angstrom)", -18, "1e-18 erg/s/cm²/Å"),
        ("erg Angstrom-1 s-1 cm-2", 0, "erg/s/cm²/Å"),
        ("1e-17 erg / (Angstrom s cm2)", 1, "1e-16 erg/s/cm²/Å"),
        ("1e-20 erg/s/cm2/Angstrom", 2, "1e-18 erg/s/cm²/Å"),
        ("uJy", 0, "μJy"),
        ("", 0, "arbitrary units"),
        ("", 5, "1e5 arbitrary units"),
        ("counts per furlong", 0, "counts per furlong"),
    ],
)
def test_units_in_words(unit: str, exponent: int, text: str) -> None:
    assert unit_text(unit, exponent).replace("µ", "μ") == text


@pytest.mark.parametrize(("value", "exponent"), [(3.2e-18, -18), (0.5, 0), (900.0, 0), (2e6, 6), (0.0, 0)])
def test_exponent(value: float, exponent: int) -> None:
    assert display_exponent(value) == exponent


def test_segments() -> None:
    assert len(find_segments(MOONS.wavelength)) == 2
    assert len(find_segments(10 ** np.linspace(3.5, 4.0, 4000))) == 1
    # Overlapping arms, merged: near-duplicate wavelengths are no gaps.
    assert (
        len(
            find_segments(
                np.sort(np.concatenate([4000 + 0.8 * np.arange(500), 4200.01 + 0.8 * np.arange(500)]))
            )
        )
        == 1
    )
    # A prism, whose pixels widen steadily.
    assert len(find_segments(np.cumsum(np.geomspace(20.0, 400.0, 300)))) == 1
    assert find_segments(np.array([1.0, 2.0])) == [slice(0, 2)]


def test_continuum_follows_the_median() -> None:
    good = np.ones(400, dtype=bool)
    flux = np.full(400, 5.0)
    flux[200] = 1e6
    np.testing.assert_allclose(running_continuum(flux, good, [slice(0, 400)], 101), 5.0)
    assert np.isnan(running_continuum(flux, ~good, [slice(0, 400)])).all()


def test_titles_say_name_file_and_row() -> None:
    spectrum = replace(SPECTRUM, name="NGC 1", path=Path("cube.fits"), row=3)
    assert resolve(spectrum, None, OPTIONS).title == "NGC 1  ·  cube.fits [3]"
    same = replace(SPECTRUM, name="cube", path=Path("cube.fits"), row=0)
    assert resolve(same, None, OPTIONS).title == "cube.fits"
