"""VIPGI/Pandora spectra (VANDELS, zCOSMOS, VVDS): EXR1D and NOISE images with a linear scale; air wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import object_name, observing_facts, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "VIPGI/Pandora"


def _flux(file: FitsFile) -> Hdu | None:
    noise = file.find("NOISE")
    if noise is None or len(noise.shape) != 1:
        return None
    for unit in (file.primary, file.find("EXR1D")):
        if unit is not None and unit.shape == noise.shape:
            return unit
    return None


def matches(file: FitsFile) -> bool:
    """Look for a one-dimensional spectrum beside NOISE and an EXR1D or EXR2D extension."""
    return _flux(file) is not None and file.find("EXR1D", "EXR2D") is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, object_name(file.primary) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the flux-calibrated spectrum of the primary unit."""
    file.demand_whole()
    unit, noise = _flux(file), file.find("NOISE")
    assert unit is not None  # matches() said so
    assert noise is not None
    wavelength, unit_text, log10 = wcs_axis(
        unit if unit.number("CRVAL1") is not None else noise, unit.shape[0]
    )
    ra, dec = position(file.primary)
    facts = {"instrument": "VIMOS"} | observing_facts(file)
    redshift = file.primary.number("PND Z", "Z")
    if redshift is not None:
        facts["pipeline_z"] = redshift
    flag = file.primary.text("PND ZFLAGS")
    if flag:
        facts["pipeline_quality"] = flag
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "Angstrom",
        log10=log10,
        medium="air",
        flux=unit.image(),
        noise=noise.image(),
        flux_unit=unit.text("BUNIT"),
        usual_flux_unit="erg/s/cm2/Angstrom",
        ra=ra,
        dec=dec,
        metadata=facts,
    )
