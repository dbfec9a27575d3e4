"""LAMOST low-resolution spectra: a five-row image (DR1-DR9), or array cells in COADD (DR10 on); vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.io.headers import observing_facts, position, wcs_axis
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


def matches(file: FitsFile) -> bool:
    """Look for LAMOST's image of at least two rows with a log-linear scale, or its table of array cells."""
    unit = file.primary
    image = len(unit.shape) == 2 and unit.shape[0] >= 2 and unit.number("COEFF0", "CRVAL1") is not None
    return _table(file) is not None or (image and unit.text("TELESCOP").upper().startswith("LAMOST"))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per table row; one for an image."""
    unit = _table(file)
    name = file.primary.text("DESIG", "OBJNAME", "OBSID") or file.stem
    count = unit.rows if unit is not None else 1
    return [(row, name if count == 1 else f"{name} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take flux and inverse variance; the wavelengths of images come from COEFF0 and COEFF1.

    Row 3 of the image is the wavelength from DR2 on but the continuum in DR1, so it is not read. ivar = 0 is the
    pipeline's own verdict on a pixel; the bits of andmask only warn.
    """
    ra, dec = position(file.primary)
    facts = observing_facts(file) | _pipeline(file)
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
