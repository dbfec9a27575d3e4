"""Parts of which files are made by hand: a true spectrum, images, tables, header cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from pathlib import Path

FLAM17 = "1E-17 erg/cm^2/s/Ang"


class Truth(NamedTuple):
    """What a file holds: wavelengths as written, flux and standard deviation."""

    wavelength: np.ndarray
    flux: np.ndarray
    error: np.ndarray


def truth(
    pixels: int = 200, start: float = 4000.0, step: float = 1.5, scale: float = 1.0, seed: int = 1
) -> Truth:
    """A noisy line on a linear grid."""
    rng = np.random.default_rng(seed)
    wavelength = start + step * np.arange(pixels)
    error = scale * rng.uniform(0.5, 1.5, pixels)
    line = 30.0 * np.exp(-0.5 * ((np.arange(pixels) - pixels / 2) / 3) ** 2)
    return Truth(wavelength, scale * (10 + line) + rng.normal(size=pixels) * error, error)


def log_truth(pixels: int = 200) -> Truth:
    """The same on a grid linear in log10."""
    made = truth(pixels)
    return made._replace(wavelength=10.0 ** (3.6 + 1e-4 * np.arange(pixels)))


def save(path: Path, *units) -> None:
    fits.HDUList(list(units)).writeto(path, overwrite=True)


def table(columns, name: str = "", **cards):
    """A binary table: columns as (name, format, array[, unit])."""
    unit = fits.BinTableHDU.from_columns(
        [fits.Column(name=c[0], format=c[1], array=c[2], unit=c[3] if len(c) > 3 else None) for c in columns]
    )
    if name:
        unit.name = name
    unit.header.update(cards)
    return unit


def image(data, **cards):
    unit = fits.ImageHDU(np.asarray(data))
    unit.header.update(cards)
    return unit


def primary(data=None, **cards):
    unit = fits.PrimaryHDU(None if data is None else np.asarray(data))
    for key, value in cards.items():
        unit.header[key.replace("__", "-")] = value
    return unit


def linear(made: Truth, **more):
    """WCS cards of a linear grid."""
    return {
        "CRVAL1": made.wavelength[0],
        "CDELT1": made.wavelength[1] - made.wavelength[0],
        "CRPIX1": 1.0,
        **more,
    }


def cells(made: Truth, names, units=("", "", ""), form: str = "D"):
    """Three columns with one array each."""
    size = made.flux.size
    return [
        (name, f"{size}{form}", values[None, :], unit or None)
        for name, values, unit in zip(names, made, units, strict=True)
    ]
