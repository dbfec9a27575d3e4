"""Lines and dust: atomic ratios, metallicity trends, the Calzetti curve."""

from __future__ import annotations

import numpy as np
import pytest

from mtop_gui.simulation.dust import calzetti, draw_line_excess, transmission
from mtop_gui.simulation.emission import (
    AGN_SHARE,
    draw_outflows,
    emission_lines,
    gas_metallicity,
    line_luminosities,
    outflow_lines,
)
from mtop_gui.simulation.population import Candidates, draw_candidates

NAMES = [line.name for line in emission_lines()]


@pytest.fixture(scope="module")
def drawn() -> Candidates:
    return draw_candidates(np.random.default_rng(0), 20_000, (0.7, 2.95))


@pytest.fixture(scope="module")
def luminosities(drawn: Candidates) -> np.ndarray:
    return line_luminosities(np.random.default_rng(1), drawn)[0]


@pytest.fixture(scope="module")
def active(drawn: Candidates) -> np.ndarray:
    return line_luminosities(np.random.default_rng(1), drawn)[1]


def _column(luminosities: np.ndarray, name: str) -> np.ndarray:
    return luminosities[:, NAMES.index(name)]


def test_halpha_follows_the_star_formation_rate(
    drawn: Candidates, luminosities: np.ndarray, active: np.ndarray
) -> None:
    ratio = np.log10(_column(luminosities, "Hα 6565") / 3.828e33) - drawn.logsfr
    assert np.mean(ratio[~active]) == pytest.approx(7.519, abs=0.01)
    assert np.std(ratio[~active]) == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(
    ("strong", "weak", "ratio"),
    [
        ("[O III] 5008", "[O III] 4960", 2.98),
        ("[N II] 6585", "[N II] 6550", 2.96),
        ("[S III] 9533", "[S III] 9071", 2.47),
        ("Hα 6565", "Hβ 4863", 1 / 0.35),
        ("Hα 6565", "Hγ 4342", 1 / 0.163),
        ("Hα 6565", "Hδ 4103", 1 / 0.0862),
    ],
)
def test_ratios_set_by_atomic_physics_are_exact(
    luminosities: np.ndarray, strong: str, weak: str, ratio: float
) -> None:
    np.testing.assert_allclose(_column(luminosities, strong) / _column(luminosities, weak), ratio, rtol=1e-9)


def test_density_doublets_scatter_around_the_low_density_ratio(luminosities: np.ndarray) -> None:
    oxygen = _column(luminosities, "[O II] 3730") / _column(luminosities, "[O II] 3727")
    sulphur = _column(luminosities, "[S II] 6718") / _column(luminosities, "[S II] 6733")
    assert np.median(oxygen) == pytest.approx(1.3, abs=0.02)
    assert np.median(sulphur) == pytest.approx(1.3, abs=0.02)
    assert oxygen.max() < 1.501
    assert sulphur.max() < 1.451


def test_metal_rich_galaxies_have_strong_nitrogen_and_weak_oxygen(
    drawn: Candidates, luminosities: np.ndarray, active: np.ndarray
) -> None:
    normal = ~active & ~drawn.quiescent
    poor, rich = normal & (drawn.logmass < 8.7), normal & (drawn.logmass > 10.2)
    nitrogen = _column(luminosities, "[N II] 6585") / _column(luminosities, "Hα 6565")
    oxygen = _column(luminosities, "[O III] 5008") / _column(luminosities, "Hβ 4863")
    assert np.median(nitrogen[rich]) > 4 * np.median(nitrogen[poor])
    assert np.median(oxygen[poor]) > 3 * np.median(oxygen[rich])
    assert 1.5 < np.median(oxygen[poor]) < 8


def test_active_galaxies_are_few_massive_and_show_neon_v(
    drawn: Candidates, luminosities: np.ndarray, active: np.ndarray
) -> None:
    massive = drawn.logmass > 10
    assert active[massive].mean() == pytest.approx(AGN_SHARE, abs=0.03)
    assert not active[~massive].any()
    assert np.array_equal(_column(luminosities, "[Ne V] 3427") > 0, active)


def test_gas_metallicity_follows_the_fundamental_relation() -> None:
    rising = gas_metallicity(np.array([8.5, 9.5, 10.5]), np.zeros(3))
    assert np.all(np.diff(rising) > 0)
    assert gas_metallicity(np.array([10.0]), np.array([0.0]))[0] == pytest.approx(8.90)
    # 8.90 - 0.14 s - 0.054 s² at 10^10 M⊙; below μ = 9.5 the line 8.93 + 0.51 (μ - 10)
    assert gas_metallicity(np.array([10.0]), np.array([1.5]))[0] == pytest.approx(8.5685)
    assert gas_metallicity(np.array([8.5]), np.array([0.5]))[0] == pytest.approx(8.0834)


def test_outflows_absorb_only_in_star_forming_galaxies_and_are_blueshifted(drawn: Candidates) -> None:
    widths, velocity, _ = draw_outflows(np.random.default_rng(2), drawn)
    assert not widths[drawn.quiescent].any()
    assert widths[~drawn.quiescent].min() > 0
    assert widths.max() < 8
    assert velocity.max() <= 0
    assert widths.shape == (drawn.logmass.size, len(outflow_lines()))


def test_the_attenuation_curve_is_calzettis() -> None:
    # k(1500 Å) = 10.33, k(V) = 4.05, k(Hα) = 3.33, k(Hβ) = 4.60 (Calzetti+00)
    k = calzetti(np.array([1500.0, 5500.0, 6564.6, 4862.7])) * 4.05
    np.testing.assert_allclose(k, [10.33, 4.05, 3.33, 4.60], rtol=0.02)


def test_one_magnitude_in_v_takes_one_magnitude_in_v() -> None:
    left = transmission(np.array([0.0, 1.0]), np.array([5500.0]))
    np.testing.assert_allclose(left[:, 0], [1.0, 10**-0.4], rtol=0.01)


def test_gas_suffers_more_than_stars_and_less_so_at_high_redshift() -> None:
    rng = np.random.default_rng(0)
    near, far = draw_line_excess(rng, np.full(4000, 0.1)), draw_line_excess(rng, np.full(4000, 2.0))
    assert min(near.min(), far.min()) >= 1
    assert np.median(near) > np.median(far) > 1.4
