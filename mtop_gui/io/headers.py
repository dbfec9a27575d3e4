"""What the readers share: facts from headers, wavelength axes from WCS cards, columns by their many names."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.wave_units import angstrom_factor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import Medium, NoiseKind

WAVE_NAMES = (
    "WAVE", "WAVELENGTH", "WAVES", "LAMBDA", "LAM", "WL", "WVL", "WAVELENGTHS", "LAMBDA_VAC", "WAVE_VAC",
    "WAVELENGTH_VAC", "WAVELENGTH_VACUUM", "VACUUM_WAVELENGTH", "OPT_WAVE", "WAVE_OBS", "OBS_WAVE", "WAVELENGTH_OBS",
    "LAMBDA_OBS", "WAVE_AIR", "LAMBDA_AIR", "WAVELENGTH_AIR", "AIR_WAVELENGTH", "AWAV", "ANGSTROM", "LDA", "SPECTRAL_AXIS",
    "WAVE_UM", "WAVELENGTH_UM", "LAMBDA_UM", "WAVELENGTH_MICRON", "WAVE_MICRON", "WAVE_NM", "WAVELENGTH_NM", "LAMBDA_NM",
    "WAVE_A", "WAVELENGTH_A", "LAMBDA_A", "WAVE_ANGSTROM", "WAVELENGTH_ANGSTROM",
)  # fmt: skip
LOG_WAVE_NAMES = ("LOGLAM", "LOGLAMBDA", "LOG_LAMBDA", "LOGWAVE", "LOG_WAVE", "LOGWL")
FLUX_NAMES = (
    "FLUX", "FLUXES", "FLAM", "F_LAMBDA", "FLUX_LAMBDA", "SPEC", "SPECTRUM", "FLUX_REDUCED", "FNU", "FLUX_DENSITY",
    "F_NU", "F_LAM", "FLUX_NU", "FLUX_LAM", "FLUX_CAL", "FLUXCAL", "OPT_FLAM", "INTENSITY", "OPT_COUNTS", "COUNTS", "DATA", "F",
)  # fmt: skip
IVAR_NAMES = ("IVAR", "INVVAR", "FLUX_IVAR", "IVARS", "INV_VAR", "OPT_FLAM_IVAR", "OPT_COUNTS_IVAR")
ERROR_NAMES = (
    "ERR", "ERROR", "ERR_FLUX", "FLUX_ERR", "FLUX_ERROR", "ERRORS", "SIGMA", "SIG", "NOISE", "STD", "STDDEV", "E_FLUX",
    "FLUXERR", "FLUX_SIG", "UNCERTAINTY", "SIG_FLUX", "ERR_REDUCED", "OPT_FLAM_SIG", "FLUX_STD", "DFLUX", "EFLUX", "UNC",
    "STDEV", "FLUX_UNCERTAINTY", "FLUX_UNC",
)  # fmt: skip
VARIANCE_NAMES = ("VAR", "VARIANCE", "STAT", "FLUX_VAR", "VARIANCES")
# Weights are inverse variances only where nothing better is there: those of a combination are mere numbers of frames.
WEIGHT_NAMES = ("WEIGHT", "WEIGHTS", "WHT", "WGT")
MASK_NAMES = ("MASK", "QUAL", "BAD", "BADPIX", "DQ", "QUALITY", "FLAGS", "FLAG")

_CALLED_AIR = ("AWAV", "AIR")


def first_name(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """First of `names` among `columns` (both upper case)."""
    present = set(columns)
    return next((name for name in names if name in present), None)


def noise_column(columns: Iterable[str], flux: str = "FLUX") -> tuple[str, NoiseKind] | None:
    """Column that holds the noise, and what kind its name says it is; names made of the flux column's come first."""
    present = set(columns)
    own: tuple[tuple[tuple[str, ...], NoiseKind], ...] = (
        ((f"{flux}_IVAR", f"IVAR_{flux}"), "ivar"),
        (
            tuple(f"{flux}{end}" for end in ("_ERR", "_ERROR", "ERR", "_SIG", "_SIGMA", "_STD", "_UNC"))
            + tuple(f"{start}{flux}" for start in ("ERR_", "E_", "SIG_", "E", "SIGMA_"))
            + (flux.replace("FLUX", "ERR"), flux.replace("FLUX", "ERROR")),
            "error",
        ),
        ((f"{flux}_VAR", f"{flux}_VARIANCE", f"VAR_{flux}"), "variance"),
    )
    kinds: tuple[tuple[tuple[str, ...], NoiseKind], ...] = (
        *own,
        (IVAR_NAMES, "ivar"),
        (ERROR_NAMES, "error"),
        (VARIANCE_NAMES, "variance"),
        (WEIGHT_NAMES, "ivar"),
    )
    for names, kind in kinds:
        name = first_name(present, names)
        if name is not None and name != flux:
            return name, kind
    return None


