"""Many files in, the rows of a catalogue out: read ahead in threads, predict in batches, forget the spectra."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mtop_gui import io
from mtop_gui.batch.reading import ReadAhead
from mtop_gui.core.catalogue import CatalogueRow, failed_row, predicted_row
from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD
from mtop_gui.core.events import Advanced, Cancelled, Failed, Finished, Predicted, ignore
from mtop_gui.core.line_columns import measured_row
from mtop_gui.core.spectrum import Spectrum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mtop_gui.batch.reading import ReadRows
    from mtop_gui.core.events import Report
    from mtop_gui.core.prediction import Prediction, Predicts

BATCH = 64
"""Spectra per call of the network."""

FILES_PER_CHUNK = 64
"""No batch reaches over a multiple of this many files. So the batches, and with them the last digits of what the
network says, do not depend on who else works on the same list of files, or where an interrupted run went on."""


class KeepsPredictions(Protocol):
    """A cache of Predictions by content hash, bundle and MC-dropout passes (`store.ReviewStore` is one)."""

    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Give those of the asked ones that are kept."""

    def save_predictions(self, entries: Iterable[tuple[str, str, int, Prediction]]) -> None:
        """Keep (content hash, bundle name, passes, Prediction)."""


class Place(NamedTuple):
    """How far a list of files is worked off: whole files, and spectra of the next one."""

    files: int = 0
    spectra: int = 0


@dataclass(frozen=True)
class Rows:
    """Some rows of the catalogue, and the place in the list of files up to which the catalogue reaches with them."""

    rows: list[CatalogueRow]
    place: Place


@dataclass(frozen=True)
class Asked:
    """How spectra are predicted; what a catalogue depends on beside bundle and files.

    Attributes
    ----------
    entropy_threshold : natural-log entropy from which a Prediction is flagged.
    mc_passes : MC-dropout passes per Spectrum; 1 means one deterministic pass.
    jobs : reading threads; 0: the calling thread reads, between two calls of the network.
    batch_size : spectra per call of the network.
    lines : whether lines are fitted near each redshift, too.
    """

    entropy_threshold: float = DEFAULT_ENTROPY_THRESHOLD
    mc_passes: int = 1
    jobs: int = 2
    batch_size: int = BATCH
    lines: bool = False


def predict_catalogue(
    paths: Sequence[Path],
    predictor: Predicts,
    *,
    entropy_threshold: float = DEFAULT_ENTROPY_THRESHOLD,
    mc_passes: int = 1,
    jobs: int = 2,
    batch_size: int = BATCH,
    cache: KeepsPredictions | None = None,
    report: Report = ignore,
    read: ReadRows | None = None,
) -> list[CatalogueRow]:
    """Read every file, predict every Spectrum in it, and give the rows of the catalogue.

    Files are read by `jobs` threads, rows are made by another, and the network is called from the calling thread only.
    A few batches of spectra are in memory at any time, however many files there are.

    Parameters
    ----------
    paths : spectrum files, as `io.find_files` gives them.
    predictor : the loaded bundle.
    entropy_threshold, mc_passes, jobs, batch_size : as in `Asked`.
    cache : Predictions found there are not made again; those made are kept there.
    report : receives Predicted per Spectrum, Failed per file or spectrum that cannot be read or
        predicted, Advanced(files done, files) and at last Finished(spectra, seconds); may raise Cancelled.
    read : how to read a file; `io.iter_rows` unless given.

    Returns
    -------
    One row per Spectrum and one per unreadable file, in the order of `paths`.

    Raises
    ------
    Cancelled : `report` asked for it; Predictions already in `cache` stay there.
    """
    started = time.monotonic()
    asked = Asked(entropy_threshold, mc_passes, jobs, batch_size)
    rows: list[CatalogueRow] = []
    for some in predict_rows(paths, predictor, asked, cache=cache, report=report, read=read):
        rows += some.rows
    report(Finished(len(rows), time.monotonic() - started))
    return rows


