from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.preparation import Preparation, prepare
from mtop_gui.core.spectrum import FLAM
from mtop_gui.simulation.observing import Observer
from mtop_gui.simulation.optical_observing import OpticalObserver
from mtop_gui.simulation.robustness import Robustness
from mtop_gui.training.dataset import (
    Exposures,
    MockBatches,
    SurveyInMemory,
    as_keras_dataset,
    fit_preparation,
)
from mtop_gui.training.fit import open_mocks
from mtop_gui.training.labels import LineLabels, redshift_labels
from mtop_gui.training.recipes import grid_for, preparation_for
from tests.support.tiny import TINY_GRID, tiny_instrument, tiny_spectrum, write_tiny_survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTRUMENT = tiny_instrument()


@pytest.fixture
def observer(tiny_survey: Path) -> Iterator[Observer]:
    with SurveyInMemory(tiny_survey) as survey:
        yield Observer(survey, INSTRUMENT)


@pytest.fixture
def batches(observer: Observer) -> MockBatches:
    preparation = fit_preparation(Preparation(median_window=101), observer, INSTRUMENT, seed=1)
    return MockBatches(
        observer, INSTRUMENT, preparation, TINY_GRID.centres, np.array([5008.24, 6564.61]), seed=1
    )


def test_every_galaxy_is_seen_once_per_exposure_and_epoch(batches: MockBatches) -> None:
    rows = Exposures.of(np.arange(8))
    seen = [make() for make in batches.training(rows, 4, epoch=0)]
    pairs = {(int(g), float(h)) for batch in seen for g, h in zip(batch.galaxies, batch.hours, strict=True)}
    assert len(pairs) == 24
    assert {hours for _, hours in pairs} == {2.0, 4.0, 8.0}


def test_noise_and_order_follow_from_seed_and_epoch(batches: MockBatches) -> None:
    rows = Exposures.of(np.arange(16))
    first, again = (batches.training(rows, 8, epoch=1)[0]() for _ in range(2))
    other = batches.training(rows, 8, epoch=2)[0]()
    assert np.array_equal(first.inputs["spectrum"], again.inputs["spectrum"])
    assert not np.array_equal(first.galaxies, other.galaxies)
    fixed = [batches.fixed(rows, size)[0]().inputs["spectrum"][0] for size in (4, 16)]
    assert np.array_equal(*fixed)


def test_training_noise_is_new_every_epoch(batches: MockBatches) -> None:
    rows = Exposures(np.array([3]), np.array([2.0]))
    first, second = (batches.training(rows, 1, epoch)[0]().inputs["spectrum"] for epoch in (0, 1))
    assert not np.allclose(first, second)


def test_mocks_and_files_are_prepared_alike(batches: MockBatches, observer: Observer) -> None:
    batch = batches.fixed(Exposures.of(np.arange(4), (2.0,)), 4)[0]()
    flux, sigma = observer.fixed(np.arange(4), 2.0, 1)
    for row in range(4):
        spectrum = tiny_spectrum(
            flux=flux[row].astype(float) * 1e-19,
            ivar=(sigma[row].astype(float) * 1e-19) ** -2,
            flux_unit=FLAM,
        )
        prepared = prepare(spectrum, batches.preparation, INSTRUMENT)
        assert prepared.structure == pytest.approx(batch.inputs["spectrum"][row, :, 0], abs=1e-5)
        assert prepared.inputs["continuum"] == pytest.approx(batch.inputs["continuum"][row], abs=1e-4)


def test_inputs_are_standardised(batches: MockBatches) -> None:
    batch = batches.fixed(Exposures.of(np.arange(36)), 200)[0]()
    assert np.abs(batch.inputs["continuum"].mean(axis=0)).max() < 0.5
    assert batch.labels["logmass"].mean() == pytest.approx(0, abs=1e-5)
    assert batch.labels["logsfr"].std() == pytest.approx(1, abs=1e-5)
    assert batch.inputs["spectrum"].max(axis=1) == pytest.approx(1.0)


def test_a_survey_without_training_galaxies_is_refused(tmp_path: Path) -> None:
    with SurveyInMemory(write_tiny_survey(tmp_path / "s.h5", galaxies=2)) as survey:
        survey.split = np.full(2, 2, np.int8)
        with pytest.raises(TrainingError, match="more galaxies"):
            fit_preparation(Preparation(median_window=101), Observer(survey, INSTRUMENT), INSTRUMENT, 0)


