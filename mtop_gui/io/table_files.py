"""Tables of plain columns as .ecsv, .fits, .csv, .parquet or .vot files, written whole or not at all."""

from __future__ import annotations

import csv
import math
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeAlias

import numpy as np

from mtop_gui.core.errors import ExportError
from mtop_gui.io.escapes import breaks_text, escape, escape_lost, needs_ascii, unescape_all

Columns: TypeAlias = Mapping[str, Sequence[Any]]

_ESCAPED = "ESCAPED"
"""Card of .fits files whose texts all have their backslashes and other characters than ASCII escaped; in the
head of .ecsv files, it says so of backslashes and of what an .ecsv loses."""
_ESCAPED_VOT = "Backslash escapes in texts stand for characters that a VOTable cannot hold."
"""Description of .vot files of this kind."""

_NEEDS_QUOTES = re.compile(r'[ "\n\r]')
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_EMPTY: dict[type, Any] = {float: math.nan, int: 0, bool: False, str: ""}


class Facts(NamedTuple):
    """What is known of a table beyond its cells."""

    meta: Mapping[str, str]
    units: Mapping[str, str]


def write_table(
    columns: Columns,
    path: Path | str,
    *,
    meta: Mapping[str, str] | None = None,
    types: Mapping[str, type] | None = None,
    units: Mapping[str, str] | None = None,
) -> None:
    """Write columns to a file; its suffix names the format.

    Parameters
    ----------
    columns : name to values of equal number; None and NaN mean masked.
    path : ends in .ecsv, .fits, .csv, .parquet or .vot; an old file is replaced once the new one is complete.
    meta : facts about the whole table (left out of .csv).
    types : bool, int, float or str by column; what is not named is taken from the values.
    units : astropy unit strings by column (left out of .csv and .parquet).

    Notes
    -----
    float64 comes back to the last bit from every format. Texts in .csv that a spreadsheet would run as a formula,
    or that begin with one, get an apostrophe in front. In .fits, masked booleans are False; other characters than ASCII are escaped, and come back as they were.
    So are, in .ecsv and .vot, the characters that these formats lose or break at: controls and separators other than
    a space, a tab or a line feed (U+0085 is a line's end to who reads an .ecsv).

    Raises
    ------
    ExportError : the suffix is unknown, or the file cannot be written.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise ExportError(f"{path} cannot be written: its name must end in {', '.join(_WRITERS)}.")
    if not path.absolute().parent.is_dir():
        raise ExportError(f"{path} cannot be written: its folder is not there.")
    kinds = {name: (types or {}).get(name) or _kind(values) for name, values in columns.items()}
    cells = {name: [plain_cell(value, kinds[name]) for value in values] for name, values in columns.items()}
    write_atomically(path, lambda partial: write(cells, kinds, Facts(meta or {}, units or {}), partial))


def read_table(path: Path | str) -> dict[str, list[Any]]:
    """Read a file of `write_table` back into columns; None where masked.

    Raises
    ------
    ExportError : the file is missing, of another kind or damaged.
    """
    path = Path(path)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ExportError(f"{path} cannot be read: its name must end in {', '.join(_READERS)}.")
    try:
        return read(path)
    except FileNotFoundError:
        raise ExportError(f"{path} is not there; check the path.") from None
    except ExportError:
        raise
    except Exception as error:  # a parser of a foreign file may raise anything
        raise ExportError(f"{path} cannot be read as a table ({_first_line(error)}).") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _kind(values: Sequence[Any]) -> type:
    """Tell what a column holds; float where it holds nothing."""
    kinds = {_plain(type(value)) for value in values if not _masked(value)}
    if not kinds:
        return float
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else str


def _plain(kind: type) -> type:
    for plain, ours in ((bool, (bool, np.bool_)), (int, (int, np.integer)), (float, (float, np.floating))):
        if issubclass(kind, ours):
            return plain
    return str


def _masked(value: object) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def plain_cell(value: Any, kind: type) -> Any:
    """Give a value as what its column holds; None where masked."""
    if _masked(value):
        return None
    # File names may hold bytes that are no text; no format could write them.
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8") if kind is str else kind(value)


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside `path`, make it durable, then put it in its place.

    Raises
    ------
    ExportError : the disk is full, or the folder may not be written.
    """
    try:
        _write_beside(path, write)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror or error}).") from error


