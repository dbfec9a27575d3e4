"""Units of flux density as files spell them, turned into strings that astropy reads."""

from __future__ import annotations

import re
from functools import lru_cache

import astropy.units as u

from mtop_gui.core.spectrum import FLAM
from mtop_gui.io.error_words import silenced

_SCALE = re.compile(
    r"^\s*(?:\[?\s*)(?:(?P<mantissa>\d+(?:\.\d*)?)\s*(?:x|\*)\s*(?=10))?"
    r"(?:10\s*(?:\*\*|\^|(?=[(-]))\s*\(?\s*(?P<power>[+-]?\d+)\s*\)?|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))"
    r"\s*[.*]?\s*"
)
_NAMES = {
    "erg": "erg",
    "ergs": "erg",
    "s": "s",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "cm": "cm",
    "centimeter": "cm",
    "a": "Angstrom",
    "aa": "Angstrom",
    "å": "Angstrom",
    "ang": "Angstrom",
    "angs": "Angstrom",
    "angstrom": "Angstrom",
    "angstroms": "Angstrom",
    "angstroem": "Angstrom",
    "hz": "Hz",
    "micron": "um",
    "microns": "um",
    "jansky": "Jy",
    "janskys": "Jy",
    "microjansky": "uJy",
    "microjy": "uJy",
    "millijansky": "mJy",
    "nanojansky": "nJy",
    "flam": "(erg s-1 cm-2 Angstrom-1)",
    "flambda": "(erg s-1 cm-2 Angstrom-1)",
}
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=256)
def parse_flux_unit(text: str) -> str:
    """Turn a file's spelling of a flux-density unit into an astropy unit string.

    Parameters
    ----------
    text : e.g. ``1E-17 erg/cm^2/s/Ang``, ``10**(-19).erg.cm**(-2).s**(-1).angstrom**(-1)``, ``uJy``.

    Returns
    -------
    The unit in astropy's spelling (f_λ as ``1e-17 erg / (s cm2 Angstrom)``), or "" when it is none of f_λ, f_ν.
    """
    if text.strip().lower() in {"nanomaggy", "nanomaggies", "nmgy"}:
        return "3.631 uJy"
    text = text.replace("{", "(").replace("}", ")")
    found = _SCALE.match(text)
    scale, rest = _scale(found) if found else 1.0, text[found.end() :] if found else text
    rest = rest.replace("µ", "u").replace("μ", "u").replace("^", "**")
    rest = re.sub(r"(?<=[\w)])\s*\.\s*(?=[A-Za-z])", " ", rest.strip().strip("[]"))
    rest = _WORD.sub(lambda word: _NAMES.get(word.group().lower(), word.group()), rest)
    unit = _flux_density(rest, scale)
    if unit is None:
        return ""
    if unit.is_equivalent(u.Unit(FLAM)):
        factor = unit.to(u.Unit(FLAM))
        return FLAM if abs(factor - 1.0) < 1e-12 else f"{factor:.12g} {FLAM}"
    return str(unit.to_string())


def _scale(found: re.Match[str]) -> float:
    if found["number"] is not None:
        return float(found["number"])
    power = int(found["power"])
    # No flux density needs a larger exponent, and Python refuses 10.0**999.
    return float(found["mantissa"] or 1.0) * 10.0**power if abs(power) < 100 else float("nan")


def _flux_density(text: str, scale: float) -> u.UnitBase | None:
    if not text.strip() or not 0 < scale < float("inf"):
        return None
    with silenced():
        try:
            unit = u.Unit(text)
            unit = unit if scale == 1.0 else scale * unit
            unit = u.Unit(unit)
        except (ValueError, TypeError, ZeroDivisionError, OverflowError):
            return None
        for kind in (u.Unit(FLAM), u.Jy):
            if unit.is_equivalent(kind) and 0 < float(unit.to(kind)) < float("inf"):
                return unit
    return None
