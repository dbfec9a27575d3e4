"""What a training is fed: planned batches, epoch by epoch, and the spectra a network is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.training.dataset import Exposures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.simulation.survey import Survey
    from mtop_gui.training.dataset import Batch, MockBatches

MOST_VALIDATION = 6000
"""Spectra judged after each epoch; they are kept prepared in memory."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Prepared spectra by which a network is judged after each epoch.

    Attributes
    ----------
    name : put before the keys of the epoch's logs; "" for the ones that count first.
    batches : kept; what weighs nothing in them does not count.
    redshift : true redshifts, by `Batch.galaxies`.
    """

    name: str
    batches: Sequence[Batch]
    redshift: FloatArray


class Material(Protocol):
    """What `Trainer` learns from."""

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """How much each output's loss counts."""

    def losses(self) -> dict[str, Any]:
        """Give the Keras loss of each output."""

    def facts(self) -> dict[str, Any]:
        """Tell what it is, as JSON values: a training may be resumed with the same alone."""

    def training(self, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one epoch in batches of `size`; equally many in every epoch, and the same for the same epoch."""

    def trials(self, size: int) -> list[Trial]:
        """Give the spectra to be judged by, in batches of `size`; the first Trial decides what is calibrated."""


class SurveyMaterial:
    """The galaxies of a mock survey.

    Parameters
    ----------
    batches : of that survey.
    seed : of the choice of validation spectra.
    most : at most so many of them.
    """

    def __init__(
        self, batches: MockBatches, survey: Survey, seed: int, *, most: int = MOST_VALIDATION
    ) -> None:
        self.batches = batches
        self._survey, self._seed, self._most = survey, seed, most
        self._rows = Exposures.of(survey.rows("train"))

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """As of the architecture."""
        return self.batches.teaching.loss_weights

    def losses(self) -> dict[str, Any]:
        """As of the architecture."""
        return self.batches.teaching.losses()

    def facts(self) -> dict[str, Any]:
        """Name the survey by its seed, size and Instrument."""
        survey = self._survey
        return {"survey": [survey.seed, len(survey), survey.instrument_name]}

    def training(self, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one pass over all galaxies and exposure times."""
        return self.batches.training(self._rows, size, epoch)

    def trials(self, size: int) -> list[Trial]:
        """Give validation spectra, whose noise never changes."""
        rows = Exposures.of(self._survey.rows("validation"))
        if len(rows) == 0:
            raise TrainingError("the survey holds no validation galaxies: simulate one with more")
        if len(rows) > self._most:
            some = np.sort(np.random.default_rng(self._seed).permutation(len(rows))[: self._most])
            rows = Exposures(rows.galaxies[some], rows.hours[some])
        kept = [make() for make in self.batches.fixed(rows, size)]
        return [Trial("", kept, self._survey.labels["z"].astype(float))]
