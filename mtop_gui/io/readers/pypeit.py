"""PypeIt: spec1d tables, one per object (OPT_ or BOX_ columns), and the coadded OneSpec; vacuum, masks True where good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import medium_of, object_name, observing_facts, position
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "PypeIt"
FLUXED = "1e-17 erg/s/cm2/Angstrom"
_EXTRACTIONS = (
    ("OPT_WAVE", "OPT_FLAM"),
    ("OPT_WAVE", "OPT_COUNTS"),
    ("BOX_WAVE", "BOX_FLAM"),
    ("BOX_WAVE", "BOX_COUNTS"),
)


def _tables(file: FitsFile) -> list[Hdu]:
    return file.once(LAYOUT, lambda: [unit for unit in file.tables() if _columns(unit)])


def _columns(unit: Hdu) -> tuple[str, str, str, str] | None:
    """Wavelength, flux, inverse variance and mask column of an object's best extraction."""
    names = unit.columns
    if unit.text("DMODCLS").upper() == "ONESPEC" and {"WAVE", "FLUX", "IVAR"} <= set(names):
        return "WAVE", "FLUX", "IVAR", "MASK"
    for wave, flux in _EXTRACTIONS:
        if {wave, flux, f"{flux}_IVAR"} <= set(names):
            return wave, flux, f"{flux}_IVAR", f"{wave[:3]}_MASK"
    return None


def matches(file: FitsFile) -> bool:
    """Look for tables with the columns of a spec1d, or one that calls itself OneSpec."""
    return bool(_tables(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per object, named by its slit mask's design or by its place on the detector."""
    units = _tables(file)
    base = object_name(file.primary) or file.stem
    if len(units) == 1:
        return [(0, units[0].text("MASKDEF_OBJNAME") or base)]
    return [
        (row, unit.text("MASKDEF_OBJNAME") or f"{base} {unit.name}".strip()) for row, unit in enumerate(units)
    ]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the optimal extraction, flux-calibrated where it is, else the boxcar one."""
    unit = _tables(file)[row]
    wave, flux, ivar, mask = _columns(unit) or ("", "", "", "")
    calibrated = "FLAM" in flux or (flux == "FLUX" and (unit.true("FLUXED") or file.primary.true("FLUXED")))
    ra, dec = position(unit, file.primary)
    return RawSpectrum(
        wavelength=unit.column(wave),
        medium=medium_of(unit, "vacuum"),
        flux=unit.column(flux),
        noise=unit.column(ivar),
        noise_kind="ivar",
        bad=~np.asarray(unit.column(mask)).astype(bool) if mask in unit.columns else None,
        flux_unit=unit.unit(flux),
        usual_flux_unit=FLUXED if calibrated else "",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
