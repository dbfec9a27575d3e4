"""Truth tables: which spectrum is what, matched to the rows of a predicted catalogue."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mtop_gui.evaluation.errors import EvaluationError
from mtop_gui.io.table_files import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.catalogue import CatalogueRow

NAMES = {
    "file": ("file", "path", "filename"),
    "row": ("row",),
    "redshift": ("z_true", "z", "redshift", "z_spec"),
    "kind": ("class", "type", "spectype"),
    "lowest": ("wave_min_a", "wave_min"),
    "highest": ("wave_max_a", "wave_max"),
}
"""Column names understood, whatever their case; the first one that the table has is taken."""

KINDS = {
    "star": "star",
    "qso": "quasar",
    "quasar": "quasar",
    "agn": "quasar",
    "sky": "sky",
    "galaxy": "galaxy",
}


@dataclass(frozen=True)
class Truth:
    """What is known of one spectrum.

    Attributes
    ----------
    file : as the table names it, with "/" between folders.
    row : in its file; None when the table does not tell.
    redshift : NaN when unknown.
    kind : "galaxy", "star", "quasar", "sky", or "" when the table names another class.
    lowest, highest : Å covered; NaN when the table does not tell.
    """

    file: str
    row: int | None
    redshift: float
    kind: str
    lowest: float = math.nan
    highest: float = math.nan

    @property
    def folder(self) -> str:
        """Folder of the file in the table; "." when it names none."""
        return str(PurePosixPath(self.file).parent)


def read_truth(path: Path) -> list[Truth]:
    """Read a truth table: .csv and .tsv, or any table that catalogues are written as.

    Raises
    ------
    EvaluationError : the table cannot be read, or has no columns of file and redshift.
    """
    columns = {name.strip().lower(): values for name, values in _columns(path).items()}
    found = {
        meaning: next((columns[name] for name in names if name in columns), None)
        for meaning, names in NAMES.items()
    }
    files, redshifts = found["file"], found["redshift"]
    if files is None or redshifts is None:
        raise EvaluationError(
            f"{path.name} is no truth table: it needs the columns 'file' and 'z_true' (or 'z'), and may have 'row' and "
            "'class'"
        )
    return [
        Truth(
            file=str(files[place]).strip().replace("\\", "/").removeprefix("./"),
            row=_row(found["row"], place),
            redshift=_number(redshifts[place]),
            kind="galaxy" if found["kind"] is None else _kind(str(found["kind"][place])),
            lowest=math.nan if found["lowest"] is None else _number(found["lowest"][place]),
            highest=math.nan if found["highest"] is None else _number(found["highest"][place]),
        )
        for place in range(len(files))
    ]


def match(rows: Sequence[CatalogueRow], truths: Sequence[Truth]) -> list[tuple[Truth, CatalogueRow]]:
    """Pair truths with catalogue rows, in the order of the truths; those without a row are left out.

    A truth belongs to the catalogue's file whose path ends with the truth's; where a table names files alone and two
    folders hold one of that name, neither is taken. A truth without a row number is that of the file's first spectrum.

    Raises
    ------
    EvaluationError : not one truth belongs to the catalogue.
    """
    by_name: dict[str, dict[str, list[CatalogueRow]]] = {}
    for row in rows:
        path = row.file.replace("\\", "/")
        by_name.setdefault(PurePosixPath(path).name, {}).setdefault(path, []).append(row)
    pairs = []
    for truth in truths:
        files = by_name.get(PurePosixPath(truth.file).name, {})
        fitting = [path for path in files if _ends_with(path, truth.file)]
        if len(fitting) != 1:
            continue
        wanted = truth.row if truth.row is not None else min(row.row for row in files[fitting[0]])
        # A file that could not be read has one row, whatever it holds.
        chosen = [row for row in files[fitting[0]] if row.row == wanted]
        chosen = chosen or [row for row in files[fitting[0]] if row.error][:1]
        pairs += [(truth, row) for row in chosen[:1]]
    if not pairs:
        raise EvaluationError(
            "no file of the truth table is in the catalogue: predict the spectra that the table lists, and compare the "
            "paths of both"
        )
    return pairs


def _ends_with(path: str, end: str) -> bool:
    parts, tail = PurePosixPath(path).parts, PurePosixPath(end).parts
    return parts[-len(tail) :] == tail


def _columns(path: Path) -> Mapping[str, Sequence[Any]]:
    if path.suffix.lower() not in (".csv", ".tsv"):
        return read_table(path)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"the truth table {path} cannot be read ({error})") from error
    header, body = (lines[0], [line for line in lines[1:] if line]) if lines else ([], [])
    return {
        name: [line[place] if place < len(line) else "" for line in body] for place, name in enumerate(header)
    }


def _row(values: Sequence[Any] | None, place: int) -> int | None:
    number = math.nan if values is None else _number(values[place])
    return None if math.isnan(number) else int(number)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _kind(name: str) -> str:
    for part in name.strip().lower().replace("/", " ").split():
        if part in KINDS:
            return KINDS[part]
    return "galaxy" if not name.strip() else ""
