"""Units of wavelength as files spell them, and their factor to Å."""

from __future__ import annotations

import re
from functools import lru_cache

_SPELLINGS: dict[str, float] = {
    "angstrom": 1.0,
    "angstroms": 1.0,
    "ang": 1.0,
    "angs": 1.0,
    "a": 1.0,
    "aa": 1.0,
    "å": 1.0,
    "0.1nm": 1.0,
    "nm": 10.0,
    "nanometer": 10.0,
    "nanometers": 10.0,
    "nanometre": 10.0,
    "um": 1e4,
    "µm": 1e4,
    "μm": 1e4,
    "micron": 1e4,
    "microns": 1e4,
    "micrometer": 1e4,
    "micrometers": 1e4,
    "mm": 1e7,
    "cm": 1e8,
    "m": 1e10,
    "meter": 1e10,
}


@lru_cache(maxsize=64)
def angstrom_factor(unit: str) -> float | None:
    """Factor from `unit` to Å; None when the unit is empty or no wavelength."""
    return _SPELLINGS.get(re.sub(r"[\s\[\]()]", "", unit).lower())
