"""Wavelengths as files spell them, and how they become Å: units, logarithms, and what to take where nothing is said."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

_SPELLINGS: dict[str, float] = {
    "angstrom": 1.0,
    "angstroms": 1.0,
    "angstroem": 1.0,
    "ångström": 1.0,
    "angström": 1.0,
    "ang": 1.0,
    "angs": 1.0,
    "a": 1.0,
    "aa": 1.0,
    "å": 1.0,
    "0.1nm": 1.0,
    "1e-10m": 1.0,
    "10**-10m": 1.0,
    "10^-10m": 1.0,
    "nm": 10.0,
    "nanometer": 10.0,
    "nanometers": 10.0,
    "nanometre": 10.0,
    "nanometres": 10.0,
    "1e-9m": 10.0,
    "um": 1e4,
    "µm": 1e4,
    "μm": 1e4,
    "micron": 1e4,
    "microns": 1e4,
    "micrometer": 1e4,
    "micrometers": 1e4,
    "micrometre": 1e4,
    "1e-6m": 1e4,
    "mm": 1e7,
    "cm": 1e8,
    "m": 1e10,
    "meter": 1e10,
    "meters": 1e10,
    "metre": 1e10,
}
_ASIDE = re.compile(r"\b(wavelengths?|lambda|vacuum|vac|air|observed|obs|rest)\b", re.IGNORECASE)
_LOG = re.compile(r"^\s*\[?\s*(log10|log|ln|dex)\b", re.IGNORECASE)

LYMAN_LIMIT = 912.0
"""No galaxy's spectrum lies below it [Å], so unnamed numbers of this size are nm."""

LN = 2.302585092994046


@lru_cache(maxsize=64)
def angstrom_factor(unit: str) -> float | None:
    """Factor from `unit` to Å; None when the unit is empty or no wavelength."""
    return _SPELLINGS.get(re.sub(r"[\s\[\](),]", "", _ASIDE.sub("", unit)).lower())


def to_angstrom(values: FloatArray, unit: str, *, log10: bool, notes: list[str]) -> FloatArray:
    """Turn what a file calls its wavelengths into Å; `notes` learns of everything that had to be guessed.

    Parameters
    ----------
    values : (n_pix,) in `unit`, or their logarithm.
    unit : as the file spells it, "" or dashes when it names none.
    log10 : whether the values are known to be log10 of the wavelength in Å (natural ones are told by their size).

    Returns
    -------
    (n_pix,) wavelengths in Å; not finite where the values are not.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        called = _LOG.match(unit)
        if log10 or called:
            # log10 of 10**6 Å is 6, ln of 1000 Å is 6.9.
            if 6.3 < _middle(values) < 12:
                notes.append("wavelengths taken as natural logarithms of Å, as their size tells")
                return np.exp(values)
            inner = angstrom_factor(unit[called.end() :]) if called else None
            return 10.0**values * (inner if inner is not None else 1.0)
        factor = angstrom_factor(unit)
        if factor is not None:
            return values if factor == 1.0 else values * factor
        if unit.strip() and not unit.strip().startswith("-"):
            notes.append(f"wavelength unit '{unit}' not understood")
        base = _logarithm(values[np.isfinite(values)])
        if base:
            notes.append(f"wavelengths taken as {base} of Å: the file names no unit")
            return np.exp(values) if base == "ln" else 10.0**values
        factor, name = _guess(_middle(values))
        notes.append(f"wavelengths taken as {name}: the file names no unit")
        return values if factor == 1.0 else values * factor


def _middle(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def _logarithm(values: FloatArray) -> str:
    """Tell unnamed logarithms by a uniform step finer than any spectrograph's in µm; "" when they are none."""
    if values.size < 20:
        return ""
    step = np.diff(values)
    typical = float(np.median(step))
    if not 0 < typical < 3e-4 or float(np.abs(step - typical).max()) > 0.02 * typical:
        return ""
    low, high = float(values[0]), float(values[-1])
    if low > 3.2 and high < 4.7:
        return "log10"
    return "ln" if low > 7.3 and high < 10.9 else ""


def _guess(middle: float) -> tuple[float, str]:
    if 0 < middle < 1e-3:
        return 1e10, "m"
    if 0.05 < middle < 60.0:
        return 1e4, "µm"
    if 60.0 <= middle < LYMAN_LIMIT:
        return 10.0, "nm"
    return 1.0, "Å"
