"""MPDAF spectra (MUSE): image DATA with variance STAT and mask DQ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import medium_of, object_name, observing_facts, position, wcs_axis
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile

LAYOUT = "MUSE/MPDAF"


def matches(file: FitsFile) -> bool:
    """Look for a one-dimensional DATA."""
    data = file.find("DATA")
    return data is not None and len(data.shape) == 1


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum, named by ID or OBJECT."""
    return [(0, object_name(file.primary) or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take DATA and STAT; CTYPE1 = AWAV means air, WAVE vacuum."""
    file.demand_whole()
    data, stat, quality = file.find("DATA"), file.find("STAT"), file.find("DQ")
    assert data is not None  # matches() said so
    wavelength, unit_text, log10 = wcs_axis(data, data.shape[0])
    ra, dec = position(file.primary, data)
    return RawSpectrum(
        wavelength=wavelength,
        wavelength_unit=unit_text or "Angstrom",
        log10=log10,
        medium=medium_of(data, "air"),
        flux=data.image(),
        noise=stat.image() if stat is not None else None,
        noise_kind="variance",
        bad=np.asarray(quality.image()) != 0 if quality is not None else None,
        flux_unit=data.text("BUNIT"),
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, data),
    )
