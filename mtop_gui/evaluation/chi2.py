"""The classical peer: a χ² scan with templates from principal components, as redrock and MOONS's own pipeline do it.

The components of noise-free training spectra span the templates; at every trial redshift the sums Σ w d cₖ and Σ w cₖ cₗ
follow from one FFT correlation each. A free least-squares fit of ten components turns noise into lines of either sign, so
that the fit is confined to archetypes (as in redrock's second step): typical combinations of the components, each with
one amplitude, which must be positive. For one archetype t the gain in χ² is (Σ w d t)² / Σ w t².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import fft
from scipy.cluster.vq import kmeans2

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.evaluation.components import pairs, principal_components
from mtop_gui.evaluation.log_grid import Gridder, LogGrid

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray, IntArray
    from mtop_gui.core.events import Report
    from mtop_gui.evaluation.log_grid import Weighed
    from mtop_gui.simulation.survey import Survey

VELOCITY = 30.0
"""Width of the cells, and so the distance of the scan's trial redshifts [km/s]."""
COMPONENTS, ARCHETYPES = 10, 100
TRAINING_SPECTRA = 2000
PEAKS = 4
"""Candidates that are refined."""
PEAK_DISTANCE = 1000.0
"""Candidates are at least this far apart [km/s], as redrock's."""
FINE = 6
"""Trial redshifts per cell in the refinement."""
LEAST_WEIGHT = 1e-4
"""A template needs this share of the largest Σ w t² of the scan, lest a sliver of coverage decides."""


class Chi2Fit(NamedTuple):
    """The best redshift, its 1σ error where χ² has risen by one, its gain in χ² over no lines, and its lead over the second peak."""

    redshift: float
    error: float
    gain: float
    delta_chi2: float


@dataclass(frozen=True, eq=False)
class Templates:
    """What the scan fits.

    Attributes
    ----------
    rest : the rest-frame cells.
    components : (n_component, rest.size) orthonormal, continuum-subtracted.
    archetypes : (n_archetype, n_component) of unit norm.
    """

    rest: LogGrid
    components: FloatArray
    archetypes: FloatArray


