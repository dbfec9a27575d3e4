"""A one-dimensional image with a wavelength scale in its header, linear or logarithmic, and no errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import (
    has_wavelength_axis,
    medium_of,
    object_name,
    observing_facts,
    position,
    usual_medium,
    wcs_axis,
)
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "1-D WCS"
LOOKED_FOR = "a one-dimensional image with CRVAL1 and CDELT1 (or CD1_1)"


def _unit(file: FitsFile) -> Hdu | None:
    for unit in file.images():
        if unit.size > 1 and max(unit.shape) == unit.size and has_wavelength_axis(unit):
            return unit
    return None


def matches(file: FitsFile) -> bool:
    """Look for a one-row image with CRVAL1 and a step."""
    return _unit(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, object_name(file.primary) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the image; DC-FLAG = 1 or a CTYPE1 with LOG means log10; AWAV means air."""
    file.demand_whole()
    unit = _unit(file)
    assert unit is not None  # matches() said so
    wavelength, unit_text, log10 = wcs_axis(unit, unit.size)
    ra, dec = position(unit, file.primary)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text,
        log10=log10,
        medium=medium_of(unit, usual_medium(file, unit)),
        flux=unit.image(),
        flux_unit=unit.text("BUNIT", "FLUXUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
