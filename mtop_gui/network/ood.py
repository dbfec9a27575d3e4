"""Out-of-distribution score: how unlike the training spectra one spectrum is, to the network and by plain statistics.

Three distances are taken: the Mahalanobis distance of the network's embedding within the principal components of the
reference spectra, its distance from them (what no reference spectrum has), and the Mahalanobis distance of a few
statistics of the prepared flux. Each is divided by its 99.5th percentile over the reference; the score is the
largest of the three, scaled so that 1.0 is again the 99.5th percentile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray

PERCENTILE = 99.5
COMPONENTS = 32
STATISTICS = ("spread", "core", "lowest", "skewness", "kurtosis", "neighbour 1", "neighbour 3")


def flux_statistics(lines: Float32Array, good: BoolArray) -> FloatArray:
    """Describe a prepared flux: (7,) numbers in the order of STATISTICS.

    Parameters
    ----------
    lines, good : (n_pix,) continuum-subtracted flux of maximum 1; pixels that count.
    """
    chosen = lines[good]
    if chosen.size < 8:
        return np.zeros(len(STATISTICS))
    low, high = _quartiles(chosen)
    lowest = -float(chosen.min())
    x = chosen.astype(np.float64)
    x -= x.mean()
    # Sums as scalar products: no further arrays are made for them.
    spread = max(float(np.sqrt(x @ x / x.size)), 1e-9)
    core = (high - low) / 1.349
    y = x / spread
    square = y * y
    # Logarithms keep a single cosmic ray from being a hundred times further out than a strong line.
    return np.array(
        [
            np.log10(spread),
            np.log10(max(core / spread, 1e-3)),
            np.log10(max(lowest, 1e-3)),
            np.arcsinh(float(square @ y) / y.size),
            np.log10(max(float(square @ square) / y.size, 1e-3)),
            float(y[1:] @ y[:-1]) / y.size,
            float(y[3:] @ y[:-3]) / y.size,
        ]
    )


def _quartiles(values: Float32Array) -> tuple[float, float]:
    """Give the values of ranks n // 4 and 3 n // 4.

    A sorted sixteenth of them brackets each, so that a tenth is partitioned: in half the time that the whole takes.
    """
    ranks = values.size // 4, 3 * values.size // 4
    sample = np.sort(values[::16])
    margin = 2 + int(np.sqrt(sample.size))
    found = []
    for rank in ranks:
        middle = rank * sample.size // values.size
        least, most = sample[max(0, middle - margin)], sample[min(sample.size - 1, middle + margin)]
        near = values[(values >= least) & (values <= most)]
        place = rank - int(np.count_nonzero(values < least))
        if not 0 <= place < near.size:
            near, place = values, rank
        found.append(float(np.partition(near, place)[place]))
    return found[0], found[1]


def fit_ood(embedding: FloatArray, statistics: FloatArray) -> dict[str, np.ndarray]:
    """Learn the reference spectra; every second one sets the percentiles.

    Parameters
    ----------
    embedding : (n, n_embedding) non-negative activations of n >= 8 reference spectra.
    statistics : (n, 7) `flux_statistics` of the same.

    Returns
    -------
    Arrays for the bundle.
    """
    seen, kept = slice(0, None, 2), slice(1, None, 2)
    values = np.log1p(np.maximum(embedding, 0).astype(np.float64))
    mean = values[seen].mean(axis=0)
    _, singular, axes = np.linalg.svd(values[seen] - mean, full_matrices=False)
    count = min(COMPONENTS, int(np.count_nonzero(singular > 1e-6 * max(singular[0], 1e-30))), len(axes) - 1)
    spread = singular[:count] / np.sqrt(max(1, len(values[seen]) - 1))
    whiten = _whitening(statistics[seen])
    arrays = {
        "mean": mean,
        "axes": axes[:count],
        "spread": np.maximum(spread, 1e-6),
        "statistics_mean": statistics[seen].mean(axis=0),
        "statistics_whiten": whiten,
        "limits": np.ones(4),
    }
    distances = _distances(arrays, embedding[kept], statistics[kept])
    limits = np.maximum(np.percentile(distances, PERCENTILE, axis=0), 1e-6)
    whole = max(float(np.percentile((distances / limits).max(axis=1), PERCENTILE)), 1e-6)
    arrays["limits"] = np.append(limits, whole)
    return arrays


def widen_ood(
    arrays: Mapping[str, np.ndarray], embedding: FloatArray, statistics: FloatArray
) -> dict[str, np.ndarray]:
    """Let further reference spectra be as familiar as those that were learned: their 99.5th percentile scores 1 at most.

    Parameters
    ----------
    arrays : of `fit_ood`; without any, nothing is learned.
    embedding, statistics : (n, n_embedding), (n, 7), n >= 1.
    """
    if not arrays:
        return {}
    distances = _distances(arrays, embedding, statistics)
    before = np.asarray(arrays["limits"], dtype=np.float64)
    limits = np.maximum(before[:3], np.percentile(distances, PERCENTILE, axis=0))
    whole = max(before[3], float(np.percentile((distances / limits).max(axis=1), PERCENTILE)))
    return {**arrays, "limits": np.append(limits, whole)}


def ood_scores(arrays: Mapping[str, np.ndarray], embedding: FloatArray, statistics: FloatArray) -> FloatArray:
    """Score spectra (n,); 0 for all when the bundle has no reference.

    Parameters
    ----------
    arrays : of `fit_ood`.
    embedding, statistics : (n, n_embedding), (n, 7).
    """
    if not arrays:
        return np.zeros(len(embedding))
    limits = np.asarray(arrays["limits"], dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        scores = (_distances(arrays, embedding, statistics) / limits[:3]).max(axis=1) / limits[3]
    return np.where(np.isfinite(scores), scores, np.inf)


def ood_arrays_fit(embedding: int, arrays: Mapping[str, np.ndarray]) -> bool:
    """Tell whether arrays read from a file fit together and the network's embedding."""
    if not arrays:
        return True
    count, known = len(arrays.get("spread", ())), len(STATISTICS)
    expected = {
        "mean": (embedding,),
        "axes": (count, embedding),
        "spread": (count,),
        "statistics_mean": (known,),
        "statistics_whiten": (known, known),
        "limits": (4,),
    }
    shapes_fit = {key: array.shape for key, array in arrays.items()} == expected
    return shapes_fit and bool((arrays["limits"] > 0).all() and (arrays["spread"] > 0).all())


def _whitening(statistics: FloatArray) -> FloatArray:
    """Give W with W·Wᵀ the inverse covariance, steady where two statistics say the same."""
    covariance = np.cov(statistics, rowvar=False)
    floor = 1e-4 * np.trace(covariance) / len(covariance) + 1e-12
    values, vectors = np.linalg.eigh(covariance + floor * np.eye(len(covariance)))
    return vectors / np.sqrt(values)


def _distances(arrays: Mapping[str, np.ndarray], embedding: FloatArray, statistics: FloatArray) -> FloatArray:
    """Give the three distances (n, 3)."""
    offset = np.log1p(np.maximum(embedding, 0).astype(np.float64)) - arrays["mean"]
    inside = offset @ arrays["axes"].T
    residual = offset - inside @ arrays["axes"]
    statistic = (statistics - arrays["statistics_mean"]) @ arrays["statistics_whiten"]
    return np.stack(
        [
            np.sqrt(np.mean((inside / arrays["spread"]) ** 2, axis=1)),
            np.sqrt(np.mean(residual**2, axis=1)),
            np.sqrt(np.mean(statistic**2, axis=1)),
        ],
        axis=1,
    )
