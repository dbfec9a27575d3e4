"""Files written here look like MOONS1D's own and read back as they were written."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.io import fits

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.instrument import Instrument, load_instrument
from mtop_gui.simulation import survey as survey_module
from mtop_gui.simulation.moons1d_files import TRUTH_COLUMNS, export_fits, strong_sky, write_moons1d
from mtop_gui.simulation.observing import Observer
from mtop_gui.simulation.survey import Survey, simulate_survey
from tests.simulation.fakes import fake_design, fake_spectra

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument("moons-lr")


@pytest.fixture
def written(tmp_path: Path, instrument: Instrument) -> Path:
    rng = np.random.default_rng(0)
    flux, sigma = 1e-18 * rng.normal(size=(2, instrument.pixels))
    return write_moons1d(
        tmp_path / "one.fits", instrument, flux, np.abs(sigma), hours=4.0, name="one", mag_h=23.5
    )


def test_layout_is_that_of_moons1d(shared_spectra: Path, written: Path) -> None:
    theirs_path = shared_spectra / "moons1d" / "m1d_11_0003.fits"  # 4 h
    with fits.open(theirs_path) as theirs, fits.open(written) as ours:
        assert len(theirs) == len(ours) == 13
        own = {"OBNAME", "TEMPLATE", "MAG"}
        for their, our in zip(theirs, ours, strict=True):
            assert list(their.header) == list(our.header)
            for card in set(their.header) - own:
                if isinstance(their.header[card], float):
                    assert our.header[card] == pytest.approx(their.header[card], rel=1e-15), card
                else:
                    assert our.header[card] == their.header[card], card
            if their.data is not None:
                assert their.data.dtype == our.data.dtype
            if their.header.get("NAME", "").startswith("QUAL"):
                np.testing.assert_array_equal(our.data, their.data)
            if their.header.get("NAME") == "Sky":
                np.testing.assert_allclose(our.data, their.data, rtol=1e-6)


def test_reads_back_as_written(written: Path, instrument: Instrument) -> None:
    rng = np.random.default_rng(0)
    flux, sigma = 1e-18 * rng.normal(size=(2, instrument.pixels))
    with fits.open(written) as hdus:
        by_name = {hdu.header["NAME"]: hdu.data for hdu in hdus[1:] if hdu.header["NAME"] != "Sky"}
        assert (hdus[0].header["NDIT"], hdus[0].header["DIT"]) == (48, 300)
    for name, pixels in instrument.band_slices.items():
        np.testing.assert_array_equal(by_name[f"DATA_{name}"], flux[pixels])
        np.testing.assert_array_equal(by_name[f"ERR_{name}"], np.abs(sigma)[pixels])
        np.testing.assert_array_equal(by_name[f"QUAL_{name}"], strong_sky(instrument.sky_emission[pixels]))


def test_wrong_pixels_are_refused(tmp_path: Path, instrument: Instrument) -> None:
    with pytest.raises(SimulationError, match="12217 pixels"):
        write_moons1d(
            tmp_path / "x.fits", instrument, np.zeros(5), np.ones(5), hours=2.0, name="x", mag_h=20.0
        )


def test_export_writes_files_and_truth(
    tmp_path: Path, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_module, "survey_design", fake_design)
    monkeypatch.setattr(survey_module, "galaxy_spectra", fake_spectra)
    path = simulate_survey(tmp_path / "mock.h5", instrument, 9, 5)
    with Survey(path) as survey:
        files = export_fits(survey, tmp_path / "fits", rows=[2, 7], seed=11)
        with (tmp_path / "fits" / "truth.csv").open(encoding="utf-8") as stream:
            truth = list(csv.DictReader(stream))
        assert tuple(truth[0]) == TRUTH_COLUMNS
        assert (
            [row["file"] for row in truth]
            == [file.name for file in files]
            == ["mock_00002.fits", "mock_00007.fits"]
        )
        for index, row, file in zip((2, 7), truth, files, strict=True):
            assert float(row["z"]) == pytest.approx(survey.labels["z"][index], abs=1e-6)
            assert float(row["halpha"]) == pytest.approx(survey.labels["halpha"][index], rel=1e-3)
            assert float(row["hours"]) in {2.0, 4.0, 8.0}
            flux, sigma = Observer(survey, instrument).fixed(index, float(row["hours"]), seed=11)
            with fits.open(file) as hdus:
                assert hdus[0].header["NDIT"] == 12 * float(row["hours"])
                data, error = (
                    np.concatenate([hdus[first + 4 * band].data for band in range(3)]) for first in (1, 2)
                )
            np.testing.assert_allclose(data, flux[0] * survey.flux_scale, rtol=1e-6)
            np.testing.assert_allclose(error, sigma[0] * survey.flux_scale, rtol=1e-6)
