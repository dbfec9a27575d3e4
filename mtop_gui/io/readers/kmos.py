"""KMOS extracted spectra: up to 24 images IFU.n.DATA with IFU.n.NOISE beside each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mtop_gui.io.headers import has_wavelength_axis, medium_of, observing_facts, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "KMOS"
_ARM = re.compile(r"^(.*IFU\.\d+)\.DATA$")


def _places(file: FitsFile) -> list[tuple[str, Hdu]]:
    """List the arms that hold a spectrum."""
    found = ((_ARM.match(unit.name), unit) for unit in file.images())
    return [
        (hit[1], unit) for hit, unit in found if hit and len(unit.shape) == 1 and has_wavelength_axis(unit)
    ]


def matches(file: FitsFile) -> bool:
    """Look for a one-dimensional IFU.n.DATA."""
    return bool(_places(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per arm with data, named by the object the arm was put on."""
    names = []
    for arm, unit in _places(file):
        number = arm.rpartition(".")[2]
        key = f"ESO OCS ARM{number} NAME"
        names.append(unit.text(key) or file.primary.text(key) or f"{file.stem} {arm}")
    return list(enumerate(names))


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one arm; the pipeline works in vacuum."""
    file.demand_whole()
    arm, unit = _places(file)[row]
    noise = file.find(f"{arm}.NOISE")
    wavelength, unit_text, log10 = wcs_axis(unit, unit.size)
    ra, dec = position(unit)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "um",
        log10=log10,
        medium=medium_of(unit, "vacuum"),
        flux=unit.image(),
        noise=noise.image() if noise is not None and noise.size == unit.size else None,
        flux_unit=unit.text("BUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
