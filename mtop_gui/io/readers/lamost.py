"""LAMOST: a five-row image (low resolution to DR9), or tables COADD, COADD_B and COADD_R; vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.io.headers import first_name, observing_facts, position, wcs_axis
from mtop_gui.io.merge import Arm, merge_arms
from mtop_gui.io.raw import RawSpectrum
from mtop_gui.io.tables import cells_are_arrays

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "LAMOST"


def _table(file: FitsFile) -> Hdu | None:
    for unit in file.tables():
        if {"FLUX", "IVAR", "WAVELENGTH", "ANDMASK"} <= set(unit.columns) and cells_are_arrays(unit, "FLUX"):
            return unit
    return None


def _arms(file: FitsFile) -> list[Hdu]:
    """Blue and red coadd of a medium-resolution file; the single exposures behind them are left out."""
    found = (file.find("COADD_B"), file.find("COADD_R"))
    return [
        unit
        for unit in found
        if unit is not None and {"FLUX", "IVAR"} <= set(unit.columns) and _wave(unit) and unit.rows
    ]


def _wave(unit: Hdu) -> str | None:
    return first_name(unit.columns, ("WAVELENGTH", "LOGLAM"))


def matches(file: FitsFile) -> bool:
    """Look for LAMOST's image of at least two rows with a log-linear scale, or its table of array cells."""
    unit = file.primary
    image = len(unit.shape) == 2 and unit.shape[0] >= 2 and unit.number("COEFF0", "CRVAL1") is not None
    return (
        bool(_arms(file))
        or _table(file) is not None
        or (image and unit.text("TELESCOP").upper().startswith("LAMOST"))
    )


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table row; one for an image."""
    unit = _table(file)
    name = file.primary.text("DESIG", "OBJNAME", "OBSID") or file.stem
    count = unit.rows if unit is not None and not _arms(file) else 1
    return [(row, name if count == 1 else f"{name} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take flux and inverse variance; the wavelengths of images come from COEFF0 and COEFF1.

    Row 3 of the image is the wavelength from DR2 on but the continuum in DR1, so it is not read. ivar = 0 is the
    pipeline's own verdict on a pixel; the bits of andmask only warn.
    """
    ra, dec = position(file.primary)
    facts = observing_facts(file) | _pipeline(file)
    arms = _arms(file)
    if arms:
        file.demand_whole()
        merged = merge_arms([_arm(unit) for unit in arms])
        missing = {"COADD_B", "COADD_R"} - {unit.name for unit in arms}
        return RawSpectrum(
            wavelength=merged.wavelength,
            flux=merged.flux,
            noise=merged.ivar,
            noise_kind="ivar",
            flux_unit=arms[0].unit("FLUX"),
            ra=ra,
            dec=dec,
            metadata=facts,
            notes=(f"arm {missing.pop()[-1]} missing",) if missing else (),
        )
    unit = _table(file)
    if unit is not None:
        wavelength: Any = unit.cell("WAVELENGTH", row)
        flux, ivar, log10 = unit.cell("FLUX", row), unit.cell("IVAR", row), False
        given = unit.unit("FLUX")
    else:
        image = file.primary.image()
        wavelength, _, log10 = wcs_axis(file.primary, image.shape[1])
        flux, ivar, given = image[0], image[1], file.primary.text("BUNIT")
    return RawSpectrum(
        wavelength=wavelength,
        log10=log10,
        flux=flux,
        noise=ivar,
        noise_kind="ivar",
        # LAMOST calibrates fluxes relatively only: without a BUNIT they are no flux density.
        flux_unit=given,
        ra=ra,
        dec=dec,
        metadata=facts,
    )


def _arm(unit: Hdu) -> Arm:
    """Take one arm: a cell of arrays, or a pixel per row (LOGLAM)."""
    wave = _wave(unit) or ""
    array = cells_are_arrays(unit, "FLUX")
    wavelength, flux, ivar = (
        np.asarray(unit.cell(name, 0) if array else unit.column(name), dtype=np.float64)
        for name in (wave, "FLUX", "IVAR")
    )
    good = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
    return Arm(
        10.0**wavelength if wave == "LOGLAM" else wavelength,
        np.where(good, flux, 0.0),
        np.where(good, ivar, 0.0),
    )


def _pipeline(file: FitsFile) -> dict[str, Any]:
    primary = file.primary
    facts: dict[str, Any] = {
        "pipeline_class": primary.text("CLASS"),
        "pipeline_subclass": primary.text("SUBCLASS"),
    }
    redshift = primary.number("Z")
    if redshift is not None and redshift > -9000:
        facts["pipeline_z"] = redshift
    return facts
