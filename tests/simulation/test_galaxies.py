"""Noise-free spectra: lines where and as bright as they should be, light conserved, fast enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.simulation.emission import emission_lines
from mtop_gui.simulation.galaxies import Galaxies, galaxy_spectra, select
from mtop_gui.simulation.spectra import add_lines, pixel_edges
from tests.support.mock_galaxies import needs_templates, population, stub_moons

REST = np.array([line.wavelength for line in emission_lines()])
NAMES = [line.name for line in emission_lines()]


def _lines_only(galaxies: Galaxies) -> np.ndarray:
    """Give the spectra minus the same galaxies' without emission lines."""
    everything = np.arange(len(galaxies))
    dark = replace(galaxies, line_fluxes=galaxies.line_fluxes * 0)
    return galaxy_spectra(galaxies, everything, stub_moons()) - galaxy_spectra(dark, everything, stub_moons())


@given(
    centre=st.floats(5020.0, 5080.0),
    sigma=st.floats(0.05, 3.0),
    flux=st.floats(1e-20, 1e-14),
)
def test_a_line_keeps_its_flux_and_its_place_on_pixels_of_any_phase(
    centre: float, sigma: float, flux: float
) -> None:
    wavelength = np.arange(5000.0, 5100.0, 0.7)
    spectrum, edges = np.zeros(wavelength.size), pixel_edges(wavelength)
    add_lines(spectrum, edges, np.array([centre]), np.array([sigma]), np.array([flux]))
    assert np.sum(spectrum * np.diff(edges)) == pytest.approx(flux, rel=1e-6)
    # a line narrower than a pixel is known to half a pixel only; the instrument's lines never are
    accuracy = 0.07 if sigma > 0.35 else 0.35
    assert np.sum(spectrum * wavelength) / np.sum(spectrum) == pytest.approx(centre, abs=accuracy)


def test_a_line_across_the_edge_loses_what_falls_outside() -> None:
    wavelength = np.arange(5000.0, 5100.0, 0.7)
    spectrum, edges = np.zeros(wavelength.size), pixel_edges(wavelength)
    add_lines(spectrum, edges, edges[[0, -1]], np.array([2.0, 2.0]), np.array([1.0, 1.0]))
    assert np.sum(spectrum * np.diff(edges)) == pytest.approx(1.0, rel=1e-6)


@needs_templates
def test_every_line_well_inside_a_band_keeps_its_flux() -> None:
    galaxies, instrument = select(population(), np.arange(40)), stub_moons()
    added = _lines_only(galaxies)
    for band in instrument.bands:
        part = instrument.band_slices[band.name]
        found = np.sum(added[:, part], axis=1) * band.step
        observed = REST * (1 + galaxies.redshift[:, None])
        first, last = instrument.wavelength[part][[0, -1]]
        margin = 0.015 * observed
        inside = (observed > first) & (observed < last)
        unclear = (np.abs(observed - first) < margin) | (np.abs(observed - last) < margin)
        expected = np.sum(galaxies.line_fluxes * inside, axis=1)
        clear = ~np.any(unclear & (galaxies.line_fluxes > 0), axis=1)
        assert clear.sum() >= 5
        np.testing.assert_allclose(found[clear], expected[clear], rtol=1e-6, atol=1e-24)


@needs_templates
@pytest.mark.parametrize("name", ["Hα 6565", "Hβ 4863", "[O III] 5008"])
def test_lines_lie_at_their_redshifted_wavelength_to_a_tenth_of_a_pixel(name: str) -> None:
    column, instrument = NAMES.index(name), stub_moons()
    some = select(population(), np.arange(60))
    only = np.zeros_like(some.line_fluxes)
    only[:, column] = some.halpha_flux
    added = _lines_only(replace(some, line_fluxes=only))
    checked = 0
    for spectrum, redshift in zip(added, some.redshift, strict=True):
        expected = REST[column] * (1 + redshift)
        for band in instrument.bands:
            part = instrument.band_slices[band.name]
            wavelength = instrument.wavelength[part]
            if not wavelength[0] + 100 < expected < wavelength[-1] - 100:
                continue
            centre = np.sum(spectrum[part] * wavelength) / np.sum(spectrum[part])
            assert abs(centre - expected) < 0.1 * band.step
            checked += 1
    assert checked > 20


@needs_templates
def test_lines_are_as_broad_as_gas_and_instrument_together() -> None:
    some = select(population(), np.flatnonzero(np.abs(population().redshift - 1.5) < 0.05)[:5])
    only = np.zeros_like(some.line_fluxes)
    only[:, NAMES.index("Hα 6565")] = 1e-16
    added = _lines_only(replace(some, line_fluxes=only, gas_sigma=np.full(len(some), 15.0)))
    instrument = stub_moons()
    part = instrument.band_slices["H"]
    wavelength = instrument.wavelength[part]
    for spectrum in added[:, part]:
        weights = spectrum / spectrum.sum()
        variance = np.sum(weights * (wavelength - np.sum(weights * wavelength)) ** 2)
        lsf = 16260.0 / 6700 / 2.3548
        gas = 6564.61 * 2.5 * 15 / 299792.458
        # pixels add their own step² / 12
        assert np.sqrt(variance) == pytest.approx(np.sqrt(lsf**2 + gas**2 + 0.89884**2 / 12), rel=0.02)


@needs_templates
def test_magnitudes_agree_with_the_spectra() -> None:
    galaxies, instrument = select(population(), np.arange(50)), stub_moons()
    spectra = galaxy_spectra(galaxies, np.arange(50), instrument)
    within = (instrument.wavelength > 14900) & (instrument.wavelength < 17800)
    wavelength = instrument.wavelength[within]
    photons = np.trapezoid(spectra[:, within] * wavelength, wavelength, axis=1)
    magnitude = -2.5 * np.log10(photons / (2.99792458e18 * np.log(17800 / 14900))) - 48.6
    np.testing.assert_allclose(magnitude, galaxies.mag_h, atol=0.05)


@needs_templates
def test_spectra_are_finite_positive_and_repeatable() -> None:
    galaxies, instrument = population(), stub_moons()
    spectra = galaxy_spectra(galaxies, np.array([5, 100, 5]), instrument)
    assert spectra.shape == (3, 12217)
    assert spectra.dtype == np.float64
    assert np.isfinite(spectra).all()
    assert spectra.min() > 0
    np.testing.assert_allclose(spectra[0], spectra[2], rtol=1e-6)


@needs_templates
def test_outflows_absorb_where_they_should() -> None:
    galaxies = population()
    chosen = np.flatnonzero(
        ~galaxies.quiescent & (np.abs(galaxies.redshift - 2.0) < 0.1) & (galaxies.logmass > 9.5)
    )
    some = select(galaxies, chosen[:10])
    clear = replace(some, outflow_widths=some.outflow_widths * 0)
    instrument, everything = stub_moons(), np.arange(len(some))
    with_gas = galaxy_spectra(some, everything, instrument)
    ratio = with_gas / galaxy_spectra(clear, everything, instrument)
    assert ratio.max() <= 1 + 1e-9
    for row, redshift, velocity in zip(ratio, some.redshift, some.outflow_velocity, strict=True):
        part = instrument.band_slices["RI"]
        near = np.abs(instrument.wavelength[part] / (1 + redshift) - 2600.17) < 6
        depth = 1 - row[part][near]
        centre = np.sum(depth * instrument.wavelength[part][near]) / np.sum(depth) / (1 + redshift)
        assert centre == pytest.approx(2600.17 * (1 + velocity / 299792.458), abs=0.3)
