from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.confidence import flag
from mtop_gui.core.errors import BundleError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.preparation import prepare
from mtop_gui.network.architectures import ARCHITECTURES
from mtop_gui.network.predictor import REMEMBERED, UNKNOWN_UNIT, Predictor, apply_temperature
from tests.support.tiny import tiny_flux, tiny_instrument, tiny_spectrum

if TYPE_CHECKING:
    from mtop_gui.network.bundle import ModelBundle


def test_predictions_are_whole_and_in_order(predictor: Predictor) -> None:
    spectra = [tiny_spectrum(z, seed=n) for n, z in enumerate((0.8, 0.9, 1.0))]
    many = predictor.predict(spectra)
    for spectrum, prediction in zip(spectra, many, strict=True):
        alone = predictor.predict([spectrum])[0]
        assert alone.redshift_pdf == pytest.approx(prediction.redshift_pdf, rel=1e-4)
        assert prediction.redshift_pdf.sum() == pytest.approx(1.0)
        assert prediction.line_probability.shape == prediction.line_wavelength.shape == (500,)
        assert prediction.logmass_err == pytest.approx(0.1)
        assert prediction.logsfr_err == pytest.approx(0.2)
        assert prediction.redshift_pdf_std is None
        assert not prediction.rejection


def test_one_pass_is_deterministic(predictor: Predictor) -> None:
    first, second = (predictor.predict([tiny_spectrum()])[0] for _ in range(2))
    assert np.array_equal(first.redshift_pdf, second.redshift_pdf)
    assert first.logmass == second.logmass


def test_more_spectra_than_a_batch(predictor: Predictor) -> None:
    spectra = [tiny_spectrum(seed=n) for n in range(70)]
    many = predictor.predict(spectra)
    assert len(many) == 70
    assert many[69].redshift_pdf == pytest.approx(predictor.predict([spectra[69]])[0].redshift_pdf, rel=1e-4)


def test_a_bundle_of_another_grid_is_refused(tiny_bundle: ModelBundle) -> None:
    with pytest.raises(BundleError, match="trained on 500 pixels, instrument 'moons-lr' has 12217"):
        Predictor(tiny_bundle, load_instrument("moons-lr"))


def test_nothing_in_nothing_out(predictor: Predictor) -> None:
    assert predictor.predict([]) == []


def test_dropout_passes_repeat_whatever_the_neighbours(predictor: Predictor) -> None:
    one, other = tiny_spectrum(seed=1), tiny_spectrum(seed=2)
    alone = predictor.predict([one], mc_passes=20)[0]
    beside = predictor.predict([other, one], mc_passes=20)[1]
    assert np.array_equal(alone.redshift_pdf, beside.redshift_pdf)
    assert alone.redshift_pdf_std is not None
    assert alone.redshift_pdf_std.max() > 0
    assert alone.logmass_err > 0.1


def test_the_mean_of_the_passes_has_a_temperature_of_its_own(tiny_bundle: ModelBundle) -> None:
    raw, cooled = (
        Predictor(replace(tiny_bundle, sampled_temperature=temperature), tiny_instrument())
        for temperature in (1.0, 0.5)
    )
    flat, sharp = (one.predict([tiny_spectrum()], mc_passes=8)[0] for one in (raw, cooled))
    assert sharp.redshift_pdf == pytest.approx(apply_temperature(flat.redshift_pdf[None], 0.5)[0], rel=1e-6)
    assert np.array_equal(*(one.predict([tiny_spectrum()])[0].redshift_pdf for one in (raw, cooled)))


def test_the_mean_of_many_passes_is_near_the_single_pass(predictor: Predictor) -> None:
    # Were batch normalisation to learn from the batch, the identical copies would all come out as its bias.
    spectrum = tiny_spectrum()
    single = predictor.predict([spectrum])[0]
    sampled = predictor.predict([spectrum], mc_passes=150)[0]
    assert sampled.logmass == pytest.approx(single.logmass, abs=0.5)
    assert sampled.line_probability == pytest.approx(single.line_probability, abs=0.1)
    assert sampled.redshift_pdf.sum() == pytest.approx(1.0)


def test_a_spectrum_of_another_telescope_is_refused(predictor: Predictor) -> None:
    wavelength = np.linspace(3000.0, 7000.0, 400)
    spectrum = tiny_spectrum(
        wavelength=wavelength, flux=np.sin(wavelength), ivar=np.ones(400), mask=np.zeros(400, bool)
    )
    refused, accepted = predictor.predict([spectrum, tiny_spectrum()])
    assert refused.rejection == "outside the wavelength range of bundle tiny (covers 20 % of 6000-13985 Å)"
    assert np.isnan(refused.redshift)
    assert flag(refused).flagged
    assert not accepted.rejection


def test_a_spectrum_of_bad_pixels_is_refused(predictor: Predictor) -> None:
    mask = np.zeros(500, bool)
    mask[:300] = True
    refused = predictor.predict([tiny_spectrum(mask=mask)])[0]
    assert refused.rejection.startswith("too few good pixels")


