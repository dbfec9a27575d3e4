"""Images of a few rows that the header names: GAMA (ROWn), 2dFGRS (ARRAYn), IRAF's bands (BANDIDn)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import (
    has_wavelength_axis,
    medium_of,
    object_name,
    observing_facts,
    position,
    wcs_axis,
)
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import NoiseKind

LAYOUT = "image of named rows"
MOST_ROWS = 10
_LABELS = ("ROW", "ARRAY", "BANDID")
_NOISE: tuple[tuple[str, NoiseKind], ...] = (
    ("ERR", "error"),
    ("SIGMA", "error"),
    ("STDEV", "error"),
    ("VAR", "variance"),
)


def _rows(unit: Hdu) -> list[str]:
    """Names of the rows in upper case; empty when the image is none of these."""
    shape = unit.shape
    if len(shape) < 2 or not 2 <= shape[0] <= MOST_ROWS or unit.size != shape[0] * shape[-1]:
        return []
    for label in _LABELS:
        names = [unit.text(f"{label}{number}").upper() for number in range(1, shape[0] + 1)]
        if names[0].startswith(("SPEC", "FLUX", "SCIENCE")) and has_wavelength_axis(unit):
            return names
    return []


def _units(file: FitsFile) -> list[Hdu]:
    return [unit for unit in file.images() if _rows(unit)]


def matches(file: FitsFile) -> bool:
    """Look for an image of two to ten rows, the first of which the header calls a spectrum."""
    return bool(_units(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per image: several are several exposures of one object."""
    units = _units(file)
    names = [object_name(unit, file.primary) or file.stem for unit in units]
    return [(row, name if len(units) == 1 else f"{name} {row + 1}") for row, name in enumerate(names)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the first row, and the first that is called error or variance; air, as 2dfdr and IRAF give it."""
    file.demand_whole()
    unit = _units(file)[row]
    names = _rows(unit)
    image = np.asarray(unit.image()).reshape(len(names), -1)
    noise, kind = _noise(names)
    wavelength, unit_text, log10 = wcs_axis(unit, image.shape[1])
    ra, dec = position(unit, file.primary)
    gama = "GAMANAME" in unit.header and names[0] == "SPECTRUM" and "GAMA" in unit.text("ORIGIN").upper()
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "Angstrom",
        log10=log10,
        medium=medium_of(unit, "air"),
        flux=image[0],
        noise=image[noise] if noise else None,
        noise_kind=kind,
        flux_unit=unit.text("BUNIT"),
        usual_flux_unit="1e-17 erg/s/cm2/Angstrom" if gama else "",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )


def _noise(names: list[str]) -> tuple[int, NoiseKind]:
    """Place of the noise row, 0 when there is none, and its kind."""
    for place, name in enumerate(names[1:], start=1):
        for word, kind in _NOISE:
            if name.startswith(word):
                return place, kind
    return 0, "error"
