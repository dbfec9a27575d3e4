"""Predicted catalogues as files: ECSV, FITS, VOTable, CSV and Parquet by suffix."""

from __future__ import annotations

import contextlib
import csv
import os
import tempfile
import warnings
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.catalogue import COLUMNS, CatalogueRow, is_masked
from mtop_gui.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from astropy.table import Table

FORMATS = (".ecsv", ".fits", ".csv", ".parquet", ".vot")
_KINDS = {column.name: str(column.type) for column in fields(CatalogueRow)}
_UNITS = {"ra": "deg", "dec": "deg", "logmass": "dex(solMass)", "logsfr": "dex(solMass / yr)"}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection)."""


def write_catalogue(
    rows: Sequence[CatalogueRow], path: Path | str, *, extra: Mapping[str, Sequence[Any]] | None = None
) -> Path:
    """Write a predicted catalogue in the format its suffix names.

    Parameters
    ----------
    rows : one per spectrum found; NaN and None become masked cells.
    path : ``.ecsv``, ``.fits``, ``.csv``, ``.parquet`` or ``.vot``; an existing file is replaced only when the new
        one is complete.
    extra : further columns, each as long as `rows`.

    Returns
    -------
    The path written.

    Raises
    ------
    ExportError : unknown suffix, a missing optional package, no permission, or a full disk.
    """
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    columns = _columns(rows, extra or {})
    writer = _WRITERS.get(suffix)
    if writer is None:
        raise ExportError(
            f"catalogues are written as {', '.join(FORMATS)}, not as '{suffix or path.name}': choose one of these"
        )
    if not path.parent.is_dir():
        raise ExportError(f"the folder {path.parent} does not exist: create it or choose another")
    _replace_atomically(path, lambda target: writer(columns, target))
    return path


def _columns(rows: Sequence[CatalogueRow], extra: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    for name, values in extra.items():
        if name in columns or len(values) != len(rows):
            raise ExportError(f"the extra column '{name}' repeats a column or has not one value per row")
        columns[name] = list(values)
    return columns


def _replace_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the target, flush to disk, then take its place: a crash leaves the old file or the new one."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            # mkstemp gives 0600; a catalogue is meant to be shared like any other file the user makes.
            temporary.chmod(0o666 & ~_umask())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                write(temporary)
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"the catalogue {path.name} could not be written ({error.strerror or error}): free some space or choose "
            "another place"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _kind(name: str, values: list[Any]) -> str:
    """Whether a column holds text, bool, int or float."""
    declared = _KINDS.get(name)
    if declared is not None:
        return declared.split(" ")[0]
    present = [value for value in values if not is_masked(value)]
    for kind, types in (
        ("bool", (bool, np.bool_)),
        ("int", (int, np.integer)),
        ("float", (int, float, np.number)),
    ):
        if present and all(isinstance(value, types) for value in present):
            return kind
    return "str"


def _table(columns: dict[str, list[Any]], *, mask_text: bool = False) -> Table:
    from astropy.table import MaskedColumn, Table

    table = Table(masked=True)
    for name, values in columns.items():
        kind = _kind(name, values)
        mask = [is_masked(value) for value in values]
        if kind == "str":
            text = ["" if hidden else str(value) for value, hidden in zip(values, mask, strict=True)]
            mask = [not word for word in text] if mask_text else [False] * len(text)
            table[name] = MaskedColumn(np.array(text, dtype=str), mask=mask)
            continue
        filler: Any = {"bool": False, "int": 0, "float": np.nan}[kind]
        plain = [filler if hidden else value for value, hidden in zip(values, mask, strict=True)]
        dtype = {"bool": np.bool_, "int": np.int64, "float": np.float64}[kind]
        table[name] = MaskedColumn(np.array(plain, dtype=dtype), mask=mask)
        if name in _UNITS and "(" not in _UNITS[name]:
            table[name].unit = _UNITS[name]
    return table


def _write_ecsv(columns: dict[str, list[Any]], path: Path) -> None:
    _table(columns).write(path, format="ascii.ecsv", overwrite=True)


def _write_votable(columns: dict[str, list[Any]], path: Path) -> None:
    _table(columns).write(path, format="votable", overwrite=True)


def _write_fits(columns: dict[str, list[Any]], path: Path) -> None:
    """NaN marks masked floats, and a zero byte masked logicals, as the FITS standard has it (Sect. 7.3.3)."""
    from astropy.io import fits

    made = []
    for name, values in columns.items():
        kind = _kind(name, values)
        hidden = np.array([is_masked(value) for value in values], dtype=bool)
        if kind == "bool":
            letters = np.array([ord("T") if value else ord("F") for value in values], dtype=np.uint8)
            made.append((name, "L", np.where(hidden, 0, letters).astype(np.uint8), {}))
        elif kind == "int":
            null = -(2**62)
            plain = np.array([null if is_masked(value) else int(value) for value in values], dtype=np.int64)
            made.append((name, "K", plain, {"null": null} if hidden.any() else {}))
        elif kind == "float":
            plain = np.array([np.nan if is_masked(value) else float(value) for value in values])
            made.append((name, "D", plain, {"unit": _UNITS[name]} if _UNITS.get(name) == "deg" else {}))
        else:
            text = np.array(["" if is_masked(value) else str(value) for value in values], dtype=str)
            encoded = np.char.encode(text, "utf-8") if text.size else np.array([], dtype="S1")
            made.append((name, f"{max(1, encoded.dtype.itemsize)}A", encoded, {}))
    definitions = [
        fits.Column(name=name, format=form, array=None if form == "L" else values, **cards)
        for name, form, values, cards in made
    ]
    unit = fits.BinTableHDU.from_columns(definitions, nrows=len(next(iter(columns.values()), [])))
    unit.name = "CATALOGUE"
    for name, form, values, _ in made:
        if form == "L":
            # astropy knows no third logical value: its bytes are set directly.
            np.asarray(unit.data.view(np.ndarray))[name].view(np.uint8)[:] = values
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)


def _write_csv(columns: dict[str, list[Any]], path: Path) -> None:
    kinds = {name: _kind(name, values) for name, values in columns.items()}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([_harmless(name) for name in columns])
        for cells in zip(*columns.values(), strict=True):
            writer.writerow([_cell(cell, kind) for cell, kind in zip(cells, kinds.values(), strict=True)])


def _cell(value: Any, kind: str) -> str:
    if is_masked(value):
        return ""
    if kind == "str":
        return _harmless(str(value))
    return repr(float(value)) if kind == "float" else str(value)


def _harmless(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _write_parquet(columns: dict[str, list[Any]], path: Path) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ExportError(
            "writing .parquet needs pyarrow: install it with pip install 'mtop-gui[parquet]'"
        ) from error
    types = {"str": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
    arrays = {}
    for name, values in columns.items():
        kind = _kind(name, values)
        cells = [None if is_masked(value) else str(value) if kind == "str" else value for value in values]
        arrays[name] = pa.array(cells, types[kind])
    parquet.write_table(pa.table(arrays), path)


_WRITERS: dict[str, Callable[[dict[str, list[Any]], Path], None]] = {
    ".ecsv": _write_ecsv,
    ".fits": _write_fits,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".vot": _write_votable,
    ".xml": _write_votable,
}


def read_catalogue(path: Path | str) -> list[CatalogueRow]:
    """Read back a catalogue that `write_catalogue` wrote; further columns are left out.

    Raises
    ------
    ExportError : the file is missing, damaged, of an unknown suffix, or lacks the column ``file``.
    """
    path = Path(path).expanduser()
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ExportError(f"catalogues are read from {', '.join(FORMATS)}, not from '{path.name}'")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            columns = reader(path)
    except ExportError:
        raise
    # astropy, csv and pyarrow each have their own exceptions for damaged files.
    except Exception as error:
        raise ExportError(
            f"the catalogue {path.name} cannot be read ({' '.join(str(error).split())[:160]})"
        ) from error
    if "file" not in columns:
        raise ExportError(f"{path.name} is no catalogue of ours: it has no column 'file'")
    names = [name for name in COLUMNS if name in columns]
    return [
        CatalogueRow(**{name: _value(name, columns[name][place]) for name in names})
        for place in range(len(columns["file"]))
    ]


def _value(name: str, cell: Any) -> Any:
    kind = _KINDS[name].split(" ")[0]
    hidden = cell is None or cell is np.ma.masked or (isinstance(cell, float) and np.isnan(cell))
    if kind == "str":
        return "" if hidden else (cell.decode("utf-8") if isinstance(cell, bytes) else str(cell))
    if hidden or cell == "":
        return {"bool": None, "int": 0, "float": float("nan")}[kind]
    if kind == "bool":
        return cell if isinstance(cell, bool) else str(cell).strip().lower() in {"true", "1", "t"}
    return int(cell) if kind == "int" else float(cell)


def _read_table(path: Path) -> dict[str, Iterable[Any]]:
    from astropy.table import Table

    form = {".ecsv": "ascii.ecsv"}.get(path.suffix.lower(), "votable")
    table = Table.read(path, format=form)
    return {name: list(table[name]) for name in table.colnames}


def _read_fits(path: Path) -> dict[str, Any]:
    from astropy.io import fits

    with fits.open(path, memmap=False) as units:
        data = units[1].data
        columns: dict[str, Any] = {name: data[name] for name in data.names}
        for name in data.names:
            if data[name].dtype == np.bool_:
                letters = np.asarray(data.view(np.ndarray)[name]).view(np.uint8)
                columns[name] = [None if letter == 0 else letter == ord("T") for letter in letters]
    return columns


def _read_csv(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    if not lines:
        return {}
    cells = [[_plain(word) for word in line] for line in lines]
    return {name: [line[place] for line in cells[1:]] for place, name in enumerate(cells[0])}


def _plain(word: str) -> str:
    """Take off the apostrophe that `_harmless` put on."""
    return word[1:] if word[:1] == "'" and word[1:].startswith(_DANGEROUS) else word


def _read_parquet(path: Path) -> dict[str, Any]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ExportError(
            "reading .parquet needs pyarrow: install it with pip install 'mtop-gui[parquet]'"
        ) from error
    return dict(parquet.read_table(path).to_pydict())


_READERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    ".ecsv": _read_table,
    ".vot": _read_table,
    ".xml": _read_table,
    ".fits": _read_fits,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
