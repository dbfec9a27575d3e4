"""What the tests of mock galaxies share: the templates' presence, a stub of moons-lr, one population."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.instrument import Band, Instrument
from mtop_gui.simulation.galaxies import Galaxies, draw_galaxies
from mtop_gui.simulation.templates import find_grid


def _grid_is_missing() -> bool:
    try:
        find_grid()
    except SimulationError:
        return True
    return False


needs_templates = pytest.mark.skipif(
    _grid_is_missing(), reason="the stellar templates are not installed (extra mocks)"
)


@cache
def stub_moons() -> Instrument:
    """Give the pixels and resolutions of moons-lr, without its sky."""
    bands = (
        Band("RI", 6470.0, 9340.0, 0.69709, 4117, 4200.0, 5.0, 2.0),
        Band("YJ", 9340.0, 13500.0, 0.98363, 4229, 4300.0, 6.0, 30.0),
        Band("H", 14520.0, 18000.0, 0.89884, 3871, 6700.0, 6.0, 30.0),
    )
    wavelength = np.concatenate([band.wavelength_min + band.step * np.arange(band.pixels) for band in bands])
    flat = np.ones(wavelength.size)
    return Instrument("stub", bands, wavelength, flat * 0, flat, flat, 5e5, 1.1)


@cache
def population() -> Galaxies:
    """Give 4000 galaxies of seed 7, drawn once."""
    return draw_galaxies(np.random.default_rng(7), 4000)
