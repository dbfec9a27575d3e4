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
    lines: Path | None = None,
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
    lines : where the line table goes, row by row beside the catalogue; `predicting` must be asked for lines then.
    dataset : `output` and `lines` are folders to fill with the parts of Parquet data sets, instead.
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
        _make_dataset(output, lines, resume)
    # The parts of a data set cannot be gone on with in another folder; a file is written at the end only.
    table = "none" if lines is None else str(lines.absolute()) if dataset else "one"
    facts = {**facts, "line table": table}
    with_lines = lines is not None
    held = journal.resume(folder, facts, lines=with_lines) if resume else None
    with held or journal.begin(folder, list(files), facts, lines=with_lines) as kept:
        try:
            progress = _Progress(report, kept)
            for some in predicting(kept.files, kept.place, progress):
                kept.append(some.rows, some.place)
                progress.tell()
                if dataset and kept.part_rows >= rows_per_part:
                    _write_part(kept, output, lines)
                    kept.next_part()
        except BaseException:
            if not kept.rows:
                kept.remove()
            raise
        if not dataset:
            _write(kept, output, lines)
        elif kept.part_rows or kept.part == 0:
            _write_part(kept, output, lines)
        kept.remove()
        report(Finished(kept.rows, time.monotonic() - started))
        return Summary(kept.rows, kept.flagged, kept.failed)


def _write(kept: journal.Journal, output: Path, lines: Path | None) -> None:
    """Write the rows of the journal's part; the catalogue last, as it says that all is there."""
    if lines is not None:
        io.stream_lines(kept.read_lines, lines)
    io.stream_catalogue(kept.read, output)


def _write_part(kept: journal.Journal, output: Path, lines: Path | None) -> None:
    name = f"part-{kept.part:06d}.parquet"
    _write(kept, output / name, lines / name if lines is not None else None)


def _make_dataset(output: Path, lines: Path | None, resume: bool) -> None:
    """Make the folders; never mix with what lies in one already.

    Raises
    ------
    ExportError : one holds something else, or a whole data set.
    """
    there = _names_in(output)
    interrupted = _RUN in there
    if there and not interrupted:
        raise ExportError(f"{output} is a folder that holds something already: name a new one.")
    if lines is not None and _names_in(lines) and not (interrupted and resume):
        raise ExportError(f"{lines} is a folder that holds something already: name a new one.")
    if interrupted and not resume:
        # What an interrupted run left is replaced, as in a catalogue of one file.
        for part in io.dataset_parts(output):
            part.unlink()
        shutil.rmtree(output / _RUN)


def _names_in(folder: Path) -> list[str]:
    """Make a folder if it is missing, and list it."""
    try:
        folder.mkdir(exist_ok=True)
        return [path.name for path in folder.iterdir()]
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror or error}).") from error


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
