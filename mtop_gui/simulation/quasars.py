"""Noise-free spectra of quasars: power law, Balmer continuum, Fe II, broad and narrow lines, absorption on the way.

Mean line widths and strengths follow the composite of Vanden Berk et al. (2001), Table 2; all vary from quasar to quasar.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.simulation.stars import planck, reddening
from mtop_gui.simulation.templates import LIGHT_SPEED, load_templates

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

LYMAN_ALPHA = 1215.67
_FWHM = 2 * np.sqrt(2 * np.log(2))
# rest vacuum Å, equivalent width [Å], FWHM relative to that of the quasar, ionisation (sets the blueshift)
_BROAD: Final = (
    (1033.8, 8.0, 1.2, 0.8), (1215.67, 85.0, 1.0, 0.5), (1240.8, 14.0, 1.2, 0.6), (1263.0, 3.0, 1.2, 0.2),
    (1305.0, 2.0, 0.9, 0.1), (1335.3, 1.0, 0.8, 0.1), (1398.3, 8.0, 1.2, 0.7), (1549.5, 28.0, 1.1, 1.0),
    (1640.4, 4.0, 1.5, 1.0), (1664.0, 2.0, 1.0, 0.6), (1857.0, 2.0, 1.2, 0.3), (1892.0, 3.0, 1.0, 0.2),
    (1908.7, 18.0, 1.2, 0.3), (2799.1, 32.0, 0.9, 0.0), (4102.9, 6.0, 1.1, 0.0), (4341.7, 14.0, 1.1, 0.0),
    (4687.0, 3.0, 1.2, 0.3), (4862.7, 46.0, 1.0, 0.0), (5877.2, 6.0, 1.0, 0.0), (6564.6, 200.0, 0.9, 0.0),
    (7067.0, 3.0, 1.0, 0.0), (8446.0, 14.0, 0.8, 0.0), (10052.1, 10.0, 0.9, 0.0), (10833.3, 36.0, 1.0, 0.1),
    (10941.1, 18.0, 0.9, 0.0), (12821.6, 40.0, 0.9, 0.0),
)  # fmt: skip
_NARROW: Final = (
    (3346.8, 0.5), (3426.9, 1.2), (3728.5, 2.0), (3869.9, 1.8), (3969.0, 0.6), (4364.4, 0.7), (4960.3, 5.0),
    (5008.2, 15.0), (6302.0, 1.0), (6549.9, 3.0), (6564.6, 8.0), (6585.3, 9.0), (6718.3, 2.0), (6732.7, 2.0),
    (9071.1, 2.0), (9533.2, 5.0), (12570.0, 2.0), (16440.0, 2.0),
)  # fmt: skip
# Fe II and Fe III as blends: rest Å, relative height, σ [Å]
_IRON: Final = (
    (1785.0, 0.15, 18.0), (2080.0, 0.35, 35.0), (2165.0, 0.25, 30.0), (2250.0, 0.45, 35.0), (2320.0, 0.5, 25.0),
    (2390.0, 0.8, 25.0), (2430.0, 0.55, 30.0), (2500.0, 0.85, 40.0), (2575.0, 0.6, 30.0), (2620.0, 0.55, 22.0),
    (2670.0, 0.3, 30.0), (2745.0, 0.35, 18.0), (2850.0, 0.25, 25.0), (2950.0, 0.3, 30.0), (3185.0, 0.35, 45.0),
    (3270.0, 0.2, 40.0), (4180.0, 0.15, 30.0), (4240.0, 0.15, 25.0), (4520.0, 0.4, 30.0), (4575.0, 0.5, 30.0),
    (4635.0, 0.4, 30.0), (4924.0, 0.2, 14.0), (5018.0, 0.25, 14.0), (5175.0, 0.4, 25.0), (5235.0, 0.4, 30.0),
    (5285.0, 0.45, 28.0), (5325.0, 0.3, 30.0), (5530.0, 0.15, 35.0), (9200.0, 0.1, 60.0), (9998.0, 0.08, 30.0),
)  # fmt: skip
_BROAD_ABSORPTION: Final = ((1031.9, 0.7), (1215.67, 0.5), (1240.8, 0.9), (1398.3, 0.6), (1549.5, 1.0))
# doublets of gas between the quasar and us: rest Å and relative strength
_INTERVENING: Final = (
    ((1548.2, 1.0), (1550.8, 0.6)),
    ((2796.35, 1.0), (2803.53, 0.8), (2600.17, 0.6), (2586.65, 0.4), (2382.77, 0.6), (2852.96, 0.15)),
)
# Lyman series: rest Å, effective optical depth (1+z)^3.46 coefficient (Madau 1995)
_LYMAN: Final = ((1215.67, 0.0036), (1025.72, 1.7e-3), (972.54, 1.2e-3), (949.74, 9.3e-4))
_UNEVEN: Final = 1.8
REDSHIFTS: Final = (0.15, 6.0)


def draw_quasar(rng: np.random.Generator, wavelength: FloatArray) -> tuple[FloatArray, float]:
    """Draw one quasar.

    Parameters
    ----------
    wavelength : (n,) observed vacuum Å, increasing.

    Returns
    -------
    (n,) flux density of any scale; the redshift, log-normal around 1.5 within `REDSHIFTS`.
    """
    redshift = float(np.clip(np.expm1(rng.normal(0.92, 0.36)), *REDSHIFTS))
    rest = wavelength / (1 + redshift)
    continuum = _power_law(rng, rest)
    light = continuum * (1 + _balmer_continuum(rng, rest) + _iron(rng, rest))
    light += continuum * _lines(rng, rest)
    light *= reddening(rest, max(rng.normal(0.0, 0.04), 0.0) if rng.random() < 0.9 else rng.uniform(0.1, 0.4))
    if redshift < 1.0:
        light += _host(rng, rest) * rng.uniform(0.0, 0.8) * np.median(light)
    if rng.random() < 0.15:
        light *= _troughs(rng, rest)
    light *= _intervening(rng, wavelength, redshift)
    return light * forest(rng, wavelength, redshift), redshift


def _power_law(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """f_λ ∝ λ^-1.56 up to 4700 Å, flatter beyond (the host and hot dust), both varied."""
    blue, red = rng.normal(-1.56, 0.3), rng.normal(-0.6, 0.35)
    ratio = rest / 4700.0
    return np.where(ratio < 1, ratio**blue, ratio**red)


def _balmer_continuum(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Give an optically thin continuum below 3646 Å, its edge smeared by the high Balmer lines (Grandi 1982)."""
    depth = 1 - np.exp(-((np.minimum(rest, 3646.0) / 3646.0) ** 3))
    edge = 1 / (1 + np.exp((rest - 3720.0) / 45.0))
    shape = planck(np.maximum(rest, 1000.0), 15000.0) / (rest / 3000.0) ** -1.56
    at_edge = np.interp(3000.0, rest, shape) if rest[0] < 3000.0 < rest[-1] else shape.max()
    return np.asarray(rng.uniform(0.0, 0.35) * depth * edge * shape / max(float(at_edge), 1e-30))