@pytest.mark.parametrize("level", [0.0, 1e-18, -1e-18])
def test_a_constant_flux_is_refused(predictor: Predictor, level: float) -> None:
    refused = predictor.predict([tiny_spectrum(flux=np.full(500, level))])[0]
    assert "no structure" in refused.rejection


def test_an_unknown_unit_gives_a_redshift_but_no_mass(predictor: Predictor) -> None:
    said = predictor.predict([tiny_spectrum(flux_unit="counts")])[0]
    assert np.isfinite(said.redshift)
    assert np.isnan(said.logmass)
    assert np.isnan(said.logsfr_err)
    assert UNKNOWN_UNIT in flag(said).text


@pytest.mark.parametrize("scale", [1e-25, 1e12])
def test_absurd_fluxes_do_no_harm(predictor: Predictor, scale: float) -> None:
    spectrum = tiny_spectrum(
        flux=scale * tiny_flux(1.0, tiny_instrument().wavelength), ivar=np.full(500, scale**-2)
    )
    said = predictor.predict([spectrum])[0]
    assert np.isfinite(said.redshift_pdf).all()


def test_saliency_is_the_gradient(predictor: Predictor) -> None:
    """Compare with finite differences of the network's own log probability."""
    prepared = prepare(tiny_spectrum(), predictor.bundle.preparation, predictor.instrument)
    grid = predictor.bundle.grid.centres
    weights = np.zeros(grid.size, np.float32)
    weights[29:32] = 1
    gradient = predictor._gradient(prepared.inputs, weights)
    steps = 0.02
    for pixel in np.argsort(-np.abs(gradient))[:5]:
        values = []
        for sign in (1, -1):
            moved = {name: array.copy() for name, array in prepared.inputs.items()}
            moved["spectrum"][pixel, 0] += sign * steps
            said = predictor._run([replace(prepared, inputs=moved)])["redshift"][0]
            values.append(np.log((said * weights).sum()))
        assert (values[0] - values[1]) / (2 * steps) == pytest.approx(gradient[pixel], rel=0.2, abs=1e-3)


def test_saliency_is_drawn_between_zero_and_one(predictor: Predictor) -> None:
    found = predictor.saliency(tiny_spectrum())
    assert found.shape == (500,)
    assert found.max() == 1.0
    assert found.min() >= 0.0
    assert (found[100:110] == 0).all()  # sky, which the network never saw
    assert not np.allclose(found, predictor.saliency(tiny_spectrum(), 0.75))


def test_no_saliency_for_what_is_refused(predictor: Predictor) -> None:
    assert (predictor.saliency(tiny_spectrum(flux=np.zeros(500))) == 0).all()


def test_a_spectrum_is_prepared_once_for_prediction_and_saliency(tiny_bundle: ModelBundle) -> None:
    fresh, again = (Predictor(tiny_bundle, tiny_instrument()) for _ in range(2))
    spectrum, other = tiny_spectrum(), tiny_spectrum(seed=2)
    kept = fresh._prepare([spectrum])[0]
    fresh._prepare([spectrum, other])  # a batch leaves what is remembered alone
    assert fresh._prepare([spectrum])[0] is kept
    fresh.predict([spectrum])
    assert np.array_equal(fresh.saliency(spectrum, 0.75), again.saliency(spectrum, 0.75))
    for seed in range(3, 3 + REMEMBERED):
        fresh._prepare([tiny_spectrum(seed=seed)])
    assert fresh._prepare([spectrum])[0] is not kept


def test_warming_up_changes_nothing(tiny_bundle: ModelBundle, predictor: Predictor) -> None:
    warm = Predictor(tiny_bundle, tiny_instrument())
    warm.warm_up()
    pair = [one.predict([tiny_spectrum()])[0].redshift_pdf for one in (warm, predictor)]
    assert np.array_equal(*pair)


def test_temperature_widens_and_one_changes_nothing() -> None:
    pdf = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
    assert apply_temperature(pdf, 1.0) == pytest.approx(pdf)
    warm = apply_temperature(pdf, 2.0)
    assert warm.sum(axis=1) == pytest.approx(1.0)
    assert warm[0, 0] < 0.7
    assert warm.argmax(axis=1).tolist() == [0, 0]


def test_passes_from_shared_features_are_those_of_the_whole_network(
    tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum = tiny_spectrum()
    split = Predictor(tiny_bundle, tiny_instrument()).predict([spectrum], mc_passes=12)[0]
    monkeypatch.setitem(
        ARCHITECTURES, "mtopnet", replace(ARCHITECTURES["mtopnet"], before_dropout=lambda config: "")
    )
    whole = Predictor(tiny_bundle, tiny_instrument()).predict([spectrum], mc_passes=12)[0]
    np.testing.assert_allclose(split.redshift_pdf, whole.redshift_pdf, rtol=1e-4, atol=1e-7)
    assert split.redshift_pdf_std.max() > 0
