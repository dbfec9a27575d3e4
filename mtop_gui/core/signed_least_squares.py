"""Least squares with known signs: an emission line cannot be negative, nor an absorption line positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray

RIDGE = 1e-9
"""Share of the diagonal added to it: two lines at the same place share what is there."""


def solve_signed(
    normal: FloatArray, overlap: FloatArray, signs: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Minimise xᵀAx - 2bᵀx where every x has the sign it may have (Lawson & Hanson 1974; Bro & de Jong 1997).

    Parameters
    ----------
    normal : (n, n) A = GᵀWG, positive semi-definite.
    overlap : (n,) b = GᵀWd.
    signs : (n,) +1 for x ≥ 0, -1 for x ≤ 0, 0 for any.

    Returns
    -------
    x, its covariance, and which x are free (not held at 0). Covariance of one that is held: the inverse of its diagonal.
    """
    turn = np.where(signs == 0, 1.0, signs)
    a = normal * turn[:, None] * turn[None, :]
    a.flat[:: a.shape[0] + 1] *= 1.0 + RIDGE
    b = overlap * turn
    covariance: FloatArray = np.linalg.inv(a).astype(np.float64)
    x: FloatArray = covariance @ b
    free: BoolArray = np.ones(overlap.size, dtype=np.bool_)
    if ((signs != 0) & (x < 0)).any():
        x, free = _active_set(a, b, signs != 0)
        covariance = np.diag(1.0 / a.diagonal())
        kept = np.flatnonzero(free)
        if kept.size:
            covariance[np.ix_(kept, kept)] = np.linalg.inv(a[np.ix_(kept, kept)])
    return x * turn, covariance * turn[:, None] * turn[None, :], free


def _active_set(a: FloatArray, b: FloatArray, bounded: BoolArray) -> tuple[FloatArray, BoolArray]:
    count = b.size
    free = ~bounded
    x = _solved(a, b, free)
    for _ in range(3 * count):
        gain = np.where(free, -np.inf, b - a @ x)
        best = int(np.argmax(gain))
        if gain[best] <= 1e-9 * np.sqrt(a[best, best]):
            break
        free[best] = True
        trial = _solved(a, b, free)
        while np.any(wrong := free & bounded & (trial <= 0)):
            # Walk towards the trial until the first one meets 0, and hold it there.
            ratio = np.full(count, np.inf)
            ratio[wrong] = x[wrong] / np.maximum(x[wrong] - trial[wrong], 1e-300)
            step = float(ratio.min())
            x = x + step * (trial - x)
            free[ratio <= step] = False
            x[~free] = 0.0
            trial = _solved(a, b, free)
        x = trial
    return x, free


def _solved(a: FloatArray, b: FloatArray, free: BoolArray) -> FloatArray:
    x = np.zeros(b.size)
    kept = np.flatnonzero(free)
    if kept.size:
        x[kept] = np.linalg.solve(a[np.ix_(kept, kept)], b[kept])
    return x
