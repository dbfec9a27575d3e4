"""A network's embedding drawn in a plane, and how far each spectrum is from its neighbours there.

``python -m mtop_gui.core.projection IN.npz OUT.npz`` does it in a process of its own: UMAP compiles itself for half a
minute, which no window should feel.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

NEIGHBOURS = 15
"""How many neighbours UMAP looks at (its authors' default)."""
NEAREST = 5
"""Over how many nearest neighbours the distance of a spectrum is averaged."""
COMPONENTS = 50
"""Principal components that are kept before anything else is done: the rest is noise, and costs time."""
WITHOUT_UMAP = "umap-learn is not installed (mtop-gui[analysis]): these are two principal components instead"
TOO_FEW = "too few spectra for UMAP: these are two principal components instead"


@dataclass(frozen=True, eq=False)
class Projection:
    """Where spectra lie.

    Attributes
    ----------
    points : (n, 2) places in the plane; NaN for a spectrum without embedding.
    distance : (n,) mean distance to the nearest neighbours in the embedding itself, in units of the median
        over all spectra; NaN without embedding.
    note : a sentence where the plane is not UMAP's; "" where it is.
    """

    points: FloatArray
    distance: FloatArray
    note: str = ""


def project(embedding: FloatArray, seed: int = 0) -> Projection:
    """Draw an embedding in two dimensions: by UMAP (McInnes+18), else by principal components.

    Parameters
    ----------
    embedding : (n, n_embedding) activations; a row with NaN is a spectrum the network was not asked about.
    seed : the same seed and embedding give the same plane.

    Raises
    ------
    ValueError : `embedding` is not two-dimensional.
    """
    if embedding.ndim != 2:
        raise ValueError("an embedding has one row for each spectrum")
    known = np.isfinite(embedding).all(axis=1)
    points, distance = np.full((len(embedding), 2), np.nan), np.full(len(embedding), np.nan)
    if not known.any():
        return Projection(points, distance, "the network was asked about none of these spectra")
    values = principal(_flattened(embedding[known]))
    points[known], note = _plane(values, seed)
    distance[known] = neighbour_distance(values)
    return Projection(points, distance, note)


def principal(values: FloatArray, count: int = COMPONENTS) -> FloatArray:
    """(n, at most count) principal components, the largest first, each in its own scale."""
    centred = values - values.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    kept = max(1, min(count, int(np.count_nonzero(singular > 1e-6 * max(singular[0], 1e-30)))))
    placed: FloatArray = left[:, :kept] * singular[:kept]
    return placed


def neighbour_distance(values: FloatArray, nearest: int = NEAREST) -> FloatArray:
    """(n,) mean Euclidean distance to the nearest other rows, divided by the median; 1 where all are alike."""
    from scipy.spatial import KDTree

    count = min(nearest, len(values) - 1)
    if count < 1:
        return np.ones(len(values))
    found = np.asarray(KDTree(values).query(values, k=count + 1)[0])
    distance: FloatArray = found[:, 1:].mean(axis=1)
    distance[distance < 1e-9 * np.abs(values).max()] = 0.0  # what rounding leaves between equal rows
    median = float(np.median(distance))
    return distance / median if median > 0 else np.where(distance > 0, np.inf, 1.0)


def nearest_to(values: FloatArray, row: int, count: int) -> list[int]:
    """Give the rows nearest to one row, itself first; rows with NaN are left out."""
    if not np.isfinite(values[row]).all():
        return []
    distance = np.linalg.norm(values - values[row], axis=1)
    order = np.argsort(distance, kind="stable")
    return [int(place) for place in order[:count] if np.isfinite(distance[place])]


def _flattened(embedding: FloatArray) -> FloatArray:
    """Take the logarithm of activations that cannot be negative: a few strong ones would outweigh all others."""
    values = embedding.astype(np.float64)
    return np.log1p(values) if (values >= 0).all() else values


def _plane(values: FloatArray, seed: int) -> tuple[FloatArray, str]:
    if len(values) <= NEIGHBOURS:
        return _two(values), TOO_FEW
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import umap

            placed = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(values)
    except ImportError:
        return _two(values), WITHOUT_UMAP
    return np.asarray(placed, dtype=np.float64), ""


def _two(values: FloatArray) -> FloatArray:
    placed = np.zeros((len(values), 2))
    placed[:, : min(2, values.shape[1])] = values[:, :2]
    return placed


def save(projection: Projection, path: Path) -> None:
    """Write a Projection; the file is whole at any time."""
    part = path.with_name(f".{path.name}.part.npz")
    np.savez(part, points=projection.points, distance=projection.distance, note=np.array(projection.note))
    part.replace(path)


def load(path: Path) -> Projection | None:
    """Read a Projection back; None when there is none, or it is damaged: it can be made again."""
    try:
        with np.load(path, allow_pickle=False) as file:
            made = Projection(file["points"], file["distance"], str(file["note"]))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return made if made.points.shape == (made.distance.size, 2) else None


def main(source: str, target: str) -> None:
    """Read ``embedding`` from a .npz file, write the Projection to another."""
    with np.load(source, allow_pickle=False) as file:
        save(project(file["embedding"]), Path(target))


if __name__ == "__main__":
    main(*sys.argv[1:3])
