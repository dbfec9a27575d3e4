"""Predicted catalogues as files: ECSV, FITS, VOTable, CSV and Parquet, by suffix."""

from __future__ import annotations

import csv
import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtop_gui.core.catalogue import COLUMN_TYPES, CatalogueRow, is_masked
from mtop_gui.core.errors import ExportError
from mtop_gui.core.line_columns import LINE_TABLE_TYPES, column_units
from mtop_gui.io.streamed import write_parts
from mtop_gui.io.table_files import Facts, read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PART_PATTERN = "part-*.parquet"
"""The files of a Parquet data set: a folder for catalogues of more rows than one file should have."""

_UNITS = {"ra": "deg", "dec": "deg"}
_NOTHING: dict[type, Any] = {str: "", int: 0, float: float("nan"), bool: None}


def write_catalogue(
    rows: Sequence[CatalogueRow],
    path: Path | str,
    *,
    extra: Mapping[str, Sequence[Any]] | None = None,
    meta: Mapping[str, str] | None = None,
) -> Path:
    """Write a predicted catalogue in the format its suffix names.

    Parameters
    ----------
    rows : one per spectrum found; NaN and None become masked cells.
    path : ``.ecsv``, ``.fits``, ``.csv``, ``.parquet`` or ``.vot``; an existing file is replaced only when the new
        one is complete.
    extra : further columns, each as long as `rows`.
    meta : facts about the whole catalogue (left out of .csv).

    Returns
    -------
    The path written.

    Raises
    ------
    ExportError : unknown suffix, a missing optional package, no permission, or a full disk.
    """
    path = Path(path).expanduser()
    columns = as_columns(rows)
    for name, values in (extra or {}).items():
        if name in columns or len(values) != len(rows):
            raise ExportError(f"the extra column '{name}' repeats a column or has not one value per row")
        columns[name] = list(values)
    write_table(columns, path, types=COLUMN_TYPES, units=_UNITS, meta=meta)
    return path


def stream_catalogue(
    rows: Callable[[], Iterator[Sequence[CatalogueRow]]],
    path: Path | str,
    *,
    meta: Mapping[str, str] | None = None,
) -> Path:
    """Write a predicted catalogue that does not fit into memory, the same to the last byte as `write_catalogue`.

    Parameters
    ----------
    rows : gives all rows anew at every call, some thousand at a time.
    path : ``.ecsv``, ``.fits``, ``.csv`` or ``.parquet``.

    Raises
    ------
    ExportError : as `write_catalogue`.
    """
    path = Path(path).expanduser()
    write_parts(lambda: map(as_columns, rows()), path, types=COLUMN_TYPES, facts=Facts(meta or {}, _UNITS))
    return path


def stream_lines(parts: Callable[[], Iterator[Mapping[str, Sequence[Any]]]], path: Path) -> Path:
    """Write a line table: rows beside those of a catalogue, the fluxes' unit above them where all have the same.

    Parameters
    ----------
    parts : gives all rows anew at every call, some thousand at a time, as columns of `LINE_TABLE_TYPES`.
    path : ``.ecsv``, ``.fits``, ``.csv`` or ``.parquet``.

    Raises
    ------
    ExportError : as `write_catalogue`.
    """
    flux_units: set[str] = set()
    for part in parts():
        fitted = zip(part["flux_unit"], part["z_fit"], strict=True)
        flux_units |= {unit for unit, redshift in fitted if not is_masked(redshift)}
    write_parts(parts, path, types=LINE_TABLE_TYPES, facts=Facts({}, column_units(flux_units)))
    return path


def dataset_parts(folder: Path) -> list[Path]:
    """List the files of a Parquet data set in order."""
    return sorted(folder.glob(PART_PATTERN))


def as_columns(rows: Sequence[CatalogueRow]) -> dict[str, list[Any]]:
    """Give rows as columns; None where masked."""
    return {
        name: [None if is_masked(value := getattr(row, name)) else value for row in rows]
        for name in COLUMN_TYPES
    }


def read_catalogue(path: Path | str) -> list[CatalogueRow]:
    """Read back a catalogue that `write_catalogue` wrote, or a Parquet data set; further columns are left out.

    Raises
    ------
    ExportError : the file is missing, damaged, of an unknown suffix, or lacks the columns ``file`` and ``row``.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        parts = dataset_parts(path)
        if not parts:
            raise ExportError(f"{path} is no predicted catalogue: it is a folder without {PART_PATTERN}")
        return [row for part in parts for row in read_catalogue(part)]
    columns = _read_csv(path) if path.suffix.lower() == ".csv" else read_table(path)
    if not {"file", "row"} <= set(columns):
        raise ExportError(f"{path.name} is no predicted catalogue: it has no columns 'file' and 'row'")
    names = [name for name in COLUMN_TYPES if name in columns]
    return [
        CatalogueRow(**{name: _cell(COLUMN_TYPES[name], columns[name][place]) for name in names})
        for place in range(len(columns["file"]))
    ]


def csv_rows(path: Path, at_once: int) -> Iterator[list[CatalogueRow]]:
    """Read back a .csv catalogue with the usual columns, `at_once` rows at a time; further columns are left out.

    Raises
    ------
    ExportError : the file is missing or damaged.
    """
    for part in csv_parts(path, COLUMN_TYPES, at_once):
        yield [
            CatalogueRow(**dict(zip(part, cells, strict=True))) for cells in zip(*part.values(), strict=True)
        ]


def csv_parts(path: Path, types: Mapping[str, type], at_once: int) -> Iterator[dict[str, list[Any]]]:
    """Read back some columns of a .csv file, `at_once` rows at a time.

    Raises
    ------
    ExportError : the file is missing or damaged, or lacks one of them.
    """
    with _csv_errors(path), path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        names = next(lines, [])
        if not set(types) <= set(names):
            raise ExportError(f"{path} is no predicted catalogue: its columns are others")
        places = {name: names.index(name) for name in types}
        while some := list(itertools.islice(lines, at_once)):
            if any(len(line) != len(names) for line in some):
                raise ExportError(f"{path} cannot be read as a table (its lines differ in length)")
            yield {
                name: [_cell(types[name], _plain(line[place])) for line in some]
                for name, place in places.items()
            }


@contextmanager
def _csv_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ExportError(f"{path} cannot be read as a table ({error})") from error


def _plain(word: str) -> str:
    """Take the apostrophe before a would-be formula off again."""
    return word[1:] if word[:1] == "'" else word


def _read_csv(path: Path) -> dict[str, list[str]]:
    """Read a .csv as text, the apostrophes before would-be formulas taken off again."""
    with _csv_errors(path), path.open(encoding="utf-8", newline="") as stream:
        lines = [[_plain(word) for word in line] for line in csv.reader(stream)]
    names = lines[0] if lines else []
    if any(len(line) != len(names) for line in lines):
        raise ExportError(f"{path} cannot be read as a table (its lines differ in length)")
    return {name: [line[place] for line in lines[1:]] for place, name in enumerate(names)}


def _cell(kind: type, cell: Any) -> Any:
    """Give a cell as its column's type; .csv gives every cell as text."""
    if is_masked(cell) or (cell == "" and kind is not str):
        return _NOTHING[kind]
    if kind is bool:
        return cell if isinstance(cell, bool) else str(cell).strip().lower() in {"true", "1", "t"}
    return kind(cell)
