"""Is a FITS file sound? What is wrong with it but can be read past becomes a note of every Spectrum read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from mtop_gui.io.fitscards import BLANKS, BLOCK, ZEROS
from mtop_gui.io.hdu import TRUNCATED

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

MOST_ROWS = 20_000_000
"""A unit that announces more rows holds no spectra, or claims what is not there: even a list of them fills the memory."""

MOST_ROWS_MISSING = 100_000
"""The same for a unit that the file is too short for: each of its rows would be told as unreadable."""

_SHOWN = 4


def demand_bounded(file: FitsFile) -> None:
    """Refuse a file that announces more rows than anybody could list.

    Raises
    ------
    NotASpectrumError : it does.
    UnreadableSpectrumError : it does, and is shorter than that.
    """
    for unit in file.hdus:
        rows = unit.header.most_rows
        if rows > MOST_ROWS_MISSING and not unit.whole:
            raise UnreadableSpectrumError(TRUNCATED)
        if rows > MOST_ROWS:
            raise NotASpectrumError(f"HDU {unit.index} announces {rows:,} rows: split the file first")


def doubts(file: FitsFile) -> tuple[str, ...]:
    """Say what breaks the FITS standard (4.0, Sect. 3 and 4) in a way that damage does; nothing for a sound file."""
    return file.once("doubts", lambda: tuple(_doubts(file)))


def _doubts(file: FitsFile) -> list[str]:
    said = []
    if file.damaged:
        said.append("the file is cut short or damaged: spectra, errors or flags of it may be missing")
    if any(unit.is_table and not unit.table.sound for unit in file.hdus):
        said.append("the columns of a table have no names or do not fill its rows: the file may be damaged")
    if file.cards_after_end:
        said.append("header cards follow the END card: the file may be damaged")
    faults = list(
        dict.fromkeys(fault for unit in file.hdus for fault in (*unit.header.faults, *unit.header.misfits))
    )
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        said.append(
            f"header cards break the FITS standard, perhaps by damage: {', '.join(faults[:_SHOWN])}{more}"
        )
    if file.size % BLOCK:
        said.append("the file's length is no multiple of 2880 bytes: it may be damaged")
    elif any(_overfull(file, unit) for unit in file.hdus):
        said.append("data stand where a header announces none: the file may be damaged")
    if file.hdus[-1].stop < file.size:
        said.append("something follows the last unit: the file may be damaged")
    return said


def _overfull(file: FitsFile, unit: Hdu) -> bool:
    """Whether the padding behind a unit's data is not empty."""
    end = min(unit.stop, file.size)
    start = unit.start + unit.length
    filling = BLANKS if unit.is_ascii_table else ZEROS
    return start < end and file.read(start, end - start) != filling[: end - start]
