"""From Answers to the numbers of report.json."""

from __future__ import annotations

import itertools
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mtop_gui import __version__
from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD
from mtop_gui.evaluation import metrics, pdfs
from mtop_gui.evaluation.paper import HALPHA_BRIGHT, paper_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.evaluation.judge import Answers
    from mtop_gui.evaluation.sample import Sample

PACKAGES = ("numpy", "scipy", "astropy", "keras", "tensorflow-cpu", "tensorflow")
EDGES: Final[dict[str, tuple[float, ...]]] = {
    "mag_h": (19.0, 21.0, 22.0, 23.0, 24.0, 24.5, 25.0, 25.5, 27.0),
    "z": (0.0, 0.3, 0.6, 0.8, 1.1, 1.4, 1.7, 2.0, 2.3, 2.6, 2.8, 3.0),
    "halpha": (1e-19, 2e-18, 5e-18, 1e-17, 2e-17, 5e-17, 1e-15),
}
"""Bins of the tables per magnitude, redshift and Hα flux [erg/s/cm²]."""

LEAST_IN_BIN = 10

DEFINITIONS: Final = {
    "success": "share of spectra with |Δz| below the threshold, by method, hours and threshold; the best redshift as given",
    "screening": "network: success (|Δz| < 0.01) of spectra with entropy below the threshold, and the share rejected; rejected_for_99: the "
    "least share that any threshold must reject for 99 % of the others to be right",
    "limit_screening": "the same cut at the entropy of the PDF that follows from the true template: even that rejects so many",
    "nmad_kms": "normalised median absolute deviation of c Δz/(1+z) after the line fit, unflagged spectra of all hours that were fitted",
    "pull_sigma": "robust standard deviation of Δz/error after the line fit, the same spectra with |Δz| < 0.01",
    "sigma_logmass": "half the central 68.27 % of log M* residuals, all spectra with a prediction [dex]",
    "sigma_logsfr": "the same of log SFR [dex]",
    "coverage68": "how often the truth lies in the 68 % interval (z: central interval of the PDF)",
    "pit_ks": "Kolmogorov-Smirnov distance of the PIT of the redshift PDF from uniform",
    "crps_z": "mean continuous ranked probability score of the redshift PDF, in z",
    "catastrophic": "share with |Δz| > 0.5 among all, flagged and unflagged spectra",
    "catastrophic_unflagged": "share with |Δz| > 0.5 among the unflagged spectra of all hours",
    "excess_aurc": "area under risk-coverage, spectra ordered by entropy, less that of the ideal order",
}


