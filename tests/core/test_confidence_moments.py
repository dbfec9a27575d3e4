"""Entropy and skewness are those of scipy.stats, without its import."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from mtop_gui.core.confidence import summarise

GRID = 0.6 + 0.003 * np.arange(200)


@given(arrays(np.float64, 200, elements=st.floats(0, 1, allow_subnormal=False)))
def test_moments_are_scipys(probability):
    probability[17] += 0.5
    found = summarise(GRID, probability)
    pdf = probability / probability.sum()
    assert found.entropy == pytest.approx(stats.entropy(pdf), abs=1e-9)
    assert found.skewness == pytest.approx(stats.skew(pdf), rel=1e-6, abs=1e-9)


def test_a_flat_pdf_has_full_entropy_and_no_skewness():
    found = summarise(GRID, np.ones(200))
    assert found.entropy == pytest.approx(np.log(200))
    assert found.skewness == 0.0


def test_a_single_bin_has_no_entropy():
    probability = np.zeros(200)
    probability[50] = 1.0
    assert summarise(GRID, probability).entropy == 0.0


def test_scipy_is_not_imported_for_it():
    code = "import sys, mtop_gui.core.confidence; sys.exit('scipy.stats' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
