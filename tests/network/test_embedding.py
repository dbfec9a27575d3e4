"""The embedding: a row for each spectrum, the same alone and in company, NaN where the network must not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.network.embedding import ROWS, embed
from tests.support.tiny import tiny_spectrum

if TYPE_CHECKING:
    from mtop_gui.network.predictor import Predictor


def test_every_spectrum_has_its_own_row(predictor: Predictor) -> None:
    spectra = [tiny_spectrum(0.8 + 0.005 * seed, seed) for seed in range(ROWS + 3)]
    rows = embed(predictor, spectra)
    assert rows.dtype == np.float32
    assert rows.shape[0] == ROWS + 3
    assert np.isfinite(rows).all()
    assert np.allclose(embed(predictor, spectra[-1:])[0], rows[-1], atol=1e-4)
    assert np.ptp(rows, axis=0).max() > 0


def test_what_may_not_be_asked_about_has_none(predictor: Predictor) -> None:
    elsewhere = tiny_spectrum(wavelength=np.linspace(200.0, 400.0, 500))
    rows = embed(predictor, [elsewhere, tiny_spectrum()])
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()
    assert embed(predictor, [elsewhere]).shape == (1, 0)
    assert embed(predictor, []).shape == (0, 0)
