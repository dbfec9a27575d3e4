"""How a spectrum is put to scale: pieces between gaps, the flux range worth showing, the unit in words."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.spectrum import FLAM

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray


def robust_range(flux: FloatArray) -> tuple[float, float]:
    """Choose the flux range worth showing: the bulk of the pixels, and lines up to three times their spread.

    Parameters
    ----------
    flux : (n_pix,) NaN where masked.

    Returns
    -------
    (lowest, highest), lowest < highest; (-1, 1) when nothing is finite.
    """
    good = flux[np.isfinite(flux)]
    if good.size == 0:
        return (-1.0, 1.0)
    bottom, low, middle, high, top = (
        float(q) for q in np.quantile(good, [0.0005, 0.025, 0.5, 0.975, 0.9995])
    )
    spread = max(high - low, abs(middle) * 0.05)
    if spread <= 0:
        spread = max(abs(middle), 1.0)
    # Lines rise above the bulk; far below it lie only defects.
    ceiling = min(max(top, high), high + 2.0 * spread)
    floor = max(min(bottom, low), low - 0.4 * spread)
    # Zero in view says how much of the flux is background; worth at most half the panel.
    if 0 < floor < ceiling - floor:
        floor = 0.0
    margin = 0.06 * (ceiling - floor) or 0.5 * spread
    return (floor - margin, ceiling + margin)


def display_exponent(brightest: float) -> int:
    """Choose the power of ten to divide by: 0 for numbers that read well as they are."""
    if brightest <= 0 or not np.isfinite(brightest):
        return 0
    exponent = int(np.floor(np.log10(brightest)))
    return 0 if -2 <= exponent <= 3 else exponent


@lru_cache(maxsize=64)
def unit_text(flux_unit: str, exponent: int) -> str:
    """Write a flux-density unit as astronomers do: ``1e-18 erg/s/cm²/Å``, ``µJy``, ``arbitrary units``."""
    import astropy.units as u  # a third of a second: not before the window is up

    if not flux_unit:
        return "arbitrary units" if exponent == 0 else f"1e{exponent} arbitrary units"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", u.UnitsWarning)
            unit = u.Unit(flux_unit)
        scale = float(getattr(unit, "scale", 1.0))
        if scale not in (0.0, 1.0) and np.isclose(np.log10(scale), round(np.log10(scale))):
            exponent += round(np.log10(scale))
            unit = u.CompositeUnit(1.0, unit.bases, unit.powers)
        text = "erg/s/cm²/Å" if unit == u.Unit(FLAM) else unit.to_string("unicode", fraction=False)
    except ValueError:
        text = flux_unit
    return text if exponent == 0 else f"1e{exponent} {text}"
