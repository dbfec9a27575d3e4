"""SDSS, BOSS and eBOSS ``spec-*.fits``, lite or full, as served and as rewritten by others (upper-case columns)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.io.headers import observing_facts, position
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "SDSS/BOSS spec"
_NEEDED = {"FLUX", "LOGLAM", "IVAR", "AND_MASK"}


def _coadd(file: FitsFile) -> Hdu | None:
    return next((unit for unit in file.tables() if set(unit.columns) >= _NEEDED), None)


def matches(file: FitsFile) -> bool:
    """Look for a table with flux, loglam, ivar and and_mask, whatever its name."""
    return _coadd(file) is not None


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum; the file name is the name everybody uses."""
    return [(0, file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the coadd, vacuum wavelengths.

    Pixels are masked by ivar = 0 only: the pipeline already sets it where it rejects a pixel, and the bits of
    and_mask that remain (BRIGHTSKY, NEARBADPIXEL, …) only warn.
    """
    unit = _coadd(file)
    assert unit is not None  # matches() said so
    ra, dec = position(file.primary)
    return RawSpectrum(
        wavelength=unit.column("LOGLAM"),
        log10=True,
        flux=unit.column("FLUX"),
        noise=unit.column("IVAR"),
        noise_kind="ivar",
        flux_unit=file.primary.text("BUNIT") or unit.unit("FLUX"),
        usual_flux_unit="1E-17 erg/cm^2/s/Ang",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file) | _pipeline(file),
    )


def _pipeline(file: FitsFile) -> dict[str, Any]:
    """Redshift and class of the SDSS pipeline, from SPECOBJ or SPALL; an incomplete tail is no reason to fail."""
    for unit in file.tables():
        if unit.rows >= 1 and {"Z", "ZWARNING", "CLASS"} <= set(unit.columns) and unit.whole:
            facts = {
                "pipeline_z": unit.cell("Z", 0),
                "pipeline_class": unit.cell("CLASS", 0),
                "pipeline_zwarning": unit.cell("ZWARNING", 0),
            }
            if "SUBCLASS" in unit.columns:
                facts["pipeline_subclass"] = unit.cell("SUBCLASS", 0)
            return facts
    return {}
