"""A run over any number of files into a catalogue: rows are kept as they come, and an interrupted run can go on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mtop_gui import io
from mtop_gui.batch import journal
from mtop_gui.batch.predict import Place, Rows
from mtop_gui.core.errors import ExportError, MtopError
from mtop_gui.core.events import Advanced, Finished, Report, ignore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.events import Event

Predicting: TypeAlias = Callable[[Sequence[Path], Place, Report], Iterator[Rows]]
"""Files, the place from which to go on, a Report -> Rows in order: `predict_rows`, or `cluster.predict_rows`."""

_RUN = "_run"  # readers of data sets pass over names that begin so

ROWS_PER_PART = 100_000
"""Rows of each file of a Parquet data set."""

COUNTED_FILES = 100
"""Up to so many files are asked how many spectra they hold, before the run; of more the number is estimated."""


@dataclass(frozen=True)
class Summary:
    """What a finished run wrote."""

    rows: int
    flagged: int
    failed: int


def partial_folder(output: Path, dataset: bool = False) -> Path:
    """Name the folder in which the rows of a run are kept until the catalogue is whole."""
    return output / _RUN if dataset else output.with_name(f"{output.name}.partial")


def predict_to_file(
    files: Sequence[Path],
    predicting: Predicting,
    output: Path,
    *,
    facts: Mapping[str, Any],
    dataset: bool = False,
    resume: bool = False,
    report: Report = ignore,
    rows_per_part: int = ROWS_PER_PART,
) -> Summary:
    """Predict every Spectrum of all files and write the catalogue; memory does not grow with their number.

    Until the catalogue is whole, its rows lie in `partial_folder`, as a .csv catalogue that can be read at any time.

    Parameters
    ----------
    files : as `io.find_files` gives them. When a run is resumed, its own list counts instead.
    predicting : makes the rows.
    output : a file as `io.stream_catalogue` writes.
    facts : bundle, threshold and passes; a run is gone on with only where they are the same.
    dataset : `output` is a folder to fill with the parts of a Parquet data set, instead.
    resume : go on where an interrupted run stopped; begin when there is none.
    report : receives the events of `predicting`, with Advanced counting spectra.

    Raises
    ------
    ExportError : the disk is full, the folder may not be written, another run writes there, or other facts.
    Cancelled : `report` asked for it; the rows so far are kept.
    """
    started = time.monotonic()
    folder = partial_folder(output, dataset)
    if dataset:
        _make_dataset(output, resume)
    held = journal.resume(folder, facts) if resume else None
    with held or journal.begin(folder, list(files), facts) as kept:
        try:
            progress = _Progress(report, kept)
            for some in predicting(kept.files, kept.place, progress):
                kept.append(some.rows, some.place)
                progress.tell()
                if dataset and kept.part_rows >= rows_per_part:
                    _write_part(kept, output)
                    kept.next_part()
        except BaseException:
            if not kept.rows:
                kept.remove()
            raise
        if not dataset:
            io.stream_catalogue(kept.read, output)
        elif kept.part_rows or kept.part == 0:
            _write_part(kept, output)
        kept.remove()
        report(Finished(kept.rows, time.monotonic() - started))
        return Summary(kept.rows, kept.flagged, kept.failed)


def _write_part(kept: journal.Journal, output: Path) -> None:
    io.stream_catalogue(kept.read, output / f"part-{kept.part:06d}.parquet")


def _make_dataset(output: Path, resume: bool) -> None:
    """Make the folder; never mix with what lies in one already.

    Raises
    ------
    ExportError : it holds something else, or a whole data set.
    """
    try:
        output.mkdir(exist_ok=True)
        there = [path.name for path in output.iterdir()]
    except OSError as error:
        raise ExportError(f"{output} cannot be written ({error.strerror or error}).") from error
    interrupted = _RUN in there
    if interrupted and not resume:
        # What an interrupted run left is replaced, as in a catalogue of one file.
        for part in io.dataset_parts(output):
            part.unlink()
        shutil.rmtree(output / _RUN)
    elif there and not interrupted:
        raise ExportError(f"{output} is a folder that holds something already: name a new one.")


class _Progress:
    """Turns the progress in files into one in spectra, of which a file may hold thousands."""

    def __init__(self, report: Report, kept: journal.Journal) -> None:
        self._report = report
        self._kept = kept
        self._total = _count(kept.files)
        self.tell()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Advanced):
            self.tell(event.what)
        else:
            self._report(event)

    def tell(self, what: str = "predicting") -> None:
        """Say how many spectra are done, and of how many."""
        done, place, files = self._kept.rows, self._kept.place, len(self._kept.files)
        guess = round(done * files / place.files) if place.files else files
        total = max(done, self._total or (done if place.files == files else guess))
        self._report(Advanced(done, total, what))


def _count(files: Sequence[Path]) -> int | None:
    """Count the spectra in a few files; None for many, or where each would have to be unpacked for it."""
    if len(files) > COUNTED_FILES or any(path.suffix.lower() == ".gz" for path in files):
        return None
    return sum(map(_spectra_in, files))


def _spectra_in(path: Path) -> int:
    try:
        return io.count(path)
    except MtopError:
        return 1
