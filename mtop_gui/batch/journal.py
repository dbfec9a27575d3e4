"""Rows of a catalogue on disk as they come: whole rows only, none twice, and enough to go on after a crash.

A run keeps two kinds of file in a folder of its own: ``rows-000000.csv``, a catalogue that can be read at any time, and
``run.jsonl``, whose first line says what is run over which files, and each further one how far the rows reach. What stands
in the .csv behind the last of these lines was not finished and is cut off before the run goes on.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtop_gui.batch.predict import Place
from mtop_gui.core.catalogue import COLUMN_TYPES
from mtop_gui.core.errors import ExportError
from mtop_gui.core.line_columns import FIT_TYPES, LINE_TABLE_TYPES, fit_columns
from mtop_gui.io.streamed import csv_head, csv_lines
from mtop_gui.io.table_files import plain_cell
from mtop_gui.io.writers import as_columns, csv_parts, csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import FileIO

    from mtop_gui.core.catalogue import CatalogueRow

FORMAT = 1
LOG = "run.jsonl"
ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class _Mark:
    """How far the rows reach: place in the list of files, rows in all, the part and its length in bytes and rows."""

    place: Place = field(default_factory=Place)
    rows: int = 0
    failed: int = 0
    flagged: int = 0
    part: int = 0
    part_rows: int = 0
    length: int = 0

    def line(self) -> str:
        """Give the line of run.jsonl."""
        return json.dumps({**vars(self), "place": list(self.place)}) + "\n"


class Journal:
    """The rows of one run on disk; made by `begin` or `resume`, used in a ``with`` statement."""

    def __init__(
        self, log: FileIO, folder: Path, files: list[Path], facts: Mapping[str, Any], mark: _Mark, lines: bool
    ) -> None:
        self._types = {**COLUMN_TYPES, **FIT_TYPES} if lines else COLUMN_TYPES
        self.folder = folder
        self.files = files
        self.facts = facts
        self._mark = mark
        self._log = log
        self._rows = self._open_part()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        self._log.close()

    @property
    def place(self) -> Place:
        """The place in the list of files up to which there are rows."""
        return self._mark.place

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._mark.rows

    @property
    def failed(self) -> int:
        """Rows so far with an error."""
        return self._mark.failed

    @property
    def flagged(self) -> int:
        """Rows so far that are flagged."""
        return self._mark.flagged

    @property
    def part(self) -> int:
        """Number of the part that is being written."""
        return self._mark.part

    @property
    def part_rows(self) -> int:
        """Rows in that part."""
        return self._mark.part_rows

    def append(self, rows: Sequence[CatalogueRow], place: Place) -> None:
        """Add rows and note how far they reach; they are on the disk when this returns.

        Raises
        ------
        ExportError : the disk is full, or gone.
        """
        columns = as_columns(rows)
        if self._types is not COLUMN_TYPES:
            columns |= fit_columns(rows)
        cells = {
            name: [plain_cell(value, kind) for value in columns[name]] for name, kind in self._types.items()
        }
        with _trouble(self.folder):
            _write(self._rows, csv_lines(cells))
            self._note(
                place=place,
                rows=self.rows + len(rows),
                failed=self.failed + sum(1 for row in rows if row.error),
                flagged=self.flagged + sum(1 for row in rows if row.flagged),
                part_rows=self.part_rows + len(rows),
                length=self._rows.tell(),
            )

    def next_part(self) -> None:
        """Begin another part; the rows of this one are kept elsewhere now."""
        with _trouble(self.folder):
            self._rows.close()
            self._note(part=self.part + 1, part_rows=0, length=0)
            self._rows = self._open_part()
            self.part_file(self.part - 1).unlink(missing_ok=True)

    def read(self) -> Iterator[list[CatalogueRow]]:
        """Give the rows of this part, some thousand at a time."""
        return csv_rows(self.part_file(self.part), ROWS_AT_ONCE)

    def read_lines(self) -> Iterator[dict[str, list[Any]]]:
        """Give the columns of this part's line table, some thousand rows at a time."""
        return csv_parts(self.part_file(self.part), LINE_TABLE_TYPES, ROWS_AT_ONCE)

    def part_file(self, part: int) -> Path:
        """Name the .csv file of a part."""
        return self.folder / f"rows-{part:06d}.csv"

    def remove(self) -> None:
        """Remove the journal from the disk, and its folder when nothing else lies in it."""
        self._rows.close()
        self.part_file(self.part).unlink(missing_ok=True)
        (self.folder / LOG).unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _note(self, **changed: Any) -> None:
        """Write down how far the rows reach, after they are safe themselves."""
        if not self._rows.closed:
            os.fsync(self._rows.fileno())
        self._mark = _Mark(**{**vars(self._mark), **changed})
        _write(self._log, self._mark.line())

    def _open_part(self) -> FileIO:
        """Open the part's file, cut off behind the last row that was noted."""
        path = self.part_file(self.part)
        if self._mark.length == 0 or not path.exists():
            path.write_text(csv_head(list(self._types)), encoding="utf-8", newline="")
        else:
            os.truncate(path, self._mark.length)
        return path.open("ab", buffering=0)


