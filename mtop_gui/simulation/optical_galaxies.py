"""Galaxies as the optical surveys choose them: a bright nearby sample, luminous red, emission-line, magnitude-limited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.simulation.galaxies import concatenate, draw_selected, select
from mtop_gui.simulation.population import draw_candidates, luminosity_distance_cm

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.simulation.galaxies import Galaxies
    from mtop_gui.simulation.population import Candidates

MOST_MASS: Final = 11.8
_BATCH: Final = 4096
_LINER_SHARE: Final = 0.4  # of the passive ones
_SEYFERT_SHARE: Final = 0.05  # of all massive ones, beside the active nuclei that every survey has
# log of line over Hα
_LINER: Final = {
    "Hα 6565": 0.0, "Hβ 4863": -0.5, "Hγ 4342": -0.83, "[N II] 6585": 0.10, "[O III] 5008": -0.10, "[O II] 3727": -0.10,
    "[S II] 6718": -0.20, "[O I] 6302": -0.45, "[Ne III] 3870": -0.85, "[S III] 9533": -0.55,
}  # fmt: skip
_SEYFERT: Final = {
    "Hα 6565": 0.0, "Hβ 4863": -0.5, "Hγ 4342": -0.83, "[N II] 6585": -0.05, "[O III] 5008": 0.55,
    "[O II] 3727": -0.20, "[S II] 6718": -0.45, "[O I] 6302": -0.75, "[Ne III] 3870": -0.45, "[Ne V] 3427": -0.70,
    "[O III] 4364": -1.3, "[S III] 9533": -0.45, "Mg II 2796": -0.40, "C III] 1909": 0.0, "He II 1640": -0.2,
}  # fmt: skip
_FOLLOWERS: Final = {
    "[N II] 6550": ("[N II] 6585", 1 / 2.96), "[O III] 4960": ("[O III] 5008", 1 / 2.98),
    "[O II] 3730": ("[O II] 3727", 1.3), "[S II] 6733": ("[S II] 6718", 1 / 1.2), "[O I] 6366": ("[O I] 6302", 1 / 3.05),
    "[Ne III] 3969": ("[Ne III] 3870", 0.30), "[S III] 9071": ("[S III] 9533", 1 / 2.47),
    "Mg II 2804": ("Mg II 2796", 0.6),
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One target selection: its share, redshifts, limit in i, and share of passive galaxies."""

    share: float
    redshifts: tuple[float, float]
    faintest: float
    passive: float
    brightest: float = 10.0
    least_mass: float = 8.0


SAMPLES: Final = (
    Sample(0.20, (0.002, 0.32), 18.6, 0.30),
    Sample(0.06, (0.002, 0.40), 21.5, 0.15, brightest=18.0),
    Sample(0.17, (0.25, 1.05), 21.6, 1.0, least_mass=10.6),
    Sample(0.16, (0.35, 1.30), 24.0, 0.0, brightest=19.5),
    Sample(0.12, (1.10, 1.69), 24.3, 0.08),
    Sample(0.22, (0.05, 1.40), 23.0, 0.30),
    Sample(0.07, (0.80, 1.69), 23.8, 0.35),
)


def draw_optical_galaxies(rng: np.random.Generator, n: int, *, grid: Path | None = None) -> Galaxies:
    """Draw `n` galaxies of all samples at 0 < z < 1.7, in random order.

    Raises
    ------
    SimulationError : the stellar templates are missing.
    """
    shares = np.array([sample.share for sample in SAMPLES])
    numbers = rng.multinomial(n, shares / shares.sum())
    parts = []
    for sample, number in zip(SAMPLES, numbers, strict=True):
        passive = int(rng.binomial(number, sample.passive))
        for quiescent, count in ((True, passive), (False, int(number) - passive)):
            if count:
                parts.append(_draw_sample(rng, count, sample, quiescent=quiescent, grid=grid))
    joined = concatenate(parts)
    return add_nuclei(rng, select(joined, rng.permutation(n)))


def _draw_sample(
    rng: np.random.Generator, n: int, sample: Sample, *, quiescent: bool, grid: Path | None
) -> Galaxies:
    batch = min(_BATCH, max(512, 16 * n))

    def candidates() -> Candidates:
        return draw_candidates(rng, batch, sample.redshifts, quiescent=quiescent, most_mass=MOST_MASS)

    def wanted(drawn: Galaxies) -> BoolArray:
        inside = (drawn.mag_i > sample.brightest) & (drawn.mag_i < sample.faintest)
        return np.asarray(inside & (drawn.logmass > sample.least_mass))

    return draw_selected(rng, n, candidates, wanted, grid=grid)


def add_nuclei(rng: np.random.Generator, galaxies: Galaxies) -> Galaxies:
    """Give LINER lines to many passive galaxies, and Seyfert lines, broader than the discs', to some massive ones."""
    n = len(galaxies)
    fluxes = galaxies.line_fluxes.copy()
    liner = galaxies.quiescent & (rng.random(n) < _LINER_SHARE)
    seyfert = (galaxies.logmass > 10.0) & (rng.random(n) < _SEYFERT_SHARE)
    sphere = 4 * np.pi * luminosity_distance_cm(galaxies.redshift) ** 2
    # an Hα equivalent width near 1.5 Å for LINERs (Belfiore+16), tens of Å for Seyferts
    faint = 10 ** (39.6 + (galaxies.logmass - 10.0) + 0.25 * rng.standard_normal(n))
    bright = 10 ** (40.7 + 0.6 * (galaxies.logmass - 10.0) + 0.4 * rng.standard_normal(n))
    for chosen, luminosity, table in ((liner, faint, _LINER), (seyfert, bright, _SEYFERT)):
        fluxes += _nuclear(rng, galaxies.line_names, np.where(chosen, luminosity, 0.0) / sphere, table)
    wide = np.maximum(galaxies.gas_sigma, rng.uniform(150.0, 400.0, n))
    return replace(
        galaxies,
        line_fluxes=fluxes,
        halpha_flux=fluxes[:, galaxies.line_names.index("Hα 6565")],
        active=galaxies.active | seyfert,
        gas_sigma=np.where(seyfert | liner, wide, galaxies.gas_sigma),
    )


def _nuclear(
    rng: np.random.Generator, names: tuple[str, ...], halpha: FloatArray, table: dict[str, float]
) -> FloatArray:
    """Give the (n, n_lines) fluxes of nuclei with some Hα flux, each ratio with 0.12 dex of scatter."""
    fluxes = np.zeros((halpha.size, len(names)))
    for name, ratio in table.items():
        fluxes[:, names.index(name)] = halpha * 10 ** (ratio + 0.12 * rng.standard_normal(halpha.size))
    for name, (leader, ratio) in _FOLLOWERS.items():
        fluxes[:, names.index(name)] = ratio * fluxes[:, names.index(leader)]
    return fluxes
