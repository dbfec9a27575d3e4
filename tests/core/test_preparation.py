from __future__ import annotations

import json

import numpy as np
import pytest

from mtop_gui.core.preparation import (
    Preparation,
    prepare,
    prepare_batch,
    running_median,
    split_continuum,
    standardise_continuum,
)
from tests.support.tiny import tiny_flux, tiny_instrument, tiny_spectrum

TRAINED = Preparation(median_window=101, continuum_mean=(5e-19,) * 10, continuum_std=(1e-19,) * 10)


def test_survives_json() -> None:
    assert Preparation.from_dict(json.loads(json.dumps(TRAINED.as_dict()))) == TRAINED


@pytest.mark.parametrize(
    "change",
    [
        {"median_window": 100},
        {"median_window": 1},
        {"continuum_points": 1},
        {"continuum_mean": [1.0]},
        {"continuum_std": [0.0] * 10},
        {"logmass_std": 0},
        {"logsfr_mean": float("nan")},
        {"sky_threshold": "high"},
        {"surprise": 1},
        {"continuum_mean": 3},
    ],
)
def test_refuses_nonsense(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Preparation.from_dict({**TRAINED.as_dict(), **change})


def test_sky_and_dead_edges_are_ignored() -> None:
    usable = TRAINED.usable(tiny_instrument())
    assert not usable[100:110].any()
    assert not usable[300]
    assert np.count_nonzero(~usable) == 11


def test_running_median_is_the_median_of_the_window() -> None:
    flux = np.random.default_rng(0).normal(size=200)
    found = running_median(flux, 21)
    assert found[100] == np.median(flux[90:111])
    assert running_median(flux, 1001).shape == flux.shape


def test_lines_have_maximum_one_and_no_continuum() -> None:
    instrument = tiny_instrument()
    flux = tiny_flux(1.0, instrument.wavelength)
    good = TRAINED.usable(instrument)
    lines, continuum, scale = split_continuum(flux, good, 101)
    assert lines.max() == 1.0
    assert np.median(lines[good]) == pytest.approx(0.0, abs=0.01)
    assert (lines[~good] == 0).all()
    assert continuum == pytest.approx(5.0 * (instrument.wavelength / 9000) ** -0.5, rel=0.25)
    assert scale == pytest.approx(60.0, rel=0.1)


def test_ignored_pixels_change_nothing() -> None:
    flux = np.random.default_rng(1).normal(size=500)
    good = np.ones(500, bool)
    good[[3, 200, 499]] = False
    wild = np.where(good, flux, 1e9)
    for first, second in zip(split_continuum(flux, good, 51), split_continuum(wild, good, 51), strict=True):
        assert np.array_equal(first, second)


@pytest.mark.parametrize("flux", [np.zeros(500), np.full(500, 3e-18), np.full(500, 3e-18, np.float32)])
def test_a_constant_flux_has_no_structure(flux: np.ndarray) -> None:
    lines, _, scale = split_continuum(flux, np.ones(500, bool), 51)
    assert scale == 0.0
    assert (lines == 0).all()


def test_a_spectrum_and_a_batch_are_prepared_alike() -> None:
    instrument = tiny_instrument()
    spectrum = tiny_spectrum()
    one = prepare(spectrum, TRAINED, instrument)
    flux = (spectrum.flux / 1e-19).astype(np.float32)[None]
    lines, points = prepare_batch(flux, TRAINED.usable(instrument), TRAINED, instrument)
    assert one.structure == pytest.approx(lines[0], abs=1e-5)
    assert one.inputs["continuum"] == pytest.approx(
        standardise_continuum(points[0] * 1e-19, TRAINED), abs=1e-4
    )
    assert one.unit_known
    assert one.coverage == 1.0


def test_the_unit_does_not_matter_when_it_is_known() -> None:
    instrument = tiny_instrument()
    spectrum = tiny_spectrum()
    scaled = tiny_spectrum(
        flux=spectrum.flux * 1e17, ivar=spectrum.ivar * 1e-34, flux_unit="1e-17 erg / (s cm2 Angstrom)"
    )
    first, second = prepare(spectrum, TRAINED, instrument), prepare(scaled, TRAINED, instrument)
    assert first.structure == pytest.approx(second.structure, abs=1e-5)
    assert first.inputs["continuum"] == pytest.approx(second.inputs["continuum"], abs=1e-5)
    assert np.nanmedian(second.running_median) == pytest.approx(1e17 * np.nanmedian(first.running_median))


def test_an_unknown_unit_gives_the_mean_continuum() -> None:
    prepared = prepare(tiny_spectrum(flux_unit=""), TRAINED, tiny_instrument())
    assert not prepared.unit_known
    assert (prepared.inputs["continuum"] == 0).all()
    assert prepared.structure == pytest.approx(
        prepare(tiny_spectrum(), TRAINED, tiny_instrument()).structure, abs=1e-5
    )


def test_coverage_counts_usable_pixels_only() -> None:
    instrument = tiny_instrument()
    mask = np.zeros(500, bool)
    mask[:50] = True
    mask[100:110] = True  # sky, not counted anyway
    prepared = prepare(tiny_spectrum(mask=mask), TRAINED, instrument)
    assert prepared.coverage == pytest.approx((489 - 50) / 489)
    assert prepared.mask[:50].all()
    assert np.isnan(prepared.running_median[:50]).all()


def test_a_spectrum_of_one_band_covers_that_band() -> None:
    whole = tiny_spectrum()
    one = slice(0, 300)
    part = tiny_spectrum(
        wavelength=whole.wavelength[one], flux=whole.flux[one], ivar=whole.ivar[one], mask=whole.mask[one]
    )
    prepared = prepare(part, TRAINED, tiny_instrument())
    assert prepared.coverage == pytest.approx(290 / 489)
    assert prepared.mask[300:].all()


def test_another_grid_gives_nearly_the_same_inputs() -> None:
    instrument = tiny_instrument()
    fine = np.arange(5990.0, 14010.0, 2.5)
    spectrum = tiny_spectrum(
        wavelength=fine,
        flux=1e-19 * tiny_flux(1.0, fine),
        ivar=np.full(fine.size, 1e38),
        mask=np.zeros(fine.size, bool),
    )
    on_grid = tiny_spectrum(flux=1e-19 * tiny_flux(1.0, instrument.wavelength))
    first, second = prepare(spectrum, TRAINED, instrument), prepare(on_grid, TRAINED, instrument)
    assert first.coverage == 1.0
    assert first.structure == pytest.approx(second.structure, abs=0.05)