def summarise(
    sample: Sample, answers: Sequence[Answers], facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Make the content of report.json.

    Parameters
    ----------
    sample : what was judged.
    answers : of all methods; the first is the bundle that the report is about.
    facts : what else is to be said (bundle, entropy threshold, …).

    Returns
    -------
    Plain JSON values; numbers that cannot be measured are None.
    """
    hours, truth = sample.hours, sample.redshift
    main = answers[0]
    limit = _limit(answers)
    found: dict[str, Any] = {
        "program": f"mtop-gui {__version__}",
        "galaxies": sample.count,
        "spectra": len(sample),
        "survey": {"file": sample.survey, "seed": sample.survey_seed},
        "seed": sample.seed,
        "versions": versions(),
        **(facts or {}),
        "success": {one.name: metrics.success_table(one.redshift, truth, hours) for one in answers},
        "catastrophic": {one.name: _by_hours(hours, _catastrophic(one, truth)) for one in answers},
        "spectra_per_second": {one.name: one.rate for one in answers},
        "by": {one.name: _breakdowns(one, sample) for one in answers},
        "chi2": _chi2(answers, sample),
        "limit_screening": _screening(limit, sample, answers) if limit else None,
        **network_figures(main, sample, answers),
        "networks": {
            one.name: network_figures(one, sample, answers) for one in answers[1:] if "pit" in one.columns
        },
        "definitions": DEFINITIONS,
    }
    told: dict[str, Any] = plain(found)
    return told


def network_figures(one: Answers, sample: Sample, answers: Sequence[Answers]) -> dict[str, Any]:
    """Give the figures that only a network with a PDF has, per exposure time and altogether."""
    columns, truth, hours = one.columns, sample.redshift, sample.hours
    right = metrics.is_right(one.redshift, truth)
    kept = ~one.flagged
    good = kept & right
    by_hours = {
        f"{length:g}": {
            "nmad_kms": metrics.nmad(_velocity(columns["fitted"], truth)[kept & (hours == length)]),
            "pull_sigma": _pull_sigma(columns, truth, good & (hours == length)),
            "pit_ks": pdfs.ks_distance(columns["pit"][hours == length]),
            "crps_z": _mean(columns["crps"][hours == length]),
            "coverage68_z": pdfs.central_coverage(columns["pit"][hours == length], 0.68),
            "flagged": float(np.mean(one.flagged[hours == length])),
            "success_unflagged": metrics.success(
                one.redshift[kept & (hours == length)], truth[kept & (hours == length)]
            ),
            "excess_aurc": metrics.area_under_risk(
                columns["entropy"][hours == length], right[hours == length]
            ),
        }
        for length in np.unique(hours)
    }
    coverage = {
        level: {
            "z": pdfs.central_coverage(columns["pit"], level / 100),
            **{name: _mean(columns[f"{name}_in{level}"]) for name in ("logmass", "logsfr")},
        }
        for level in (68, 95)
    }
    return {
        "screening": _screening(one, sample, answers),
        "nmad_kms": metrics.nmad(_velocity(columns["fitted"], truth)[kept]),
        "nmad_kms_before_fit": metrics.nmad(_velocity(one.redshift, truth)[kept]),
        "fitted": int(np.count_nonzero(np.isfinite(columns["fitted"]))),
        "pull_sigma": _pull_sigma(columns, truth, good),
        **{f"sigma_{name}": _residual_sigma(columns, sample.labels, name) for name in ("logmass", "logsfr")},
        "coverage68": coverage[68],
        "coverage95": coverage[95],
        "pit_ks": pdfs.ks_distance(columns["pit"]),
        "crps_z": _mean(columns["crps"]),
        "catastrophic_unflagged": metrics.catastrophic(one.redshift, truth, kept),
        "catastrophic_flagged": metrics.catastrophic(one.redshift, truth, one.flagged),
        "flagged": float(np.mean(one.flagged)),
        "peak_calibration_error": metrics.calibration_error(columns["peak_probability"], right),
        "excess_aurc": metrics.area_under_risk(columns["entropy"], right),
        "hours": by_hours,
        "paper": [vars(row) for row in paper_table(columns, sample.labels, hours)],
    }


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that the numbers depend on, as far as installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def bins_of(name: str, values: FloatArray) -> list[tuple[str, BoolArray]]:
    """Cut spectra into the bins of EDGES that hold enough of them: (label, (n,) chosen)."""
    edges = EDGES[name]
    parts = []
    for low, high in itertools.pairwise(edges):
        chosen = (values >= low) & (values < high)
        if np.count_nonzero(chosen) >= LEAST_IN_BIN:
            parts.append((f"{low:g}-{high:g}", chosen))
    return parts


def _screening(one: Answers, sample: Sample, answers: Sequence[Answers]) -> dict[str, Any]:
    """Cut at entropy 2, with what the limit fails at beside it: no cut can reject less and be right."""
    right = metrics.is_right(one.redshift, sample.redshift)
    kept = (one.columns["entropy"] < DEFAULT_ENTROPY_THRESHOLD) & np.isfinite(one.redshift)
    limit = _limit(answers)
    found = _cut(right, kept, sample.hours)
    for hours, row in found.items():
        at = sample.hours == float(hours)
        row["rejected_for_99"] = metrics.least_rejected(one.columns["entropy"][at], right[at], 0.99)
        if limit is None:
            continue
        row["limit_failures"] = 1 - metrics.success(limit.redshift[at], sample.redshift[at])
        row["rejected_beyond_limit"] = row["rejected"] - row["limit_failures"]
    return found


def _limit(answers: Sequence[Answers]) -> Answers | None:
    return next((one for one in answers if one.name == "limit"), None)


def _cut(right: BoolArray, kept: BoolArray, hours: FloatArray) -> dict[str, dict[str, Any]]:
    """Judge a cut per exposure time."""
    return {
        f"{length:g}": metrics.screening(right[hours == length], kept[hours == length])._asdict()
        for length in np.unique(hours)
    }


def _chi2(answers: Sequence[Answers], sample: Sample) -> dict[str, Any] | None:
    """Judge the classical peer's own flag, the lead over the second peak."""
    peer = next((one for one in answers if one.name == "chi2"), None)
    if peer is None:
        return None
    right = metrics.is_right(peer.redshift, sample.redshift)
    return {
        "screening": _cut(right, ~peer.flagged, sample.hours),
        "nmad_kms": metrics.nmad(_velocity(peer.redshift, sample.redshift)[~peer.flagged]),
        "pull_sigma": metrics.robust_sigma(
            metrics.pulls(peer.redshift[right], sample.redshift[right], peer.columns["error"][right])
        ),
    }


def _breakdowns(one: Answers, sample: Sample) -> dict[str, Any]:
    """Give success, and share flagged, per bin of magnitude, redshift and Hα flux, by hours."""
    found: dict[str, Any] = {}
    right = metrics.is_right(one.redshift, sample.redshift)
    for name in EDGES:
        if name not in sample.labels:
            continue
        found[name] = {
            label: {
                f"{length:g}": {
                    "spectra": int(np.count_nonzero(chosen & (sample.hours == length))),
                    "success": _mean(right[chosen & (sample.hours == length)].astype(float)),
                    "flagged": _mean(one.flagged[chosen & (sample.hours == length)].astype(float)),
                }
                for length in np.unique(sample.hours)
            }
            for label, chosen in bins_of(name, sample.labels[name])
        }
    if "halpha" in sample.labels:
        bright = sample.labels["halpha"] > HALPHA_BRIGHT
        found["halpha_bright"] = metrics.success_table(
            one.redshift[bright], sample.redshift[bright], sample.hours[bright]
        )
    return found


def _catastrophic(one: Answers, truth: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return (~(np.abs(one.redshift - truth) <= metrics.CATASTROPHIC)).astype(np.float64)


def _by_hours(hours: FloatArray, values: FloatArray) -> dict[str, float]:
    return {f"{length:g}": _mean(values[hours == length]) for length in np.unique(hours)}


def _velocity(redshift: FloatArray, truth: FloatArray) -> FloatArray:
    return metrics.velocity_offset(redshift, truth)


def _pull_sigma(columns: Mapping[str, FloatArray], truth: FloatArray, chosen: BoolArray) -> float:
    return metrics.robust_sigma(
        metrics.pulls(columns["fitted"][chosen], truth[chosen], columns["fitted_error"][chosen])
    )


def _residual_sigma(columns: Mapping[str, FloatArray], labels: Mapping[str, FloatArray], name: str) -> float:
    return metrics.robust_sigma(columns[name] - labels[name]) if name in labels else float("nan")


def _mean(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def plain(value: Any) -> Any:
    """Make plain JSON of nested values: numpy numbers to Python's, NaN and infinity to None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
