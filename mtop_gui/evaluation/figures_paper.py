"""The paper's figures 4 to 8 with every method on the same spectra."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD
from mtop_gui.evaluation.figures import (
    RIGHT_COLOUR,
    WRONG_COLOUR,
    Drawing,
    hours_of,
    panels,
    share_and_error,
    style,
)
from mtop_gui.evaluation.metrics import gaussian_fit, is_right, screening, success
from mtop_gui.evaluation.summary import EDGES, LEAST_IN_BIN

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.evaluation.survey_run import Judged

NAMES = {"halpha": "Hα flux [erg/s/cm²]", "mag_h": "m_H [AB]", "z": "redshift"}


def draw_residuals(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 4: residuals of z, log M* and log SFR with the Gaussian of the paper's table."""
    columns, labels = judged.answers[0].columns, judged.sample.labels
    shown = [
        (column, label, title)
        for column, label, title in (
            ("redshift", "z", "Δz"),
            ("logmass", "logmass", "Δ log M* [dex]"),
            ("logsfr", "logsfr", "Δ log SFR [dex]"),
        )
        if label in labels
    ]
    figure, axes = panels(len(shown))
    for axis, (column, label, title) in zip(axes, shown, strict=True):
        residual = columns[column] - labels[label]
        residual = residual[np.isfinite(residual)]
        fit = gaussian_fit(residual)
        half = 6 * fit.sigma if fit.sigma > 0 else 1.0
        counts, edges, _ = axis.hist(residual, 60, range=(-half, half), color=RIGHT_COLOUR, alpha=0.6)
        x = np.linspace(-half, half, 400)
        height = counts.max(initial=1.0)
        if fit.sigma > 0:
            axis.plot(x, height * np.exp(-0.5 * ((x - fit.mean) / fit.sigma) ** 2), color="0.2", linewidth=1)
        axis.locator_params(axis="x", nbins=5)
        axis.set_title(f"μ = {fit.mean:.4f}, σ = {fit.sigma:.4f}", fontsize=9)
        axis.set_xlabel(title, fontsize=9)
        axis.set_ylabel(f"spectra per {edges[1] - edges[0]:.1g}", fontsize=9)
    return figure, ""