def test_keras_sees_the_planned_batches(batches: MockBatches) -> None:
    plan = batches.fixed(Exposures.of(np.arange(4)), 4)
    data = as_keras_dataset(plan)
    assert len(data) == 3
    inputs, labels = data[1]
    assert inputs["spectrum"].shape == (4, 500, 1)
    assert set(labels) == {"redshift", "lines", "logmass", "logsfr"}


def test_redshift_labels_are_distributions_about_the_truth() -> None:
    redshift = np.array([0.7, 0.7501, 1.0, 1.2999, 9.0])
    labels = redshift_labels(redshift, TINY_GRID.centres)
    assert labels.sum(axis=1) == pytest.approx(1.0)
    inside = labels[1:4] @ TINY_GRID.centres
    assert inside == pytest.approx(redshift[1:4], abs=0.006)
    assert labels[4].argmax() == TINY_GRID.bins - 1


def test_line_labels_are_eleven_pixels_about_the_line() -> None:
    wavelength = np.array([5008.24])
    labels = LineLabels(np.array([0.5]), wavelength, INSTRUMENT)(np.array([0]))
    marked = np.flatnonzero(labels[0])
    assert marked.size == 11
    assert INSTRUMENT.wavelength[marked[5]] == pytest.approx(5008.24 * 1.5, abs=5.0)


@pytest.mark.parametrize("redshift", [0.9, 5.0])
def test_lines_outside_coverage_are_not_labelled(redshift: float) -> None:
    # 5008 Å falls into the gap between the bands at z = 0.9, beyond the last one at z = 5.
    assert not LineLabels(np.array([redshift]), np.array([5008.24]), INSTRUMENT)(np.array([0])).any()


def test_labels_never_cross_a_gap() -> None:
    last = INSTRUMENT.wavelength[298]
    labels = LineLabels(np.array([0.0]), np.array([last]), INSTRUMENT)(np.array([0]))
    assert np.flatnonzero(labels[0]).tolist() == list(range(293, 300))


def test_a_survey_too_large_for_memory_is_read_by_rows(
    tiny_survey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SurveyInMemory(tiny_survey) as kept:
        expected = kept.flux([5, 2])
    monkeypatch.setattr("mtop_gui.training.dataset.MEMORY_LIMIT", 0)
    with SurveyInMemory(tiny_survey) as survey:
        assert np.array_equal(survey.flux([5, 2]), expected)


def test_batches_differ_between_seeds(batches: MockBatches, observer: Observer) -> None:
    other = MockBatches(
        observer, INSTRUMENT, replace(batches.preparation), TINY_GRID.centres, np.array([5008.24]), seed=2
    )
    rows = Exposures.of(np.arange(4))
    first, second = (some.fixed(rows, 4)[0]().inputs["spectrum"] for some in (batches, other))
    assert not np.allclose(first, second)


def test_an_optical_survey_is_observed_and_disturbed_as_optical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optical = load_instrument("optical")
    asked: list[Robustness] = []
    draw = Robustness.draw

    def watched(self: Robustness, *arrays: Any) -> Any:
        asked.append(self)
        return draw(self, *arrays)

    monkeypatch.setattr(Robustness, "draw", watched)
    with ExitStack() as opened:
        path = write_tiny_survey(tmp_path / "optical.h5", 12, optical)
        mocks = open_mocks(opened, path, None, point_source_share=0.2)
        assert isinstance(mocks.observer, OpticalObserver)
        preparation = preparation_for("restframe", mocks.instrument)
        preparation = fit_preparation(preparation, mocks.observer, mocks.instrument, seed=1)
        grid = grid_for(preparation, mocks.instrument).centres
        batches = MockBatches(
            mocks.observer, mocks.instrument, preparation, grid, np.array([6564.61]), seed=1
        )
        rows = Exposures.of(np.arange(4), (2.0,))
        for batch in (batches.training(rows, 4, 0)[0](), batches.fixed(rows, 4)[0]()):
            assert all(np.isfinite(array).all() for array in batch.inputs.values())
            z = mocks.survey.labels["z"][batch.galaxies]
            assert grid[batch.labels["redshift"].argmax(axis=1)] == pytest.approx(z, abs=2e-3)
    assert [one.missing_share for one in asked] == [Robustness.of(optical).missing_share]
    assert asked[0].missing_share < Robustness(optical).missing_share
