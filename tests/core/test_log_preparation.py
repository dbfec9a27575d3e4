"""LogPreparation: signal-to-noise on the ln λ grid, whatever the grid, the unit and the gaps of the file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.log_preparation import LogPreparation, log_preparation_for, unsoftened
from mtop_gui.core.spectrum import FLAM, Spectrum

INSTRUMENT = load_instrument("moons-lr")
PREPARATION = LogPreparation(scale_mean=(-0.5, -0.4), scale_std=(0.4, 0.2))


def spectrum(factor: float = 1.0, unit: str = FLAM, line: float = 40.0, seed: int = 0) -> Spectrum:
    """A sloping continuum with noise and one line at 1.2 µm, on the Instrument's own grid."""
    wavelength = INSTRUMENT.wavelength
    sigma = np.full(wavelength.size, 2e-19)
    flux = 3e-19 * (wavelength / 1e4) + sigma * np.random.default_rng(seed).normal(size=wavelength.size)
    flux += line * 1e-19 * np.exp(-0.5 * ((wavelength - 12000.0) / 3.0) ** 2)
    return Spectrum(
        wavelength=wavelength,
        flux=flux * factor,
        ivar=1 / (sigma * factor) ** 2,
        mask=np.zeros(wavelength.size, bool),
        flux_unit=unit,
    )


def part(whole: Spectrum, chosen: np.ndarray) -> Spectrum:
    return Spectrum(
        wavelength=whole.wavelength[chosen],
        flux=whole.flux[chosen],
        ivar=whole.ivar[chosen],
        mask=whole.mask[chosen],
        flux_unit=whole.flux_unit,
    )


def test_survives_json() -> None:
    assert LogPreparation.from_dict(json.loads(json.dumps(PREPARATION.as_dict()))) == PREPARATION


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": 8191},
        {"median_blocks": 10},
        {"scale_std": [0.0, 1.0]},
        {"colour": 1},
        {"clip": "wide"},
        {"pixel_step": 0},
    ],
)
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        LogPreparation.from_dict({**PREPARATION.as_dict(), **change})


@pytest.mark.parametrize(("name", "pixels"), [("moons-lr", 8192), ("optical", 8064)])
def test_the_grid_covers_the_instrument(name: str, pixels: int) -> None:
    instrument = load_instrument(name)
    made = log_preparation_for(instrument)
    assert (made.pixels, made.pixel_step) == (pixels, 1.25e-4)
    assert made.first_wavelength == pytest.approx(instrument.wavelength[0])
    wider = made.wavelength(instrument)
    assert wider[-made.median_block] < instrument.wavelength[-1] <= wider[-1]  # not a block more than needed


def test_the_gap_between_bands_is_not_reachable() -> None:
    covered = log_preparation_for(INSTRUMENT).reachable(INSTRUMENT)
    assert 0.9 < covered.mean() < 0.95  # the gap between YJ and H


def test_rebinning_leaves_an_optical_spectrum_as_it_is() -> None:
    instrument = load_instrument("optical")
    rebinning = log_preparation_for(instrument).rebinnings.of(instrument.wavelength)
    rng = np.random.default_rng(0)
    flux = rng.normal(size=(2, instrument.pixels))
    good = np.ones(flux.shape, bool)
    good[0, 100] = good[1, 5000:] = False
    new_flux, variance, new_good = rebinning(flux, np.ones(flux.shape), good)
    inside = slice(instrument.pixels)
    assert np.array_equal(new_good[:, inside], good)
    assert not new_good[:, instrument.pixels :].any()
    # Edges half-way in λ, not in ln λ, move a ten-thousandth of a pixel.
    assert new_flux[:, inside] == pytest.approx(np.where(good, flux, 0), abs=3e-4)
    assert variance[:, inside] == pytest.approx(good.astype(float), abs=3e-4)


