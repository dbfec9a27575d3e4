"""The population: bounded, reproducible, and as faint as the paper's."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from mtop_gui.simulation.galaxies import draw_galaxies, select
from mtop_gui.simulation.histories import draw_histories
from mtop_gui.simulation.population import (
    draw_candidates,
    draw_sizes,
    luminosity_distance_cm,
    main_sequence,
    mass_function,
)
from mtop_gui.simulation.templates import load_templates
from tests.support.mock_galaxies import needs_templates, population


def test_distance_agrees_with_the_textbook() -> None:
    # Wright's cosmology calculator: H0 = 70, Om = 0.3, flat, z = 1 -> 6607 Mpc
    assert luminosity_distance_cm(np.array([1.0]))[0] / 3.0857e24 == pytest.approx(6607.0, rel=2e-3)


def test_main_sequence_rises_with_redshift_and_bends_at_high_mass() -> None:
    low, high = main_sequence(np.array([0.7, 2.5]), np.array([10.0, 10.0]))
    assert 0.4 < high - low < 0.8
    slopes = np.diff(main_sequence(np.full(3, 0.8), np.array([9.0, 10.0, 11.0])))
    assert slopes[0] > slopes[1]


def test_passive_galaxies_dominate_only_at_high_mass_and_late_times() -> None:
    def share(z: float, mass: float) -> float:
        z_, m_ = np.array([z]), np.array([mass])
        old = mass_function(z_, m_, quiescent=True)[0]
        return float(old / (old + mass_function(z_, m_, quiescent=False)[0]))

    assert share(0.8, 11.0) > 0.5
    assert share(0.8, 9.0) < 0.15
    assert share(2.7, 10.5) < share(0.8, 10.5)


def test_passive_galaxies_are_smaller_at_the_same_mass() -> None:
    drawn = draw_candidates(np.random.default_rng(0), 60_000, (0.7, 2.95))
    radius, sersic = draw_sizes(np.random.default_rng(1), drawn)
    massive = (drawn.logmass > 10.3) & (drawn.logmass < 10.7)
    assert np.median(radius[massive & drawn.quiescent]) < 0.7 * np.median(radius[massive & ~drawn.quiescent])
    assert set(np.unique(sersic)) == {1.0, 4.0}


@needs_templates
def test_histories_end_with_the_mass_and_the_rate_of_the_labels() -> None:
    drawn = draw_candidates(np.random.default_rng(3), 3000, (0.7, 2.95))
    templates = load_templates()
    metals = np.full(3000, -0.3)
    formed = draw_histories(np.random.default_rng(4), drawn, templates, metals)
    live = templates.metallicity_weights(metals) @ templates.live_fraction
    assert formed.min() >= 0
    np.testing.assert_allclose(np.log10(np.sum(formed * live, axis=1)), drawn.logmass, atol=1e-9)
    youngest = templates.age_edges[1:] <= 4e6
    rate = formed[:, youngest].sum(axis=1) / templates.age_edges[1:][youngest][-1]
    np.testing.assert_allclose(np.log10(rate), drawn.logsfr, atol=1e-9)


@needs_templates
def test_the_population_is_as_faint_as_the_papers() -> None:
    galaxies = population()
    assert 0.7e-17 < np.median(galaxies.halpha_flux) < 1.4e-17
    counts, edges = np.histogram(galaxies.mag_h, np.arange(19, 28))
    assert edges[np.argmax(counts)] == 24
    assert 0.05 < galaxies.quiescent.mean() < 0.2
    assert np.median(galaxies.redshift) < 1.7, "peaks low"


@needs_templates
def test_labels_are_bounded_and_the_selection_holds() -> None:
    galaxies = population()
    bounds = {"redshift": (0.69, 2.96), "logmass": (8, 11.2), "logsfr": (-2, 3), "mag_h": (17, 27)}
    for name, (low, high) in bounds.items():
        values = getattr(galaxies, name)
        assert low <= values.min()
        assert values.max() <= high
    assert np.all((galaxies.mag_h < 25) | (galaxies.logmass > 9))
    for field in fields(galaxies):
        if field.name != "line_names":
            values = getattr(galaxies, field.name)
            assert values.shape[0] == len(galaxies) == 4000
            assert np.isfinite(values).all()


@needs_templates
def test_a_seed_gives_the_same_galaxies_again() -> None:
    first, second, other = (draw_galaxies(np.random.default_rng(seed), 50) for seed in (5, 5, 6))
    for field in fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name))
    assert not np.array_equal(first.redshift, other.redshift)


@needs_templates
def test_another_redshift_range_and_limit_are_honoured() -> None:
    galaxies = draw_galaxies(
        np.random.default_rng(2), 300, redshift_range=(0.05, 1.7), mag_limit=22.0, mass_limit=12.0
    )
    assert galaxies.redshift.min() >= 0.05
    assert galaxies.redshift.max() <= 1.7
    assert galaxies.mag_h.max() < 22.0


@needs_templates
def test_selecting_keeps_rows_together() -> None:
    galaxies = population()
    some = select(galaxies, np.array([30, 2]))
    assert some.redshift.tolist() == [galaxies.redshift[30], galaxies.redshift[2]]
    assert np.array_equal(some.line_fluxes[1], galaxies.line_fluxes[2])
    assert some.line_names == galaxies.line_names
