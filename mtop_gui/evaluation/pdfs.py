"""Figures of merit of binned redshift PDFs.

All functions take the (n_z,) bin centres, in z, and (n, n_z) or (n_z,) probabilities per bin that sum to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.cumulative import Cumulative, bin_edges

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray


def pit(grid: FloatArray, pdfs: FloatArray, truth: FloatArray) -> FloatArray:
    """Give the probability integral transform (n,): the probability below the truth, uniform if the PDFs are right (Dawid 84)."""
    return np.array([Cumulative(grid, pdf).at(float(value)) for pdf, value in zip(pdfs, truth, strict=True)])


def ks_distance(values: FloatArray) -> float:
    """Give the Kolmogorov-Smirnov distance of values in 0-1 from the uniform distribution; NaN without any."""
    ordered = np.sort(values[np.isfinite(values)])
    if ordered.size == 0:
        return float("nan")
    below = np.arange(ordered.size) / ordered.size
    return float(max(np.max(ordered - below), np.max(below + 1 / ordered.size - ordered)))


def central_coverage(transform: FloatArray, level: float) -> float:
    """Give how often the truth lies in the central interval of probability `level`, from the PIT; NaN without any."""
    finite = transform[np.isfinite(transform)]
    return float(np.mean(np.abs(finite - 0.5) <= level / 2)) if finite.size else float("nan")


def crps(grid: FloatArray, pdf: FloatArray, truth: float) -> float:
    """Give the continuous ranked probability score ∫ (F(x) − [x ≥ truth])² dx, in z (Gneiting & Raftery 07).

    F is linear inside a bin, so that the integral of its square is exact there; the bin of the truth is cut at it. A truth
    outside the grid adds its distance from the end.
    """
    edges = bin_edges(grid)
    cumulative = np.concatenate([[0.0], np.cumsum(pdf)])
    cumulative /= cumulative[-1]
    inside = float(np.clip(truth, edges[0], edges[-1]))
    place = int(np.clip(np.searchsorted(edges, inside, side="right"), 1, edges.size - 1))
    at = float(np.interp(inside, edges, cumulative))
    left_edge, left = np.append(edges[:place], inside), np.append(cumulative[:place], at)
    right_edge = np.concatenate([[inside], edges[place:]])
    right = 1 - np.concatenate([[at], cumulative[place:]])
    return _square_integral(left_edge, left) + _square_integral(right_edge, right) + abs(truth - inside)


def _square_integral(x: FloatArray, y: FloatArray) -> float:
    """Integrate the square of a piecewise linear function."""
    return float(np.sum(np.diff(x) * (y[1:] ** 2 + y[1:] * y[:-1] + y[:-1] ** 2)) / 3)
