"""The classical peer and the limit, and all methods before the same spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.events import Advanced, Cancelled
from mtop_gui.core.prediction import Prediction
from mtop_gui.core.preparation import Preparation
from mtop_gui.evaluation.chi2 import Chi2Scan, Templates, learn_templates
from mtop_gui.evaluation.components import principal_components
from mtop_gui.evaluation.detectability import LineSignals, has_two_lines
from mtop_gui.evaluation.judge import Chi2Method, LimitMethod, NetworkMethod, judge
from mtop_gui.evaluation.limit import TrueTemplate
from mtop_gui.evaluation.log_grid import Gridder, LogGrid, Weighed
from mtop_gui.evaluation.metrics import success
from mtop_gui.evaluation.sample import draw_sample, observe
from mtop_gui.simulation.survey import Survey
from tests.support.tiny import tiny_flux

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.events import Event
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum

REACH = (0.7, 1.3)
WINDOW = 101


class Guesser:
    """Predicts a Gaussian about a redshift that has nothing to do with the spectrum."""

    bundle_name = "guesser 1 (none)"

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        grid = np.arange(0.7, 1.3, 0.003)
        made = []
        for spectrum in spectra:
            centre = 0.75 + 0.5 * int(spectrum.content_hash[:4], 16) / 65536
            pdf = np.exp(-0.5 * ((grid - centre) / 0.05) ** 2)
            made.append(
                Prediction(
                    grid, pdf / pdf.sum(), spectrum.wavelength, np.zeros(500), 10.0, 0.6, 1.0, 0.6, "guesser"
                )
            )
        return made

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        return np.zeros(500)


@pytest.fixture(scope="module")
def usable(instrument: Instrument) -> np.ndarray:
    return Preparation(median_window=WINDOW).usable(instrument)


@pytest.fixture(scope="module")
def survey(faint_survey: Path) -> Iterator[Survey]:
    with Survey(faint_survey) as opened:
        yield opened


@pytest.fixture(scope="module")
def scan(survey: Survey, instrument: Instrument, usable: np.ndarray) -> Chi2Scan:
    gridder = Gridder(instrument, usable, velocity=60.0, median_window=WINDOW)
    return Chi2Scan(gridder, learn_templates(survey, gridder, REACH, components=3, archetypes=8), REACH)


def test_nothing_is_lost_between_pixels_and_cells(instrument: Instrument, usable: np.ndarray) -> None:
    gridder = Gridder(instrument, usable, velocity=20.0, median_window=WINDOW)
    rng = np.random.default_rng(0)
    flux, sigma = rng.normal(0, 1, 500), rng.uniform(0.5, 2, 500)
    sigma[7], flux[9] = np.inf, np.nan
    observed = gridder.weigh(flux, sigma)
    counted = usable & np.isfinite(sigma) & np.isfinite(flux)
    assert observed.weight.sum() == pytest.approx(np.sum(1 / sigma[counted] ** 2))
    assert np.count_nonzero(observed.weight) == np.count_nonzero(counted)
    assert (observed.product[observed.weight == 0] == 0).all()


def test_a_redshift_is_a_shift() -> None:
    grid = LogGrid.over(6000.0, 14000.0, 20.0)
    assert np.allclose(np.diff(np.log(grid.wavelength)), grid.step)
    cells = grid.nearest(np.array([7000.0, 7000.0 * np.exp(5 * grid.step)]))
    assert cells[1] - cells[0] == 5


def test_the_correlation_is_the_sum_it_stands_for(instrument: Instrument, usable: np.ndarray) -> None:
    limit = TrueTemplate(instrument, usable, REACH, median_window=WINDOW)
    rng = np.random.default_rng(1)
    size = limit.gridder.grid.size
    template, product, weight = rng.normal(size=size), rng.normal(size=size), rng.random(size)
    gains = limit._gains(template, Weighed(product, weight))
    for shift in (-40, 0, 3, 25):
        moved = np.zeros(size)
        if shift >= 0:
            moved[shift:] = template[: size - shift]
        else:
            moved[:shift] = template[-shift:]
        slow = 2 * product @ moved - weight @ moved**2
        assert gains[shift] == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("redshift", [0.8, 1.0, 1.22])
def test_both_find_the_redshift_of_a_bright_galaxy(
    instrument: Instrument, usable: np.ndarray, scan: Chi2Scan, redshift: float
) -> None:
    flux = tiny_flux(redshift, instrument.wavelength)
    noise = np.random.default_rng(3).normal(0, 1, 500)
    sigma = np.ones(500)
    limit = TrueTemplate(instrument, usable, REACH, median_window=WINDOW)
    found = limit.fit(limit.gridder.template(flux), redshift, limit.gridder.weigh(flux + noise, sigma))
    assert found.redshift == pytest.approx(redshift, abs=2e-4)
    classical = scan.fit(scan.gridder.weigh(flux + noise, sigma))
    assert classical.redshift == pytest.approx(redshift, abs=2e-3)
    assert classical.delta_chi2 > 100
    assert 0 < classical.error < 1e-3


def test_the_limit_doubts_what_noise_hides(instrument: Instrument, usable: np.ndarray) -> None:
    """Its entropy is that of the likelihood: none where the lines are plain, that of all bins where nothing is seen."""
    limit = TrueTemplate(instrument, usable, REACH, median_window=WINDOW)
    flux, noise = tiny_flux(1.0, instrument.wavelength), np.random.default_rng(5).normal(0, 1, 500)
    template = limit.gridder.template(flux)

    def entropy(error: float) -> float:
        observed = limit.gridder.weigh(flux + error * noise, np.full(500, error))
        return limit.fit(template, 1.0, observed).entropy

    bins = (REACH[1] - REACH[0]) / 0.003
    assert entropy(0.1) < 1 < entropy(100.0) < entropy(1e6)
    assert entropy(1e6) == pytest.approx(np.log(bins), abs=0.02)


def test_chi2_is_the_same_in_every_flux_unit(instrument: Instrument, scan: Chi2Scan) -> None:
    flux = tiny_flux(1.1, instrument.wavelength)
    sigma = np.full(500, 2.0)
    one = scan.fit(scan.gridder.weigh(flux, sigma))
    other = scan.fit(scan.gridder.weigh(flux * 1e-19, sigma * 1e-19))
    assert other.redshift == pytest.approx(one.redshift, abs=1e-6)
    assert other.gain == pytest.approx(one.gain, rel=1e-3)


def test_a_spectrum_without_weight_has_no_redshift(scan: Chi2Scan) -> None:
    size = scan.gridder.grid.size
    assert np.isnan(scan.fit(Weighed(np.zeros(size), np.zeros(size)))).all()


def test_archetypes_are_positive(scan: Chi2Scan, instrument: Instrument) -> None:
    """A spectrum turned upside down is no galaxy: its fit gains less."""
    flux, sigma = tiny_flux(1.0, instrument.wavelength), np.full(500, 2.0)
    upright = scan.fit(scan.gridder.weigh(flux, sigma))
    inverted = scan.fit(scan.gridder.weigh(-flux, sigma))
    assert inverted.gain < 0.5 * upright.gain


def test_components_of_spectra_that_overlap_only_in_part() -> None:
    rng = np.random.default_rng(4)
    truth = np.linalg.qr(rng.normal(size=(120, 2)))[0].T
    weights = rng.normal(size=(200, 2)) * [3.0, 1.0]
    whole = (weights @ truth).astype(np.float32)
    covered = np.zeros(whole.shape, bool)
    for row, start in enumerate(rng.integers(0, 50, 200)):
        covered[row, start : start + 70] = True
    found, coefficients = principal_components(np.where(covered, whole, 0).astype(np.float32), covered, 2)
    assert np.allclose(found @ found.T, np.eye(2), atol=1e-4)
    rebuilt = coefficients @ found
    assert np.abs(rebuilt - whole)[covered].max() < 0.02 * np.abs(whole).max()


def test_the_limit_beats_every_method_on_average(
    survey: Survey, instrument: Instrument, usable: np.ndarray, scan: Chi2Scan
) -> None:
    sample = draw_sample(survey)
    truth = {name: sample.labels[name] for name in ("logmass", "logsfr")}
    methods = [
        NetworkMethod(Guesser(), "guesser", "guesser", truth, fit_every=0),
        Chi2Method(scan, jobs=2),
        LimitMethod(TrueTemplate(instrument, usable, REACH, median_window=WINDOW), survey, jobs=2),
    ]
    events: list[Event] = []
    answers = {one.name: one for one in judge(sample, survey, instrument, methods, report=events.append)}
    shares = {name: success(one.redshift, sample.redshift) for name, one in answers.items()}
    assert shares["guesser"] < shares["chi2"] < shares["limit"] < 1.0
    by_hours = [
        success(answers["limit"].redshift[sample.hours == hours], sample.redshift[sample.hours == hours])
        for hours in (2, 8)
    ]
    assert by_hours[0] < by_hours[1]
    guesser = answers["guesser"].columns
    assert np.isfinite(guesser["pit"]).all()
    assert set(np.unique(guesser["logmass_in68"])) == {0.0, 1.0}
    assert events[-1] == Advanced(len(sample), len(sample), "judging")


def test_judging_can_be_cancelled(survey: Survey, instrument: Instrument, scan: Chi2Scan) -> None:
    def stop(event: Event) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        judge(draw_sample(survey, 3), survey, instrument, [Chi2Method(scan)], report=stop)


def test_a_sample_is_the_same_for_the_same_seed(survey: Survey, instrument: Instrument) -> None:
    first, second = draw_sample(survey, 10, seed=4), draw_sample(survey, 10, seed=4)
    assert first.count == 10
    assert np.array_equal(first.galaxies, second.galaxies)
    assert not np.array_equal(first.galaxies, draw_sample(survey, 10, seed=5).galaxies)
    assert (survey.split[first.galaxies] == 2).all()
    chunks = [list(observe(one, survey, instrument)) for one in (first, second)]
    assert np.array_equal(chunks[0][0].flux, chunks[1][0].flux)
    assert np.array_equal(chunks[0][0].redshift, survey.labels["z"][chunks[0][0].galaxies])


def test_a_line_has_the_signal_to_noise_of_optimal_extraction(instrument: Instrument) -> None:
    everything = np.ones(500, bool)
    signals = LineSignals(instrument, everything, ("Hα 6565", "Hβ 4863", "[O II] 3727", "[O II] 3730"))
    sigma = np.full(500, 1e-18)
    ratio = signals(sigma, 1.0, np.array([5e-17, 1e-16, 1e-17, 1e-17]), 1500.0)
    width = np.hypot(6564.61 * 2 * 1500 / 299792.458, (11000 + 13985) / 2 / 1500 / 2.3548)
    closed = 5e-17 / 1e-18 / np.sqrt(2 * np.sqrt(np.pi) * width * 15.0)
    assert ratio[0] == pytest.approx(closed, rel=0.02)
    assert ratio[1] == 0.0  # 9726 Å lies in the gap
    assert ratio[3] == 0.0  # counted with the other line of the doublet
    assert ratio[2] > 0
    assert has_two_lines(np.array([8.0, 0.0, 5.5]))
    assert not has_two_lines(np.array([8.0, 4.0]))
    assert not has_two_lines(np.array([6.0, 6.0]))


def test_templates_keep_their_shape(scan: Chi2Scan) -> None:
    templates = scan._templates
    assert isinstance(templates, Templates)
    assert templates.components.shape == (3, templates.rest.size)
    assert np.allclose(np.linalg.norm(templates.archetypes, axis=1), 1.0)
