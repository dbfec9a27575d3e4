"""A one-dimensional image with a linear scale and its errors in a further HDU (MOSFIRE, X-shooter, many others)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import (
    ERROR_NAMES,
    IVAR_NAMES,
    VARIANCE_NAMES,
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
    from mtop_gui.io.raw import NoiseKind

LAYOUT = "linear WCS with error HDU"


def _vector(unit: Hdu) -> bool:
    """Whether the image is one row, however many axes of length one it has."""
    return unit.size > 1 and max(unit.shape) == unit.size


def _flux(file: FitsFile) -> Hdu | None:
    return next((unit for unit in file.images() if _vector(unit) and has_wavelength_axis(unit)), None)


def _role(file: FitsFile, unit: Hdu) -> str:
    """Tell what an image holds: its EXTNAME, or the primary's card EXT-n."""
    return (unit.name or unit.text("OBJECT-TYPE") or file.primary.text(f"EXT-{unit.index}")).upper()


def _noise(file: FitsFile, flux: Hdu) -> tuple[Hdu, NoiseKind] | None:
    kinds: tuple[tuple[tuple[str, ...], NoiseKind], ...] = (
        (IVAR_NAMES, "ivar"),
        ((*ERROR_NAMES, "ERRS"), "error"),
        (VARIANCE_NAMES, "variance"),
    )
    for unit in file.images():
        if unit is flux or unit.size != flux.size:
            continue
        for names, kind in kinds:
            if _role(file, unit) in names:
                return unit, kind
    return None


def matches(file: FitsFile) -> bool:
    """Look for a spectrum in one image, and another of the same length that is its noise."""
    flux = _flux(file)
    return flux is not None and _noise(file, flux) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, object_name(file.primary) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take flux and noise; vacuum unless the header says otherwise, but X-shooter's pipeline gives air."""
    file.demand_whole()
    flux = _flux(file)
    assert flux is not None  # matches() said so
    noise = _noise(file, flux)
    assert noise is not None
    wavelength, unit_text, log10 = wcs_axis(flux, flux.size)
    quality = next(
        (
            unit
            for unit in file.images()
            if _role(file, unit) in {"QUAL", "DQ", "MASK", "BADPIX"} and unit.size == flux.size
        ),
        None,
    )
    facts = observing_facts(file, flux)
    ra, dec = position(flux, file.primary)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text,
        log10=log10,
        medium=medium_of(flux, usual_medium(file, flux)),
        flux=flux.image(),
        noise=noise[0].image(),
        noise_kind=noise[1],
        bad=np.asarray(quality.image()).reshape(-1) != 0 if quality is not None else None,
        flux_unit=flux.text("BUNIT", "FLUXUNIT"),
        ra=ra,
        dec=dec,
        metadata=facts,
    )