class Chi2Scan:
    """Finds redshifts by χ² alone.

    Parameters
    ----------
    gridder : brings spectra onto cells of the same width as the templates'.
    templates : of `learn_templates`.
    redshift_range : trial redshifts lie between these.
    """

    def __init__(self, gridder: Gridder, templates: Templates, redshift_range: tuple[float, float]) -> None:
        self.gridder = gridder
        self._templates = templates
        rest, grid = templates.rest, gridder.grid
        self._offset = grid.first - rest.first
        lowest = int(np.ceil((np.log1p(redshift_range[0]) - self._offset) / grid.step))
        highest = int(np.floor((np.log1p(redshift_range[1]) - self._offset) / grid.step))
        self._shifts = np.arange(lowest, highest + 1)
        self._length = fft.next_fast_len(rest.size + grid.size, real=True)
        rows, columns = pairs(len(templates.components))
        products = templates.components[rows] * templates.components[columns]
        self._components = self._transform(templates.components).conj()
        self._products = self._transform(products).conj()
        twice = np.where(rows == columns, 1.0, 2.0)
        self._archetypes = templates.archetypes.astype(np.float32)
        self._squares = (templates.archetypes[:, rows] * templates.archetypes[:, columns] * twice).astype(
            np.float32
        )
        self._shapes = templates.archetypes @ templates.components

    def fit(self, observed: Weighed) -> Chi2Fit:
        """Scan all redshifts, refine the best peaks, choose among them.

        Returns
        -------
        NaNs for a spectrum without weight.
        """
        scale = float(observed.weight.max(initial=0.0))
        if scale <= 0:
            return Chi2Fit(np.nan, np.nan, np.nan, np.nan)
        product, weight = observed.product / np.sqrt(scale), observed.weight / scale
        gain, archetype = self._scan(product, weight)
        peaks = self._peaks(gain)
        refined = [self._refine(product, weight, int(archetype[peak]), int(peak)) for peak in peaks]
        refined.sort(key=lambda one: -one[2])
        redshift, error, best = refined[0]
        second = refined[1][2] if len(refined) > 1 else 0.0
        return Chi2Fit(redshift, error, best, best - second)

    def _transform(self, values: FloatArray) -> FloatArray:
        return np.asarray(fft.rfft(values.astype(np.float32), self._length))

    def _scan(self, product: FloatArray, weight: FloatArray) -> tuple[FloatArray, IntArray]:
        """Give the best gain at each trial redshift, and which archetype has it."""
        data, power = self._transform(np.stack([product, weight]))
        overlap = fft.irfft(data * self._components, self._length)[:, self._shifts]
        normal = fft.irfft(power * self._products, self._length)[:, self._shifts]
        numerator = np.maximum(self._archetypes @ overlap, 0.0) ** 2
        denominator = self._squares @ normal
        numerator /= np.maximum(denominator, LEAST_WEIGHT * denominator.max())
        archetype = numerator.argmax(axis=0)
        return numerator[archetype, np.arange(archetype.size)].astype(np.float64), archetype

    def _peaks(self, gain: FloatArray) -> list[int]:
        apart = int(np.ceil(PEAK_DISTANCE / LIGHT_SPEED / self.gridder.grid.step))
        left = gain.copy()
        found: list[int] = []
        while len(found) < PEAKS and np.isfinite(left).any():
            peak = int(np.nanargmax(left))
            if not left[peak] >= 0:
                break
            found.append(peak)
            left[max(0, peak - apart) : peak + apart + 1] = -np.inf
        return found

    def _refine(
        self, product: FloatArray, weight: FloatArray, archetype: int, peak: int
    ) -> tuple[float, float, float]:
        """Fit one archetype on a grid FINE times finer within a cell of a peak: (redshift, error, gain)."""
        shape = self._shapes[archetype]
        grid = self.gridder.grid
        shifts = self._shifts[peak] + np.arange(-FINE, FINE + 1) / FINE
        gains = np.zeros(shifts.size)
        cells = np.arange(grid.size, dtype=np.float64)
        known = np.arange(shape.size, dtype=np.float64)
        for number, shift in enumerate(shifts):
            template = np.interp(cells - shift, known, shape, left=0.0, right=0.0)
            overlap, power = product @ template, weight @ template**2
            gains[number] = max(overlap, 0.0) ** 2 / power if power > 0 else 0.0
        best = int(np.clip(np.argmax(gains), 1, shifts.size - 2))
        # The parabola spans a whole cell, as interpolating between cells makes the gain ripple within one.
        reach = min(FINE // 2, best, shifts.size - 1 - best)
        before, at, after = gains[best - reach], gains[best], gains[best + reach]
        curvature = 2 * at - before - after
        if curvature > 0:
            centre = shifts[best] + 0.5 * (after - before) / curvature * reach / FINE
            error = reach / FINE * np.sqrt(2.0 / curvature)
        else:
            centre, error = shifts[best], np.nan
        stretch = np.exp(self._offset + grid.step * centre)
        # Pixels were added to the nearest cell, evenly to either side of its centre.
        error = np.hypot(error, 1 / np.sqrt(12))
        stretch = np.exp(self._offset + grid.step * centre)
        return float(stretch - 1), float(stretch * grid.step * error), float(gains.max())


def learn_templates(
    survey: Survey,
    gridder: Gridder,
    redshift_range: tuple[float, float],
    *,
    spectra: int = TRAINING_SPECTRA,
    components: int = COMPONENTS,
    archetypes: int = ARCHETYPES,
    seed: int = 0,
    report: Report = ignore,
) -> Templates:
    """Learn components and archetypes from a survey's noise-free training spectra.

    Parameters
    ----------
    spectra : training galaxies looked at, chosen by `seed`.
    report : receives Advanced; may raise Cancelled.

    Raises
    ------
    SimulationError : the survey has fewer than four training galaxies.
    """
    rows = survey.rows("train")
    if rows.size < 4:
        raise SimulationError(
            f"the survey {survey.path.name} holds {rows.size} training galaxies: χ² templates need at least four"
        )
    rng = np.random.default_rng([seed, 6])
    chosen = np.sort(rng.permutation(rows)[:spectra])
    grid = gridder.grid
    rest = LogGrid(
        grid.first - float(np.log1p(redshift_range[1])),
        grid.step,
        grid.size + int(np.ceil(np.log((1 + redshift_range[1]) / (1 + redshift_range[0])) / grid.step)) + 1,
    )
    lines = np.zeros((chosen.size, rest.size), np.float32)
    covered = np.zeros(lines.shape, dtype=bool)
    for number, row in enumerate(chosen):
        if number % 64 == 0:
            report(Advanced(number, chosen.size, "learning χ² templates"))
        _shift(lines[number], covered[number], survey, int(row), gridder, rest)
    known = np.flatnonzero(covered.any(axis=1) & (lines != 0).any(axis=1))
    count = min(components, max(1, known.size // 2))
    found, coefficients = principal_components(lines[known], covered[known], count, seed)
    return Templates(rest, found, _archetypes(coefficients, archetypes, seed))


def _shift(
    lines: Float32Array, covered: BoolArray, survey: Survey, row: int, gridder: Gridder, rest: LogGrid
) -> None:
    """Put one galaxy's noise-free lines, of unit mean square, into its rest frame."""
    template = gridder.template(survey.flux([row])[0].astype(np.float64))
    spread = float(np.sqrt(np.mean(template**2)))
    redshift = float(survey.labels["z"][row])
    start = int(np.rint((gridder.grid.first - np.log1p(redshift) - rest.first) / rest.step))
    if spread <= 0 or not 0 <= start <= rest.size - template.size:
        return
    lines[start : start + template.size] = template / spread
    covered[start : start + template.size] = gridder.covered


def _archetypes(coefficients: FloatArray, count: int, seed: int) -> FloatArray:
    """Cluster spectra of unit norm in the space of the components: (n_archetype, n_component)."""
    norm = np.linalg.norm(coefficients, axis=1, keepdims=True)
    directions: FloatArray = coefficients / np.maximum(norm, 1e-30)
    if len(directions) <= count:
        return directions
    centres, labels = kmeans2(directions, count, seed=seed, minit="++", missing="warn")
    centres = centres[np.unique(labels)]
    unit: FloatArray = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return unit
