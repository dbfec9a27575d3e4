"""A catalogue of labelled spectra, read once and kept in memory; what `fine_tune` learns from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import MtopError, TrainingError
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.log_preparation import LogPreparation
from mtop_gui.io import UnreadableRow, iter_rows
from mtop_gui.network.restframe import KINDS
from mtop_gui.training.augment import Augmentation
from mtop_gui.training.label_table import GALAXY, NOTHING, QUASAR, STAR, read_labels
from mtop_gui.training.labelled import LabelledBatches, LabelledSpectra, joined
from mtop_gui.training.material import Trial
from mtop_gui.training.placed import MOST_SPECTRA, PlacedSpectra, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mtop_gui.core.arrays import IntArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.network.bundle import ModelBundle
    from mtop_gui.training.dataset import Batch
    from mtop_gui.training.label_table import Label
    from mtop_gui.training.material import Material

FEWEST = 10
"""Labelled galaxies below which there is nothing to learn and nothing to judge by."""

VALIDATION = 0.2
"""Share of the spectra that the network is judged by."""

STEPS = 40
"""Least batches of an epoch: a small catalogue is gone through several times."""

_KIND = {STAR: KINDS.index("star"), QUASAR: KINDS.index("quasar"), NOTHING: KINDS.index("nothing")}
_BEYOND = KINDS.index("beyond")


def load_catalogue(
    path: Path, bundle: ModelBundle, instrument: Instrument, report: Report = ignore
) -> LabelledSpectra:
    """Read a table of labels (`label_table.read_labels`) and its spectra.

    Raises
    ------
    TrainingError : the table will not do, or fewer than `FEWEST` galaxies of it can be used.
    ExportError : the table cannot be read.
    """
    table = read_labels(path)
    placed = PlacedSpectra(bundle, instrument)
    left_out = dict(table.left_out)
    known: list[tuple[float, float, float, int]] = []
    seen: set[str] = set()
    by_file: dict[Path, list[Label]] = {}
    for label in table.labels:
        by_file.setdefault(label.file, []).append(label)
    for number, (file, labels) in enumerate(by_file.items()):
        report(Advanced(number, len(by_file), "reading spectra"))
        for label, spectrum in _spectra(file, labels):
            reason = spectrum if isinstance(spectrum, str) else ""
            kind = _kind(label, bundle)
            if not reason and kind and not isinstance(bundle.preparation, LogPreparation):
                reason = "no galaxy of the redshift grid"
            if not isinstance(spectrum, str) and not reason:
                reason = "listed twice" if spectrum.content_hash in seen else ""
                seen.add(spectrum.content_hash)
                reason = reason or ("more than fit" if len(placed) >= MOST_SPECTRA else placed.add(spectrum))
            if reason:
                left_out[reason] = left_out.get(reason, 0) + 1
                continue
            redshift = label.redshift if kind == 0 else float(bundle.grid.centres[bundle.grid.bins // 2])
            known.append((redshift, label.logmass, label.logsfr, kind))
    usable = sum(kind == 0 for *_, kind in known)
    if usable < FEWEST:
        raise TrainingError(
            f"{path.name} gives {usable} usable galaxies between z {bundle.grid.lower:g} and {bundle.grid.upper:.3g}, at "
            f"least {FEWEST} are needed (left out: {in_words(left_out)})"
        )
    numbers = np.array([row[:3] for row in known], dtype=np.float64)
    return LabelledSpectra(
        spectra=placed,
        redshift=numbers[:, 0],
        logmass=numbers[:, 1],
        logsfr=numbers[:, 2],
        kind=np.array([row[3] for row in known], dtype=np.int64),
        left_out=left_out,
    )


def _spectra(file: Path, labels: list[Label]) -> Iterator[tuple[Label, Spectrum | str]]:
    """Give the labelled spectra of one file, or why there is none; a label without a row is of the only spectrum."""
    by_row: dict[int | None, list[Label]] = {}
    for label in labels:
        by_row.setdefault(label.row, []).append(label)
    found: dict[int, Spectrum | UnreadableRow] = {}
    trouble = ""
    try:
        for entry in iter_rows(file):
            if entry.row in by_row or None in by_row:
                found[entry.row] = entry
    except MtopError:
        trouble = "unreadable" if file.exists() else "not there"
    for row, wanted in by_row.items():
        one = found.get(row) if row is not None else next(iter(found.values()), None)
        for label in wanted:
            if row is None and len(found) > 1:
                yield label, "without a row in a file of many"
            elif one is None:
                yield label, trouble or "without such a row"
            else:
                yield label, "unreadable" if isinstance(one, UnreadableRow) else one


def _kind(label: Label, bundle: ModelBundle) -> int:
    if label.kind != GALAXY:
        return _KIND[label.kind]
    return 0 if bundle.grid.lower <= label.redshift <= bundle.grid.upper else _BEYOND


class CatalogueMaterial:
    """Labelled spectra, varied anew in every epoch, with mocks among them when a survey is given.

    Parameters
    ----------
    labelled : of `load_catalogue`.
    seed : of the split and of all variations.
    mocks : they take half of each batch and are judged by as well, so that nothing is forgotten.
    """

    def __init__(
        self,
        labelled: LabelledSpectra,
        instrument: Instrument,
        seed: int,
        mocks: Material | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.labelled, self._seed = labelled, seed
        self._mocks = mocks
        self._batches = LabelledBatches(labelled, instrument, augmentation or Augmentation())
        self.train, self.validation = self._split()

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """As of the architecture."""
        return self._batches.teaching.loss_weights

    def losses(self) -> dict[str, Any]:
        """As of the architecture."""
        return self._batches.teaching.losses()

    def facts(self) -> dict[str, Any]:
        """Tell the catalogue by its size and its redshifts."""
        return {
            "catalogue": [len(self.labelled), round(float(self.labelled.redshift.sum()), 6)],
            "mocks": self._mocks is not None,
        }

    def training(self, size: int, epoch: int) -> list[Callable[[], Batch]]:
        """Plan one epoch: each training spectrum at least once, in `STEPS` batches or more."""
        own = size if self._mocks is None else max(1, size // 2)
        steps = max(STEPS, -(-self.train.size // own))
        rng = np.random.default_rng([self._seed, 11, epoch])
        order = np.concatenate(
            [rng.permutation(self.train) for _ in range(-(-steps * own // self.train.size))]
        )
        mocks = self._mocks.training(size - own, epoch) if self._mocks is not None else []

        def make(number: int) -> Batch:
            rows = order[number * own : (number + 1) * own]
            batch = self._batches.varied(rows, np.random.default_rng([self._seed, 12, epoch, number]))
            return joined([batch, mocks[number % len(mocks)]()]) if mocks else batch

        return [lambda number=number: make(number) for number in range(steps)]  # type: ignore[misc]

    def trials(self, size: int) -> list[Trial]:
        """Give the validation spectra as they are, then mocks."""
        starts = range(0, self.validation.size, size)
        kept = [self._batches.fixed(self.validation[start : start + size]) for start in starts]
        mocks = self._mocks.trials(size) if self._mocks is not None else []
        return [
            Trial("", kept, self.labelled.redshift),
            *(replace(trial, name="survey") for trial in mocks),
        ]

    def _split(self) -> tuple[IntArray, IntArray]:
        """Split galaxies and others alike into training and validation."""
        rng = np.random.default_rng([self._seed, 10])
        train, validation = [], []
        for rows in (self.labelled.galaxies, np.flatnonzero(self.labelled.kind)):
            order = rng.permutation(rows)
            count = round(VALIDATION * order.size)
            validation.append(order[:count])
            train.append(order[count:])
        return np.concatenate(train), np.sort(np.concatenate(validation))
