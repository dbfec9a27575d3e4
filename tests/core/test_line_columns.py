"""Columns of a line table: fluxes, widths and errors against what was put in and against another fit of one line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import curve_fit

from mtop_gui.core.catalogue import CatalogueRow
from mtop_gui.core.line_columns import (
    FIT_TYPES,
    FLUX_UNIT,
    PRINCIPAL_LINES,
    column_units,
    fit_columns,
    line_cells,
    measured_row,
)
from mtop_gui.core.line_data import LIGHT_SPEED, line_data
from mtop_gui.core.lines import load_lines
from mtop_gui.core.spectrum import FLAM
from tests.core.test_line_fit import NOISE, STRENGTHS, galaxy

Z = 1.0
CONTINUUM = 5e-19
WIDTH = 150.0
SIGMA = WIDTH / LIGHT_SPEED * np.sqrt(2 * np.pi)
"""Flux of a Gaussian line of peak and wavelength one."""
PUT_IN = {
    "OII_3728": (3727.09, 3729.88),
    "HBETA_4863": (4862.69,),
    "OIII_5008": (5008.24,),
    "HALPHA_6565": (6564.61,),
}


def true_flux(prefix: str, brightness: float) -> float:
    return sum(brightness * STRENGTHS[rest] * rest * (1 + Z) * SIGMA for rest in PUT_IN[prefix])


@pytest.fixture(scope="module", params=[3e-19, 1.5e-18])
def found(request):
    """The brightness, and the cells of 40 spectra that differ in their noise."""
    return request.param, [
        line_cells(galaxy(Z, brightness=request.param, seed=seed), Z) for seed in range(40)
    ]


def pulls(cells, name, truth):
    return np.array([(some[name] - truth) / some[f"{name}_err"] for some in cells if name in some])


@pytest.mark.parametrize("prefix", PUT_IN)
def test_fluxes_are_those_put_in_within_their_errors(found, prefix):
    brightness, cells = found
    pull = pulls(cells, f"{prefix}_flux", true_flux(prefix, brightness))
    assert pull.size >= 38
    assert abs(pull.mean()) < 0.5
    assert 0.6 < pull.std() < 1.3


def test_widths_and_redshifts_too(found):
    _, cells = found
    width = np.array(
        [(c["line_width_kms"] - WIDTH) / c["line_width_err_kms"] for c in cells if c["line_width_err_kms"]]
    )
    assert 0.6 < width.std() < 1.4
    assert abs(np.median(width)) < 0.9
    redshift = np.array([(c["z_fit"] - Z) / c["z_fit_err"] for c in cells])
    assert np.abs(redshift).max() < 4.0
    kms = [c["z_fit_err_kms"] * (1 + c["z_fit"]) / c["z_fit_err"] for c in cells]
    np.testing.assert_allclose(kms, LIGHT_SPEED)


def test_equivalent_widths_are_at_rest_and_positive_in_emission(found):
    brightness, cells = found
    bright = [c for c in cells if c["OIII_5008_ew"] > 0]
    if brightness > 1e-18:
        assert len(bright) == len(cells)
    truth = true_flux("OIII_5008", brightness) / CONTINUUM / (1 + Z)
    assert np.median([c["OIII_5008_ew"] for c in bright]) == pytest.approx(truth, rel=0.06)


def test_an_ordinary_fit_of_the_line_alone_says_the_same():
    spectrum = galaxy(Z, brightness=1e-18, seed=3, strengths={5008.24: 2.0})
    cells = line_cells(spectrum, Z)
    near = np.abs(spectrum.wavelength - 5008.24 * (1 + Z)) < 60

    def line(wavelength, flux, centre, sigma, level):
        return level + flux / (sigma * np.sqrt(2 * np.pi)) * np.exp(
            -0.5 * ((wavelength - centre) / sigma) ** 2
        )

    start = (25.0, 10016.0, 5.0, 0.5)
    (flux, centre, sigma, _), covariance = curve_fit(
        line,
        spectrum.wavelength[near],
        spectrum.flux[near] * 1e18,
        p0=start,
        sigma=np.full(near.sum(), NOISE * 1e18),
        absolute_sigma=True,
    )
    errors = np.sqrt(np.diag(covariance))
    assert cells["OIII_5008_flux"] * 1e18 == pytest.approx(flux, abs=0.5 * errors[0])
    assert cells["OIII_5008_flux_err"] * 1e18 == pytest.approx(errors[0], rel=0.2)
    assert cells["z_fit"] == pytest.approx(centre / 5008.24 - 1, abs=0.5 * errors[1] / 5008.24)
    per_angstrom = LIGHT_SPEED / centre
    assert cells["line_width_kms"] == pytest.approx(sigma * per_angstrom, abs=errors[2] * per_angstrom)
    assert cells["line_width_err_kms"] == pytest.approx(errors[2] * per_angstrom, rel=0.25)
    assert cells["OIII_5008_snr"] > cells["OIII_5008_flux"] / cells["OIII_5008_flux_err"]


def test_strong_lines_do_not_raise_the_continuum_beside_them():
    levels = [
        line_data(galaxy(Z, brightness=3e-18, seed=seed)).continuum[
            np.searchsorted(galaxy(Z).wavelength, 10016)
        ]
        * line_data(galaxy(Z, brightness=3e-18, seed=seed)).scale
        for seed in range(20)
    ]
    assert np.mean(levels) == pytest.approx(CONTINUUM, abs=0.06 * NOISE)


def test_absorption_is_negative():
    deep = galaxy(Z, brightness=-2e-19, strengths={3934.78: 1.0, 3969.59: 1.0, 5174.13: 0.5}, seed=1)
    cells = line_cells(deep, Z)
    for quantity in ("flux", "snr", "ew"):
        assert cells[f"CAK_3935_{quantity}"] < 0
    assert cells["CAK_3935_flux_err"] > 0


def test_lines_that_are_not_covered_have_no_cells():
    cells = line_cells(galaxy(1.2), 1.2)  # Hα in the gap between two bands, Lyα beyond the blue end
    assert "HBETA_4863_flux" in cells
    assert not {"HALPHA_6565_flux", "LYA_1216_flux", "SIII_9533_flux"} & set(cells)


def test_half_a_doublet_is_not_given_as_the_whole():
    spectrum = galaxy(Z)
    masked = np.abs(spectrum.wavelength - 3729.88 * (1 + Z)) < 4.5
    half = replace(spectrum, mask=spectrum.mask | masked)
    assert "OII_3728_flux" in line_cells(spectrum, Z)
    assert "OII_3728_flux" not in line_cells(half, Z)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        (f"1e-17 {FLAM}", 1e-17),
        ("uJy", 1e-29 * LIGHT_SPEED * 1e13 / (5008.24 * (1 + Z)) ** 2),
    ],
)
def test_fluxes_are_in_one_unit_whatever_the_file_s(unit, factor):
    cells = line_cells(galaxy(Z), Z)
    other = line_cells(replace(galaxy(Z), flux_unit=unit), Z)
    assert other["flux_unit"] == cells["flux_unit"] == FLUX_UNIT
    assert other["OIII_5008_flux"] == pytest.approx(factor * cells["OIII_5008_flux"], rel=1e-3)
    assert other["OIII_5008_ew"] == cells["OIII_5008_ew"]


@pytest.mark.parametrize(("unit", "said"), [("", None), ("ct", "ct Angstrom")])
def test_an_unknown_unit_is_left_as_it_is(unit, said):
    other = line_cells(replace(galaxy(Z), flux_unit=unit), Z)
    assert other.get("flux_unit") == said
    assert other["OIII_5008_flux"] == line_cells(galaxy(Z), Z)["OIII_5008_flux"]


def test_where_nothing_fits_the_reason_is_the_only_cell():
    noise = galaxy(Z, brightness=0.0, seed=2)
    assert list(line_cells(noise, Z)) == ["fit_warning"]
    assert "No line stands out" in line_cells(noise, Z)["fit_warning"]
    assert "No known line is covered" in line_cells(noise, 25.0)["fit_warning"]


def test_rows_become_columns_with_nothing_where_nothing_was_measured():
    spectrum = galaxy(Z)
    rows = [
        measured_row(CatalogueRow("a.fits", 0, z=Z), spectrum),
        measured_row(CatalogueRow("a.fits", 1), spectrum),
        CatalogueRow("b.fits", 0, error="no flux column was found"),
    ]
    columns = fit_columns(rows)
    assert list(columns) == list(FIT_TYPES)
    assert columns["z_fit"] == [pytest.approx(Z, abs=1e-4), None, None]
    assert columns["lines_detected"][1:] == [0, 0]
    assert columns["fit_warning"] == ["", "", ""]
    assert columns["HALPHA_6565_flux"][0] > 0
    assert columns["HALPHA_6565_flux"][1:] == [None, None]


def test_every_principal_line_is_in_the_table_of_lines():
    known = {line.name for line in load_lines()}
    assert {name for members in PRINCIPAL_LINES.values() for name in members} <= known


def test_the_flux_unit_stands_above_the_column_only_where_all_rows_share_it():
    assert column_units({FLUX_UNIT})["OII_3728_flux_err"] == FLUX_UNIT
    assert "OII_3728_flux" not in column_units({FLUX_UNIT, ""})
    assert "OII_3728_flux" not in column_units({""})
    assert column_units(set())["OII_3728_ew"] == "Angstrom"
