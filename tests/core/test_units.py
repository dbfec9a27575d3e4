from __future__ import annotations

import numpy as np
import pytest

from mtop_gui.core.units import flam_factor

WAVELENGTH = np.array([5000.0, 10000.0, 20000.0])


def test_scaled_flam_units() -> None:
    factor = flam_factor("1e-17 erg / (s cm2 Angstrom)", WAVELENGTH)
    assert factor is not None
    np.testing.assert_allclose(factor, 1e-17)


def test_microjansky_becomes_flam() -> None:
    factor = flam_factor("uJy", WAVELENGTH)
    assert factor is not None
    # f_λ = f_ν c/λ²: 1 µJy = 1e-29 erg/s/cm²/Hz
    np.testing.assert_allclose(factor, 1e-29 * 2.99792458e18 / WAVELENGTH**2, rtol=1e-9)


@pytest.mark.parametrize("unit", ["", "count", "bananas", "MJy / sr"])
def test_unknown_units_are_said_to_be_unknown(unit: str) -> None:
    assert flam_factor(unit, WAVELENGTH) is None
