"""A FITS file as the readers see it: opened without trusting what its headers claim."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MAX_UNPACKED = 2 << 30
"""A .gz that unpacks to more bytes than this is refused: no spectrum file is that large, a trap is."""

_TRUNCATED = "the file is truncated or damaged (it ends before the data its header announces): fetch it again"


class Hdu:
    """One header-data unit; its data are touched only after their size was checked against the file."""

    def __init__(self, unit: Any, index: int, file_size: int) -> None:
        self._unit = unit
        self._file_size = file_size
        self.index = index
        self.header: Any = unit.header
        self.name: str = str(self.header.get("EXTNAME", "") or "").strip().upper()
        self.is_table = isinstance(unit, fits.BinTableHDU | fits.TableHDU) and not isinstance(
            unit, fits.CompImageHDU
        )
        self._columns: dict[str, str] | None = None

    def text(self, *keys: str) -> str:
        """First of the header cards `keys` that holds something, as text; "" when none does."""
        for key in keys:
            value = self.header.get(key)
            if value is not None and not isinstance(value, fits.card.Undefined) and str(value).strip():
                return str(value).strip()
        return ""

    def number(self, *keys: str) -> float | None:
        """First of the header cards `keys` that holds a finite number."""
        for key in keys:
            value = self.header.get(key)
            if isinstance(value, bool) or value is None or isinstance(value, fits.card.Undefined):
                continue
            try:
                number = float(value)
            except (TypeError, ValueError):
                continue
            if np.isfinite(number):
                return number
        return None

    def true(self, key: str) -> bool:
        """Whether the card `key` says yes (T, 1, "true")."""
        value = self.header.get(key)
        return value is True or str(value).strip().upper() in {"T", "TRUE", "1", "YES"}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image (slowest axis first); () for a table or an empty unit."""
        if self.is_table:
            return ()
        naxis = int(self.header.get("NAXIS", 0) or 0)
        if isinstance(self._unit, fits.CompImageHDU):
            return tuple(self._unit.shape)
        return tuple(int(self.header.get(f"NAXIS{axis}", 0)) for axis in range(naxis, 0, -1))

    @property
    def size(self) -> int:
        """Number of pixels of the image."""
        return int(np.prod(self.shape, dtype=object)) if self.shape else 0

    @property
    def columns(self) -> dict[str, str]:
        """Column names in upper case -> as the file spells them; empty for an image."""
        if self._columns is None:
            names = self._unit.columns.names if self.is_table else []
            self._columns = {str(name).strip().upper(): str(name) for name in reversed(names)}
            self._columns = dict(reversed(self._columns.items()))
        return self._columns

    @property
    def rows(self) -> int:
        """Number of table rows."""
        return int(self.header.get("NAXIS2", 0) or 0) if self.is_table else 0

    def unit(self, column: str) -> str:
        """Unit of a column as the file spells it, "" when it names none."""
        spelled = self.columns.get(column.upper())
        if spelled is None:
            return ""
        position = list(self._unit.columns.names).index(spelled) + 1
        return self.text(f"TUNIT{position}")

    def column_card(self, column: str, card: str) -> str:
        """The indexed card (``TUCD``, ``TUTYP``, …) of a column, "" when absent."""
        spelled = self.columns.get(column.upper())
        if spelled is None:
            return ""
        return self.text(f"{card}{list(self._unit.columns.names).index(spelled) + 1}")

    @property
    def whole(self) -> bool:
        """Whether the file is long enough to hold this unit's data."""
        try:
            start = int(self._unit.fileinfo()["datLoc"])
        except (AttributeError, TypeError, KeyError):
            return True
        length = self._length()
        return 0 <= length and start + length <= self._file_size

    def _length(self) -> int:
        """Bytes of data the header announces, in exact integers (headers may claim 1e12 pixels)."""
        header = self._unit._header
        naxis = int(header.get("NAXIS", 0) or 0)
        if naxis == 0:
            return 0
        count = 1
        for axis in range(1, naxis + 1):
            count *= int(header.get(f"NAXIS{axis}", 0))
        bits = abs(int(header.get("BITPIX", 8)))
        return bits // 8 * (count + int(header.get("PCOUNT", 0) or 0)) * int(header.get("GCOUNT", 1) or 1)

    def _demand_whole(self) -> None:
        if not self.whole:
            raise UnreadableSpectrumError(_TRUNCATED)
        if self.size * 8 > MAX_UNPACKED:
            raise NotASpectrumError(
                "the image is too large for a spectrum: open the extracted spectra instead"
            )

    def image(self) -> NDArray[Any]:
        """The image.

        Raises
        ------
        UnreadableSpectrumError : the file ends before the data do, or the unit holds none.
        """
        self._demand_whole()
        data = self._unit.data
        if data is None:
            raise UnreadableSpectrumError(f"HDU {self.index} holds no data: the file is damaged")
        return np.asarray(data)

    def image_row(self, row: int) -> NDArray[Any]:
        """One row of a two-dimensional image, read alone where possible."""
        self._demand_whole()
        if getattr(self._unit, "_data_loaded", True) or isinstance(self._unit, fits.CompImageHDU):
            return np.asarray(self._unit.data[row])
        return np.asarray(self._unit.section[row])

    def column(self, name: str) -> NDArray[Any]:
        """A whole column, by name in any case."""
        self._demand_whole()
        return np.asarray(self._unit.data[self.columns[name.upper()]])

    def cell(self, name: str, row: int) -> Any:
        """One cell of a column."""
        return self.column(name)[row]


