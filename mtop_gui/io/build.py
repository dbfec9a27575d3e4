"""From a RawSpectrum to a Spectrum: units, air, logarithm, order, noise and mask are settled here and only here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.airvac import air_to_vacuum
from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.io.fitsfile import stem_of
from mtop_gui.io.flux_units import parse_flux_unit
from mtop_gui.io.merge import merge_duplicates
from mtop_gui.io.noise_estimate import estimate_noise
from mtop_gui.io.wave_units import to_angstrom

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.io.raw import NoiseKind, RawSpectrum

SHORTEST, LONGEST = 100.0, 1e8
"""Wavelengths [Å] beyond which no spectrum of a galaxy is expected."""


def build_spectrum(raw: RawSpectrum, path: Path, row: int = 0, name: str = "") -> Spectrum:
    """Make the Spectrum of what a reader found.

    Parameters
    ----------
    raw : one spectrum as the file holds it.
    path, row : where it came from.
    name : its identity; the file's stem when empty.

    Returns
    -------
    Spectrum in vacuum Å and increasing order, every pixel without a finite flux or a positive variance masked.

    Raises
    ------
    UnreadableSpectrumError : arrays of different length, no usable wavelength, or no usable pixel.
    """
    notes = list(raw.notes)
    flux = _array(raw.flux)
    wavelength = _vacuum_angstrom(raw, notes)
    if flux.shape != wavelength.shape:
        raise UnreadableSpectrumError(
            f"the file gives {wavelength.size} wavelengths for {flux.size} flux values: it is damaged"
        )
    bad = ~np.isfinite(flux)
    ivar = _inverse_variance(raw, flux)
    if ivar is not None:
        bad |= ~(np.isfinite(ivar) & (ivar > 0))
    if raw.bad is not None:
        bad |= _flagged(_like(raw.bad, flux, "mask").astype(bool), bad, notes)
    wavelength, flux, bad, ivar = _in_order(wavelength, flux, bad, ivar, notes)
    some_bad = bool(bad.any())
    if some_bad:
        flux = np.where(bad, 0.0, flux)
    noise_estimated = ivar is None
    if ivar is None:
        if bad.all():
            raise UnreadableSpectrumError("no pixel has a finite flux: there is nothing to show")
        ivar = estimate_noise(flux, ~bad) ** -2.0
        notes.append("noise estimated from the scatter of the data: the file gives no errors")
    if wavelength[0] < SHORTEST or wavelength[-1] > LONGEST:
        notes.append(
            f"wavelengths of {wavelength[0]:.3g} to {wavelength[-1]:.3g} Å: their unit in the file may be wrong"
        )
    unit = _flux_unit(raw, flux, bad, notes)
    return Spectrum(
        wavelength=wavelength,
        flux=flux,
        ivar=np.where(bad, 0.0, ivar) if some_bad else ivar,
        mask=bad,
        path=path,
        row=row,
        name=name or stem_of(path),
        flux_unit=unit,
        ra=_coordinate(raw.ra, 0.0, 360.0),
        dec=_coordinate(raw.dec, -90.0, 90.0),
        metadata=MappingProxyType(_facts(raw)),
        notes=tuple(dict.fromkeys(notes)),
        noise_estimated=noise_estimated,
    )


def _array(values: Any) -> FloatArray:
    """One-dimensional float64 copy in native byte order; masked cells become NaN."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    array = np.array(values, dtype=np.float64, copy=True)
    return array.reshape(-1) if array.ndim != 1 else array


def _flagged(flags: BoolArray, bad: BoolArray, notes: list[str]) -> BoolArray:
    """Give the pixels a file's mask rejects; a mask that leaves nothing usable marks the good pixels, or warns only."""
    if (flags | bad).all() and not bad.all():
        notes.append("mask ignored: it flags every usable pixel")
        return np.zeros_like(flags)
    return flags


def _like(values: Any, flux: FloatArray, what: str) -> Any:
    array = np.asarray(values).reshape(-1)
    if array.shape != flux.shape:
        raise UnreadableSpectrumError(
            f"the file gives {array.size} {what} values for {flux.size} flux values: it is damaged"
        )
    return array