def draw_thresholds(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 5, first part: success against the threshold, by exposure time."""
    thresholds = np.geomspace(1e-4, 1, 60)
    figure, axes = panels(len(hours_of(judged)))
    lines = style(judged.answers)
    for axis, length in zip(axes, hours_of(judged), strict=True):
        at = judged.sample.hours == length
        for one in judged.answers:
            error = np.abs(one.redshift[at] - judged.sample.redshift[at])
            shares = [float(np.mean(error < threshold)) for threshold in thresholds]
            axis.plot(thresholds, shares, linewidth=1.3, **lines[one.name])
        for mark in (0.003, 0.01, 0.1):
            axis.axvline(mark, color="0.6", linewidth=0.6, linestyle=":")
        axis.set_xscale("log")
        axis.set_ylim(0, 1)
        axis.set_title(f"{length:g} h", fontsize=9)
        axis.set_xlabel("threshold in |Δz|", fontsize=9)
        axis.set_ylabel("success", fontsize=9)
    axes[0].legend(fontsize=8, loc="lower right")
    return figure, ""


def draw_dependence(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 5, second part: success against Hα flux, magnitude and redshift, by exposure time."""
    known = [name for name in NAMES if name in judged.sample.labels]
    hours = hours_of(judged)
    figure, axes = panels(len(known), len(hours))
    lines = style(judged.answers)
    for row, length in enumerate(hours):
        for column, name in enumerate(known):
            axis = axes[row * len(known) + column]
            for one in judged.answers:
                right = is_right(one.redshift, judged.sample.redshift)
                x, y, error = _binned(name, judged.sample.labels[name], right, judged.sample.hours == length)
                axis.errorbar(x, y, error, linewidth=1.2, marker=".", capsize=2, **lines[one.name])
            if name == "halpha":
                axis.set_xscale("log")
            axis.set_ylim(0, 1.03)
            axis.set_xlabel(NAMES[name], fontsize=9)
            axis.set_ylabel(f"success, {length:g} h", fontsize=9)
    axes[0].legend(fontsize=8, loc="lower right")
    return figure, ""


def draw_confusion(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 6: predicted against true redshift, by exposure time."""
    network, truth = judged.answers[0], judged.sample.redshift
    figure, axes = panels(len(hours_of(judged)), height=3.5)
    for axis, length in zip(axes, hours_of(judged), strict=True):
        at = judged.sample.hours == length
        for chosen, colour, name in (
            (at & network.flagged, "0.65", "flagged"),
            (at & ~network.flagged, RIGHT_COLOUR, "not flagged"),
        ):
            axis.scatter(
                truth[chosen],
                network.redshift[chosen],
                s=3,
                color=colour,
                linewidths=0,
                alpha=0.7,
                label=name,
            )
        share = success(network.redshift[at], truth[at])
        axis.set_title(f"{length:g} h: {share:.3f} within 0.01", fontsize=9)
        axis.set_xlabel("true redshift", fontsize=9)
        axis.set_ylabel("predicted redshift", fontsize=9)
    axes[0].legend(fontsize=8, loc="upper left", markerscale=3)
    return figure, ""


def draw_screening(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 7: success and share rejected against the entropy threshold, by exposure time."""
    network = judged.answers[0]
    right = is_right(network.redshift, judged.sample.redshift)
    entropy = network.columns["entropy"]
    thresholds = np.linspace(0.2, 6.5, 64)
    figure, axes = panels(len(hours_of(judged)))
    for axis, length in zip(axes, hours_of(judged), strict=True):
        at = judged.sample.hours == length
        cuts = [screening(right[at], entropy[at] < threshold) for threshold in thresholds]
        axis.plot(thresholds, [cut.success for cut in cuts], color=RIGHT_COLOUR, label="success of the kept")
        axis.plot(thresholds, [cut.rejected for cut in cuts], color=WRONG_COLOUR, label="share rejected")
        axis.axvline(DEFAULT_ENTROPY_THRESHOLD, color="0.4", linewidth=0.8, linestyle=":")
        chosen = screening(right[at], entropy[at] < DEFAULT_ENTROPY_THRESHOLD)
        axis.set_title(
            f"{length:g} h: {chosen.success_of_all:.3f} → {chosen.success:.3f}, {chosen.rejected:.3f} rejected",
            fontsize=9,
        )
        axis.set_ylim(0, 1.02)
        axis.set_xlabel("entropy threshold", fontsize=9)
    axes[0].legend(fontsize=8, loc="center right")
    return figure, ""


def draw_detectability(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 8: success against magnitude, beside the share of galaxies with two detected lines."""
    if "mag_h" not in judged.sample.labels or not np.isfinite(judged.two_lines).any():
        return None
    magnitude, detected = judged.sample.labels["mag_h"], judged.two_lines > 0
    figure, axes = panels(len(hours_of(judged)))
    lines = style(judged.answers)
    for axis, length in zip(axes, hours_of(judged), strict=True):
        at = judged.sample.hours == length
        x, y, _ = _binned("mag_h", magnitude, detected, at)
        axis.step(x, y, where="mid", color="0.45", linewidth=1.4, label="two lines, S/N > 7 and > 5")
        for one in judged.answers:
            x, y, error = _binned("mag_h", magnitude, is_right(one.redshift, judged.sample.redshift), at)
            axis.errorbar(x, y, error, linewidth=1.2, marker=".", capsize=2, **lines[one.name])
        axis.set_ylim(0, 1.03)
        axis.set_title(f"{length:g} h", fontsize=9)
        axis.set_xlabel("m_H [AB]", fontsize=9)
        axis.set_ylabel("share", fontsize=9)
    axes[0].legend(fontsize=7, loc="lower left")
    return figure, ""


def _binned(
    name: str, values: FloatArray, right: BoolArray, at: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give median value, share right and its error in each bin that holds enough spectra."""
    edges = np.asarray(EDGES[name])
    rows = []
    for low, high in itertools.pairwise(edges):
        chosen = at & (values >= low) & (values < high)
        if np.count_nonzero(chosen) >= LEAST_IN_BIN:
            rows.append((float(np.median(values[chosen])), *share_and_error(right[chosen])))
    made = np.array(rows).reshape(-1, 3)
    return made[:, 0], made[:, 1], made[:, 2]


DRAWINGS = (
    Drawing(
        "residuals",
        "Residuals (paper's Fig. 4)",
        "Predicted minus true redshift, stellar mass and star-formation rate of all spectra, with a Gaussian fitted to "
        "the core.",
        draw_residuals,
    ),
    Drawing(
        "thresholds",
        "Success and threshold (paper's Fig. 5)",
        "Share of spectra with |Δz| below a threshold, for every method on the same spectra. The limit knows the galaxy's "
        "own noise-free spectrum and searches only for its shift.",
        draw_thresholds,
    ),
    Drawing(
        "dependence",
        "Success by Hα flux, magnitude and redshift (paper's Fig. 5)",
        "Share with |Δz| < 0.01; error bars are binomial.",
        draw_dependence,
    ),
    Drawing(
        "confusion",
        "Predicted and true redshift (paper's Fig. 6)",
        "Straight lines off the diagonal are lines taken for one another.",
        draw_confusion,
    ),
    Drawing(
        "screening",
        "Screening by entropy (paper's Fig. 7)",
        "Success (|Δz| < 0.01) of the spectra kept, and the share rejected, against the threshold on the PDF's entropy; the "
        "title gives the threshold of 2.",
        draw_screening,
    ),
    Drawing(
        "detectability",
        "Detectability (paper's Fig. 8)",
        "Share right (|Δz| < 0.01) per magnitude beside the share of galaxies of which a person could measure two lines: "
        "one with S/N > 7 and another with S/N > 5, optimally extracted; a doublet of [O II] counts as one.",
        draw_detectability,
    ),
)
