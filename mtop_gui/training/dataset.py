"""Batches of observed mock galaxies: new noise every epoch in training, always the same in validation and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.preparation import Preparation, prepare_batch, standardise_continuum
from mtop_gui.simulation.observing import EXPOSURE_HOURS, Observer
from mtop_gui.simulation.survey import Survey
from mtop_gui.training.labels import LineLabels, redshift_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike

    from mtop_gui.core.arrays import Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument

MEMORY_LIMIT = 4 << 30
"""Surveys up to this many bytes are kept in memory; larger ones are read row by row."""


class SurveyInMemory(Survey):
    """A Survey whose noise-free spectra are read once and kept, when they fit."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        fits = 4 * len(self) * self.pixels <= MEMORY_LIMIT
        self._kept = super().flux(np.arange(len(self))) if fits else None

    def flux(self, indices: ArrayLike) -> Float32Array:
        """Give noise-free spectra (n, n_pix) in units of `flux_scale`."""
        if self._kept is None:
            return super().flux(indices)
        return self._kept[np.atleast_1d(np.asarray(indices, dtype=np.int64))]


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs and labels as Keras takes them, and which galaxies they are."""

    inputs: dict[str, Any]
    labels: dict[str, Any]
    galaxies: IntArray
    hours: FloatArray


@dataclass(frozen=True, eq=False)
class Exposures:
    """The spectra of one split: every galaxy once for each exposure time.

    Attributes
    ----------
    galaxies : (n,) row in the survey of each spectrum.
    hours : (n,) its exposure time.
    """

    galaxies: IntArray
    hours: FloatArray

    @classmethod
    def of(cls, galaxies: IntArray, hours: tuple[float, ...] = EXPOSURE_HOURS) -> Exposures:
        """Combine every galaxy with every exposure time, in that order."""
        return cls(np.tile(galaxies, len(hours)), np.repeat(np.asarray(hours, float), galaxies.size))

    def __len__(self) -> int:
        """Count the spectra."""
        return int(self.galaxies.size)


class MockBatches:
    """Makes prepared batches of a Survey; numpy only, safe to call from several threads.

    Parameters
    ----------
    observer : of a Survey (best in memory) and its Instrument.
    instrument, preparation, redshift_grid : of the bundle to be trained.
    line_wavelengths : (n_lines,) rest-frame vacuum Å of the labelled lines.
    seed : of all noise and of the order of training rows.
    """

    def __init__(
        self,
        observer: Observer,
        instrument: Instrument,
        preparation: Preparation,
        redshift_grid: FloatArray,
        line_wavelengths: FloatArray,
        seed: int,
    ) -> None:
        self.instrument = instrument
        self.preparation = preparation
        self._observer = observer
        self._grid = redshift_grid
        self._seed = seed
        self._usable = preparation.usable(instrument)
        self._scale = observer.survey.flux_scale
        self._known = {
            name: observer.survey.labels[name].astype(float) for name in ("z", "logmass", "logsfr")
        }
        self._lines = LineLabels(self._known["z"], line_wavelengths, instrument)

    def training(self, rows: Exposures, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one epoch: shuffled, each batch with noise of its own; the last, incomplete batch is left out.

        Both follow from (seed, epoch) alone, so that a resumed training sees what an uninterrupted one would have seen.
        """
        order = np.random.default_rng([self._seed, 2, epoch]).permutation(len(rows))
        count = max(1, len(rows) // size)

        def make(number: int) -> Batch:
            chosen = order[number * size : (number + 1) * size]
            rng = np.random.default_rng([self._seed, 3, epoch, number])
            galaxies, hours = rows.galaxies[chosen], rows.hours[chosen]
            flux, _ = self._observer.draw(rng, galaxies, hours)
            return self._batch(flux, galaxies, hours)

        return [lambda number=number: make(number) for number in range(count)]  # type: ignore[misc]

    def fixed(self, rows: Exposures, size: int) -> list[Callable[[], Batch]]:
        """Plan all rows in order, with noise that never changes."""

        def make(start: int) -> Batch:
            galaxies, hours = rows.galaxies[start : start + size], rows.hours[start : start + size]
            flux, _ = self._observer.fixed(galaxies, hours, self._seed)
            return self._batch(flux, galaxies, hours)

        return [lambda start=start: make(start) for start in range(0, len(rows), size)]  # type: ignore[misc]

    def _batch(self, flux: Float32Array, galaxies: IntArray, hours: FloatArray) -> Batch:
        preparation = self.preparation
        lines, points = prepare_batch(flux, self._usable, preparation, self.instrument)
        mass = (self._known["logmass"][galaxies] - preparation.logmass_mean) / preparation.logmass_std
        rate = (self._known["logsfr"][galaxies] - preparation.logsfr_mean) / preparation.logsfr_std
        return Batch(
            inputs={
                "spectrum": lines[..., None],
                "continuum": standardise_continuum(points * self._scale, preparation),
            },
            labels={
                "redshift": redshift_labels(self._known["z"][galaxies], self._grid),
                "lines": self._lines(galaxies),
                "logmass": mass[:, None].astype(np.float32),
                "logsfr": rate[:, None].astype(np.float32),
            },
            galaxies=galaxies,
            hours=hours,
        )


def fit_preparation(
    preparation: Preparation, observer: Observer, instrument: Instrument, seed: int, sample: int = 1500
) -> Preparation:
    """Add the training set's means and standard deviations to a Preparation.

    The labels' are taken over all training galaxies, the continuum's over `sample` observed spectra of them.

    Raises
    ------
    TrainingError : the survey holds too few training galaxies.
    """
    galaxies = observer.survey.rows("train")
    if galaxies.size < 2:
        raise TrainingError(
            f"the survey holds {galaxies.size} training galaxies: simulate one with more galaxies"
        )
    rng = np.random.default_rng([seed, 4])
    chosen = rng.permutation(galaxies)[:sample]
    usable = preparation.usable(instrument)
    points = []
    for start in range(0, chosen.size, 64):
        flux, _ = observer.draw(rng, chosen[start : start + 64])
        points.append(prepare_batch(flux, usable, preparation, instrument)[1])
    continuum = np.concatenate(points) * observer.survey.flux_scale
    values = preparation.as_dict()
    values["continuum_mean"] = continuum.mean(axis=0).tolist()
    values["continuum_std"] = _spread(continuum).tolist()
    for name in ("logmass", "logsfr"):
        known = observer.survey.labels[name][galaxies].astype(float)
        if not np.isfinite(known).all():
            raise TrainingError(f"the survey has galaxies without {name}: simulate it anew")
        values[f"{name}_mean"] = float(known.mean())
        values[f"{name}_std"] = float(_spread(known))
    return Preparation.from_dict(values)


def _spread(values: FloatArray) -> FloatArray:
    """Give the standard deviation along the first axis, 1 where nothing varies."""
    std = values.std(axis=0)
    return np.where(std > 0, std, 1.0)


def as_keras_dataset(plan: list[Callable[[], Batch]], workers: int = 1) -> Any:
    """Wrap planned batches as a keras.utils.PyDataset whose threads work ahead of the training step."""
    import keras

    class PlannedBatches(keras.utils.PyDataset):  # type: ignore[misc]
        """Batches in the planned order."""

        def __len__(self) -> int:
            return len(plan)

        def __getitem__(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
            batch = plan[index]()
            return batch.inputs, batch.labels

    return PlannedBatches(workers=workers, use_multiprocessing=False, max_queue_size=8)
