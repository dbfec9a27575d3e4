"""Columns of a FITS binary table, decoded from the bytes of its rows (FITS standard 4.0, Sect. 7.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mtop_gui.io.fitscards import Header

_FORM = re.compile(r"\s*(\d*)([LXBIJKAEDCMPQ])(?:([LXBIJKAEDCM])?)")
_DTYPES = {
    "L": "u1",
    "X": "u1",
    "B": "u1",
    "I": ">i2",
    "J": ">i4",
    "K": ">i8",
    "A": "S",
    "E": ">f4",
    "D": ">f8",
    "C": ">c8",
    "M": ">c16",
}
_TEXTS = ("TTYPE", "TFORM")
_UNSIGNED = {("I", 2**15): np.int64, ("J", 2**31): np.int64, ("B", -(2**7)): np.int64}


class _Column(NamedTuple):
    number: int
    offset: int
    code: str
    repeat: int
    heap_code: str


class TableColumns:
    """Names, places and forms of the columns of one table."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self.width = header.integer("NAXIS1")
        self.spelled: dict[str, str] = {}
        self._columns: dict[str, _Column] = {}
        offset = 0
        for number in range(1, min(header.integer("TFIELDS"), 999) + 1):
            form = _FORM.match(str(header.get(f"TFORM{number}", "")))
            name = str(header.get(f"TTYPE{number}", f"col{number}")).strip()
            repeat, code, heap_code = (int(form[1] or 1), form[2], form[3] or "") if form else (0, "B", "")
            column = _Column(number, offset, code, repeat, heap_code)
            if name.upper() not in self.spelled:
                self.spelled[name.upper()] = name
                self._columns[name.upper()] = column
            offset += _bytes(column)
        self.sound = offset == self.width and self._named()

    def _named(self) -> bool:
        """Whether every column has a name and a form, both texts."""
        count = min(self._header.integer("TFIELDS"), 999)
        said = (self._header.get(f"{card}{n + 1}") for n in range(count) for card in _TEXTS)
        return all(isinstance(text, str) and text.strip() for text in said)

    def number(self, name: str) -> int:
        """Give the number of a column, 1 for the first; 0 when there is none of that name."""
        column = self._columns.get(name.upper())
        return column.number if column else 0

    def cell_bytes(self, name: str) -> int:
        """Bytes of one cell of a column; 0 when there is none of that name."""
        column = self._columns.get(name.upper())
        return _bytes(column) if column else 0

    def column(self, name: str, data: bytes, rows: int) -> NDArray[Any]:
        """Take a whole column out of the bytes of the table.

        Raises
        ------
        UnreadableSpectrumError : the forms do not add up to the row's length, or the column lies in the heap.
        """
        column = self._find(name)
        if column.code in "PQ":
            raise UnreadableSpectrumError(
                f"column {name} has cells of varying length: the layout is not known"
            )
        plain = np.dtype(
            {
                "names": ["cell"],
                "formats": [_dtype(column)],
                "offsets": [column.offset],
                "itemsize": self.width,
            }
        )
        return self._scaled(column, np.frombuffer(data, dtype=plain, count=rows)["cell"])

    def cell(self, name: str, record: bytes, heap: Callable[[int, int], bytes]) -> Any:
        """Take one cell out of the bytes of its row; `heap` gives bytes of the heap by offset and count."""
        column = self._find(name)
        if column.code in "PQ":
            return self._scaled(column, self._from_heap(column, record, heap))
        data = np.frombuffer(record, dtype=_dtype(column), count=1, offset=column.offset)
        return self._scaled(column, data)[0]

    def _find(self, name: str) -> _Column:
        column = self._columns.get(name.upper())
        if column is None or column.offset + _bytes(column) > self.width or not _bytes(column):
            raise UnreadableSpectrumError(
                f"column {name} does not fit into the table's rows: the file is damaged"
            )
        return column

    def _from_heap(self, column: _Column, record: bytes, heap: Callable[[int, int], bytes]) -> NDArray[Any]:
        kind = ">i4" if column.code == "P" else ">i8"
        count, offset = (int(n) for n in np.frombuffer(record, dtype=kind, count=2, offset=column.offset))
        dtype = np.dtype(_DTYPES.get(column.heap_code, "u1"))
        if count < 0 or offset < 0:
            raise UnreadableSpectrumError("a table cell points outside the file: the file is damaged")
        return np.frombuffer(heap(offset, count * dtype.itemsize), dtype=dtype)

    def _scaled(self, column: _Column, values: NDArray[Any]) -> NDArray[Any]:
        """Apply TSCAL, TZERO and TNULL; text and numbers without them stay as they are."""
        code = column.heap_code if column.code in "PQ" else column.code
        if code == "A":
            return np.char.rstrip(np.char.decode(values, "latin-1"), "\0 ")
        if code == "L":
            return values == ord("T")
        if code not in "BIJKED":
            return values
        scale, zero, null = (
            self._header.get(f"{card}{column.number}") for card in ("TSCAL", "TZERO", "TNULL")
        )
        scaled: Any = values
        if scale not in (None, 1, 1.0) or zero not in (None, 0, 0.0):
            if scale in (None, 1, 1.0) and (code, zero) in _UNSIGNED:
                scaled = values.astype(np.int64) + int(zero)
            elif scale in (None, 1, 1.0) and code == "K" and zero == 2**63:
                scaled = (values.astype(np.int64).view(np.uint64)) ^ np.uint64(2**63)
            else:
                scaled = values * float(1 if scale is None else scale) + float(0 if zero is None else zero)
        if isinstance(null, int) and code in "BIJK" and (values == null).any():
            return np.where(values == null, np.nan, scaled)
        return np.asarray(scaled)


def _bytes(column: _Column) -> int:
    if column.code == "X":
        return -(-column.repeat // 8)
    if column.code in "PQ":
        return 8 * column.repeat if column.code == "P" else 16 * column.repeat
    return column.repeat * (1 if column.code == "A" else np.dtype(_DTYPES[column.code]).itemsize)


def _dtype(column: _Column) -> np.dtype[Any]:
    if column.code == "A":
        return np.dtype(f"S{column.repeat}")
    count = _bytes(column) if column.code == "X" else column.repeat
    return np.dtype(_DTYPES[column.code]) if count == 1 else np.dtype((_DTYPES[column.code], (count,)))
