"""Tables of any length, written in parts: byte for byte what `table_files` writes at once, Parquet's row groups apart."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mtop_gui.core.errors import ExportError
from mtop_gui.io import table_files
from mtop_gui.io.escapes import breaks_text, needs_ascii
from mtop_gui.io.fitscards import BLOCK, CARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from mtop_gui.io.table_files import Facts

    Part: TypeAlias = Mapping[str, Sequence[Any]]
    Parts: TypeAlias = Callable[[], Iterator[Part]]


def write_parts(parts: Parts, path: Path | str, *, types: Mapping[str, type], facts: Facts) -> None:
    """Write a table of which only one part is in memory at a time.

    Parameters
    ----------
    parts : gives all parts anew at every call, in order; each maps the columns of `types` to values, None and NaN masked.
    path : ends in .ecsv, .fits, .csv or .parquet; an old file is replaced once the new one is complete.
    types : bool, int, float or str by column, in order.
    facts : as in `table_files`.

    Raises
    ------
    ExportError : as `table_files.write_table`.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise ExportError(f"{path} cannot be written: its name must end in {', '.join(_WRITERS)}.")

    def cells() -> Iterator[Part]:
        for part in parts():
            yield {
                name: [table_files.plain_cell(value, kind) for value in part[name]]
                for name, kind in types.items()
            }

    table_files.write_atomically(path, lambda partial: write(cells, types, facts, partial))


def csv_lines(part: Part) -> str:
    """Give the lines of a .csv file, the one of the names not among them."""
    return _csv_text(zip(*([table_files.csv_cell(value) for value in c] for c in part.values()), strict=True))


def csv_head(names: Sequence[str]) -> str:
    """Give the first line of a .csv file."""
    return _csv_text([names])


def _csv_text(rows: Any) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _write_csv(cells: Parts, types: Mapping[str, type], facts: Facts, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        stream.write(csv_head(list(types)))
        for part in cells():
            stream.write(csv_lines(part))


def _write_ecsv(
    cells: Parts, types: Mapping[str, type], facts: Facts, path: Path, escaped: bool = False
) -> None:
    table_files.write_ecsv_head(types, facts, path, escaped=escaped)
    with path.open("a", encoding="utf-8", newline="") as stream:
        for part in cells():
            if not escaped and breaks_text(part, types):
                break  # hardly ever: no other table is looked through twice
            table_files.write_ecsv_lines(part, stream, escaped=escaped)
        else:
            return
    _write_ecsv(cells, types, facts, path, escaped=True)


def _write_parquet(cells: Parts, types: Mapping[str, type], facts: Facts, path: Path) -> None:
    arrow, parquet = table_files.pyarrow_modules()
    kinds = {float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_(), str: arrow.string()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in types.items()], metadata=dict(facts.meta))
    with parquet.ParquetWriter(path, schema) as writer:
        for part in cells():
            writer.write_table(arrow.table(dict(part), schema=schema))


def _write_fits(cells: Parts, types: Mapping[str, type], facts: Facts, path: Path) -> None:
    """Look through all parts for the widest texts, then write them with columns of that width."""
    widths = {name: 1 for name, kind in types.items() if kind is str}
    escaped = False
    for part in cells():
        escaped = escaped or needs_ascii(part, types)
    for part in cells():
        for name in widths:
            words = table_files.fits_words(part[name], escaped)
            widths[name] = max(widths[name], *map(len, words), 1)
    rows = 0
    with path.open("wb") as stream:
        head = _fits_bytes({name: [] for name in types}, types, facts, widths, escaped)[0]
        stream.write(head)
        for part in cells():
            head, data = _fits_bytes(part, types, facts, widths, escaped)
            stream.write(data)
            rows += len(next(iter(part.values())))
        stream.write(bytes(-stream.tell() % BLOCK))
        _set_rows(stream, head, rows)


def _fits_bytes(
    part: Part, types: Mapping[str, type], facts: Facts, widths: Mapping[str, int], escaped: bool
) -> tuple[bytes, bytes]:
    """Give all headers of a file of this part alone, and the bytes of its rows."""
    held = BytesIO()
    table = table_files.fits_table(part, types, facts, escaped, widths)
    table.write(held, format="fits")
    content = held.getvalue()
    width = sum(table[name].dtype.itemsize for name in table.colnames if table[name].dtype.kind != "U")
    width += sum(widths.values())
    start = _data_start(content)
    return content[:start], content[start : start + width * len(table)]


def _data_start(content: bytes) -> int:
    """Find where the second unit's data begin: the first has none."""
    place = 0
    for _ in range(2):
        while content[place : place + 8] != b"END     ":
            place += CARD
        place += BLOCK - place % BLOCK
    return place


def _set_rows(stream: BinaryIO, head: bytes, rows: int) -> None:
    """Correct the number of rows, which nobody knew when the header was written."""
    stream.seek(head.rindex(b"NAXIS2  ="))
    stream.write(f"NAXIS2  = {rows:>20}".encode("ascii"))


_WRITERS: dict[str, Callable[[Parts, Mapping[str, type], Facts, Path], None]] = {
    ".ecsv": _write_ecsv,
    ".fits": _write_fits,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
