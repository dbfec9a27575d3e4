"""Pixels seen twice are joined, and none is lost beside others that weigh far more."""

from __future__ import annotations

import numpy as np

from mtop_gui.io.merge import merge_duplicates


def test_a_pixel_that_weighs_nearly_nothing_beside_others_stays_usable() -> None:
    wavelength = np.array([5000.0, 5001.0, 5001.0, 5002.0])
    flux = np.array([1.0, 2.0, 4.0, 7.0])
    ivar = np.array([1e300, 1e-30, 3e-30, 1e-100])
    merged = merge_duplicates(wavelength, flux, np.zeros(4, dtype=bool), ivar)
    assert merged[0].tolist() == [5000.0, 5001.0, 5002.0]
    np.testing.assert_allclose(merged[1], [1.0, 3.5, 7.0], rtol=1e-15)
    assert not merged[2].any()
    np.testing.assert_allclose(merged[3], [1e300, 4e-30, 1e-100], rtol=1e-15)
