"""Spectra with labels, and the batches that a network learns from and is judged by; what is not known weighs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mtop_gui.core.log_preparation import LogPreparation
from mtop_gui.training.dataset import Batch
from mtop_gui.training.teaching import RestframeTeaching, Truth, teaching_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.training.augment import Augmentation
    from mtop_gui.training.placed import PlacedSpectra, Shown

UNKNOWN: Final = -1
"""Kind of a spectrum of which nothing is known."""


@dataclass(frozen=True, eq=False)
class LabelledSpectra:
    """Spectra with what is known of them, all (n,): `logmass` and `logsfr` NaN when unknown.

    `kind` is by `KINDS`, or `UNKNOWN`. The redshift of what is no galaxy of the grid, or not known, is any; it weighs
    nothing.
    """

    spectra: PlacedSpectra
    redshift: FloatArray
    logmass: FloatArray
    logsfr: FloatArray
    kind: IntArray
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the spectra."""
        return len(self.spectra)

    @property
    def galaxies(self) -> IntArray:
        """Rows of galaxies on the redshift grid."""
        return np.flatnonzero(self.kind == 0)


class LabelledBatches:
    """Batches of labelled spectra, prepared as the bundle's: as they are, or varied.

    Parameters
    ----------
    labelled, instrument : the spectra, and the bundle's Instrument.
    augmentation : how they are varied; moved only where the Preparation's pixels are uniform in ln λ.
    """

    def __init__(self, labelled: LabelledSpectra, instrument: Instrument, augmentation: Augmentation) -> None:
        self._labelled, self._instrument = labelled, instrument
        log = isinstance(labelled.spectra.preparation, LogPreparation)
        self._augmentation = augmentation if log else replace(augmentation, moved_share=0.0)
        self._truth = self._filled()
        self.teaching = self._taught(self._truth)

    def fixed(self, rows: IntArray) -> Batch:
        """Give spectra as they are."""
        spectra = self._labelled.spectra
        return self._batch(spectra.take(rows), rows, self.teaching, rows)

    def varied(self, rows: IntArray, rng: np.random.Generator) -> Batch:
        """Give spectra varied, whose redshifts moved with them; the same for the same state of `rng`."""
        shown, moved = self._augmentation.draw(self._labelled.spectra.take(rows), rng)
        truth, preparation = self._truth, self._labelled.spectra.preparation
        redshift = truth.redshift[rows]
        if isinstance(preparation, LogPreparation):
            grid = self._labelled.spectra.bundle.grid
            redshift = (1 + redshift) * np.exp(preparation.pixel_step * moved) - 1
            redshift = np.clip(redshift, grid.lower, grid.upper)
        teaching = self._taught(Truth(redshift, truth.logmass[rows], truth.logsfr[rows]))
        return self._batch(shown, rows, teaching, np.arange(rows.size))

    def _batch(self, shown: Shown, rows: IntArray, teaching: Any, places: IntArray) -> Batch:
        """Prepare and label spectra; `places` are theirs in the truth of `teaching`."""
        labels = teaching.labels(places)
        kind = self._labelled.kind[rows]
        galaxy = (kind == 0).astype(np.float32)
        weights = {name: galaxy.copy() for name in labels}
        for name, values in (("logmass", self._labelled.logmass), ("logsfr", self._labelled.logsfr)):
            # Without a flux unit nobody could tell either.
            weights[name] *= np.isfinite(values[rows]) & shown.known
        if isinstance(teaching, RestframeTeaching):
            others = np.flatnonzero(kind)
            for name, values in teaching.interloper_labels(kind[others]).items():
                labels[name][others] = values
            weights["kind"] = (kind != UNKNOWN).astype(np.float32)
        return Batch(
            inputs=self._labelled.spectra.inputs(shown),
            labels=labels,
            galaxies=rows,
            hours=np.zeros(rows.size),
            weights=weights,
            real=True,
        )

    def _filled(self) -> Truth:
        """Put the mean where a number is not known: it weighs nothing, but must be finite."""
        preparation, labelled = self._labelled.spectra.preparation, self._labelled
        return Truth(
            labelled.redshift,
            np.where(np.isfinite(labelled.logmass), labelled.logmass, preparation.logmass_mean),
            np.where(np.isfinite(labelled.logsfr), labelled.logsfr, preparation.logsfr_mean),
        )

    def _taught(self, truth: Truth) -> Any:
        bundle = self._labelled.spectra.bundle
        lines = np.array([wavelength for _, wavelength in bundle.lines])
        return teaching_for(bundle.preparation, self._instrument, bundle.grid.centres, lines, truth, 1.0)


def joined(batches: list[Batch]) -> Batch:
    """Join batches; where one has no weights all of it counts."""

    def weights(batch: Batch) -> Mapping[str, Any]:
        ones = np.ones(len(batch), np.float32)
        return batch.weights or dict.fromkeys(batch.labels, ones)

    first = batches[0]
    return Batch(
        inputs={key: np.concatenate([one.inputs[key] for one in batches]) for key in first.inputs},
        labels={key: np.concatenate([one.labels[key] for one in batches]) for key in first.labels},
        galaxies=np.concatenate([one.galaxies for one in batches]),
        hours=np.concatenate([one.hours for one in batches]),
        weights={key: np.concatenate([weights(one)[key] for one in batches]) for key in first.labels},
        real=np.concatenate([np.broadcast_to(one.real, len(one)) for one in batches]),
    )
