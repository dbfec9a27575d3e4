"""A survey file is complete or absent, reads back what was simulated, and observes reproducibly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.events import Advanced, Cancelled, Event
from mtop_gui.core.instrument import Instrument, load_instrument
from mtop_gui.simulation import survey as survey_module
from mtop_gui.simulation.fibre import point_source_fraction
from mtop_gui.simulation.noise import FLUX_UNIT, NoiseModel
from mtop_gui.simulation.observing import Observer
from mtop_gui.simulation.survey import Survey, simulate_survey, split_rows
from tests.simulation.fakes import fake_design, fake_draw, fake_spectra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N = 150


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument("moons-lr")


@pytest.fixture(scope="module", autouse=True)
def no_templates() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey_module, "survey_design", fake_design)
        patch.setattr(survey_module, "galaxy_spectra", fake_spectra)
        yield


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, instrument: Instrument, no_templates: None) -> Path:
    return simulate_survey(tmp_path_factory.mktemp("survey") / "mock.h5", instrument, N, 7)


@pytest.fixture
def survey(path: Path) -> Iterator[Survey]:
    with Survey(path) as opened:
        yield opened


def test_reads_back_what_was_simulated(survey: Survey, instrument: Instrument) -> None:
    galaxies = fake_draw(np.random.default_rng([7, 0]), N)
    assert (len(survey), survey.pixels) == (N, 12217)
    assert (survey.instrument_name, survey.seed, survey.flux_scale) == ("moons-lr", 7, FLUX_UNIT)
    np.testing.assert_array_equal(survey.labels["z"], galaxies.redshift)
    np.testing.assert_array_equal(survey.labels["halpha"], galaxies.halpha_flux)
    np.testing.assert_array_equal(survey.labels["quiescent"], galaxies.quiescent)
    np.testing.assert_array_equal(survey.labels["line_fluxes"], galaxies.line_fluxes)
    assert survey.line_names == galaxies.line_names
    assert set(survey.labels) >= {"logmass", "logsfr", "mag_h", "radius_arcsec", "sersic", "fibre_fraction"}
    # any order, with repeats and across chunks
    rows = np.array([149, 63, 64, 65, 0, 0, 128])
    expected = fake_spectra(galaxies, rows, instrument) / FLUX_UNIT
    np.testing.assert_allclose(survey.flux(rows), expected, rtol=1e-6)
    assert survey.flux(rows).dtype == np.float32


def test_split_is_by_galaxy_and_repeatable(survey: Survey) -> None:
    sizes = [survey.rows(split).size for split in ("train", "validation", "test")]
    assert sizes == [105, 23, 22]
    joined = np.concatenate([survey.rows(split) for split in ("train", "validation", "test")])
    np.testing.assert_array_equal(np.sort(joined), np.arange(N))
    np.testing.assert_array_equal(split_rows(N, 7), survey.split)
    assert np.any(split_rows(N, 8) != survey.split)


def test_fibre_fractions_follow_size(survey: Survey) -> None:
    fraction, radius = survey.labels["fibre_fraction"], survey.labels["radius_arcsec"]
    assert np.all((fraction > 0) & (fraction < point_source_fraction(1.1)))
    disc = survey.labels["sersic"] == 1
    order = np.argsort(radius[disc])
    assert np.all(np.diff(fraction[disc][order]) < 0)


def test_progress_is_reported_to_the_end(tmp_path: Path, instrument: Instrument) -> None:
    events: list[Event] = []
    simulate_survey(tmp_path / "s.h5", instrument, 70, 1, events.append)
    assert [(e.done, e.total) for e in events if isinstance(e, Advanced)] == [(64, 70), (70, 70)]


def test_cancelled_simulation_leaves_nothing(tmp_path: Path, instrument: Instrument) -> None:
    def cancel(event: Event) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        simulate_survey(tmp_path / "s.h5", instrument, 70, 1, cancel)
    assert list(tmp_path.iterdir()) == []


def test_failed_simulation_keeps_the_earlier_file(tmp_path: Path, instrument: Instrument) -> None:
    target = tmp_path / "s.h5"
    simulate_survey(target, instrument, 3, 1)

    def fail(event: Event) -> None:
        raise OSError("disk full")

    with pytest.raises(SimulationError, match="disk full"):
        simulate_survey(target, instrument, 5, 1, fail)
    with Survey(target) as earlier:
        assert len(earlier) == 3
    assert list(tmp_path.iterdir()) == [target]


def test_empty_survey_is_refused(tmp_path: Path, instrument: Instrument) -> None:
    with pytest.raises(SimulationError, match="at least one"):
        simulate_survey(tmp_path / "s.h5", instrument, 0, 1)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot be opened"):
        Survey(tmp_path / "missing.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(SimulationError, match="is not a survey"):
        Survey(tmp_path / "other.h5")
    with h5py.File(tmp_path / "future.h5", "w") as file:
        file.attrs["format"] = 99
    with pytest.raises(SimulationError, match="format 99"):
        Survey(tmp_path / "future.h5")


def test_fixed_observations_do_not_depend_on_the_batch(survey: Survey, instrument: Instrument) -> None:
    observer = Observer(survey, instrument)
    rows = np.array([4, 90, 17])
    flux, sigma = observer.fixed(rows, np.array([2.0, 4.0, 8.0]), seed=3)
    alone, alone_sigma = observer.fixed(17, 8.0, seed=3)
    np.testing.assert_array_equal(flux[2], alone[0])
    np.testing.assert_array_equal(sigma[2], alone_sigma[0])
    assert np.any(observer.fixed(17, 8.0, seed=4)[0] != alone)
    assert np.any(observer.fixed(17, 4.0, seed=3)[0] != alone)


def test_drawn_observations_differ_and_scatter_by_their_sigma(survey: Survey, instrument: Instrument) -> None:
    observer = Observer(survey, instrument)
    rng = np.random.default_rng(0)
    rows = np.arange(30)
    first, sigma = observer.draw(rng, rows)
    second, _ = observer.draw(rng, rows)
    assert np.any(first != second)
    pull = (first - survey.flux(rows)) / sigma
    assert pull.std() == pytest.approx(1, abs=0.01)
    # 2 and 8 h both occur: the same galaxy's sigma changes by up to a factor of two
    ratio = np.median(sigma / observer.draw(rng, rows)[1], axis=1)
    assert ratio.max() > 1.9
    assert ratio.min() < 0.55


def test_point_source_share_mixes_conventions(survey: Survey, instrument: Instrument) -> None:
    rows = np.full(60, 100)
    truth = survey.flux(100)[0]
    bluest = slice(0, 500)
    flux, _ = Observer(survey, instrument, point_source_share=0.5).draw(np.random.default_rng(2), rows, 8.0)
    seen = np.array([np.average(spectrum[bluest]) for spectrum in flux]) / truth[bluest].mean()
    dimmed = NoiseModel(instrument, convention="moons1d").response[bluest].mean()
    point = np.abs(seen - dimmed) < np.abs(seen - 1)
    assert 15 < point.sum() < 45
    assert np.mean(seen[point]) == pytest.approx(dimmed, abs=0.05)
    assert np.mean(seen[~point]) == pytest.approx(1, abs=0.05)


def test_observer_refuses_another_instrument(survey: Survey, instrument: Instrument) -> None:
    other = replace(instrument, name="optical")
    with pytest.raises(SimulationError, match="was made for 'moons-lr'"):
        Observer(survey, other)


def test_same_seed_same_file(path: Path, tmp_path: Path, instrument: Instrument) -> None:
    again = simulate_survey(tmp_path / "again.h5", instrument, N, 7)
    other = simulate_survey(tmp_path / "other.h5", instrument, N, 8)
    with Survey(path) as first, Survey(again) as second, Survey(other) as third:
        np.testing.assert_array_equal(first.flux(np.arange(N)), second.flux(np.arange(N)))
        assert np.any(first.labels["z"] != third.labels["z"])