class FitsFile:
    """A FITS file's units, and whether the file looked damaged while they were found."""

    def __init__(self, path: Path, units: list[Hdu], damaged: bool) -> None:
        self.path = path
        self.hdus = units
        self.damaged = damaged or any(not unit.whole for unit in units)

    @property
    def primary(self) -> Hdu:
        """The first unit."""
        return self.hdus[0]

    @property
    def stem(self) -> str:
        """File name without .fits, .fit, .gz, .fz."""
        return stem_of(self.path)

    def find(self, *names: str) -> Hdu | None:
        """First unit whose EXTNAME is one of `names` (upper case)."""
        for name in names:
            for unit in self.hdus:
                if unit.name == name:
                    return unit
        return None

    def tables(self) -> list[Hdu]:
        """Units that are tables."""
        return [unit for unit in self.hdus if unit.is_table]

    def images(self) -> list[Hdu]:
        """Units that hold an image."""
        return [unit for unit in self.hdus if unit.shape and unit.size > 0]

    def demand_whole(self) -> None:
        """Refuse a damaged file: for layouts whose spectrum is spread over many units.

        Raises
        ------
        UnreadableSpectrumError : the file is truncated.
        """
        if self.damaged:
            raise UnreadableSpectrumError(_TRUNCATED)

    def inventory(self) -> str:
        """Units and columns found, for an error message."""
        words = []
        for unit in self.hdus:
            label = f"HDU {unit.index}" + (f" {unit.name}" if unit.name else "")
            if unit.is_table:
                shown = list(unit.columns.values())
                more = f" … {len(shown) - 12} more" if len(shown) > 12 else ""
                words.append(f"{label} table with columns {', '.join(shown[:12])}{more}")
            elif unit.shape:
                words.append(f"{label} image {'x'.join(str(n) for n in unit.shape)}")
            else:
                words.append(f"{label} empty")
        return "; ".join(words)


def stem_of(path: Path) -> str:
    """File name without its suffixes .gz, .fz, .fits, .fit, .txt, …."""
    name = path.name
    for suffix in (".gz", ".fz", ".fits", ".fit", ".txt", ".dat", ".ascii", ".csv"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name or path.name


def first_bytes(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file, unpacked when it is gzipped.

    Raises
    ------
    UnreadableSpectrumError : the file cannot be read, or its gzip stream is damaged.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(count)
        if head[:2] != b"\x1f\x8b":
            return head
        with gzip.open(path) as stream:
            return stream.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSpectrumError(
            "the compressed file is truncated or damaged: fetch it again"
        ) from error
    except OSError as error:
        raise UnreadableSpectrumError(f"the file cannot be opened: {error.strerror or error}") from error


def unpack(path: Path) -> bytes:
    """Unpack a .gz into memory.

    Raises
    ------
    UnreadableSpectrumError : the stream is damaged, or unpacks to more than MAX_UNPACKED.
    """
    try:
        with gzip.open(path) as stream:
            content = stream.read(MAX_UNPACKED + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise UnreadableSpectrumError(
            "the compressed file is truncated or damaged: fetch it again"
        ) from error
    if len(content) > MAX_UNPACKED:
        raise UnreadableSpectrumError(
            "the compressed file unpacks to more than 2 GiB: unpack and split it first"
        )
    return content


@contextmanager
def open_fits(path: Path) -> Iterator[FitsFile]:
    """Open a FITS file, plain or gzipped; astropy's warnings end as `FitsFile.damaged`, not on the screen.

    Raises
    ------
    UnreadableSpectrumError : no FITS file, or its headers cannot be read.
    """
    source: Any = path
    size = path.stat().st_size
    if first_bytes(path, 2) == b"" or size == 0:
        raise UnreadableSpectrumError("the file is empty")
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    if packed:
        content = unpack(path)
        source, size = io.BytesIO(content), len(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with fits.open(source, mode="readonly", memmap=False, lazy_load_hdus=True) as hdus:
            units = [Hdu(unit, index, size) for index, unit in enumerate(hdus)]
            messages = " ".join(str(warning.message).lower() for warning in caught)
            damaged = "truncated" in messages or "corrupt" in messages or "validating header" in messages
            if not units:
                raise UnreadableSpectrumError(_TRUNCATED)
            yield FitsFile(path, units, damaged)
