"""Flux, wavelength and noise as images of their own (DESI frames, MaNGA row stacks, mock surveys): one spectrum per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.headers import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_NAMES,
    LOG_WAVE_NAMES,
    VARIANCE_NAMES,
    WAVE_NAMES,
    medium_of,
    object_name,
    observing_facts,
    position,
)
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import NoiseKind

LAYOUT = "images of flux and wavelength"
_KINDS: tuple[tuple[tuple[str, ...], NoiseKind], ...] = (
    (IVAR_NAMES, "ivar"),
    (ERROR_NAMES, "error"),
    (VARIANCE_NAMES, "variance"),
)


def _image(file: FitsFile, names: tuple[str, ...]) -> Hdu | None:
    unit = file.find(*names)
    return unit if unit is not None and unit.size > 1 and len(unit.shape) in (1, 2) else None


def _pair(file: FitsFile) -> tuple[Hdu, Hdu] | None:
    wave, flux = _image(file, WAVE_NAMES + LOG_WAVE_NAMES), _image(file, FLUX_NAMES)
    if wave is None or flux is None or wave.shape not in (flux.shape, flux.shape[-1:]):
        return None
    return wave, flux


def matches(file: FitsFile) -> bool:
    """Look for an image called after a flux and one of the same length called after wavelengths."""
    return _pair(file) is not None


def _count(flux: Hdu) -> int:
    return 1 if len(flux.shape) == 1 else flux.shape[0]


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per row of the flux; a FIBERMAP names them."""
    found = _pair(file)
    assert found is not None  # matches() said so
    count = _count(found[1])
    if count == 1:
        return [(0, object_name(file.primary) or file.stem)]
    fibermap = file.find("FIBERMAP")
    if fibermap is not None and "TARGETID" in fibermap.columns and fibermap.rows == count and fibermap.whole:
        return [(row, str(name)) for row, name in enumerate(fibermap.column("TARGETID"))]
    return [(row, f"{file.stem} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one row; vacuum unless a header says air."""
    file.demand_whole()
    found = _pair(file)
    assert found is not None  # matches() said so
    wave, flux = found
    noise: tuple[Any, NoiseKind] = (None, "error")
    for names, kind in _KINDS:
        unit = _image(file, names)
        if unit is not None and unit.shape == flux.shape:
            noise = (_row(unit, row), kind)
            break
    ra, dec = position(flux, file.primary)
    return RawSpectrum(
        wavelength=_row(wave, row),
        wavelength_unit=wave.text("BUNIT", "CUNIT1"),
        log10=wave.name in LOG_WAVE_NAMES,
        medium=medium_of(wave, medium_of(file.primary, "vacuum"), wave.name, wave.text("BUNIT")),
        flux=_row(flux, row),
        noise=noise[0],
        noise_kind=noise[1],
        flux_unit=flux.text("BUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, flux),
    )


def _row(unit: Hdu, row: int) -> Any:
    if len(unit.shape) == 1:
        return unit.image()
    if row >= unit.shape[0]:
        raise UnreadableSpectrumError(f"{unit.name} has fewer rows than the flux: the file is damaged")
    return unit.image_row(row)
