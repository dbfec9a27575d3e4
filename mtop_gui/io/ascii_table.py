"""Spectra as text: columns of numbers, wavelength and flux first, then the error unless the header says otherwise."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from mtop_gui.io.headers import FLUX_NAMES, LOG_WAVE_NAMES, WAVE_NAMES, first_name, noise_column, unit_in_name
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.io.raw import NoiseKind

LAYOUT = "text columns"
SUFFIXES = (".txt", ".dat", ".ascii", ".csv", ".asc", ".tbl", ".spec", ".ecsv")
_COMMENT = ("#", ";", "%", "!", "\\", "|", "/")


def looks_like_spectrum(path: Path) -> bool:
    """Whether the first lines of a text file are at least three columns of numbers, wavelengths rising or falling."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            head = stream.read(16384)
    except (OSError, EOFError, zlib.error):
        return False
    if b"\0" in head:
        return False
    rows: list[list[float]] = []
    for line in head.decode("latin-1").splitlines()[:-1]:
        words = _words(line)
        if not words or line.lstrip().startswith(_COMMENT):
            continue
        numbers = _numbers(words)
        if numbers is None:
            if rows or not _is_header(words):
                return False
            continue
        rows.append(numbers)
    if len(rows) < 5 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 3:
        return False
    step = np.diff([row[0] for row in rows])
    return bool((step > 0).all() or (step < 0).all())


def load(content: bytes) -> RawSpectrum:
    """Read a text file of two or more columns from its bytes.

    Raises
    ------
    NotASpectrumError : it is text, but no columns of numbers.
    UnreadableSpectrumError : it is damaged.
    """
    if b"\0" in content[:4096]:
        raise UnreadableSpectrumError("the file is neither FITS nor text")
    text = content.decode("utf-8", "replace")
    names: list[str] = []
    said: list[str] = []
    rows: list[list[float]] = []
    for line in text.splitlines():
        words = _words(line.lstrip().lstrip("#;%!|"))
        commented = line.lstrip().startswith(_COMMENT)
        if not words:
            continue
        numbers = None if commented else _numbers(words)
        if numbers is not None:
            rows.append(numbers)
        elif not rows and _is_header(words):
            names = _headings(line)
        elif not commented:
            raise NotASpectrumError("this is a text file, but not columns of wavelength, flux and error")
        elif not rows:
            said.append(line)
    if len(rows) < 2:
        raise NotASpectrumError("this is a text file, but not columns of wavelength, flux and error")
    width = min(len(row) for row in rows)
    # A line cut short at the very end of the file is a broken download; elsewhere it is no table at all.
    if width < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise UnreadableSpectrumError(
            "the lines of the text file differ in their number of columns: it is damaged"
        )
    return _spectrum(np.array(rows, dtype=np.float64), _with_ecsv_units(names, said))


def _spectrum(table: FloatArray, header: list[str]) -> RawSpectrum:
    columns = [re.sub(r"[\[(].*", "", word).strip().upper() for word in header]
    units = [(re.search(r"[\[(](.*)[\])]", word) or [""] * 2)[1] for word in header]
    if len(columns) != table.shape[1]:
        columns, units = [], []
    wave = first_name(columns, WAVE_NAMES + LOG_WAVE_NAMES)
    flux = first_name(columns, FLUX_NAMES)
    noise_name, kind = noise_column(columns, flux or "FLUX") or ("", "error")
    place = {column: position for position, column in enumerate(columns)}
    first = place[wave] if wave else 0
    second = place[flux] if flux else 1
    third = place.get(noise_name, 2 if not columns and table.shape[1] > 2 else None)
    noise_kind: NoiseKind = kind if columns else _kind_in_words(header)
    if not columns and table.shape[1] > 2 and _counts_pixels(table[:, 0]):
        return _spectrum(table[:, 1:], [])
    notes = () if columns else ("columns taken as wavelength, flux and error: the file names none",)
    return RawSpectrum(
        wavelength=table[:, first],
        wavelength_unit=units[first] or unit_in_name(columns[first]) if units else "",
        log10=wave in LOG_WAVE_NAMES,
        medium="air" if wave and ("AIR" in f"{wave} {units[first].upper()}" or wave == "AWAV") else "vacuum",
        flux=table[:, second],
        noise=table[:, third] if third is not None else None,
        noise_kind=noise_kind,
        flux_unit=units[second] if units else "",
        notes=notes if table.shape[1] > 2 else (),
    )


def _headings(line: str) -> list[str]:
    """Split a line of column names, each with its unit in brackets even where blanks stand between or within."""
    line = re.sub(r"\s+(?=[\[(])", "", line.lstrip().lstrip("#;%!|"))
    return [word.strip('"') for word in re.findall(r"(?:[^\s,\[(]|\[[^\]]*\]|\([^)]*\))+", line)]


def _with_ecsv_units(names: list[str], said: list[str]) -> list[str]:
    """Put the units an ECSV declares in its comments behind the names of its columns."""
    declared = {}
    for line in said:
        name = re.search(r"name: ([^,}]+)", line)
        unit = re.search(r"unit: ([^,}]+)", line)
        if name and unit and "- {" in line:
            declared[name[1].strip()] = unit[1].strip()
    return [f"{name}[{declared[name]}]" if name in declared else name for name in names]


def _counts_pixels(values: FloatArray) -> bool:
    """Tell a column that only numbers the lines, from 0 or 1."""
    return bool(values[0] in (0, 1) and np.array_equal(values, values[0] + np.arange(values.size)))


def _kind_in_words(header: list[str]) -> NoiseKind:
    """Tell the third column's kind by a header whose words do not match the columns one by one."""
    words = {re.sub(r"\W", "", word).upper() for word in header}
    if words & {"IVAR", "INVVAR", "FLUX_IVAR"}:
        return "ivar"
    return "variance" if words & {"VAR", "VARIANCE"} else "error"


def _words(line: str) -> list[str]:
    return [word.strip().strip('"') for word in re.split(r"[,\s]+", line.strip()) if word.strip()]


def _numbers(words: list[str]) -> list[float] | None:
    try:
        return [
            float(word.replace("D", "E").replace("d", "e") if word[:1] != "n" else word) for word in words
        ]
    except ValueError:
        return None


def _is_header(words: list[str]) -> bool:
    """Whether a line names columns that a spectrum has."""
    names = [re.sub(r"[\[(].*", "", word).upper() for word in words]
    return (
        first_name(names, WAVE_NAMES + LOG_WAVE_NAMES) is not None
        and first_name(names, FLUX_NAMES) is not None
    )
