from __future__ import annotations

import csv

import numpy as np
import pytest

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.resources import resource_path
from mtop_gui.io import find_files, read

DEMO = resource_path("demo")


def test_demo_holds_eleven_spectra_on_the_instruments_grid() -> None:
    with (DEMO / "truth.csv").open(encoding="utf-8", newline="") as stream:
        truth = list(csv.DictReader(stream))
    assert len(truth) == 11
    grid = load_instrument("moons-lr").wavelength
    for row in truth:
        [spectrum] = read(DEMO / row["file"])
        np.testing.assert_allclose(spectrum.wavelength, grid, rtol=1e-12)
        assert spectrum.metadata["hours"] == pytest.approx(float(row["hours"]))
    redshift = np.array([float(row["z"]) for row in truth])
    assert (redshift > 2.7).sum() >= 2
    assert sum(row["quiescent"] == "1" for row in truth) >= 2


def test_demo_has_one_damaged_file_that_is_refused_in_words() -> None:
    assert len(find_files([DEMO])) == 12
    with pytest.raises(UnreadableSpectrumError, match="truncated"):
        read(DEMO / "demo_damaged.fits")