def predict_rows(
    paths: Sequence[Path],
    predictor: Predicts,
    asked: Asked,
    *,
    begin: Place = Place(),  # noqa: B008 - a NamedTuple is immutable
    cache: KeepsPredictions | None = None,
    report: Report = ignore,
    read: ReadRows | None = None,
) -> Iterator[Rows]:
    """Give the rows of the catalogue batch by batch, as soon as they are made.

    Parameters
    ----------
    begin : the place in `paths` from which to go on, as an earlier call gave it with its last Rows.
    others : as in `predict_catalogue`; there is no Finished event.

    Raises
    ------
    Cancelled : `report` asked for it.
    """
    network = _Network(predictor, asked, cache, report, len(paths))
    read = read or io.iter_rows
    reading = ReadAhead(
        paths[begin.files :],
        _from(begin.spectra, paths[begin.files], read) if begin.spectra else read,
        jobs=asked.jobs,
        most=2 * asked.batch_size,
        also=_take_hash if cache is not None else None,
    )
    batch = _Batch(begin)
    network.tell_progress(begin)
    with reading, network:
        for piece in reading.pieces(waiting=network.tell_again):
            for entry in piece.spectra:
                batch.add(piece.path, entry)
                if batch.is_full(asked.batch_size):
                    yield from network.take(batch)
                    batch = _Batch(batch.place)
            if piece.last:
                batch.end_file(piece.path, piece.error)
                if batch.place.files % FILES_PER_CHUNK == 0:
                    yield from network.take(batch)
                    batch = _Batch(batch.place)
        yield from network.take(batch)
        yield from network.rest()


def _take_hash(spectrum: Spectrum) -> None:
    _ = spectrum.content_hash


def _from(first: int, path: Path, read: ReadRows) -> ReadRows:
    """Leave out the first spectra of one file."""

    def read_rest(asked: Path) -> Iterable[Spectrum | io.UnreadableRow]:
        if asked != path:
            return read(asked)
        return io.iter_rows(asked, first) if read is io.iter_rows else list(read(asked))[first:]

    return read_rest


@dataclass
class _Batch:
    """What was read since the last call of the network: spectra, and failures between them, in their order."""

    place: Place
    entries: list[Spectrum | Failed] = field(default_factory=list)
    spectra: list[Spectrum] = field(default_factory=list)

    def add(self, path: Path, entry: Spectrum | io.UnreadableRow) -> None:
        if isinstance(entry, Spectrum):
            self.entries.append(entry)
            self.spectra.append(entry)
        else:
            self.entries.append(Failed(path, entry.reason, entry.row))
        self.place = Place(self.place.files, self.place.spectra + 1)

    def end_file(self, path: Path, error: str) -> None:
        if error:
            self.entries.append(Failed(path, error))
        self.place = Place(self.place.files + 1)

    def is_full(self, batch_size: int) -> bool:
        return len(self.spectra) >= batch_size or len(self.entries) >= 4 * BATCH


