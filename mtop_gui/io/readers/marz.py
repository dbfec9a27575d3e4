"""Marz, 2dfdr and AAOmega: rows of fibres, VARIANCE or IVAR, FIBRES table; air unless VACUUM = T."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.headers import is_radian, observing_facts, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import NoiseKind

LAYOUT = "Marz/2dfdr"


def _flux(file: FitsFile) -> Hdu | None:
    unit = file.find("INTENSITY", "FLUX")
    if unit is None or len(unit.shape) not in (1, 2):
        unit = file.primary
    return unit if len(unit.shape) in (1, 2) and unit.size else None


def _noise(file: FitsFile) -> tuple[Hdu, NoiseKind] | None:
    variance = file.find("VARIANCE")
    if variance is not None:
        return variance, "variance"
    ivar = file.find("IVAR")
    return (ivar, "ivar") if ivar is not None else None


def _fibres(file: FitsFile) -> Hdu | None:
    unit = file.find("FIBRES", "FIBERS")
    return unit if unit is not None and unit.is_table else None


def matches(file: FitsFile) -> bool:
    """Look for an image of flux, with a FIBRES table or an INTENSITY extension beside its noise."""
    flux = _flux(file)
    if flux is None or file.find("DATA", "STAT") is not None:
        return False
    return _fibres(file) is not None or (file.find("INTENSITY") is not None and _noise(file) is not None)


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List the fibres on programme objects (TYPE 'P'); sky and guide fibres are left out."""
    flux = _flux(file)
    assert flux is not None  # matches() said so
    count = 1 if len(flux.shape) == 1 else flux.shape[0]
    fibres = _fibres(file)
    if fibres is None or fibres.rows < count or "NAME" not in fibres.columns:
        return [(row, file.stem if count == 1 else f"{file.stem} {row + 1}") for row in range(count)]
    names = [_text(name) for name in fibres.column("NAME")]
    kinds = (
        [_text(kind).upper() for kind in fibres.column("TYPE")] if "TYPE" in fibres.columns else ["P"] * count
    )
    return [(row, names[row] or f"{file.stem} {row + 1}") for row in range(count) if kinds[row] == "P"]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one fibre; its coordinates are radians in these files."""
    file.demand_whole()
    flux = _flux(file)
    assert flux is not None  # matches() said so
    noise = _noise(file)
    pixels = flux.shape[-1]
    wavelength, unit_text, log10 = _wavelength(file, flux, pixels, row)
    ra, dec, facts = _fibre(file, row)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "Angstrom",
        log10=log10,
        medium="vacuum" if any(unit.true("VACUUM") for unit in (file.primary, flux)) else "air",
        flux=_row(flux, row),
        noise=_row(noise[0], row) if noise else None,
        noise_kind=noise[1] if noise else "variance",
        flux_unit=flux.text("BUNIT", "UNITS", "FLUXUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, flux) | facts,
        notes=("wavelengths as observed, although the header asks for redshifts in the CMB frame",)
        if file.primary.true("DO_CMB")
        else (),
    )


def _row(unit: Hdu, row: int) -> Any:
    if len(unit.shape) == 1:
        return unit.image()
    if row >= unit.shape[0]:
        raise UnreadableSpectrumError(f"{unit.name} has fewer rows than the flux: the file is damaged")
    return unit.image_row(row)


def _wavelength(file: FitsFile, flux: Hdu, pixels: int, row: int) -> tuple[Any, str, bool]:
    table = file.find("WAVELENGTH")
    if table is None:
        source = flux if flux.number("CRVAL1") is not None else file.primary
        return wcs_axis(source, pixels)
    values = np.asarray(_row(table, row), dtype=np.float64)
    # Marz takes LOGSCALE from the header; values below ten can be nothing but log10 Å.
    finite = values[np.isfinite(values)]
    log10 = bool(finite.size) and float(finite.max()) < 10 and float(finite.min()) > 2
    return values, table.text("BUNIT", "CUNIT1"), log10


def _fibre(file: FitsFile, row: int) -> tuple[float | None, float | None, dict[str, Any]]:
    fibres = _fibres(file)
    if fibres is None or fibres.rows <= row:
        return None, None, {}
    facts: dict[str, Any] = {}
    if "MAGNITUDE" in fibres.columns:
        facts["magnitude"] = fibres.cell("MAGNITUDE", row)
    if "COMMENT" in fibres.columns:
        facts["comment"] = _text(fibres.cell("COMMENT", row))
    if not {"RA", "DEC"} <= set(fibres.columns):
        return None, None, facts
    ra, dec = (np.asarray(fibres.column(name), dtype=np.float64) for name in ("RA", "DEC"))
    if is_radian(np.concatenate([ra, dec])):
        ra, dec = np.degrees(ra), np.degrees(dec)
    return float(ra[row]), float(dec[row]), facts


def _text(value: Any) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip()