def _write_beside(path: Path, write: Callable[[Path], None]) -> None:
    descriptor, name = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=path.suffix, dir=path.absolute().parent
    )
    os.close(descriptor)
    partial = Path(name)
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes files private; a catalogue gets the permissions any new file would get.
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _astropy(columns: Columns, kinds: Mapping[str, type], facts: Facts) -> Any:
    from astropy.table import MaskedColumn, Table

    table = Table(meta=dict(facts.meta))
    for name, values in columns.items():
        kind = kinds[name]
        mask = [value is None for value in values]
        plain = [_EMPTY[kind] if value is None else value for value in values]
        dtype = str if kind is str else {float: np.float64, int: np.int64, bool: np.bool_}[kind]
        data: np.ndarray[Any, Any] = np.array(plain, dtype=dtype)
        table[name] = MaskedColumn(data, mask=mask) if any(mask) else data
        if name in facts.units:
            table[name].unit = facts.units[name]
    return table


def write_ecsv(columns: Columns, kinds: Mapping[str, type], facts: Facts, path: Path) -> None:
    """Write an .ecsv file: astropy writes the header, and the lines are written here, which is four times as fast."""
    escaped = breaks_text(columns, kinds)
    write_ecsv_head(kinds, facts, path, escaped=escaped)
    with path.open("a", encoding="utf-8", newline="") as stream:
        write_ecsv_lines(columns, stream, escaped=escaped)


def write_ecsv_head(kinds: Mapping[str, type], facts: Facts, path: Path, *, escaped: bool) -> None:
    """Write an .ecsv file without a line; `escaped` says that the lines to come are."""
    nothing: dict[str, list[Any]] = {name: [] for name in kinds}
    table = _astropy(nothing, kinds, facts)
    if escaped:
        table.meta[_ESCAPED] = True
    table.write(path, format="ascii.ecsv", overwrite=True)


def write_ecsv_lines(columns: Columns, stream: TextIO, *, escaped: bool) -> None:
    """Write the lines of an .ecsv file, byte for byte as astropy does."""
    values = escape_lost(columns).values() if escaped else columns.values()
    for row in zip(*values, strict=True):
        stream.write(" ".join([_ecsv_cell(value) for value in row]) + "\n")


def _ecsv_cell(value: Any) -> str:
    if value is None:
        return '""'
    if not isinstance(value, str):
        return repr(value)
    value = value.strip(" \t")  # as astropy does
    if not value:
        return '""'
    return '"' + value.replace('"', '""') + '"' if _NEEDS_QUOTES.search(value) else value


def _write_votable(columns: Columns, kinds: Mapping[str, type], facts: Facts, path: Path) -> None:
    from astropy.io.votable import from_table

    escaped = breaks_text(columns, kinds)
    table = _astropy(escape_lost(columns) if escaped else columns, kinds, Facts({}, facts.units))
    if escaped:
        table.meta["description"] = _ESCAPED_VOT
    # By astropy's Python writer: the one in C writes a character behind its buffer (astropy 8.0, issue 20419), which
    # breaks the heap; and BINARY2 has no characters above U+FFFF.
    from_table(table).to_xml(str(path), _debug_python_based_parser=True)


def _write_fits(columns: Columns, kinds: Mapping[str, type], facts: Facts, path: Path) -> None:
    table = fits_table(columns, kinds, facts, needs_ascii(columns, kinds))
    table.write(path, format="fits", overwrite=True)


def fits_words(texts: Sequence[str | None], escaped: bool) -> list[str]:
    """Give a column of texts as a .fits file holds it."""
    return [escape(text or "") if escaped else text or "" for text in texts]


