"""The stellar templates: vacuum wavelengths, conserved light and mass, an honest error without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.core.airvac import air_to_vacuum
from mtop_gui.core.errors import SimulationError
from mtop_gui.core.lines import load_lines
from mtop_gui.simulation import templates as module
from mtop_gui.simulation.templates import bin_means, find_grid, load_templates
from tests.support.mock_galaxies import needs_templates

if TYPE_CHECKING:
    from pathlib import Path


def _single_age(years: float) -> np.ndarray:
    templates = load_templates()
    formed = np.zeros((1, templates.age_edges.size - 1))
    formed[0, np.searchsorted(templates.age_edges, years) - 1] = 1.0
    return np.asarray(templates.combine(formed, np.zeros(1))[0])


@pytest.mark.parametrize(("air", "vacuum"), [(6562.80, 6564.61), (3933.66, 3934.78), (5006.84, 5008.24)])
def test_air_wavelengths_move_to_vacuum(air: float, vacuum: float) -> None:
    assert air_to_vacuum(np.array([air]))[0] == pytest.approx(vacuum, abs=0.02)


def test_wavelengths_below_2000_are_in_vacuum_already() -> None:
    assert air_to_vacuum(np.array([1550.0]))[0] == 1550.0


@needs_templates
@pytest.mark.parametrize(
    ("name", "age"),
    [("Ca K 3935", 8e9), ("Ca II 8544", 8e9), ("Hα 6565", 5e8), ("Hβ 4863", 5e8), ("Na D 5892", 8e9)],
)
def test_stellar_absorption_lies_at_vacuum_wavelengths(name: str, age: float) -> None:
    centre = next(line.wavelength for line in load_lines() if line.name == name)
    wavelength, light = load_templates().wavelength, _single_age(age)
    near = np.abs(wavelength - centre) < 4
    depth = light[near].max() - light[near]
    core = depth > 0.6 * depth.max()
    found = np.average(wavelength[near][core], weights=depth[core])
    assert found == pytest.approx(centre, abs=0.6), "in air it would lie 1.1-2.4 Å lower"


@needs_templates
def test_young_populations_outshine_old_ones_and_keep_more_mass() -> None:
    templates = load_templates()
    blue = np.searchsorted(templates.wavelength, 4400.0)
    assert _single_age(1e7)[blue] > 30 * _single_age(8e9)[blue]
    solar = templates.live_fraction[np.argmin(np.abs(templates.log_metallicity))]
    assert solar[0] > 0.98
    assert 0.4 < solar[-2] < 0.75


@needs_templates
def test_metallicity_weights_interpolate_and_hold_at_the_ends() -> None:
    templates = load_templates()
    wanted = np.array([-9.0, -0.55, 0.0, 0.2, 9.0])
    weights = templates.metallicity_weights(wanted)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    nodes = templates.log_metallicity
    np.testing.assert_allclose(weights @ nodes, np.clip(wanted, nodes[0], nodes[-1]), atol=1e-12)


@given(st.lists(st.floats(0.0, 10.0), min_size=5, max_size=40))
def test_binning_conserves_the_integral(flux: list[float]) -> None:
    wavelength = np.linspace(4000.0, 4100.0, len(flux))
    edges = np.linspace(4000.0, 4100.0, 8)
    total = np.sum(bin_means(wavelength, np.array(flux), edges) * np.diff(edges))
    assert total == pytest.approx(np.trapezoid(flux, wavelength), abs=1e-9)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(module.GRID_VARIABLE, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SimulationError, match=r"mtop-gui\[mocks\]"):
        find_grid()


def test_the_variable_names_another_grid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(module.GRID_VARIABLE, str(tmp_path / "grid.fits"))
    with pytest.raises(SimulationError, match="missing"):
        find_grid()
    (tmp_path / "grid.fits").write_bytes(b"not a FITS file")
    assert find_grid() == tmp_path / "grid.fits"
    with pytest.raises(SimulationError, match="not a stellar grid"):
        load_templates()
