from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mtop_gui.core.cumulative import bin_edges
from mtop_gui.core.prediction import Prediction

GRID = np.arange(0.6, 3.0, 0.003) + 0.0015
EDGES = bin_edges(GRID)


def prediction(pdf: np.ndarray) -> Prediction:
    nothing = np.zeros(3)
    return Prediction(
        GRID, pdf, nothing, nothing, logmass=10, logmass_err=1, logsfr=0, logsfr_err=1, bundle="b"
    )


@pytest.mark.parametrize("sigma", [0.003, 0.01, 0.05])
def test_the_error_is_the_peak_s_width_whatever_lies_far_off(sigma: float) -> None:
    peak = np.diff(stats.norm.cdf(EDGES, 1.2, sigma))
    floor = np.full(GRID.size, 0.005 / GRID.size)
    assert prediction(peak).redshift_err == pytest.approx(sigma, rel=0.05)
    assert prediction(peak + floor).redshift_err == pytest.approx(sigma, rel=0.08)


def test_the_error_is_that_of_the_best_of_two_peaks() -> None:
    pdf = 0.7 * np.diff(stats.norm.cdf(EDGES, 1.2, 0.01)) + 0.3 * np.diff(stats.norm.cdf(EDGES, 2.2, 0.04))
    assert prediction(pdf).redshift_err == pytest.approx(0.01, rel=0.08)


@pytest.mark.parametrize("bin_number", [0, 400, GRID.size - 1])
def test_all_in_one_bin_is_known_to_a_part_of_it(bin_number: int) -> None:
    pdf = np.zeros(GRID.size)
    pdf[bin_number] = 1.0
    assert 0.0003 < prediction(pdf).redshift_err < 0.0015