def _vacuum_angstrom(raw: RawSpectrum, notes: list[str]) -> FloatArray:
    wavelength = to_angstrom(_array(raw.wavelength), raw.wavelength_unit, log10=raw.log10, notes=notes)
    if raw.medium == "air":
        wavelength = np.where(np.isfinite(wavelength) & (wavelength > 0), wavelength, np.nan)
        notes.append("air wavelengths converted to vacuum")
        return air_to_vacuum(wavelength)
    return wavelength


def _inverse_variance(raw: RawSpectrum, flux: FloatArray) -> FloatArray | None:
    """Inverse variance in float64 (1e-19 squared underflows in float32); None when there is no noise to go by."""
    if raw.noise is None:
        return None
    noise = _like(_array(raw.noise), flux, "noise")
    kind: NoiseKind = raw.noise_kind
    if kind != "ivar" and not (np.nan_to_num(noise, nan=0.0, posinf=0.0) > 0).any() and np.any(flux != 0):
        return None
    with np.errstate(divide="ignore", over="ignore", invalid="ignore", under="ignore"):
        if kind == "ivar":
            return noise
        positive = np.where(noise > 0, noise, np.nan)
        return 1.0 / positive / positive if kind == "error" else 1.0 / positive


def _in_order(
    wavelength: FloatArray, flux: FloatArray, bad: BoolArray, ivar: FloatArray | None, notes: list[str]
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray | None]:
    """Drop pixels without a wavelength, turn falling wavelengths round, sort and join what still is not in order."""
    usable = np.isfinite(wavelength) & (wavelength > 0)
    if not usable.all():
        notes.append(f"{int((~usable).sum())} pixels without a wavelength left out")
        wavelength, flux, bad = wavelength[usable], flux[usable], bad[usable]
        ivar = ivar[usable] if ivar is not None else None
    if wavelength.size < 2:
        raise UnreadableSpectrumError("the spectrum has fewer than two pixels with a wavelength")
    before, behind = wavelength[:-1], wavelength[1:]
    if (behind > before).all():
        return wavelength, flux, bad, ivar
    if (behind < before).all():
        return (
            np.ascontiguousarray(wavelength[::-1]),
            np.ascontiguousarray(flux[::-1]),
            np.ascontiguousarray(bad[::-1]),
            np.ascontiguousarray(ivar[::-1]) if ivar is not None else None,
        )
    order = np.argsort(wavelength, kind="stable")
    notes.append("pixels sorted by wavelength, those at equal wavelengths joined")
    return merge_duplicates(
        wavelength[order], flux[order], bad[order], ivar[order] if ivar is not None else None
    )


def _flux_unit(raw: RawSpectrum, flux: FloatArray, bad: BoolArray, notes: list[str]) -> str:
    """Take the unit the file names, else the usual one of its layout, else what the size of the numbers allows."""
    given = raw.flux_unit.strip()
    if given:
        unit = parse_flux_unit(given)
        if not unit:
            notes.append(f"flux unit '{given}' is no flux density")
        return unit
    if raw.usual_flux_unit:
        unit = parse_flux_unit(raw.usual_flux_unit)
        notes.append(f"flux unit taken as {unit}, usual for these files: this one names none")
        return unit
    size = 0.0 if bad.all() else float(np.median(np.abs(flux[~bad])))
    if 1e-22 < size < 1e-11:
        notes.append(f"flux unit taken as {FLAM} from the size of the numbers: the file names none")
        return FLAM
    notes.append("the file names no flux unit")
    return ""


def _coordinate(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if low <= number <= high else None


def _facts(raw: RawSpectrum) -> dict[str, str | float | int]:
    """Keep the metadata that say something, as plain Python values."""
    facts: dict[str, str | float | int] = {}
    for key, value in raw.metadata.items():
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, bytes):
            plain = plain.decode("ascii", "replace")
        if isinstance(plain, str):
            plain = plain.strip()
            if plain:
                facts[key] = plain
        elif isinstance(plain, bool):
            facts[key] = str(plain)
        elif isinstance(plain, int | float) and np.isfinite(plain):
            facts[key] = plain
    if raw.flux_unit.strip():
        facts["flux_unit_as_given"] = raw.flux_unit.strip()
    return facts
