"""Interlopers: every kind is there, looks as it should, and can be stored and observed."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.simulation import beyond, interlopers, quasars, stars
from mtop_gui.simulation.beyond import beyond_ranges
from mtop_gui.simulation.design import survey_design
from mtop_gui.simulation.empty import EMPTY_TYPES, draw_empty
from mtop_gui.simulation.interlopers import KINDS, magnitude_level
from mtop_gui.simulation.observing import make_observer
from mtop_gui.simulation.projection import fine_wavelengths, project
from mtop_gui.simulation.survey import Survey, add_interlopers, simulate_survey
from tests.support.mock_galaxies import needs_templates

if TYPE_CHECKING:
    from pathlib import Path

WAVE = np.exp(np.arange(np.log(3500.0), np.log(18300.0), 1e-4))


def test_nothing_comes_in_all_its_forms():
    rng = np.random.default_rng(0)
    instrument = load_instrument("moons-lr")
    drawn = [draw_empty(rng, instrument, 1e-18) for _ in range(120)]
    assert {kind for _, kind in drawn} == set(EMPTY_TYPES)
    for flux, kind in drawn:
        assert flux.shape == (instrument.pixels,)
        assert np.isfinite(flux).all()
        assert (np.abs(flux).max() == 0) == (kind == "sky")
        assert np.abs(flux).max() < 1e-15


def test_a_projected_line_keeps_its_flux_and_gets_the_instrument_s_width():
    instrument = load_instrument("moons-lr")
    fine = fine_wavelengths(instrument)
    light = np.exp(-0.5 * ((fine - 8000.0) / 2.0) ** 2)
    seen = project(light, fine, instrument)
    part = instrument.band_slices["RI"]
    flux, wavelength = seen[part], instrument.wavelength[part]
    assert np.sum(flux * instrument.step[part]) == pytest.approx(2.0 * np.sqrt(2 * np.pi), rel=2e-3)
    centre = np.sum(flux * wavelength) / np.sum(flux)
    assert centre == pytest.approx(8000.0, abs=0.05)
    width = np.sqrt(np.sum(flux * (wavelength - centre) ** 2) / np.sum(flux))
    # the band's R holds at its centre; in velocity the profile is the same everywhere
    assert width == pytest.approx(np.hypot(2.0, 8000.0 / 4200.0 / 2.355), rel=0.03)


def test_white_dwarfs_have_broad_balmer_lines_and_carbon_stars_bands():
    rng = np.random.default_rng(3)
    for _ in range(40):
        flux = stars._white_dwarf(rng, WAVE)
        assert np.isfinite(flux).all()
        assert (flux > 0).all()
    swan = stars._band(WAVE, 5166.5, -260.0)
    assert np.interp(5150.0, WAVE, swan) > 0.8
    assert np.interp(5190.0, WAVE, swan) < 0.05


def test_the_library_holds_each_type_of_the_field():
    for kind in stars._DETAIL:
        assert len(stars._members(kind)) >= 3, kind
    wavelength, flux, names = stars._library()
    assert flux.shape == (len(names), wavelength.size)
    assert (flux >= 0).all()
    # hot stars are blue, cool ones red
    colour = {
        name: np.interp(4500, wavelength, f) / np.interp(8000, wavelength, f)
        for name, f in zip(names, flux, strict=True)
    }
    assert colour["o5v"] > 4 > 1 > colour["m5v"]


def test_the_forest_absorbs_bluewards_of_lyman_alpha_only():
    left = quasars.forest(np.random.default_rng(0), WAVE, 4.0)
    red = WAVE > 1216 * 5
    assert (left[red] == 1).all()
    forest = (WAVE > 1050 * 5) & (WAVE < 1200 * 5)
    assert 0.2 < left[forest].mean() < 0.75
    assert left[WAVE < 900 * 5].max() < 0.01
    assert (quasars.forest(np.random.default_rng(0), WAVE, 1.0) == 1).all()


def test_beyond_means_outside_the_grid():
    near, far = beyond_ranges((0.6, 3.0))
    assert near[1] < 0.6
    assert far[0] > 3.0
    assert len(beyond_ranges((0.0, 1.7))) == 1


def test_levels_are_ab_magnitudes():
    # AB = 0 is 3631 Jy; at 5500 Å that is 3.6e-9 erg/s/cm²/Å
    assert magnitude_level(np.zeros(1), (5500.0, 5500.0))[0] == pytest.approx(3.6e-9, rel=0.01)


def test_no_design_no_survey():
    with pytest.raises(SimulationError, match="no mock survey is designed for the instrument 'x'"):
        survey_design("x")


@needs_templates
def test_stars_show_their_lines():
    rng = np.random.default_rng(5)
    kinds: dict[str, list[float]] = {}
    for _ in range(150):
        flux, kind, velocity = stars.draw_star(rng, WAVE)
        assert np.isfinite(flux).all()
        assert (flux >= 0).all()
        assert abs(velocity) < 0.0021
        halpha = np.interp(6564.6 * (1 + velocity), WAVE, flux)
        beside = np.interp([6500.0, 6620.0], WAVE, flux).mean()
        kinds.setdefault(kind, []).append(halpha / beside)
    assert set(kinds) == set(stars.STAR_TYPES)
    assert np.median(kinds["A"]) < 0.75
    assert np.median(kinds["F"]) < np.median(kinds["G"]) < 1.0


@needs_templates
def test_quasars_have_broad_lines_at_their_redshift():
    rng = np.random.default_rng(6)
    contrast, redshifts = [], []
    for _ in range(80):
        flux, redshift = quasars.draw_quasar(rng, WAVE)
        assert np.isfinite(flux).all()
        redshifts.append(redshift)
        peak = 1908.7 * (1 + redshift)
        if 4000 < peak < 12000:
            beside = np.interp([0.9 * peak, 1.1 * peak], WAVE, flux).mean()
            contrast.append(np.interp(peak, WAVE, flux) / beside)
    assert min(redshifts) >= 0.15
    assert max(redshifts) > 3
    assert np.median(contrast) > 1.15


@needs_templates
@pytest.mark.parametrize("name", ["moons-lr", "optical"])
def test_a_survey_of_interlopers_is_stored_and_observed(tmp_path: Path, name: str):
    instrument = load_instrument(name)
    path = simulate_survey(tmp_path / "s.h5", instrument, 2, 3, n_interlopers=40)
    with closing(Survey(path)) as galaxies, closing(Survey(path, group="interlopers")) as drawn:
        assert len(galaxies) == 2
        assert len(drawn) == 40
        kind, z = drawn.labels["kind"], drawn.labels["z"]
        assert set(kind) == {KINDS.index(name) for name in KINDS[1:]}
        assert np.isnan(z[kind == KINDS.index("nothing")]).all()
        low, high = survey_design(name).redshift_grid
        outside = z[kind == KINDS.index("beyond")]
        assert ((outside < low) | (outside > high)).all()
        assert np.abs(z[kind == KINDS.index("star")]).max() < 0.003
        observed, sigma = make_observer(drawn, instrument).draw(np.random.default_rng(1), np.arange(40))
        assert observed.shape == (40, instrument.pixels)
        assert np.isfinite(observed).all()
        assert (sigma > 0).all()
        bright = drawn.flux(np.arange(40)).max(axis=1)
        assert (bright[kind == KINDS.index("star")] > 0).all()
        first = drawn.flux([0])
    add_interlopers(path, instrument, 5, 4)
    with closing(Survey(path, group="interlopers")) as again:
        assert len(again) == 5
    add_interlopers(path, instrument, 40, 3)
    with closing(Survey(path, group="interlopers")) as again:
        np.testing.assert_array_equal(again.flux([0]), first)


@needs_templates
def test_far_galaxies_are_dark_bluewards_of_lyman_alpha():
    instrument = load_instrument("moons-lr")
    spectra, redshift = beyond.beyond_spectra(np.random.default_rng(2), 30, instrument, (0.6, 3.0))
    assert np.isfinite(spectra).all()
    assert (redshift < 0.6).any()
    far = np.flatnonzero(redshift > 5)
    assert far.size > 0
    for row in far:
        limit = 1215.67 * (1 + redshift[row])
        blue = instrument.wavelength < 0.99 * limit
        red = (instrument.wavelength > 1.05 * limit) & (instrument.wavelength < 1.2 * limit)
        assert np.median(spectra[row, blue]) < 0.6 * np.median(spectra[row, red])


def test_surveys_without_interlopers_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from mtop_gui.simulation import survey as survey_module
    from tests.simulation.fakes import fake_design, fake_spectra

    monkeypatch.setattr(survey_module, "survey_design", fake_design)
    monkeypatch.setattr(survey_module, "galaxy_spectra", fake_spectra)
    instrument = load_instrument("moons-lr")
    path = simulate_survey(tmp_path / "s.h5", instrument, 4, 3)
    with pytest.raises(SimulationError, match="holds no interlopers: add some with --interlopers"):
        Survey(path, group="interlopers")
    with pytest.raises(SimulationError, match="at least one"):
        add_interlopers(path, instrument, 0, 1)
    with pytest.raises(SimulationError, match="survey of 'moons-lr', not of 'optical'"):
        add_interlopers(path, load_instrument("optical"), 3, 1)
    assert sum(interlopers.SHARES.values()) == pytest.approx(1)