class _Network:
    """Asks the network, batch by batch, while another thread makes the rows of the batch before."""

    def __init__(
        self,
        predictor: Predicts,
        asked: Asked,
        cache: KeepsPredictions | None,
        report: Report,
        total: int,
    ) -> None:
        self._predictor = predictor
        self._asked = asked
        self._cache = cache
        self._report = report
        self._total = total
        self._told = Place()
        self._making: deque[Future[_Made]] = deque()
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rows")

    def __enter__(self) -> _Network:
        return self

    def __exit__(self, *_: object) -> None:
        self._maker.shutdown(wait=True, cancel_futures=True)

    def tell_progress(self, place: Place) -> None:
        """Say how many files are done."""
        self._told = place
        self._report(Advanced(place.files, self._total, "predicting"))

    def tell_again(self) -> None:
        """Give `report` a chance to cancel."""
        self.tell_progress(self._told)

    def take(self, batch: _Batch) -> Iterator[Rows]:
        """Predict a batch; give the rows of the one before."""
        if not batch.entries and batch.place == self._told:
            return
        answers = self._predict(batch.spectra)
        self._making.append(self._maker.submit(_make_rows, batch, answers, self._asked))
        while len(self._making) > 1:
            yield self._finish(self._making.popleft().result())

    def rest(self) -> Iterator[Rows]:
        """Give the rows of the last batches."""
        while self._making:
            yield self._finish(self._making.popleft().result())

    def _finish(self, made: _Made) -> Rows:
        for event in made.events:
            self._report(event)
        self.tell_progress(made.place)
        return Rows(made.rows, made.place)

    def _predict(self, spectra: list[Spectrum]) -> list[Prediction | str]:
        """Give each Spectrum's Prediction, from the cache where it is there, or the reason why it has none."""
        kept = self._load(spectra)
        missing = [index for index in range(len(spectra)) if index not in kept]
        made = dict(zip(missing, self._ask([spectra[index] for index in missing]), strict=True))
        self._save([(spectra[index], answer) for index, answer in made.items()])
        return [kept[index] if index in kept else made[index] for index in range(len(spectra))]

    def _ask(self, spectra: list[Spectrum]) -> list[Prediction | str]:
        if not spectra:
            return []
        try:
            return list(self._predictor.predict(spectra, mc_passes=self._asked.mc_passes))
        except Cancelled:
            raise
        except Exception as error:
            if len(spectra) == 1:
                return [f"cannot be predicted: {error}"]
        # One of them upsets the network: find it, so that the others keep their Predictions.
        return [answer for spectrum in spectra for answer in self._ask([spectrum])]

    def _load(self, spectra: list[Spectrum]) -> dict[int, Prediction]:
        if self._cache is None or not spectra:
            return {}
        hashes = [spectrum.content_hash for spectrum in spectra]
        kept = self._cache.load_predictions(hashes, self._predictor.bundle_name, self._asked.mc_passes)
        return {index: kept[key] for index, key in enumerate(hashes) if key in kept}

    def _save(self, made: list[tuple[Spectrum, Prediction | str]]) -> None:
        if self._cache is None:
            return
        entries = [
            (spectrum.content_hash, self._predictor.bundle_name, self._asked.mc_passes, answer)
            for spectrum, answer in made
            if not isinstance(answer, str)
        ]
        if entries:
            self._cache.save_predictions(entries)


@dataclass(frozen=True)
class _Made:
    rows: list[CatalogueRow]
    events: list[Predicted | Failed]
    place: Place


def _make_rows(batch: _Batch, answers: list[Prediction | str], asked: Asked) -> _Made:
    """Make the rows of a batch, and what there is to report of it, in the order of its entries."""
    rows: list[CatalogueRow] = []
    events: list[Predicted | Failed] = []
    following = iter(answers)
    for entry in batch.entries:
        answer = next(following) if isinstance(entry, Spectrum) else entry
        if isinstance(answer, str):
            answer = Failed(entry.path, answer, entry.row)
        row, event = _make_row(entry, answer, asked)
        rows.append(row)
        events.append(event)
    return _Made(rows, events, batch.place)


def _make_row(
    entry: Spectrum | Failed, answer: Prediction | Failed, asked: Asked
) -> tuple[CatalogueRow, Predicted | Failed]:
    if isinstance(entry, Spectrum) and not isinstance(answer, Failed):
        try:
            row = predicted_row(entry, answer, asked.entropy_threshold)
        except ValueError as error:  # a PDF of NaN: this network says nothing of this spectrum
            answer = Failed(entry.path, f"cannot be predicted: {error}", entry.row)
        else:
            return measured_row(row, entry) if asked.lines else row, Predicted(entry, answer)
    assert isinstance(answer, Failed)
    return failed_row(answer.path, answer.reason, answer.row), answer
