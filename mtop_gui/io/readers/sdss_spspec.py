"""SDSS DR7 and earlier ``spSpec-*.fit``: an image with rows flux, continuum-subtracted flux, error, mask, sky."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import observing_facts, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile

LAYOUT = "SDSS spSpec"


def matches(file: FitsFile) -> bool:
    """Look for a primary image of 3 to 6 rows with COEFF0 and the DR7 pipeline's cards."""
    unit = file.primary
    shape = unit.shape
    return (
        len(shape) == 2
        and 3 <= shape[0] <= 6
        and unit.number("COEFF0") is not None
        and any(card in unit.header for card in ("SPEC_CLN", "SPECID", "VERS2D", "Z_STATUS"))
        and not unit.text("TELESCOP").upper().startswith("LAMOST")
    )


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take flux and error, vacuum wavelengths; the pipeline sets error = 0 where it rejects a pixel."""
    unit = file.primary
    image = unit.image()
    wavelength, _, _ = wcs_axis(unit, image.shape[1])
    ra, dec = position(unit)
    facts = observing_facts(file) | {
        "pipeline_z": unit.number("Z"),
        "pipeline_class": {1: "STAR", 2: "GALAXY", 3: "QSO", 4: "QSO", 6: "STAR"}.get(
            int(unit.number("SPEC_CLN") or 0), ""
        ),
    }
    given = unit.text("BUNIT")
    return RawSpectrum(
        wavelength=wavelength,
        log10=True,
        flux=image[0],
        noise=image[2],
        noise_kind="error",
        # These headers say erg/cm/s/Ang and mean erg/cm^2/s/Ang.
        flux_unit=given.replace("/cm/", "/cm^2/"),
        usual_flux_unit="1E-17 erg/cm^2/s/Ang",
        ra=ra,
        dec=dec,
        metadata={key: value for key, value in facts.items() if value is not None},
    )