def fits_table(
    columns: Columns,
    kinds: Mapping[str, type],
    facts: Facts,
    escaped: bool,
    widths: Mapping[str, int] | None = None,
) -> Any:
    """Make the astropy table that a .fits file holds; `widths` of its text columns where they are not the texts' own."""
    # FITS headers and text columns hold ASCII only.
    table = _astropy(columns, kinds, Facts({}, facts.units))
    if escaped:
        table.meta[_ESCAPED] = True
    for name, kind in kinds.items():
        if kind is str:
            words = fits_words(columns[name], escaped)
            width = widths[name] if widths else max(map(len, words), default=1) or 1
            table[name] = np.array(words, dtype=f"U{width}")
        elif kind is int and hasattr(table[name], "mask"):
            table[name].fill_value = np.iinfo(np.int64).min
        elif kind is bool and hasattr(table[name], "mask"):
            # FITS has a null for logical columns, but astropy warns at every file that uses it.
            table[name].fill_value = False
    table.meta.update({key[:8].upper(): _ascii(value) for key, value in facts.meta.items()})
    return table


def _ascii(text: str) -> str:
    """Spell a text in printable ASCII, other characters as backslash escapes."""
    escaped = text.replace("\n", " ").encode("ascii", "backslashreplace").decode("ascii")
    return "".join(character if character.isprintable() else " " for character in escaped)


def _write_csv(columns: Columns, kinds: Mapping[str, type], facts: Facts, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*([csv_cell(value) for value in c] for c in columns.values()), strict=True))


def csv_cell(value: Any) -> str:
    """Give a cell as a .csv file holds it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    return "'" + value if value.startswith(_FORMULA_STARTS) else value


def _write_parquet(columns: Columns, kinds: Mapping[str, type], facts: Facts, path: Path) -> None:
    arrow, parquet = pyarrow_modules()
    names = {float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_(), str: arrow.string()}
    data = {name: arrow.array(values, type=names[kinds[name]]) for name, values in columns.items()}
    table = arrow.table(data).replace_schema_metadata(dict(facts.meta))
    parquet.write_table(table, path)


def pyarrow_modules() -> tuple[Any, Any]:
    """Import pyarrow and its parquet.

    Raises
    ------
    ExportError : it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ExportError(
            "Parquet files need the package pyarrow: install it with  pip install 'mtop-gui[parquet]'  or choose .ecsv."
        ) from None
    return pyarrow, pyarrow.parquet


def _read_ecsv(path: Path) -> dict[str, list[Any]]:
    from astropy.table import Table

    table = Table.read(path, format="ascii.ecsv")
    return _as_they_were(table, escaped=bool(table.meta.get(_ESCAPED)))


def _read_votable(path: Path) -> dict[str, list[Any]]:
    from astropy.table import Table

    table = Table.read(path, format="votable")
    description = " ".join(str(table.meta.get("description", "")).split())  # it was broken into lines
    return _as_they_were(table, escaped=description == _ESCAPED_VOT)


def _read_fits(path: Path) -> dict[str, list[Any]]:
    from astropy.table import Table

    table = Table.read(path, hdu=1)
    return _as_they_were(table, escaped=bool(table.meta.get(_ESCAPED)))


def _as_they_were(table: Any, *, escaped: bool) -> dict[str, list[Any]]:
    columns = {name: _values(column) for name, column in table.columns.items()}
    return unescape_all(columns) if escaped else columns


def _values(column: Any) -> list[Any]:
    values = [None if value is None or value == "" else value for value in column.tolist()]
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    _, parquet = pyarrow_modules()
    table = parquet.read_table(path)
    return {name: table[name].to_pylist() for name in table.column_names}


Writer: TypeAlias = Callable[[Columns, Mapping[str, type], Facts, Path], None]

_WRITERS: dict[str, Writer] = {
    ".ecsv": write_ecsv,
    ".fits": _write_fits,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".vot": _write_votable,
}
_READERS: dict[str, Callable[[Path], dict[str, list[Any]]]] = {
    ".ecsv": _read_ecsv,
    ".fits": _read_fits,
    ".parquet": _read_parquet,
    ".vot": _read_votable,
}