def begin(folder: Path, files: list[Path], facts: Mapping[str, Any], *, lines: bool = False) -> Journal:
    """Begin a run; what an earlier one left in `folder` is removed.

    Parameters
    ----------
    folder : made if missing; its parent must be there.
    files : all files of the run, in order.
    facts : what a later run must have in common to go on with this one.
    lines : the rows are `MeasuredRow`s, whose further cells are kept too.

    Raises
    ------
    ExportError : the folder cannot be written, or another run writes into it.
    """
    with _trouble(folder):
        folder.mkdir(exist_ok=True)
        log = _locked(folder)
        log.truncate(0)
        for part in folder.glob("rows-*.csv"):
            part.unlink()
        first = {"format": FORMAT, "facts": dict(facts), "files": [str(path) for path in files]}
        _write(log, json.dumps(first) + "\n")
        return Journal(log, folder, files, facts, _Mark(), lines)


def resume(folder: Path, facts: Mapping[str, Any], *, lines: bool = False) -> Journal | None:
    """Go on with the run in `folder`; None when there is none.

    Raises
    ------
    ExportError : that run had other `facts`, its log is damaged, or another process writes into the folder.
    """
    if not (folder / LOG).exists():
        return None
    with _trouble(folder):
        log = _locked(folder)
        content = (folder / LOG).read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        first, *marks = whole.decode("utf-8").splitlines() or [""]
        head = _parsed(first)
        if head.get("format") != FORMAT:
            log.close()
            raise ExportError(
                f"{folder} cannot be gone on with: its {LOG} is damaged; start without --resume."
            )
        for name, value in facts.items():
            before = head["facts"].get(name)
            if before != value:
                log.close()
                raise ExportError(
                    f"the interrupted run had {name} {before}, this one has {value}: give the same, or start without "
                    "--resume."
                )
        # A line that was cut short says nothing, and the next one must begin on its own.
        log.truncate(len(whole))
        noted = next((found for line in reversed(marks) if (found := _parsed(line))), None)
        mark = _Mark(**{**noted, "place": Place(*noted["place"])}) if noted else _Mark()
        return Journal(log, folder, [Path(name) for name in head["files"]], facts, mark, lines)


def interrupted_run(folder: Path) -> tuple[int, int]:
    """Count the rows that an interrupted run left, and the files it is about; (0, 0) when there is none."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0, 0
    rows = next((mark["rows"] for line in reversed(lines[1:]) if (mark := _parsed(line))), 0)
    return int(rows), len(_parsed(lines[0]).get("files", ())) if lines else 0


def _parsed(line: str) -> dict[str, Any]:
    """Read a line of the log; empty when it was cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _trouble(folder: Path) -> Iterator[None]:
    """Say in one sentence what the disk has against it."""
    try:
        yield
    except OSError as error:
        raise ExportError(
            f"{folder} cannot be written ({error.strerror or error}); the rows so far are kept there: make room and go on "
            "with --resume."
        ) from error


def _write(stream: FileIO, text: str) -> None:
    """Write all of a text at once: a buffer would be written again, and fail again, when the file is closed."""
    left = memoryview(text.encode("utf-8"))
    while left:
        left = left[stream.write(left) :]


def _locked(folder: Path) -> FileIO:
    """Open the log and keep a second run out; the lock ends with the process, however it ends."""
    log = (folder / LOG).open("ab", buffering=0)
    try:
        import fcntl

        fcntl.flock(log.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows
        pass
    except BlockingIOError:
        log.close()
        raise ExportError(
            f"another run writes into {folder} just now: wait for it or name another catalogue."
        ) from None
    return log
