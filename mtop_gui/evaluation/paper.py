"""The figures of Ginolfi et al. 2025 (A&A 693, A73) that a report puts beside its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.evaluation.metrics import catastrophic, gaussian_fit, is_right, screening, success

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import BoolArray, FloatArray

HALPHA_BRIGHT = 1e-17
"""erg/s/cm²."""


@dataclass(frozen=True)
class PaperRow:
    """One line of the table: what it is, what the paper has, what was measured here (None: not measurable)."""

    key: str
    quantity: str
    paper: float
    ours: float | None


PAPER: Final = {
    "residual_z_mu": ("residual z, μ", 0.0),
    "residual_z_sigma": ("residual z, σ", 0.001),
    "residual_logmass_mu": ("residual log M*, μ [dex]", 0.02),
    "residual_logmass_sigma": ("residual log M*, σ [dex]", 0.15),
    "residual_logsfr_mu": ("residual log SFR, μ [dex]", -0.005),
    "residual_logsfr_sigma": ("residual log SFR, σ [dex]", 0.22),
    "success_8h_0.003": ("success, 8 h, |Δz| < 0.003", 0.85),
    "success_8h_0.1": ("success, 8 h, |Δz| < 0.1", 0.92),
    "moonrise_0.003": ("success, MOONRISE-like, |Δz| < 0.003", 0.76),
    "moonrise_0.1": ("success, MOONRISE-like, |Δz| < 0.1", 0.85),
    "halpha_0.003": ("success, Hα > 1e-17 erg/s/cm², |Δz| < 0.003", 0.90),
    "halpha_0.1": ("success, Hα > 1e-17 erg/s/cm², |Δz| < 0.1", 0.95),
    "low_redshift_gain": ("success at 0.8 < z < 1.7 less that of all, |Δz| < 0.003", 0.05),
    "entropy_2h_all": ("success, 2 h, all, |Δz| < 0.01", 0.77),
    "entropy_2h_kept": ("success, 2 h, entropy < 2, |Δz| < 0.01", 0.97),
    "entropy_2h_rejected": ("rejected by entropy, 2 h", 0.27),
    "entropy_8h_all": ("success, 8 h, all, |Δz| < 0.01", 0.90),
    "entropy_8h_kept": ("success, 8 h, entropy < 2, |Δz| < 0.01", 0.99),
    "entropy_8h_rejected": ("rejected by entropy, 8 h", 0.12),
    "catastrophic_8h": ("catastrophic (|Δz| > 0.5), 8 h", 0.02),
}


def paper_table(
    columns: Mapping[str, FloatArray], labels: Mapping[str, FloatArray], hours: FloatArray
) -> list[PaperRow]:
    """Measure the paper's table for one network.

    Parameters
    ----------
    columns : of the network's Answers.
    labels : of the Sample.
    hours : (n,) exposure times.
    """
    ours = _residuals(columns, labels) | _successes(columns["redshift"], labels, hours)
    for length in (2, 8):
        at = hours == length
        if not at.any():
            continue
        cut = screening(is_right(columns["redshift"], labels["z"])[at], columns["entropy"][at] < 2.0)
        ours[f"entropy_{length}h_all"] = cut.success_of_all
        ours[f"entropy_{length}h_kept"] = cut.success
        ours[f"entropy_{length}h_rejected"] = cut.rejected
    ours["catastrophic_8h"] = catastrophic(columns["redshift"], labels["z"], hours == 8)
    return [
        PaperRow(key, quantity, value, _number(ours.get(key))) for key, (quantity, value) in PAPER.items()
    ]


def moonrise_like(labels: Mapping[str, FloatArray], hours: FloatArray) -> BoolArray | None:
    """Tell the spectra (n,) of a survey like MOONRISE: z < 2.6, m_H < 25, 2 h on star-forming and 8 h on passive galaxies."""
    if not {"mag_h", "quiescent"} <= set(labels):
        return None
    passive = labels["quiescent"] > 0
    chosen: BoolArray = (labels["z"] < 2.6) & (labels["mag_h"] < 25) & (hours == np.where(passive, 8, 2))
    return chosen


def _residuals(columns: Mapping[str, FloatArray], labels: Mapping[str, FloatArray]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, column in (("z", "redshift"), ("logmass", "logmass"), ("logsfr", "logsfr")):
        if name in labels:
            fit = gaussian_fit(columns[column] - labels[name])
            found |= {f"residual_{name}_mu": fit.mean, f"residual_{name}_sigma": fit.sigma}
    return found


def _successes(redshift: FloatArray, labels: Mapping[str, FloatArray], hours: FloatArray) -> dict[str, float]:
    truth = labels["z"]
    subsets: dict[str, BoolArray | None] = {
        "success_8h": hours == 8,
        "moonrise": moonrise_like(labels, hours),
        "halpha": labels["halpha"] > HALPHA_BRIGHT if "halpha" in labels else None,
    }
    found = {
        f"{name}_{threshold:g}": success(redshift[chosen], truth[chosen], threshold)
        for name, chosen in subsets.items()
        if chosen is not None
        for threshold in (0.003, 0.1)
    }
    near = (truth > 0.8) & (truth < 1.7)
    found["low_redshift_gain"] = success(redshift[near], truth[near], 0.003) - success(redshift, truth, 0.003)
    return found


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
