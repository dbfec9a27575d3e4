"""Files to measure with: galaxies of a few lines on a continuum, in the MOONS1D layout with realistic noise."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.instrument import load_instrument
from mtop_gui.simulation.moons1d_files import write_moons1d

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = (3728.5, 4862.7, 4960.3, 5008.2, 6564.6)


def make_files(folder: Path, count: int, seed: int = 7) -> list[Path]:
    """Write `count` spectra as FITS files; the same for the same seed."""
    instrument = load_instrument("moons-lr")
    rng = np.random.default_rng(seed)
    wavelength = instrument.wavelength
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        redshift = rng.uniform(0.7, 2.6)
        flux = np.full(wavelength.size, 10 ** rng.uniform(-18.5, -17.5))
        for line in LINES:
            centre = line * (1 + redshift)
            flux += rng.uniform(1, 6) * 1e-18 * np.exp(-0.5 * ((wavelength - centre) / 4.0) ** 2)
        sigma = 4e-19 * (1 + 5e3 * instrument.sky_emission)
        flux = flux + rng.normal(0, sigma)
        path = folder / f"galaxy_{number:05d}.fits"
        paths.append(write_moons1d(path, instrument, flux, sigma, hours=4.0, name=path.stem, mag_h=22.5))
    return paths


def distinct_files(folder: Path) -> list[Path]:
    """List what `make_files` wrote."""
    return sorted(folder.glob("galaxy_*.fits"))


@contextmanager
def link_files(folder: Path, place: Path, count: int) -> Iterator[list[Path]]:
    """Give the files of `make_files` so many names that `place` holds `count` of them: hard links, read like any file."""
    place.mkdir()
    links = [place / f"spectrum_{number:06d}.fits" for number in range(count)]
    for link, path in zip(links, itertools.cycle(distinct_files(folder)), strict=False):
        os.link(path, link)
    try:
        yield links
    finally:
        shutil.rmtree(place)  # the next benchmark opens the folder above
