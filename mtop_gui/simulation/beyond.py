"""Galaxies whose redshift no bundle of an Instrument can find: nearer or farther than its grid."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.simulation.galaxies import draw_selected, galaxy_spectra
from mtop_gui.simulation.population import draw_candidates
from mtop_gui.simulation.quasars import LYMAN_ALPHA, forest
from mtop_gui.simulation.spectra import add_lines, pixel_edges
from mtop_gui.simulation.templates import LIGHT_SPEED

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.galaxies import Galaxies
    from mtop_gui.simulation.population import Candidates

# near-infrared lines of nearby galaxies: rest Å, flux relative to Hα
_INFRARED: Final = ((10052.1, 0.019), (10941.1, 0.032), (12570.0, 0.03), (12821.6, 0.057), (16440.0, 0.03))
# interstellar absorption of far galaxies (Shapley+03): rest Å, equivalent width [Å]
_INTERSTELLAR: Final = (
    (1260.42, 1.6), (1303.3, 2.2), (1334.53, 1.7), (1393.76, 1.6), (1402.77, 0.9), (1526.71, 1.7), (1549.5, 2.6),
    (1608.45, 1.2), (1670.79, 1.6),
)  # fmt: skip
_GAP: Final = 0.05  # kept free on either side of the grid, so that the label is beyond doubt
_NEAREST, _FARTHEST = 0.005, 6.0
_BLOCK = 64
_FAINTEST, _MASSIVE = 26.0, 9.0  # in H, or more massive [log M⊙]


def beyond_ranges(redshifts: tuple[float, float]) -> list[tuple[float, float]]:
    """Give the redshift ranges outside a grid: nearer (if there is room) and farther."""
    nearer, farther = (_NEAREST, redshifts[0] - _GAP), (redshifts[1] + _GAP, _FARTHEST)
    return [*([nearer] if nearer[1] > nearer[0] + _GAP else []), farther]


def beyond_spectra(
    rng: np.random.Generator, n: int, instrument: Instrument, redshifts: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Draw galaxies outside a redshift grid, evenly over the ranges and over ln(1+z) within them.

    Parameters
    ----------
    redshifts : lowest and highest of the grid.

    Returns
    -------
    (n, n_pix) erg/s/cm²/Å; (n,) redshifts.
    """
    ranges = beyond_ranges(redshifts)
    spectra = np.empty((n, instrument.pixels))
    found = np.empty(n)
    # few slices instead of the mass function's volume: else hardly any would be nearer than z = 0.2
    cells = [cell for low, high in ranges for cell in _slices(low, high)]
    chosen = np.sort(rng.integers(len(cells), size=n))
    for number, cell in enumerate(cells):
        rows = np.flatnonzero(chosen == number)
        if rows.size == 0:
            continue
        galaxies = _draw(rng, rows.size, cell)
        found[rows] = galaxies.redshift
        for start in range(0, rows.size, _BLOCK):
            part = np.arange(start, min(start + _BLOCK, rows.size))
            spectra[rows[part]] = _observe(rng, galaxies, part, instrument)
    order = rng.permutation(n)
    return spectra[order], found[order]


def _draw(rng: np.random.Generator, n: int, redshifts: tuple[float, float]) -> Galaxies:
    """Draw galaxies of a narrow redshift range that are bright enough to be observed."""

    def candidates() -> Candidates:
        return draw_candidates(rng, max(256, 4 * n), redshifts)

    def wanted(batch: Galaxies) -> BoolArray:
        return np.asarray((batch.mag_h < _FAINTEST) | (batch.logmass > _MASSIVE))

    return draw_selected(rng, n, candidates, wanted)


def _slices(low: float, high: float, count: int = 6) -> list[tuple[float, float]]:
    edges = np.expm1(np.linspace(np.log1p(low), np.log1p(high), count + 1))
    return [(float(a), float(b)) for a, b in pairwise(edges)]


def _observe(
    rng: np.random.Generator, galaxies: Galaxies, rows: IntArray, instrument: Instrument
) -> FloatArray:
    """Add to the usual spectra what only galaxies this near or far show."""
    spectra = galaxy_spectra(galaxies, rows, instrument, wide=True)
    for spectrum, row in zip(spectra, rows, strict=True):
        stretch = 1 + float(galaxies.redshift[row])
        halpha = float(galaxies.halpha_flux[row])
        lines = [(rest * stretch, halpha * ratio) for rest, ratio in _INFRARED]
        if LYMAN_ALPHA * stretch > instrument.wavelength[0]:
            spectrum *= _interstellar(rng, instrument.wavelength, stretch)
            spectrum *= forest(rng, instrument.wavelength, stretch - 1)
            lines.append(
                (
                    LYMAN_ALPHA * stretch * (1 + rng.uniform(100, 500) / LIGHT_SPEED),
                    _lyman(rng, spectrum, instrument, stretch),
                )
            )
        _add(spectrum, instrument, lines, float(galaxies.gas_sigma[row]))
    return spectra


def _lyman(rng: np.random.Generator, spectrum: FloatArray, instrument: Instrument, stretch: float) -> float:
    """Draw the flux of Lyα: none for half of the galaxies, else a rest equivalent width around 30 Å."""
    at = int(np.searchsorted(instrument.wavelength, 1240.0 * stretch))
    continuum = float(np.median(spectrum[at : at + 100])) if at < spectrum.size else 0.0
    width = rng.exponential(40.0) if rng.random() < 0.6 else 0.0
    return width * stretch * max(continuum, 0.0)


def _interstellar(rng: np.random.Generator, wavelength: FloatArray, stretch: float) -> FloatArray:
    left = np.ones(wavelength.size)
    strength, sigma = rng.uniform(0.4, 1.5), rng.uniform(120.0, 280.0)
    for rest, width in _INTERSTELLAR:
        centre = rest * stretch * (1 - 150.0 / LIGHT_SPEED)
        spread = centre * sigma / LIGHT_SPEED
        depth = min(strength * width * stretch / (spread * np.sqrt(2 * np.pi)), 0.9)
        first, last = np.searchsorted(wavelength, [centre - 5 * spread, centre + 5 * spread])
        left[first:last] *= 1 - depth * np.exp(-0.5 * ((wavelength[first:last] - centre) / spread) ** 2)
    return left


def _add(
    spectrum: FloatArray, instrument: Instrument, lines: list[tuple[float, float]], gas_sigma: float
) -> None:
    """Add emission lines, broadened by gas and instrument, in every band."""
    centres, fluxes = (np.array(column) for column in zip(*lines, strict=True))
    for band in instrument.bands:
        part = instrument.band_slices[band.name]
        centre = 0.5 * (band.wavelength_min + band.wavelength_max)
        lsf = centre / band.resolution / 2.355
        sigmas = np.hypot(centres * gas_sigma / LIGHT_SPEED, lsf)
        add_lines(spectrum[part], pixel_edges(instrument.wavelength[part]), centres, sigmas, fluxes)
