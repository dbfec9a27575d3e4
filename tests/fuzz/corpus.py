"""The undamaged files: every layout the readers know, text, gzip, and the development spectra where they lie beside."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from astropy.io import fits

from tests.io import layouts, layouts_of_images, layouts_of_surveys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 600_000
"""Bytes of a development spectrum that still counts: larger ones only make the same cases slower."""

PER_FOLDER = 2


@dataclass(frozen=True)
class Unit:
    """Where one header-data unit of an undamaged FITS file lies, found by astropy and not by the readers under test."""

    header: int
    data: int
    stop: int
    """First byte behind the data, padding not counted."""
    end: int
    """First byte behind the padding."""
    itemsize: int
    """Bytes of its smallest number: what one damaged byte spoils at most."""


@dataclass(frozen=True)
class Seed:
    """One undamaged file."""

    name: str
    content: bytes
    suffix: str
    units: tuple[Unit, ...] = ()

    @property
    def is_fits(self) -> bool:
        """Whether its structure is known."""
        return bool(self.units)


def make_seeds(folder: Path, shared: Path | None = None) -> list[Seed]:
    """Write every layout into `folder` and give all undamaged files, in a fixed order.

    Parameters
    ----------
    shared : folder of development spectra; None to leave them out.
    """
    seeds = []
    for name, write in _writers():
        path = folder / f"{name}.fits"
        write(path)
        seeds.append(_seed(name, path))
    for name, header, delimiter in (
        ("ascii", "# wavelength flux error", " "),
        ("ascii_bare", "", " "),
        ("csv", "wavelength,flux,ivar", ","),
    ):
        path = folder / f"{name}.txt"
        layouts.write_ascii(path, header, delimiter)
        seeds.append(Seed(name, path.read_bytes(), ".txt"))
    if shared is not None and shared.is_dir():
        seeds += [
            _seed(f"shared:{path.relative_to(shared).as_posix()}", path) for path in _small_files(shared)
        ]
    return seeds


def _writers() -> Iterator[tuple[str, object]]:
    """Give every function that writes a layout, once under its own name, in alphabetical order."""
    found = {}
    for module in (layouts, layouts_of_images, layouts_of_surveys):
        for name, write in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("write_") and name != "write_ascii":
                found[name.removeprefix("write_")] = write
    yield from sorted(found.items())


def _small_files(shared: Path) -> Iterator[Path]:
    taken: dict[Path, int] = {}
    for path in sorted(shared.rglob("*.fi*")):
        plain = path.suffix in {".fits", ".fit"} and path.stat().st_size <= LARGEST
        if plain and taken.get(path.parent, 0) < PER_FOLDER:
            taken[path.parent] = taken.get(path.parent, 0) + 1
            yield path


def _seed(name: str, path: Path) -> Seed:
    return Seed(name, path.read_bytes(), ".fits", units_of(path))


@lru_cache(maxsize=256)
def units_of(path: Path) -> tuple[Unit, ...]:
    """Find the units of an undamaged file."""
    units = []
    with fits.open(path, memmap=False, disable_image_compression=True) as opened:
        for hdu in opened:
            place = hdu.fileinfo()
            header, data = place["hdrLoc"], place["datLoc"]
            stop = data + hdu.size
            units.append(Unit(header, data, stop, data + place["datSpan"], _itemsize(hdu)))
    return tuple(units)


def _itemsize(hdu: fits.hdu.base._BaseHDU) -> int:
    if isinstance(hdu, fits.BinTableHDU):
        sizes = [column.dtype.base.itemsize if column.dtype.base.kind != "S" else 1 for column in hdu.columns]
        return max(1, min(sizes, default=1))
    return max(1, abs(hdu.header.get("BITPIX", 8)) // 8)
