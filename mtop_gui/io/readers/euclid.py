"""Euclid NISP combined spectra (SIR): one table per source, SIGNAL and VAR in units of FSCALE; vacuum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.io.headers import observing_facts, position
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "Euclid SIR"
SEVERE = 64
"""Odd masks, and masks from this value on, mark pixels not to be used (Q1 data description, SIR combined spectra)."""


def _tables(file: FitsFile) -> list[Hdu]:
    needed = {"WAVELENGTH", "SIGNAL", "VAR"}
    return file.once(LAYOUT, lambda: [unit for unit in file.tables() if needed <= set(unit.columns)])


def matches(file: FitsFile) -> bool:
    """Look for tables with WAVELENGTH, SIGNAL and VAR."""
    return bool(_tables(file))


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per source, named by its identifier."""
    return [
        (row, unit.text("SOURC_ID", "OBJ_ID") or unit.name.partition("_")[0] or file.stem)
        for row, unit in enumerate(_tables(file))
    ]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take the signal times FSCALE, and the variance times its square."""
    unit = _tables(file)[row]
    scale = unit.number("FSCALE") or 1.0
    mask = np.asarray(unit.column("MASK"), dtype=np.int64) if "MASK" in unit.columns else None
    given = unit.unit("SIGNAL")
    ra, dec = position(unit)
    return RawSpectrum(
        wavelength=unit.column("WAVELENGTH"),
        wavelength_unit=unit.unit("WAVELENGTH") or "Angstrom",
        flux=np.asarray(unit.column("SIGNAL"), dtype=np.float64) * scale,
        noise=np.asarray(unit.column("VAR"), dtype=np.float64) * scale * scale,
        noise_kind="variance",
        bad=None if mask is None else (mask % 2 == 1) | (mask >= SEVERE),
        flux_unit=given,
        usual_flux_unit="erg/s/cm2/Angstrom",
        ra=ra,
        dec=dec,
        metadata=observing_facts(file, unit),
    )
