from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtop_gui.core.catalogue import COLUMNS, failed_row, is_masked, predicted_row
from mtop_gui.core.prediction import Prediction, rejected
from mtop_gui.core.spectrum import Spectrum

DOCUMENTED = (
    "file, row, name, ra, dec, z, z_err, z_lo, z_hi, entropy, skewness, pdf_rms, peak_probability, z_second, "
    "second_probability, logmass, logmass_err, logsfr, logsfr_err, ood, flagged, flag_reason, bundle, error"
)
GRID = 0.6015 + 0.003 * np.arange(800)


def spectrum() -> Spectrum:
    return Spectrum(
        wavelength=np.arange(10.0) + 5000,
        flux=np.ones(10),
        ivar=np.ones(10),
        mask=np.zeros(10, dtype=bool),
        path=Path("night/a.fits"),
        name="a",
        ra=150.0,
        dec=2.0,
    )


def prediction(pdf: np.ndarray, **changes: object) -> Prediction:
    facts: dict[str, object] = {
        "redshift_grid": GRID,
        "redshift_pdf": pdf / pdf.sum(),
        "line_wavelength": np.arange(10.0) + 5000,
        "line_probability": np.zeros(10),
        "logmass": 10.0,
        "logmass_err": 0.1,
        "logsfr": 1.0,
        "logsfr_err": 0.2,
        "bundle": "fake 1",
    }
    return Prediction(**{**facts, **changes})  # type: ignore[arg-type]


def two_peaks() -> np.ndarray:
    pdf = np.zeros(800)
    pdf[200], pdf[500] = 0.7, 0.3
    return pdf


def test_columns_are_the_documented_contract() -> None:
    assert ", ".join(COLUMNS) == DOCUMENTED


def test_predicted_row_holds_both_peaks() -> None:
    row = predicted_row(spectrum(), prediction(two_peaks()), 2.0)
    assert row.z == pytest.approx(GRID[200], abs=1e-9)
    assert row.peak_probability == pytest.approx(0.7)
    assert row.z_second == pytest.approx(GRID[500], abs=1e-9)
    assert row.second_probability == pytest.approx(0.3)
    assert row.flagged is True
    assert row.flag_reason.startswith("two peaks: z = 1.20")
    assert (row.file, row.name, row.ra) == (str(Path("night/a.fits")), "a", 150.0)


def test_wide_pdf_is_flagged_with_its_entropy() -> None:
    row = predicted_row(spectrum(), prediction(np.ones(800)), 2.0)
    assert row.flagged is True
    assert "entropy 6.68" in row.flag_reason


def test_out_of_distribution_is_a_reason_of_its_own() -> None:
    row = predicted_row(spectrum(), prediction(two_peaks(), ood=1.5), 2.0)
    assert row.flagged is True
    assert "unlike the training spectra" in row.flag_reason


def test_rejected_prediction_gives_no_redshift() -> None:
    flat = rejected(
        "outside the range of bundle moons-lr",
        redshift_grid=GRID,
        line_wavelength=np.arange(10.0),
        bundle="b",
        coverage=0.1,
    )
    row = predicted_row(spectrum(), flat, 2.0)
    assert row.flagged is True
    assert row.flag_reason == "outside the range of bundle moons-lr"
    assert all(is_masked(getattr(row, column)) for column in ("z", "z_err", "entropy", "logmass", "ood"))
    assert row.error == ""


def test_failed_row_masks_everything_but_the_error() -> None:
    row = failed_row(Path("bad.fits"), "truncated")
    assert row.error == "truncated"
    assert is_masked(row.z)
    assert is_masked(row.flagged)
