"""JWST pipeline x1d and c1d: one EXTRACT1D table per source, or one table with a source per row; µm and Jy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.io.headers import object_name, observing_facts
from mtop_gui.io.tables import Layout, spectra_in, table_spectrum, take

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import RawSpectrum

LAYOUT = "JWST x1d"
DO_NOT_USE = 1


def _tables(file: FitsFile) -> list[tuple[Hdu, Layout]]:
    return file.once(LAYOUT, lambda: _search(file))


def _search(file: FitsFile) -> list[tuple[Hdu, Layout]]:
    found = []
    for unit in file.tables():
        names = set(unit.columns)
        if not {"WAVELENGTH", "FLUX"} <= names or not (
            unit.name in {"EXTRACT1D", "COMBINE1D"} or {"SURF_BRIGHT", "DQ"} <= names
        ):
            continue
        noise = next((name for name in ("FLUX_ERROR", "ERROR") if name in names), None)
        mask = "DQ" if "DQ" in names else None
        found.append((unit, Layout("WAVELENGTH", "FLUX", noise, "error", mask)))
    return found


def matches(file: FitsFile) -> bool:
    """Look for a table with the pipeline's columns."""
    return bool(_tables(file))


def _places(file: FitsFile) -> list[tuple[Hdu, Layout, int]]:
    return file.once(
        f"{LAYOUT}: rows",
        lambda: [
            (unit, layout, row) for unit, layout in _tables(file) for row in range(spectra_in(unit, layout))
        ],
    )


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per extension, or per row of array cells."""
    places = _places(file)
    names = []
    for unit, _, row in places:
        if "SOURCE_ID" in unit.columns and spectra_in(unit, _) > 1:
            names.append(str(unit.cell("SOURCE_ID", row)))
        else:
            names.append(
                unit.text("SRCALIAS", "SRCNAME", "SOURCEID")
                or file.primary.text("HLSPTARG")
                or object_name(file.primary)
                or file.stem
            )
    return list(enumerate(names))


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Take one spectrum, in vacuum; pixels flagged DO_NOT_USE are masked."""
    unit, layout, place = _places(file)[row]
    # TARG_RA is where the telescope pointed; only SRCRA is the source of a multi-object exposure.
    ra, dec = unit.number("SRCRA", "SOURCERA"), unit.number("SRCDEC", "SOURCDEC")
    facts = observing_facts(file, unit)
    return table_spectrum(
        file,
        unit,
        layout,
        place,
        bad=do_not_use(take(unit, "DQ", layout, place)) if layout.mask else None,
        usual_flux_unit="Jy",
        ra=ra,
        dec=dec,
        metadata=facts,
        notes=() if unit.unit("WAVELENGTH") else ("wavelengths taken as µm",),
    )


def do_not_use(quality: Any) -> Any:
    """Tell the pixels whose DQ has the DO_NOT_USE bit.

    DQ is an unsigned integer stored with TZERO = 2**31; files rewritten as float have lost that offset and hold
    -2147483648 for zero, and NaN where nothing was known.
    """
    values = np.asarray(quality, dtype=np.float64)
    known = np.isfinite(values)
    whole = np.where(known, values, 0.0)
    whole = np.where(whole < 0, whole + 2.0**31, whole).astype(np.int64)
    return (whole & DO_NOT_USE).astype(bool)
