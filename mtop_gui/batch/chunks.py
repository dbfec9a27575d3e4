"""Chunks of a list of files, each predicted by a process of its own: what a cluster and this machine's processes share."""

from __future__ import annotations

import os
import threading
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mtop_gui.batch.memory import keep_freed_memory
from mtop_gui.batch.predict import Asked, Place, predict_rows
from mtop_gui.core.errors import BundleError
from mtop_gui.core.events import Failed, Noted, Predicted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.core.events import Event
    from mtop_gui.core.prediction import Predicts

_ONE_AT_A_TIME = threading.Lock()

Chunk: TypeAlias = tuple[int, int, int]
"""First file, file behind the last one, and how many spectra of the first one are done already."""


def cut(files: int, begin: Place, files_per_chunk: int) -> Iterator[Chunk]:
    """Cut the list of files at multiples of `files_per_chunk`, wherever it is begun."""
    first, spectra = begin
    while first < files:
        last = min(files, (first // files_per_chunk + 1) * files_per_chunk)
        yield first, last, spectra
        first, spectra = last, 0


class Done(NamedTuple):
    """The rows of a chunk, and what there is to report of it."""

    rows: list[CatalogueRow]
    events: list[Failed | Noted]


def predict_chunk(paths: list[Path], bundle: str, label: str, asked: Asked, spectra: int = 0) -> Done:
    """Predict a chunk of files in this process, which loads the bundle at the first call.

    Parameters
    ----------
    bundle, label : name or folder of the bundle, and what its `ModelBundle.label` must be.
    spectra : so many of the first file are done already.

    Raises
    ------
    BundleError : the bundle here is another version.
    """
    with _ONE_AT_A_TIME:
        predictor = loaded(bundle)
        if predictor.bundle_name != label:
            raise BundleError(
                f"a worker has bundle {predictor.bundle_name}, not {label}: install the same one there, or name a folder "
                "that all machines see."
            )
        told = _Told()
        made = predict_rows(paths, predictor, asked, begin=Place(0, spectra), report=told)
        rows = [row for some in made for row in some.rows]
        return Done(rows, [*told.failed, *(Noted(*note) for note in told.notes.items())])


class _Told:
    """Keeps what is to be reported elsewhere: failures, and remarks by their number."""

    def __init__(self) -> None:
        self.failed: list[Failed] = []
        self.notes: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.failed.append(event)
        elif isinstance(event, Predicted):
            self.notes.update(event.spectrum.notes)


@lru_cache(maxsize=1)
def loaded(bundle: str) -> Predicts:
    """Give the Predictor of a bundle, ready to be asked."""
    one_processor_each()
    # One operation at a time: a second thread would wait for work in a loop, which the other processes pay for.
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    keep_freed_memory()
    from mtop_gui.network.choosing import open_predictor

    predictor = open_predictor(bundle)
    predictor.warm_up()
    return predictor


def one_processor_each() -> None:
    """Have numpy's products and TensorFlow use one thread, unless the person says otherwise; before they are loaded.

    Several processes with one thread each predict more than one process with several, and the last digits of what they say
    depend on the number of threads.
    """
    for name in ("OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ.setdefault(name, "1")
