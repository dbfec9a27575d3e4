"""Files of another kind that lie beside spectra: redshift catalogues, images. They are named, not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.io.headers import WAVE_NAMES, first_name

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

_REDSHIFTS = ("Z", "ZBEST", "REDSHIFT", "Z_HELIO", "ZSPEC", "BEST_Z", "Z_SPEC", "ZPHOT", "Z_PHOT", "Z_BEST")
_IDENTITIES = (
    "TARGETID",
    "OBJID",
    "OBJECT_ID",
    "SOURCE_ID",
    "SPECOBJID",
    "ID",
    "NAME",
    "LINE",
    "LINENAME",
    "LINE_NAME",
)


def is_catalogue(unit: Hdu) -> bool:
    """Tell a list of galaxies or lines from a list of pixels: each row has a place, a redshift or a name."""
    names = set(unit.columns)
    return (
        {"RA", "DEC"} <= names
        or first_name(names, _REDSHIFTS) is not None
        or first_name(names, _IDENTITIES) is not None
    )


def other_kind(file: FitsFile) -> str:
    """Say in one sentence what the file is when it is no spectrum; "" when it might have been one."""
    tables = file.tables()
    for unit in tables:
        redshift = first_name(unit.columns, _REDSHIFTS)
        if redshift and not first_name(unit.columns, WAVE_NAMES):
            label = unit.name or f"HDU {unit.index}"
            return f"this is a redshift catalogue ({label}, {unit.rows} rows), not a spectrum"
    for unit in tables:
        if first_name(unit.columns, WAVE_NAMES) and is_catalogue(unit):
            label = unit.name or f"HDU {unit.index}"
            return f"this is a catalogue ({label}, {unit.rows} rows with a place, redshift or name each), not a spectrum"
    images = file.images()
    if not tables and images and all(len(unit.shape) >= 2 and min(unit.shape) > 8 for unit in images):
        sizes = "x".join(str(n) for n in images[0].shape)
        return f"this is an image or data cube ({sizes} pixels), not an extracted spectrum"
    return ""
