"""6dFGS: thumbnails, then SPECTRUM V, R and VR; rows flux, variance, sky, wavelength; air wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.io.headers import object_name, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "6dFGS"


def _unit(file: FitsFile) -> Hdu | None:
    unit = file.find("SPECTRUM VR", "SPECTRUM V", "SPECTRUM R")
    return unit if unit is not None and len(unit.shape) == 2 and unit.shape[0] >= 2 else None


def matches(file: FitsFile) -> bool:
    """Look for an image SPECTRUM VR, or one arm alone."""
    return _unit(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum, the combined one; its row is the number of its HDU, as the survey's users cite it."""
    unit = _unit(file)
    assert unit is not None  # matches() said so
    return [(unit.index, object_name(unit) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the flux in counts with its variance."""
    file.demand_whole()
    unit = _unit(file)
    assert unit is not None  # matches() said so
    image = unit.image()
    wavelength, _, log10 = wcs_axis(unit, image.shape[1])
    ra, dec = position(unit)
    # The primary unit is a photographic plate's, so nothing is taken from there.
    facts: dict[str, Any] = {
        "instrument": "6dF",
        "telescope": "UKST",
        "exposure_time": (unit.number("EXP_V") or 0.0) * (unit.number("NCOMB_V") or 1.0),
    }
    for word, key in {"pipeline_z": "Z_HELIO", "pipeline_quality": "QUALITY"}.items():
        number = unit.number(key)
        if number is not None:
            facts[word] = number
    return RawSpectrum(
        wavelength=wavelength,
        log10=log10,
        medium="air",
        flux=image[0],
        noise=image[1],
        noise_kind="variance",
        flux_unit=unit.text("BUNIT"),
        ra=ra,
        dec=dec,
        metadata=facts,
        notes=()
        if unit.name.endswith("VR")
        else (f"only the arm {unit.name[-1]}: the combined spectrum is missing",),
    )