def unit_in_name(column: str) -> str:
    """Find the unit at the end of a column's name (WAVE_NM), "" when there is none."""
    found = re.search(r"_(UM|MICRON|NM|A|ANGSTROM)$", column.upper())
    return found[1].lower() if found else ""


def observing_facts(file: FitsFile, *units: Hdu) -> dict[str, Any]:
    """Instrument, telescope and exposure time, from the first unit that names them."""
    wanted = {
        "instrument": ("INSTRUME", "INST"),
        "telescope": ("TELESCOP",),
        "grating": ("GRATING", "GRISM", "DISPELEM", "GRATID", "ESO INS GRIS1 NAME"),
        "filter": ("FILTER",),
        "date_obs": ("DATE-OBS", "MJD-OBS"),
        "survey": ("SURVEY",),
    }
    facts: dict[str, Any] = {}
    for unit in (*units, file.primary):
        for word, keys in wanted.items():
            text = unit.text(*keys)
            if text and word not in facts:
                facts[word] = text
        seconds = unit.number(
            "TEXPTIME", "EXPTIME", "EFFEXPTM", "TOTALEXP", "EXPOSED", "EXPOSURE", "PND EXPTIME"
        )
        if seconds is not None and seconds > 0 and "exposure_time" not in facts:
            facts["exposure_time"] = seconds
    return facts


def object_name(*units: Hdu) -> str:
    """Find the identity a person knows: OBJECT or its kin, "" when the headers are silent."""
    for unit in units:
        name = unit.text(
            "OBJECT", "OBJNAME", "TARGNAME", "TARGET", "PND OBJID", "SRCNAME", "TARGETID", "OBJID"
        )
        if name:
            return name
    return ""


def position(*units: Hdu) -> tuple[float | None, float | None]:
    """Right ascension and declination [deg] from the first unit that has both as numbers or sexagesimal text."""
    pairs = (
        ("PLUG_RA", "PLUG_DEC"),
        ("RAOBJ", "DECOBJ"),
        ("SRCRA", "SRCDEC"),
        ("RA_OBJ", "DEC_OBJ"),
        ("PND OBJRA", "PND OBJDEC"),
        ("OBSRA", "OBSDEC"),
        ("RA_TARG", "DEC_TARG"),
        ("TARG_RA", "TARG_DEC"),
        ("RA", "DEC"),
        ("OBJRA", "OBJDEC"),
    )
    for unit in units:
        for ra_key, dec_key in pairs:
            ra, dec = _degrees(unit, ra_key, hours=True), _degrees(unit, dec_key, hours=False)
            if ra is not None and dec is not None:
                return ra, dec
    return None, None


def _degrees(unit: Hdu, key: str, *, hours: bool) -> float | None:
    number = unit.number(key)
    if number is not None:
        return number
    parts = unit.text(key).replace(":", " ").split()
    if len(parts) != 3:
        return None
    try:
        whole, minutes, seconds = (abs(float(part)) for part in parts)
    except ValueError:
        return None
    value = (whole + minutes / 60 + seconds / 3600) * (15.0 if hours else 1.0)
    return -value if parts[0].startswith("-") else value


def medium_of(unit: Hdu, default: Medium, *texts: str) -> Medium:
    """Air or vacuum, from VACUUM and AIRORVAC cards, CTYPE1 and the texts given (UCD, column name)."""
    if "VACUUM" in unit.header:
        return "vacuum" if unit.true("VACUUM") else "air"
    said = unit.text("AIRORVAC", "WAVETYPE", "WFRAME", "VAC_AIR").upper()
    if said.startswith("VAC"):
        return "vacuum"
    if said.startswith("AIR"):
        return "air"
    called = " ".join((unit.text("CTYPE1"), *texts)).upper()
    if any(word in called for word in _CALLED_AIR) or "OBS.ATMOS" in called:
        return "air"
    if "VAC" in called:
        return "vacuum"
    return default


