"""Star-formation histories whose living mass and present rate are the labels, exactly.

A delayed-τ history (τ < 0: rising) is chosen per galaxy such that it runs smoothly into the present rate; a
part of the galaxies has a past burst, which gives young Balmer absorption to some old ones.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.simulation.population import universe_age

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.simulation.population import Candidates
    from mtop_gui.simulation.templates import Templates

RECENT = 1e8  # yr over which the present rate holds
_USUAL_LIVE_FRACTION = 0.65
_BURST_SHARE = 0.2
_BURST_LENGTH = 1e8


def draw_histories(
    rng: np.random.Generator, drawn: Candidates, templates: Templates, log_metallicity: FloatArray
) -> FloatArray:
    """Draw the mass formed in each age bin of the templates, (n, n_age) M⊙."""
    n = drawn.logmass.size
    mass, rate = 10**drawn.logmass, 10**drawn.logsfr
    live = np.einsum("nz,za->na", templates.metallicity_weights(log_metallicity), templates.live_fraction)
    edges = templates.age_edges
    # a starburst's present rate would outgrow its mass in 100 Myr
    recent_span = np.minimum(RECENT, 0.6 * mass / rate)
    recent = rate[:, None] * _overlap(edges, np.zeros(n), recent_span)
    onset = universe_age(drawn.redshift) * rng.uniform(np.where(drawn.quiescent, 0.5, 0.35), 0.95, n)
    shape = _delayed_tau(
        edges, onset, _solve_decline(rate * onset / mass * _USUAL_LIVE_FRACTION), recent_span
    )
    fraction = np.where(rng.random(n) < _BURST_SHARE, 10 ** rng.uniform(-2.0, -0.7, n), 0.0)
    start = rng.uniform(1.5e8, 1.5e9, n)
    burst = _overlap(edges, start, start + _BURST_LENGTH) / _BURST_LENGTH
    old = (1 - fraction)[:, None] * shape + fraction[:, None] * burst
    missing = mass - np.sum(recent * live, axis=1)
    return np.asarray(recent + old * (missing / np.sum(old * live, axis=1))[:, None])


def _overlap(edges: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Give the years of [low, high] that fall in each age bin: (n, n_age)."""
    upper = np.minimum(edges[None, 1:], high[:, None])
    return np.asarray(np.maximum(0.0, upper - np.maximum(edges[None, :-1], low[:, None])))


def _formed(y: FloatArray) -> FloatArray:
    return np.asarray(1 - (1 + y) * np.exp(-y))


@cache
def _decline_table() -> tuple[FloatArray, FloatArray]:
    x = np.linspace(14.0, -12.0, 2601) + 1e-3  # never zero, where the ratio is 0/0 (limit 2)
    return x**2 * np.exp(-x) / _formed(x), x


def _solve_decline(rate_times_age: FloatArray) -> FloatArray:
    """Solve SFR · T / M_formed = x² e^-x / (1 - (1 + x) e^-x) for x = T/τ, clipped to -12…14."""
    ratio, x = _decline_table()
    return np.interp(rate_times_age, ratio, x)


def _delayed_tau(
    edges: FloatArray, onset: FloatArray, decline: FloatArray, youngest: FloatArray
) -> FloatArray:
    """Share out a delayed-τ history older than `youngest` over the age bins: (n, n_age), rows sum to 1."""
    ages = np.clip(edges[None, :], youngest[:, None], onset[:, None])
    total = _formed(decline[:, None] * (1 - ages / onset[:, None]))
    shares = total[:, :-1] - total[:, 1:]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
