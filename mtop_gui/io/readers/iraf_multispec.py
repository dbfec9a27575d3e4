"""IRAF multispec and equispec images: one row per aperture, dispersion in the WAT2 cards, bands of sky and sigma."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.headers import medium_of, object_name, observing_facts, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "IRAF multispec"
_SPEC = re.compile(r'spec(\d+)\s*=\s*"([^"]*)"')


def _unit(file: FitsFile) -> Hdu | None:
    for unit in file.images():
        kind = (unit.text("WAT0_001") + unit.text("CTYPE1")).lower()
        if ("multispec" in kind or "multispe" in kind or "equispec" in kind) and 1 <= len(unit.shape) <= 3:
            return unit
    return None


def matches(file: FitsFile) -> bool:
    """Look for a WAT0_001 or CTYPE1 that speaks of multispec or equispec."""
    return _unit(file) is not None


def _apertures(unit: Hdu) -> int:
    return 1 if len(unit.shape) == 1 else unit.shape[-2]


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per aperture; APIDn names them."""
    unit = _unit(file)
    assert unit is not None  # matches() said so
    count = _apertures(unit)
    base = object_name(unit, file.primary) or file.stem
    if count == 1:
        return [(0, base)]
    return [(row, unit.text(f"APID{row + 1}") or f"{base} aperture {row + 1}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the aperture's first band as flux, the one whose BANDID speaks of sigma as error; air wavelengths."""
    file.demand_whole()
    unit = _unit(file)
    assert unit is not None  # matches() said so
    if len(unit.shape) == 2:
        bands = [unit.image_row(row)]
    else:
        image = unit.image()
        bands = [image] if image.ndim == 1 else list(image[:, row])
    noise = None
    for number, band in enumerate(bands, start=1):
        if "sigma" in unit.text(f"BANDID{number}").lower():
            noise = band
    specs = dispersion_words(unit)
    if specs:
        if row + 1 not in specs:
            raise UnreadableSpectrumError(
                f"the header gives no dispersion for aperture {row + 1} (spec{row + 1})"
            )
        wavelength, log10 = dispersion(specs[row + 1], bands[0].size), False
        unit_text = "Angstrom"
    else:
        wavelength, unit_text, log10 = wcs_axis(unit, bands[0].size)
    ra, dec = position(unit, file.primary)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "Angstrom",
        log10=log10,
        # IRAF's line lists are in air; its dispersion solutions inherit that.
        medium=medium_of(unit, "air"),
        flux=bands[0],
        noise=noise,
        flux_unit=unit.text("BUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )


def dispersion_words(unit: Hdu) -> dict[int, list[str]]:
    """Collect the words of each ``specN = "…"``, joined over the WAT2 cards (68 characters each, blanks at the end count)."""
    cards: list[Any] = []
    for number in range(1, 1000):
        value = unit.header.get(f"WAT2_{number:03d}")
        if value is None:
            break
        cards.append(str(value).ljust(68))
    return {int(hit[1]): hit[2].split() for hit in _SPEC.finditer("".join(cards))}


def dispersion(words: list[str], pixels: int) -> FloatArray:
    """Wavelength of each pixel from one spec: ``ap beam type w1 dw nw z aplow aphigh [weight zero ftype …]``.

    Parameters
    ----------
    words : the blank-separated words.
    pixels : length of the image row.

    Returns
    -------
    (pixels,) wavelength, the Doppler factor 1 + z taken out as IRAF's specwcs does.

    Raises
    ------
    UnreadableSpectrumError : the function is neither linear, log-linear, Chebyshev nor Legendre.
    """
    try:
        numbers = [float(word.replace("INDEF", "nan")) for word in words]
        kind, start, step, redshift = int(numbers[2]), numbers[3], numbers[4], numbers[6]
        if kind in (0, 1):
            values = start + step * np.arange(pixels, dtype=np.float64)
            return (10.0**values if kind == 1 else values) / (1.0 + redshift)
        return _series(numbers[9:], pixels) / (1.0 + redshift)
    except (IndexError, ValueError) as error:
        raise UnreadableSpectrumError("the IRAF dispersion in the WAT2 cards is incomplete") from error


def _series(numbers: list[float], pixels: int) -> FloatArray:
    """Sum of weight * (zero point + polynomial) over the functions that follow one another in `numbers`."""
    total = np.zeros(pixels)
    pixel = np.arange(pixels) + 1.0
    while numbers:
        weight, zero, kind, order = numbers[0], numbers[1], int(numbers[2]), int(numbers[3])
        if kind not in (1, 2):
            raise UnreadableSpectrumError(
                "the IRAF dispersion is a spline or table, which is not read: linearise it with dispcor"
            )
        low, high = numbers[4], numbers[5]
        coefficients = numbers[6 : 6 + order]
        scaled = (pixel - (high + low) / 2) / ((high - low) / 2)
        polynomial = np.polynomial.chebyshev.chebval if kind == 1 else np.polynomial.legendre.legval
        total += weight * (zero + polynomial(scaled, coefficients))
        numbers = numbers[6 + order :]
    return total