_PIPELINES_IN_AIR = (
    "SHOOT", "AAOMEGA", "2DF", "6DF", "HERMES", "VIMOS", "FORS", "EFOSC", "UVES", "GIRAFFE", "FEROS", "HARPS", "MUSE",
)  # fmt: skip


def usual_medium(file: FitsFile, unit: Hdu) -> Medium:
    """Tell what a pipeline gives where the header is silent: air from ESO's optical ones, 2dfdr, VIPGI and IRAF."""
    instrument = (unit.text("INSTRUME") or file.primary.text("INSTRUME")).upper()
    in_air = any(name in instrument for name in _PIPELINES_IN_AIR) or any(
        card in file.primary.header for card in ("PND OBJID", "PND FILE ID", "PND GRISM")
    )
    return "air" if in_air or "label=" in unit.text("WAT1_001").lower() else "vacuum"


def axis_unit(unit: Hdu, axis: int = 1) -> str:
    """Find the unit of a WCS axis: CUNIT, else what IRAF writes into its WAT cards."""
    named = re.search(r"units=(\S+)", unit.text(f"WAT{axis}_001"), re.IGNORECASE)
    return unit.text(f"CUNIT{axis}") or (named[1] if named else "")


def wcs_axis(unit: Hdu, pixels: int, axis: int = 1) -> tuple[FloatArray, str, bool]:
    """Wavelength of each pixel along one image axis, from CRVAL, CRPIX and CDELT or CD.

    Returns
    -------
    (n_pix,) values, their unit as the header spells it, and whether they are log10.

    Raises
    ------
    UnreadableSpectrumError : the cards are missing or give no step.
    """
    start = unit.number(f"CRVAL{axis}")
    step = unit.number(f"CD{axis}_{axis}")
    if step is None or step == 0:
        step = unit.number(f"CDELT{axis}")
    coeff0, coeff1 = unit.number("COEFF0"), unit.number("COEFF1")
    if coeff0 is not None and coeff1 is not None and (start is None or abs(start - coeff0) < 1e-3):
        return coeff0 + coeff1 * np.arange(pixels, dtype=np.float64), "", True
    if start is None or step is None or step == 0:
        raise UnreadableSpectrumError(
            f"the header gives no wavelength scale (CRVAL{axis}, CDELT{axis} or CD{axis}_{axis}): "
            "it is no extracted spectrum"
        )
    reference = unit.number(f"CRPIX{axis}")
    offset = np.arange(pixels, dtype=np.float64) + 1.0 - (1.0 if reference is None else reference)
    unit_text = axis_unit(unit, axis)
    kind = unit.text(f"CTYPE{axis}").upper()
    flagged = unit.number("DC-FLAG") == 1 or unit.true("LOGSCALE") or "log" in unit_text.lower()
    if kind.endswith("-LOG"):
        # FITS paper III, Sect. 3.1: CRVAL and CDELT are linear at the reference pixel, w = w0 exp(d (p - p0) / w0).
        if start > 20 or not flagged:
            return start * np.exp(step * offset / start), unit_text, False
        return start + step * offset, "", True
    values = start + step * offset
    # A linear axis in Å cannot start below ten, and a logarithmic one cannot exceed 10**9 Å.
    return values, unit_text, (flagged or "LOG" in kind) and float(np.abs(values).max()) < 9


def has_wavelength_axis(unit: Hdu, axis: int = 1) -> bool:
    """Whether the header's WCS along `axis` can be a wavelength."""
    if unit.number("COEFF0") is not None and unit.number("COEFF1") is not None:
        return True
    steps = (unit.number(f"CD{axis}_{axis}"), unit.number(f"CDELT{axis}"))
    if unit.number(f"CRVAL{axis}") is None or not any(step for step in steps):
        return False
    kind = unit.text(f"CTYPE{axis}").upper()
    if kind.startswith(("RA--", "DEC-", "GLON", "GLAT", "PIXEL", "FREQ", "VELO", "ANGLE", "X", "Y")):
        return False
    unit_text = axis_unit(unit, axis)
    return not unit_text or angstrom_factor(unit_text) is not None or "log" in unit_text.lower()


def is_radian(values: FloatArray) -> bool:
    """Whether angles can only be radians: all within 2π."""
    finite = values[np.isfinite(values)]
    return bool(finite.size) and float(np.abs(finite).max()) <= 2 * math.pi + 1e-6
