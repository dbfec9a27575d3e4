"""Losses, success and calibration on spectra whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

from mtop_gui.network.numbers import central

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.log_preparation import LogPreparation
    from mtop_gui.core.preparation import Preparation
    from mtop_gui.training.dataset import Batch

SUCCESS = 0.01
"""|Δz| below which a redshift counts as right in the epoch logs."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What a network said of galaxies with known truth; all arrays (n,) but `pdf` (n, n_z).

    `labels` are the redshift labels (n, n_z); `logmass` and `logsfr` are residuals, predicted minus true [dex], NaN where
    the truth is not known; ``…_pull`` are they over the error that a distribution claims, NaN for plain numbers.
    """

    losses: dict[str, float]
    pdf: FloatArray
    labels: FloatArray
    logmass: FloatArray
    logsfr: FloatArray
    logmass_pull: FloatArray
    logsfr_pull: FloatArray
    galaxies: Any
    hours: FloatArray


def judge(
    predict: Callable[[dict[str, Any]], dict[str, Any]],
    plan: Iterable[Callable[[], Batch]],
    preparation: Preparation | LogPreparation,
    weights: dict[str, float],
) -> Judged:
    """Run a network over planned batches and compare it with the truth.

    Parameters
    ----------
    predict : inputs of a batch -> outputs as numpy arrays.
    weights : loss weights; ``loss`` among the losses is their weighted sum, as in training.
    """
    sums, counts = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
    kept: dict[str, list[Any]] = {
        key: []
        for key in (
            "pdf",
            "labels",
            "logmass",
            "logsfr",
            "logmass_pull",
            "logsfr_pull",
            "galaxies",
            "hours",
        )
    }
    for make in plan:
        batch = make()
        said = {key: np.asarray(value, dtype=np.float32) for key, value in predict(batch.inputs).items()}
        counted = batch.weights or {}
        for name, values in _losses(said, batch.labels).items():
            weight = counted.get(name, np.ones(values.size))
            sums[name] += float(values @ weight)
            counts[name] += float(weight.sum())
        # What is no galaxy of the redshift grid has no redshift to be right or wrong.
        taught = np.broadcast_to(counted.get("redshift", 1.0), batch.galaxies.shape) > 0
        kept["pdf"].append(said["redshift"][taught])
        kept["labels"].append(batch.labels["redshift"][taught])
        for name, std in (("logmass", preparation.logmass_std), ("logsfr", preparation.logsfr_std)):
            value, error = _number(said[name])
            residual = value - _number(batch.labels[name])[0]
            known = np.broadcast_to(counted.get(name, 1.0), residual.shape) > 0
            kept[name].append(np.where(known, residual * std, np.nan)[taught])
            kept[f"{name}_pull"].append(np.where(known, residual / error, np.nan)[taught])
        kept["galaxies"].append(batch.galaxies[taught])
        kept["hours"].append(batch.hours[taught])
    joined = {key: np.concatenate(values) for key, values in kept.items()}
    losses = {name: total / max(counts[name], 1.0) for name, total in sums.items()}
    losses["loss"] = sum(weights[name] * losses[name] for name in weights)
    return Judged(losses=losses, **joined)


def success_by_exposure(judged: Judged, grid: FloatArray, redshift: FloatArray) -> dict[str, float]:
    """Give the share of spectra with |Δz| < 0.01, overall and per exposure time, for the epoch logs.

    Parameters
    ----------
    grid : (n_z,) bin centres.
    redshift : true redshift of every galaxy of the survey.
    """
    right = np.abs(grid[judged.pdf.argmax(axis=1)] - redshift[judged.galaxies]) < SUCCESS
    shares = {"success": float(right.mean())}
    for hours in np.unique(judged.hours[judged.hours > 0]):
        shares[f"success_{hours:g}h"] = float(right[judged.hours == hours].mean())
    return shares


def fit_temperature(pdf: FloatArray, labels: FloatArray) -> float:
    """Find the temperature T for which softmax(log p / T) has the lowest cross-entropy with the labels (Guo+17).

    Parameters
    ----------
    pdf, labels : (n, n_z) predicted and true probabilities.
    """
    logits = np.log(np.maximum(pdf, 1e-30))

    def cross_entropy(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        normal = np.log(np.exp(scaled).sum(axis=1))
        return float(np.mean(normal - np.sum(labels * scaled, axis=1)))

    found = minimize_scalar(cross_entropy, bounds=(np.log(0.2), np.log(5.0)), method="bounded")
    return float(np.exp(found.x))


def robust_sigma(residual: FloatArray) -> float:
    """Half the width of the central 68.27 %: the standard deviation of a Gaussian, deaf to outliers and to NaN."""
    low, high = np.percentile(residual[np.isfinite(residual)], [15.865, 84.135])
    return float((high - low) / 2)


def error_scale(pull: FloatArray) -> float:
    """Give the factor of the claimed errors with which they hold 68.27 % of the residuals; 1 where none was claimed.

    Parameters
    ----------
    pull : (n,) residual over claimed error; NaN takes no part.
    """
    claimed = np.abs(pull[np.isfinite(pull)])
    return float(np.quantile(claimed, 0.6827)) if claimed.size and claimed.any() else 1.0


def _number(values: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Give the standardised numbers (n,) of a column or of distributions over bins, and the errors they claim (NaN)."""
    if values.shape[1] > 1:
        return central(values)
    return values[:, 0].astype(np.float64), np.full(len(values), np.nan)


def _losses(said: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> dict[str, FloatArray]:
    """Compute the losses (n,) of each spectrum as Keras does."""
    tiny = 1e-7
    lines = np.clip(said["lines"], tiny, 1 - tiny)
    marked = labels["lines"].astype(bool)
    found: dict[str, FloatArray] = {
        "lines": np.asarray(-np.mean(np.log(np.where(marked, lines, 1 - lines)), axis=1, dtype=np.float64))
    }
    for name in labels.keys() - found.keys():
        if labels[name].shape[1] == 1:
            found[name] = np.asarray(np.mean((said[name] - labels[name]) ** 2, axis=1, dtype=np.float64))
        else:
            surprise = labels[name] * np.log(np.maximum(said[name], tiny))
            found[name] = np.asarray(-np.sum(surprise, axis=1, dtype=np.float64))
    return found
