"""Principal components of noise-free rest-frame spectra, each of which covers only a part of the rest frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray, IntArray

ROUNDS = 12
RIDGE = 1e-4
"""Of a component's own weight: what keeps a spectrum that a component does not reach from taking any of it."""


def principal_components(
    spectra: Float32Array, covered: BoolArray, count: int, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Find the components that describe spectra best where they are covered (EM for missing data; Roweis 97, Bailey 12).

    Parameters
    ----------
    spectra : (n, n_cell) float32, 0 where not covered.
    covered : (n, n_cell).
    count : components wanted.

    Returns
    -------
    (count, n_cell) orthonormal components and (n, count) coefficients, the most powerful first.
    """
    rng = np.random.default_rng(seed)
    seen = covered.astype(np.float32)
    components = np.linalg.qr(rng.standard_normal((spectra.shape[1], count)))[0].T.astype(np.float32)
    coefficients = _coefficients(spectra, seen, components)
    for _ in range(ROUNDS):
        components = _components(spectra, seen, coefficients)
        components = np.linalg.qr(components.T)[0].T.astype(np.float32)
        coefficients = _coefficients(spectra, seen, components)
    rotation = np.linalg.svd(coefficients, full_matrices=False)[2]
    return np.asarray(rotation @ components, dtype=np.float64), np.asarray(
        coefficients @ rotation.T, dtype=np.float64
    )


def pairs(count: int) -> tuple[IntArray, IntArray]:
    """Give row and column of each element of a symmetric matrix's upper triangle."""
    rows, columns = np.triu_indices(count)
    return rows.astype(np.int64), columns.astype(np.int64)


def _coefficients(spectra: Float32Array, seen: Float32Array, components: NDArray[Any]) -> NDArray[Any]:
    """Fit each spectrum by least squares over its covered cells: (n, count)."""
    rows, columns = pairs(len(components))
    normal = _symmetric(seen @ (components[rows] * components[columns]).T, len(components))
    fitted: NDArray[Any] = np.linalg.solve(_steadied(normal), (spectra @ components.T)[..., None])[..., 0]
    return fitted


def _components(spectra: Float32Array, seen: Float32Array, coefficients: NDArray[Any]) -> NDArray[Any]:
    """Fit each cell by least squares over the spectra that cover it: (count, n_cell)."""
    count = coefficients.shape[1]
    rows, columns = pairs(count)
    products = (coefficients[:, rows] * coefficients[:, columns]).astype(np.float32)
    normal = _symmetric(seen.T @ products, count)
    right = spectra.T @ coefficients.astype(np.float32)
    fitted: NDArray[Any] = np.linalg.solve(_steadied(normal), right[..., None])[..., 0].T
    return fitted


def _symmetric(upper: NDArray[Any], count: int) -> FloatArray:
    """Build (n, count, count) matrices from their (n, n_pairs) upper triangles."""
    rows, columns = pairs(count)
    full = np.empty((len(upper), count, count))
    full[:, rows, columns] = upper
    full[:, columns, rows] = upper
    return full


def _steadied(normal: FloatArray) -> FloatArray:
    count = normal.shape[-1]
    diagonal = np.einsum("nii->ni", normal)
    floor = RIDGE * np.maximum(diagonal.max(axis=1, keepdims=True), 1e-12)
    steady = normal.copy()
    steady[:, np.arange(count), np.arange(count)] += floor
    return steady
