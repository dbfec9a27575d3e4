"""Batches of observed mock galaxies: new noise every epoch in training, always the same in validation and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.log_preparation import REFERENCE_FLUX, LogPreparation
from mtop_gui.core.preparation import Preparation, prepare_batch
from mtop_gui.simulation.observing import EXPOSURE_HOURS
from mtop_gui.simulation.robustness import Robustness
from mtop_gui.simulation.survey import Survey
from mtop_gui.training.teaching import RestframeTeaching, Truth, teaching_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.observing import Observer
    from mtop_gui.simulation.optical_observing import OpticalObserver

INTERLOPER_SHARE = 0.125
"""Share of a training batch that is no galaxy of the redshift grid, where the network is taught kinds."""

MEMORY_LIMIT = 4 << 30
"""Surveys up to this many bytes are kept in memory; larger ones are read row by row."""


class SurveyInMemory(Survey):
    """A Survey whose noise-free spectra are read once and kept, when they fit."""

    def __init__(self, path: Path, *, group: str = "") -> None:
        super().__init__(path, group=group)
        fits = 4 * len(self) * self.pixels <= MEMORY_LIMIT
        self._kept = super().flux(np.arange(len(self))) if fits else None

    def flux(self, indices: ArrayLike) -> Float32Array:
        """Give noise-free spectra (n, n_pix) in units of `flux_scale`."""
        if self._kept is None:
            return super().flux(indices)
        return self._kept[np.atleast_1d(np.asarray(indices, dtype=np.int64))]


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs, labels and their weights as Keras takes them, and which galaxies they are (-1 for interlopers).

    `real` tells a catalogue's spectra from mocks, all alike or (n,); `hours` are 0 where nobody knows.
    """

    inputs: dict[str, Any]
    labels: dict[str, Any]
    galaxies: IntArray
    hours: FloatArray
    weights: dict[str, Any] | None = None
    real: BoolArray | bool = False

    def __len__(self) -> int:
        """Count the spectra."""
        return int(self.galaxies.size)


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
    interlopers : observer of what is no galaxy of the grid; they join the training of networks that tell kinds apart.
    """

    def __init__(
        self,
        observer: Observer | OpticalObserver,
        instrument: Instrument,
        preparation: Preparation | LogPreparation,
        redshift_grid: FloatArray,
        line_wavelengths: FloatArray,
        seed: int,
        interlopers: Observer | OpticalObserver | None = None,
    ) -> None:
        self.instrument = instrument
        self.preparation = preparation
        self._observer, self._interlopers = observer, interlopers
        self._seed = seed
        self.teaching = teaching_for(
            preparation,
            instrument,
            redshift_grid,
            line_wavelengths,
            Truth.of(observer.survey.labels),
            observer.survey.flux_scale,
        )
        self._robustness = Robustness.of(instrument) if self.teaching.disturbed else None

    def training(self, rows: Exposures, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one epoch: shuffled, each batch with noise of its own; the last, incomplete batch is left out.

        Both follow from (seed, epoch) alone, so that a resumed training sees what an uninterrupted one would have seen.
        """
        order = np.random.default_rng([self._seed, 2, epoch]).permutation(len(rows))
        others = round(INTERLOPER_SHARE * size) if self._taught_kinds else 0
        galaxies_each = max(1, size - others)
        count = max(1, len(rows) // galaxies_each)

        def make(number: int) -> Batch:
            chosen = order[number * galaxies_each : (number + 1) * galaxies_each]
            rng = np.random.default_rng([self._seed, 3, epoch, number])
            galaxies, hours = rows.galaxies[chosen], rows.hours[chosen]
            flux, sigma = self._observer.draw(rng, galaxies, hours)
            batch = self._batch(*self._disturbed(flux, sigma, rng), galaxies, hours)
            return self._joined(batch, rng, others) if others else batch

        return [lambda number=number: make(number) for number in range(count)]  # type: ignore[misc]

    def fixed(self, rows: Exposures, size: int) -> list[Callable[[], Batch]]:
        """Plan all rows in order, with noise that never changes."""

        def make(start: int) -> Batch:
            galaxies, hours = rows.galaxies[start : start + size], rows.hours[start : start + size]
            return self._batch(*self._observer.fixed(galaxies, hours, self._seed), galaxies, hours)

        return [lambda start=start: make(start) for start in range(0, len(rows), size)]  # type: ignore[misc]

    @property
    def _taught_kinds(self) -> bool:
        return self._interlopers is not None and isinstance(self.teaching, RestframeTeaching)

    def _disturbed(
        self, flux: Float32Array, sigma: Float32Array, rng: np.random.Generator
    ) -> tuple[Float32Array, Float32Array]:
        """Disturb training spectra, if the network is taught to live with it."""
        if self._robustness is None:
            return flux, sigma
        disturbed = self._robustness.draw(flux, sigma, rng)
        return disturbed.flux, disturbed.sigma

    def _joined(self, batch: Batch, rng: np.random.Generator, others: int) -> Batch:
        """Append `others` interlopers to a training batch."""
        observer, teaching = self._interlopers, self.teaching
        if observer is None or not isinstance(teaching, RestframeTeaching):
            return batch
        rows = rng.choice(observer.survey.rows("train"), others)
        inputs = teaching.inputs(*self._disturbed(*observer.draw(rng, rows), rng))
        labels = teaching.interloper_labels(observer.survey.labels["kind"][rows].astype(np.int64))
        counts = np.concatenate([np.ones(batch.galaxies.size), np.zeros(others)]).astype(np.float32)
        return Batch(
            inputs={key: np.concatenate([batch.inputs[key], inputs[key]]) for key in inputs},
            labels={key: np.concatenate([batch.labels[key], labels[key]]) for key in labels},
            galaxies=np.concatenate([batch.galaxies, np.full(others, -1)]),
            hours=np.concatenate([batch.hours, np.zeros(others)]),
            weights={key: np.ones_like(counts) if key == "kind" else counts for key in labels},
        )

    def _batch(self, flux: Float32Array, sigma: Float32Array, galaxies: IntArray, hours: FloatArray) -> Batch:
        return Batch(
            inputs=self.teaching.inputs(flux, sigma),
            labels=self.teaching.labels(galaxies),
            galaxies=galaxies,
            hours=hours,
        )


def fit_preparation(
    preparation: Preparation | LogPreparation,
    observer: Observer | OpticalObserver,
    instrument: Instrument,
    seed: int,
    sample: int = 1500,
) -> Preparation | LogPreparation:
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
    numbers = {}
    for name in ("logmass", "logsfr"):
        known = observer.survey.labels[name][galaxies].astype(float)
        if not np.isfinite(known).all():
            raise TrainingError(f"the survey has galaxies without {name}: simulate it anew")
        numbers[name] = (float(known.mean()), float(_spread(known)))
    starts = range(0, chosen.size, 64)
    if isinstance(preparation, LogPreparation):
        # Untrained, the preparation gives the scale as it is.
        unit = observer.survey.flux_scale / REFERENCE_FLUX
        rebinning = preparation.rebinnings.of(instrument.wavelength)
        scales = []
        for start in starts:
            flux, sigma = observer.draw(rng, chosen[start : start + 64])
            flux, variance, good = rebinning(
                flux * np.float32(unit), (sigma * np.float32(unit)) ** 2, np.isfinite(sigma)
            )
            made = preparation.inputs(flux, np.sqrt(variance), good, np.ones(len(flux), bool))[2]
            scales.append(made["scale"][:, :2])
        return preparation.fitted(np.concatenate(scales).astype(float), numbers["logmass"], numbers["logsfr"])
    usable = preparation.usable(instrument)
    points = []
    for start in starts:
        flux, _ = observer.draw(rng, chosen[start : start + 64])
        points.append(prepare_batch(flux, usable, preparation, instrument)[1])
    continuum = np.concatenate(points) * observer.survey.flux_scale
    values = preparation.as_dict()
    values["continuum_mean"] = continuum.mean(axis=0).tolist()
    values["continuum_std"] = _spread(continuum).tolist()
    for name, (mean, std) in numbers.items():
        values |= {f"{name}_mean": mean, f"{name}_std": std}
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

        def __getitem__(self, index: int) -> tuple[dict[str, Any], ...]:
            batch = plan[index]()
            if batch.weights is None:
                return batch.inputs, batch.labels
            return batch.inputs, batch.labels, batch.weights

    return PlannedBatches(workers=workers, use_multiprocessing=False, max_queue_size=8)
