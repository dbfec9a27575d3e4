"""One header-data unit of a FITS file: header cards, image pixels and table cells, checked before they are touched."""

from __future__ import annotations

import io
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from mtop_gui.io.error_words import silenced
from mtop_gui.io.fitscards import BLOCK, Header
from mtop_gui.io.fitstable import TableColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 2 << 30
"""An image, or an unpacked .gz, of more bytes than this is refused: no spectrum is that large."""

_IN_PARTS = 16 << 20
_REMEMBERED = 1 << 20
_LARGEST_PIECE = 256 << 20
"""A column, or a row of a table, of more bytes than this is refused; a sparse file may claim them and really be as long."""
"""Columns of fewer bytes are kept: some readers ask for them once per spectrum."""

TRUNCATED = "the file is truncated or damaged (it ends before the data its header announces): fetch it again"
_DTYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


class ByteSource(Protocol):
    """Where the bytes of a file come from."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Take `count` bytes at `offset`; raises UnreadableSpectrumError when the file is shorter."""


class Hdu:
    """One header-data unit; its data are touched only after their size was checked against the file."""

    def __init__(self, file: ByteSource, index: int, header: Header, start: int) -> None:
        self._file = file
        self._start = start
        self._columns_read: dict[str, NDArray[Any]] = {}
        self.index = index
        self.header = header
        self.length = header.data_bytes
        self.name: str = header.name
        self.compressed = header.get("ZIMAGE") is True
        self.is_table = header.is_table
        self.is_ascii_table = header.extension == "TABLE"

    def text(self, *keys: str) -> str:
        """Give the first of the header cards `keys` that holds something, as text; "" when none does."""
        for key in keys:
            value = self.header.text(key)
            if value:
                return value
        return ""

    def number(self, *keys: str) -> float | None:
        """Give the first of the header cards `keys` that holds a finite number, as a number or as text."""
        for key in keys:
            value = self.header.get(key)
            if value is None or isinstance(value, bool):
                continue
            try:
                number = float(value)
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                return number
        return None

    def true(self, key: str) -> bool:
        """Tell whether the card `key` says yes (T, 1, "true")."""
        return str(self.header.get(key, "")).strip().upper() in {"T", "TRUE", "1", "YES"}

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image, slowest axis first; () for a table or an empty unit."""
        return () if self.is_table else self.header.image_shape

    @cached_property
    def size(self) -> int:
        """Number of pixels of the image, in exact integers: headers may claim 1e12 of them."""
        total = 1 if self.shape else 0
        for length in self.shape:
            total *= max(length, 0)
        return total

    @property
    def stop(self) -> int:
        """Where the next unit begins, the padding counted."""
        return self._start + -(-self.length // BLOCK) * BLOCK

    @property
    def whole(self) -> bool:
        """Whether the file is long enough to hold this unit's data."""
        return self.header.complete and self._start + self.length <= self._file.size

    @property
    def start(self) -> int:
        """Where the data begin."""
        return self._start

    @cached_property
    def table(self) -> TableColumns:
        """The columns of a table unit."""
        return TableColumns(self.header)

    @property
    def columns(self) -> dict[str, str]:
        """Column names in upper case -> as the file spells them; empty for an image."""
        return self.table.spelled if self.is_table else {}

    @property
    def rows(self) -> int:
        """Number of table rows."""
        return max(self.header.integer("NAXIS2"), 0) if self.is_table else 0

    def unit(self, column: str) -> str:
        """Give the unit of a column as the file spells it, "" when it names none."""
        return self.column_card(column, "TUNIT")

    def column_card(self, column: str, card: str) -> str:
        """Give the indexed card (``TUNIT``, ``TUCD``, ``TUTYP``, …) of a column, "" when absent."""
        number = self.table.number(column)
        return self.text(f"{card}{number}") if number else ""

    def image(self) -> NDArray[Any]:
        """Give the image, scaled as BSCALE and BZERO say.

        Raises
        ------
        UnreadableSpectrumError : the file ends before the data do, or the unit holds none.
        NotASpectrumError : the image takes more than 2 GiB.
        """
        self._demand_whole()
        if self.compressed:
            return self._by_astropy()
        return self._scaled(self._pixels(0, self.size)).reshape(self.shape)

    def image_row(self, row: int) -> NDArray[Any]:
        """Give one row of a two-dimensional image, read alone."""
        self._demand_whole()
        if self.compressed:
            return self._by_astropy()[row]
        width = self.shape[-1]
        return self._scaled(self._pixels(row * width, width))

    def column(self, name: str) -> NDArray[Any]:
        """Give a whole column, by name in any case."""
        key = name.upper()
        if key not in self._columns_read:
            values = self._column(name)
            if values.nbytes > _REMEMBERED:
                return values
            self._columns_read[key] = values
        return self._columns_read[key]

    def _column(self, name: str) -> NDArray[Any]:
        self._demand_whole()
        if self.is_ascii_table:
            return np.asarray(self._by_astropy()[self.columns[name.upper()]])
        _demand_bounded(self.rows * self.table.cell_bytes(name))
        # The wide tables of a survey are read in parts: memory must not grow with what nobody asked for.
        most = max(1, _IN_PARTS // max(1, self.table.width))
        parts = [
            self.table.column(
                name, self._records(row, min(most, self.rows - row)), min(most, self.rows - row)
            )
            for row in range(0, max(1, self.rows), most)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def cell(self, name: str, row: int) -> Any:
        """Give one cell of a column; only that row is read, and the heap where the cell's array lies there."""
        self._demand_whole()
        if not 0 <= row < self.rows:
            raise UnreadableSpectrumError(
                f"table {self.name or self.index} has no row {row}: the file is damaged"
            )
        if self.is_ascii_table:
            return self.column(name)[row]
        width = self.table.width
        _demand_bounded(width)
        record = self._file.read(self._start + row * width, width)
        heap = self._start + self.header.integer("THEAP", width * self.rows)
        return self.table.cell(name, record, lambda offset, count: self._file.read(heap + offset, count))

    def _records(self, row: int, count: int) -> bytes:
        width = self.table.width
        return self._file.read(self._start + row * width, count * width)

    def _demand_whole(self) -> None:
        if self.length == 0:
            raise UnreadableSpectrumError(f"HDU {self.index} holds no data: the file is damaged")
        if not self.whole:
            raise UnreadableSpectrumError(TRUNCATED)
        if not self.is_table and self.size * 8 > LARGEST:
            raise NotASpectrumError(
                "the image is too large for a spectrum: open the extracted spectra instead"
            )

    def _pixels(self, first: int, count: int) -> NDArray[Any]:
        kind = _DTYPES.get(self.header.integer("BITPIX"))
        if kind is None or first < 0 or first + count > self.size:
            raise UnreadableSpectrumError(f"HDU {self.index} is no standard image: the file is damaged")
        bytes_each = np.dtype(kind).itemsize
        return np.frombuffer(
            self._file.read(self._start + first * bytes_each, count * bytes_each), dtype=kind
        )

    def _scaled(self, pixels: NDArray[Any]) -> NDArray[Any]:
        scale, zero = self.number("BSCALE"), self.number("BZERO")
        blank = self.header.get("BLANK")
        integers = pixels.dtype.kind in "iu"
        if scale in (None, 1.0) and zero in (None, 0.0) and (blank is None or not integers):
            return pixels
        scaled = pixels * (1.0 if scale is None else scale) + (0.0 if zero is None else zero)
        return np.where(pixels == blank, np.nan, scaled) if integers and blank is not None else scaled

    def _by_astropy(self) -> Any:
        from astropy.io import fits

        content = io.BytesIO(self._file.read(0, self._file.size))
        with silenced(), fits.open(content, memmap=False) as units:
            data = units[self.index].data
        if data is None:
            raise UnreadableSpectrumError(f"HDU {self.index} holds no data: the file is damaged")
        return data


def _demand_bounded(count: int) -> None:
    if count > _LARGEST_PIECE:
        raise NotASpectrumError("the table is too large for a spectrum: open the extracted spectra instead")