def test_a_line_stands_out_by_its_signal_to_noise() -> None:
    prepared = PREPARATION.prepare([spectrum()], INSTRUMENT)[0]
    wavelength = PREPARATION.wavelength(INSTRUMENT)
    lines = unsoftened(prepared.inputs["spectrum"][:, 0])
    peak = int(lines.argmax())
    assert wavelength[peak] == pytest.approx(12000.0, abs=2.0)
    wider = np.sqrt(
        PREPARATION.pixel_step * 12000.0 / INSTRUMENT.bands[1].step
    )  # a pixel that gathers more light
    assert lines[peak] == pytest.approx(20.0 * wider, abs=4.0)  # 40e-19 over 2e-19
    far = (np.abs(wavelength - 12000) > 50) & ~prepared.mask
    assert abs(float(np.median(lines[far]))) < 0.05
    assert prepared.running_median[far] == pytest.approx(0.3 * wavelength[far] / 1e4, rel=0.25)
    assert (prepared.inputs["spectrum"][prepared.mask] == 0).all()
    assert prepared.structure.max() == 1.0


def test_units_do_not_matter() -> None:
    first = PREPARATION.prepare([spectrum()], INSTRUMENT)[0]
    second = PREPARATION.prepare([spectrum(1e17, "1e-17 erg / (s cm2 Angstrom)")], INSTRUMENT)[0]
    for name, array in first.inputs.items():
        assert array == pytest.approx(second.inputs[name], abs=2e-4)


def test_an_unknown_unit_tells_no_scale_and_the_same_lines() -> None:
    known = PREPARATION.prepare([spectrum()], INSTRUMENT)[0]
    unknown = PREPARATION.prepare([spectrum(1e20, "")], INSTRUMENT)[0]
    assert not unknown.unit_known
    assert unknown.inputs["scale"][:3] == pytest.approx([0, 0, 0])
    for name in ("spectrum", "broad"):
        assert known.inputs[name] == pytest.approx(unknown.inputs[name], abs=2e-3)


def test_a_missing_band_leaves_the_others_alone() -> None:
    whole = spectrum()
    band = INSTRUMENT.band_slices["YJ"]
    chosen = np.zeros(whole.wavelength.size, bool)
    chosen[band] = True
    prepared, alone = PREPARATION.prepare([whole, part(whole, chosen)], INSTRUMENT)
    assert 0.25 < alone.coverage < 0.5
    assert prepared.coverage == pytest.approx(1.0, abs=1e-3)
    wavelength = PREPARATION.wavelength(INSTRUMENT)
    inside = (wavelength > 9900) & (wavelength < 12900)  # the running median looks across the ends
    assert alone.inputs["spectrum"][inside, 0] == pytest.approx(
        prepared.inputs["spectrum"][inside, 0], abs=0.02
    )


def test_a_constant_has_no_structure() -> None:
    whole = spectrum()
    flat = Spectrum(
        wavelength=whole.wavelength, flux=np.full(whole.flux.shape, 3e-19), ivar=whole.ivar, mask=whole.mask
    )
    assert PREPARATION.prepare([flat], INSTRUMENT)[0].amplitude == 0


def test_spectra_do_not_see_each_other() -> None:
    first, second = spectrum(seed=1), spectrum(seed=2, line=0.0)
    together = PREPARATION.prepare([first, second], INSTRUMENT)
    for one, spec in zip(together, (first, second), strict=True):
        alone = PREPARATION.prepare([spec], INSTRUMENT)[0]
        for name, array in alone.inputs.items():
            assert np.array_equal(array, one.inputs[name])


@pytest.mark.parametrize("factor", [1e-22, 1e12])
def test_absurd_fluxes_stay_finite(factor: float) -> None:
    prepared = PREPARATION.prepare([spectrum(factor)], INSTRUMENT)[0]
    assert all(np.isfinite(array).all() for array in prepared.inputs.values())
    assert np.abs(prepared.inputs["scale"]).max() <= 5
