"""What a feature may be: competing peaks are named, cursors snap to lines, the right line comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtop_gui.core.confidence import Peak
from mtop_gui.core.identification import (
    competing_lines,
    competition,
    evidence,
    plausible_lines,
    snap,
    strongest_feature,
)
from mtop_gui.core.prediction import Prediction
from tests.core.test_line_fit import galaxy

GRID = np.asarray(0.6015 + 0.003 * np.arange(800), dtype=np.float64)


def prediction(*redshifts: float) -> Prediction:
    pdf = sum(0.8**n * np.exp(-0.5 * ((GRID - z) / 0.004) ** 2) for n, z in enumerate(redshifts))
    wavelength = np.arange(6470.0, 18000.0, 2.0)
    strength = 0.01 + np.exp(-0.5 * ((wavelength - 6564.61 * 2.0) / 20.0) ** 2)
    return Prediction(
        redshift_grid=GRID,
        redshift_pdf=np.asarray(pdf / np.sum(pdf)),
        line_wavelength=wavelength,
        line_probability=strength,
        logmass=10.0,
        logmass_err=0.1,
        logsfr=1.0,
        logsfr_err=0.1,
        bundle="made",
    )


OTHER = 6564.61 * 2.0 / 5008.24 - 1.0
"""Where Hα at z = 1 is [O III]."""


def test_two_peaks_are_told_apart_by_the_strongest_feature() -> None:
    assert competition(prediction(1.0, OTHER)) == "Hα or [O III]"
    assert competition(prediction(OTHER, 1.0)) == "[O III] or Hα"


def test_one_peak_or_two_that_share_no_feature_compete_for_nothing() -> None:
    assert competition(prediction(1.0)) == ""
    assert competing_lines(1.0, 5.0, np.arange(6470.0, 18000.0), np.ones(11530)) is None


def test_a_rejection_competes_for_nothing() -> None:
    assert competition(replace(prediction(1.0, OTHER), rejection="out of range")) == ""


def test_each_peak_gets_its_lines_and_the_right_one_gets_more() -> None:
    spectrum = galaxy(1.0)
    peaks = (Peak(OTHER, 0.6, 0, 3), Peak(1.002, 0.4, 0, 3))
    wrong, right = evidence(spectrum, peaks)
    assert right.fitted
    assert right.redshift == pytest.approx(1.0, abs=1e-4)
    assert {"Hα 6565", "[O III] 5008", "[O II] 3727, 3730"} <= {f.name for f in right.model.detected}
    assert len(right.model.detected) > len(wrong.model.detected)
    assert "Hα 6565" in right.text
    assert right.model.detected[0].name == "Hα 6565"


def test_a_peak_without_lines_says_so() -> None:
    (alone,) = evidence(galaxy(1.0, brightness=0.0), (Peak(1.3, 0.9, 0, 3),))
    assert not alone.fitted
    assert alone.redshift == 1.3
    assert alone.text == "no line above 3 σ"


@pytest.mark.parametrize(
    ("rest", "name"), [(6564.61, "Hα 6565"), (5008.24, "[O III] 5008"), (4862.69, "Hβ 4863")]
)
def test_the_right_line_is_the_most_plausible(rest: float, name: str) -> None:
    without = plausible_lines(rest * 2.0, galaxy(1.0))
    assert without[0].line.name == name
    assert without[0].redshift == pytest.approx(1.0)
    assert without[0].companions
    assert np.isnan(without[0].odds)
    with_pdf = plausible_lines(rest * 2.0, galaxy(1.0), prediction(1.0, OTHER))
    assert with_pdf[0].line.name == name
    assert with_pdf[0].odds > 0.4


def test_the_pdf_decides_where_nothing_else_does() -> None:
    flat = galaxy(1.0, strengths={6564.61: 2.0})
    first = plausible_lines(6564.61 * 2.0, flat, prediction(OTHER))[0]
    assert first.line.name == "[O III] 5008"


def test_a_cursor_snaps_to_the_line_and_stays_where_there_is_none() -> None:
    spectrum = galaxy(1.0)
    assert snap(spectrum, 6564.61 * 2.0 + 9.0, 12.0) == pytest.approx(6564.61 * 2.0, abs=1.0)
    assert snap(spectrum, 7200.0, 2.0) == 7200.0
    assert snap(spectrum, 30000.0, 5.0) == 30000.0


def test_the_strongest_feature_in_view_is_found() -> None:
    spectrum = galaxy(1.0)
    assert strongest_feature(spectrum, 6500.0, 18000.0) == pytest.approx(6564.61 * 2.0, abs=3.0)
    assert strongest_feature(spectrum, 9000.0, 11000.0) == pytest.approx(5008.24 * 2.0, abs=3.0)
    assert strongest_feature(spectrum, 13500.0, 14500.0) is None
    assert strongest_feature(galaxy(1.0, brightness=0.0), 8000.0, 8200.0) is None