def _iron(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Give Fe II relative to the continuum."""
    strength = 10 ** rng.normal(-0.75, 0.3)
    blend = np.zeros(rest.size)
    for centre, height, sigma in _IRON:
        first, last = np.searchsorted(rest, [centre - 5 * sigma, centre + 5 * sigma])
        part = (rest[first:last] - centre) / sigma
        blend[first:last] += height * rng.uniform(0.7, 1.3) * np.exp(-0.5 * part**2)
    return strength * blend


def _lines(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Give broad and narrow lines relative to the continuum."""
    total = np.zeros(rest.size)
    fwhm = 10 ** rng.normal(3.6, 0.17)
    strength = 10 ** rng.normal(0.03, 0.2)
    blueshift = rng.exponential(600.0)
    for centre, width, relative, ionisation in _BROAD:
        velocity = -ionisation * blueshift + rng.normal(0.0, 100.0)
        flux = width * strength * 10 ** rng.normal(0.0, 0.18)
        # a broad core on broader wings, as fits of real lines need
        for share, factor in ((0.6, 0.8), (0.4, 2.0)):
            _add(total, rest, centre, velocity, fwhm * relative * factor / _FWHM, share * flux)
    narrow, sigma = 10 ** rng.normal(-0.15, 0.45), rng.uniform(120.0, 320.0)
    for centre, width in _NARROW:
        _add(total, rest, centre, 0.0, sigma, width * narrow * 10 ** rng.normal(0.0, 0.1))
    return total


def _add(
    total: FloatArray, rest: FloatArray, centre: float, velocity: float, sigma_kms: float, area: float
) -> None:
    """Add a Gaussian of some area [Å] in place."""
    at = centre * (1 + velocity / LIGHT_SPEED)
    sigma = at * sigma_kms / LIGHT_SPEED
    first, last = np.searchsorted(rest, [at - 5 * sigma, at + 5 * sigma])
    part = (rest[first:last] - at) / sigma
    total[first:last] += area / (sigma * np.sqrt(2 * np.pi)) * np.exp(-0.5 * part**2)


@cache
def _host_template() -> tuple[FloatArray, FloatArray]:
    templates = load_templates()
    row = int(np.argmin(np.abs(templates.log_metallicity)))
    column = int(np.searchsorted(templates.age_edges, 3e9)) - 1
    spectrum = templates.spectra[row, column].astype(np.float64)
    return templates.wavelength, spectrum / np.median(spectrum)


def _host(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Give an old host galaxy, its median about 1."""
    del rng
    return np.interp(rest, *_host_template())


def _troughs(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Give what broad absorption lets through; Mg II takes part in few."""
    left = np.ones(rest.size)
    lines = [*_BROAD_ABSORPTION, *([(2799.1, 0.6)] if rng.random() < 0.2 else [])]
    for _ in range(int(rng.integers(1, 4))):
        speed, spread, depth = rng.uniform(2000, 20000), rng.uniform(500, 3000), rng.uniform(0.3, 3.0)
        for centre, strength in lines:
            velocity = (rest / centre - 1) * LIGHT_SPEED + speed
            left *= np.exp(-depth * strength * np.exp(-((velocity / spread) ** 4)))
    return left


def _intervening(rng: np.random.Generator, wavelength: FloatArray, redshift: float) -> FloatArray:
    """Give what absorbers on the way let through: Mg II and C IV systems at lower redshifts."""
    left = np.ones(wavelength.size)
    for _ in range(int(rng.poisson(0.6))):
        system = _INTERVENING[int(rng.integers(len(_INTERVENING)))]
        stretch = 1 + rng.uniform(0.3, max(redshift, 0.31))
        depth, sigma = rng.exponential(0.8), rng.uniform(40.0, 150.0)
        for rest, strength in system:
            at = rest * stretch
            width = at * sigma / LIGHT_SPEED
            first, last = np.searchsorted(wavelength, [at - 5 * width, at + 5 * width])
            part = (wavelength[first:last] - at) / width
            left[first:last] *= np.exp(-depth * strength * np.exp(-0.5 * part**2))
    return left


def forest(rng: np.random.Generator, wavelength: FloatArray, redshift: float) -> FloatArray:
    """Give what the intergalactic hydrogen lets through: mean of Madau (1995), clouds as log-normal depths.

    Parameters
    ----------
    wavelength : (n,) observed Å, uniform in ln λ.

    Returns
    -------
    (n,) transmission, 1 redwards of Lyα; 0 below the Lyman limit.
    """
    end = int(np.searchsorted(wavelength, LYMAN_ALPHA * (1 + redshift)))
    left = np.ones(wavelength.size)
    if end == 0:
        return left
    blue = wavelength[:end]
    depth = np.zeros(end)
    for line, coefficient in _LYMAN:
        depth += np.where(blue < line * (1 + redshift), coefficient * (blue / line) ** 3.46, 0.0)
    # clouds: log-normal, correlated over about 150 km/s
    field = np.convolve(rng.standard_normal(end + 8), np.ones(5) / np.sqrt(5), mode="same")[:end]
    clouds = np.exp(1.2 * field)
    # the mean of exp(-τ) exceeds exp(-mean τ): uneven clouds let more through than an even fog
    left[:end] = np.exp(-_UNEVEN * depth * clouds / clouds.mean())
    left[:end][blue < 911.75 * (1 + redshift)] *= 1e-3
    return left
