"""Emission lines by the recipe of EGG (Schreiber+17), and the absorption of outflowing gas.

Ratios follow the gas metallicity (Mannucci+10, +11) through the calibrations of Maiolino+08 and, for
[S II], Curti+20. Luminosities here are before dust.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.core.lines import load_lines

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.lines import SpectralLine
    from mtop_gui.simulation.population import Candidates

L_SUN = 3.828e33  # erg/s
HALPHA_PER_SFR = 7.519  # log L⊙ per M⊙/yr
HALPHA_SCATTER = 0.15  # dex
AGN_SHARE = 0.06  # of the galaxies above 10^10 M⊙
_SOLAR_OH = 8.69

# fixed ratios within multiplets: line -> (leading line, ratio to it)
_FIXED: Final = {
    "[O III] 4960": ("[O III] 5008", 1 / 2.98),
    "[N II] 6550": ("[N II] 6585", 1 / 2.96),
    "[S III] 9071": ("[S III] 9533", 1 / 2.47),
    "[O I] 6366": ("[O I] 6302", 1 / 3.05),
    "[Ne III] 3969": ("[Ne III] 3870", 0.30),
    "O III] 1661": ("O III] 1666", 0.40),
    "Mg II 2804": ("Mg II 2796", 0.60),
}
# case B at 10^4 K, and He I for a solar helium abundance: share of Hα
_RECOMBINATION: Final = {
    "Hβ 4863": 0.35,
    "Hγ 4342": 0.163,
    "Hδ 4103": 0.0862,
    "Hε 3971": 0.056,
    "He I 5877": 0.042,
    "He I 10833": 0.08,
}
# narrow-line Seyfert ratios (log, to Hα) added to the star-forming gas of an active galaxy
_SEYFERT: Final = {
    "[N II] 6585": 0.0,
    "[O III] 5008": 0.45,
    "[O II] 3727": -0.25,
    "[S II] 6718": -0.50,
    "[O I] 6302": -0.70,
    "[Ne III] 3870": -0.50,
    "[Ne V] 3427": -0.70,
    "[S III] 9533": -0.50,
    "He II 1640": -0.20,
    "C III] 1909": 0.0,
    "O III] 1666": -0.80,
    "Mg II 2796": -0.30,
}
# mean rest equivalent width [Å] at log M* = 10 of cool outflowing gas (Weiner+09, Kornei+12)
OUTFLOW_WIDTHS: Final = {
    "Fe II 2344": 1.6,
    "Fe II 2374": 1.2,
    "Fe II 2383": 1.8,
    "Fe II 2587": 1.5,
    "Fe II 2600": 1.9,
    "Mg II 2796": 2.2,
    "Mg II 2804": 1.8,
    "Mg I 2853": 0.6,
}


@cache
def emission_lines() -> tuple[SpectralLine, ...]:
    """Give the lines that the mocks can emit, in order of wavelength."""
    names = {
        "Hα 6565",
        "[O II] 3727",
        "[O II] 3730",
        "[S II] 6718",
        "[S II] 6733",
        "[O III] 4364",
        "[Ar III] 7138",
    }
    names |= {*_FIXED, *_RECOMBINATION, *_SEYFERT, *(leader for leader, _ in _FIXED.values())}
    return tuple(line for line in load_lines() if line.name in names)


@cache
def outflow_lines() -> tuple[SpectralLine, ...]:
    """Give the lines in which outflowing gas absorbs, in order of wavelength."""
    return tuple(line for line in load_lines() if line.name in OUTFLOW_WIDTHS)


def gas_metallicity(logmass: FloatArray, logsfr: FloatArray) -> FloatArray:
    """Give 12 + log(O/H) of the fundamental relation (Mannucci+10, Eq. 2; Mannucci+11 at low mass)."""
    m, s = logmass - 10, logsfr
    plane = 8.90 + 0.37 * m - 0.14 * s - 0.19 * m**2 + 0.12 * m * s - 0.054 * s**2
    mu = logmass - 0.32 * logsfr
    return np.clip(np.where(mu < 9.5, 8.93 + 0.51 * (mu - 10), plane), 7.3, 9.15)


def line_luminosities(rng: np.random.Generator, drawn: Candidates) -> tuple[FloatArray, BoolArray]:
    """Draw the unattenuated luminosities of `emission_lines()` and which galaxies are active.

    Returns
    -------
    (n, n_lines) erg/s; (n,) bool.
    """
    n = drawn.logmass.size
    scatter = HALPHA_SCATTER * rng.standard_normal(n)
    halpha = L_SUN * 10 ** (drawn.logsfr + HALPHA_PER_SFR + scatter)
    ratios = _star_forming_ratios(rng, drawn)
    active = (rng.random(n) < AGN_SHARE) & (drawn.logmass > 10)
    # an active nucleus adds 0.1 to 3 times the Hα of the stars; in passive hosts more than their residual rate would
    share = np.where(active, 10 ** rng.uniform(-1.0, 0.5, n), 0.0) * np.where(drawn.quiescent, 5.0, 1.0)
    for name, ratio in _SEYFERT.items():
        ratios[name] = ratios[name] + share * 10 ** (ratio + 0.15 * rng.standard_normal(n))
    ratios["[O II] 3730"] = ratios["[O II] 3727"] * rng.normal(1.3, 0.08, n).clip(0.8, 1.5)
    ratios["[S II] 6733"] = ratios["[S II] 6718"] / rng.normal(1.3, 0.08, n).clip(0.9, 1.45)
    for name, (leader, ratio) in _FIXED.items():
        ratios[name] = ratios[leader] * ratio
    for name, ratio in _RECOMBINATION.items():
        ratios[name] = ratio * (1 + share)
    ratios["Hα 6565"] = 1 + share
    return halpha[:, None] * np.stack([ratios[line.name] for line in emission_lines()], axis=1), active


def _star_forming_ratios(rng: np.random.Generator, drawn: Candidates) -> dict[str, FloatArray]:
    """Give the leading lines of star-forming gas relative to Hα."""

    def noisy(log_ratio: FloatArray, dex: float) -> FloatArray:
        return np.asarray(10 ** (log_ratio + dex * rng.standard_normal(log_ratio.size)))

    n = drawn.logmass.size
    x = gas_metallicity(drawn.logmass, drawn.logsfr) + 0.08 * rng.standard_normal(n) - _SOLAR_OH
    polynomial = np.polynomial.polynomial.polyval
    # one draw of ionisation moves [O III] up and [O II] down
    ionisation = 0.1 * rng.standard_normal(n)
    hbeta = np.log10(_RECOMBINATION["Hβ 4863"])
    oxygen3 = polynomial(x, [0.1549, -1.5031, -0.9790, -0.0297]) + hbeta + ionisation
    oxygen2 = oxygen3 - polynomial(x, [-0.2839, -1.3881, -0.3172]) - 2 * ionisation
    nitrogen = polynomial(x, [-0.7732, 1.2357, -0.2811, -0.7201, -0.3330])
    sulphur = polynomial(np.clip(x, -1.2, 0.1), [-0.442, -0.360, -6.271, -8.339, -3.559])
    neon = oxygen2 + polynomial(x, [-1.2608, -1.0861, -0.1470])
    # metal-poor galaxies show the semi-forbidden lines and Mg II in emission (Stark+14, Feltre+18)
    poor = np.clip(-x, 0.0, 1.2)
    return {
        "[O III] 5008": noisy(oxygen3, 0.08),
        "[O II] 3727": noisy(oxygen2, 0.08) / 2.3,  # the calibration is of the doublet, 1:1.3
        "[N II] 6585": noisy(np.minimum(nitrogen, -0.2), 0.1),
        "[S II] 6718": noisy(np.asarray(sulphur), 0.1) * 1.3 / 2.3,
        "[Ne III] 3870": noisy(neon, 0.1),
        "[O I] 6302": noisy(np.asarray(sulphur - 1.0), 0.15),
        "[O III] 4364": noisy(oxygen3 - 2.8 + 0.9 * poor, 0.1),
        "[S III] 9533": noisy(np.full(n, -0.8), 0.15),
        "[Ar III] 7138": noisy(np.full(n, -1.55), 0.12),
        "[Ne V] 3427": np.zeros(n),
        "He II 1640": noisy(-2.2 + 0.8 * poor, 0.2),
        "O III] 1666": noisy(-2.4 + 1.3 * poor, 0.2),
        "C III] 1909": noisy(-1.9 + 1.3 * poor, 0.2),
        "Mg II 2796": noisy(oxygen2 - 2.0 + 0.8 * poor, 0.3),
    }


def draw_gas_sigma(rng: np.random.Generator, logmass: FloatArray) -> FloatArray:
    """Draw the gas velocity dispersion [km/s]: 10^(0.12 (log M* - 10) + 1.78) ± 0.3 dex, kept in 15-400."""
    sigma = 10 ** (0.12 * (logmass - 10) + 1.78 + 0.3 * rng.standard_normal(logmass.size))
    return np.clip(sigma, 15.0, 400.0)


def draw_outflows(rng: np.random.Generator, drawn: Candidates) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw the cool outflow of star-forming galaxies: (n, n_outflow_lines) rest EW [Å], shift and σ [km/s]."""
    n = drawn.logmass.size
    mean = np.array([OUTFLOW_WIDTHS[line.name] for line in outflow_lines()])
    strength = 10 ** (0.25 * (drawn.logmass - 10) + 0.15 * rng.standard_normal(n))
    strength = np.where(drawn.quiescent, 0.0, np.clip(strength, 0.0, 2.5))
    scatter = 10 ** (0.05 * rng.standard_normal((n, mean.size)))
    return (
        strength[:, None] * mean * scatter,
        -np.abs(rng.normal(100.0, 70.0, n)),
        rng.uniform(90.0, 180.0, n),
    )
