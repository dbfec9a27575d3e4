"""The network's own confidence: entropy and skewness (paper's Figs. 11, 12), embedding (Fig. 13), PDF diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD
from mtop_gui.core.projection import project
from mtop_gui.evaluation import metrics, pdfs
from mtop_gui.evaluation.figures import (
    NETWORK_COLOURS,
    RIGHT_COLOUR,
    WRONG_COLOUR,
    Drawing,
    hours_of,
    logarithm,
    panels,
    style,
)

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.evaluation.survey_run import Judged

COLOURED_BY = {
    "logmass": "log M* [M⊙]",
    "logsfr": "log SFR [M⊙/yr]",
    "halpha": "log Hα flux [erg/s/cm²]",
    "z": "redshift",
    "sersic": "Sérsic index",
}
SKEWNESS_THRESHOLD = 20.0
LEARNT = {"redshift_loss": "training", "val_redshift": "validation", "success_2h": "2 h", "success_8h": "8 h"}
"""Keys of a training's history that are drawn."""


def draw_entropy(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 11: entropy of right and wrong predictions."""
    return _right_and_wrong(judged, "entropy", DEFAULT_ENTROPY_THRESHOLD)


def draw_skewness(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 12: skewness of right and wrong predictions."""
    return _right_and_wrong(judged, "skewness", SKEWNESS_THRESHOLD)


def draw_embedding(judged: Judged) -> tuple[Any, str] | None:
    """Fig. 13: the embedding in a plane, coloured by what the galaxies are."""
    if judged.embedding.size == 0:
        return None
    projected = project(judged.embedding, judged.sample.seed)
    placed, note = projected.points, projected.note
    known = [name for name in COLOURED_BY if name in judged.sample.labels]
    figure, axes = panels(3, -(-len(known) // 3), height=3.1)
    for axis in axes[len(known) :]:
        axis.set_visible(False)
    for axis, name in zip(axes, known, strict=False):
        values = judged.sample.labels[name][judged.embedded]
        shown = logarithm(values) if name == "halpha" else values
        low, high = np.nanpercentile(shown, [2, 98])
        drawn = axis.scatter(
            placed[:, 0],
            placed[:, 1],
            c=shown,
            s=4,
            cmap="viridis",
            vmin=low,
            vmax=max(high, low + 1e-9),
            linewidths=0,
        )
        axis.set_xticks([])
        axis.set_yticks([])
        figure.colorbar(drawn, ax=axis).set_label(COLOURED_BY[name], fontsize=8)
    return figure, note


def draw_pit(judged: Judged) -> tuple[Any, str] | None:
    """Draw the PIT's histogram, and the coverage of all central intervals."""
    transform = judged.answers[0].columns["pit"]
    finite = transform[np.isfinite(transform)]
    if finite.size == 0:
        return None
    figure, (left, right) = panels(2, width=4.6)
    left.hist(finite, 20, range=(0, 1), color=RIGHT_COLOUR, alpha=0.7, density=True)
    left.axhline(1.0, color="0.3", linewidth=0.8, linestyle="--")
    left.set_title(f"Kolmogorov-Smirnov distance {pdfs.ks_distance(finite):.3f}", fontsize=9)
    left.set_xlabel("PIT", fontsize=9)
    left.set_ylabel("density", fontsize=9)
    levels = np.linspace(0, 1, 51)
    right.plot(levels, levels, color="0.3", linewidth=0.8, linestyle="--")
    for number, length in enumerate(hours_of(judged)):
        at = transform[judged.sample.hours == length]
        covered = [pdfs.central_coverage(at, level) for level in levels]
        right.plot(levels, covered, color=NETWORK_COLOURS[number], label=f"z, {length:g} h")
    columns = judged.answers[0].columns
    for name, marker in (("logmass", "s"), ("logsfr", "o")):
        covered = [_mean(columns[f"{name}_in68"]), _mean(columns[f"{name}_in95"])]
        right.plot([0.68, 0.95], covered, marker, color="0.3", markersize=5, label=name)
    right.set_xlabel("nominal probability of the interval", fontsize=9)
    right.set_ylabel("truth inside", fontsize=9)
    right.legend(fontsize=8)
    return figure, ""


def draw_crps(judged: Judged) -> tuple[Any, str] | None:
    """Draw the distribution of CRPS, and its mean per bin of redshift."""
    score = judged.answers[0].columns["crps"]
    if not np.isfinite(score).any():
        return None
    figure, (left, right) = panels(2, width=4.6)
    redshift = judged.sample.redshift
    edges = np.linspace(redshift.min(), redshift.max() + 1e-9, 13)
    for number, length in enumerate(hours_of(judged)):
        at = (judged.sample.hours == length) & np.isfinite(score)
        colour = NETWORK_COLOURS[number]
        left.hist(
            logarithm(score[at]),
            40,
            range=(-4.5, 0.5),
            histtype="step",
            color=colour,
            label=f"{length:g} h: mean {_mean(score[at]):.4f}",
        )
        place = np.clip(np.digitize(redshift[at], edges) - 1, 0, edges.size - 2)
        means = [_mean(score[at][place == cell]) for cell in range(edges.size - 1)]
        right.plot((edges[1:] + edges[:-1]) / 2, means, color=colour, marker=".")
    left.set_xlabel("log CRPS", fontsize=9)
    left.set_ylabel("spectra", fontsize=9)
    left.legend(fontsize=8)
    right.set_xlabel("true redshift", fontsize=9)
    right.set_ylabel("mean CRPS", fontsize=9)
    return figure, ""


def draw_reliability(judged: Judged) -> tuple[Any, str] | None:
    """Draw how often a best peak of some probability is right, and risk against coverage of every method."""
    network = judged.answers[0]
    right = metrics.is_right(network.redshift, judged.sample.redshift)
    figure, (left, panel) = panels(2, width=4.6)
    claimed, true, count = metrics.reliability(network.columns["peak_probability"], right)
    left.plot([0, 1], [0, 1], color="0.3", linewidth=0.8, linestyle="--")
    if count.size:
        left.errorbar(
            claimed,
            true,
            np.sqrt(np.maximum(true * (1 - true), 0.25 / count) / count),
            marker="o",
            markersize=4,
            color=RIGHT_COLOUR,
            capsize=2,
        )
    left.set_xlabel("probability of the best peak", fontsize=9)
    left.set_ylabel("share right (|Δz| < 0.01)", fontsize=9)
    lines = style(judged.answers)
    for one in judged.answers:
        doubt = _doubt(one.columns)
        if doubt is None:
            continue
        coverage, risk = metrics.risk_coverage(doubt, metrics.is_right(one.redshift, judged.sample.redshift))
        panel.plot(coverage, np.maximum(risk, 1e-5), **lines[one.name])
    panel.set_yscale("log")
    panel.set_ylim(1e-4, 1)
    panel.set_xlabel("share of spectra kept, least doubtful first", fontsize=9)
    panel.set_ylabel("share wrong among them", fontsize=9)
    panel.legend(fontsize=8, loc="upper left")
    return figure, ""


def draw_pulls(judged: Judged) -> tuple[Any, str] | None:
    """Draw velocity offsets and pulls after the line fit, of unflagged right spectra."""
    network, truth = judged.answers[0], judged.sample.redshift
    columns = network.columns
    chosen = metrics.is_right(network.redshift, truth) & np.isfinite(columns["fitted"])
    if np.count_nonzero(chosen) < 5:
        return None
    figure, (left, right) = panels(2, width=4.6)
    offset = metrics.velocity_offset(columns["fitted"], truth)[chosen]
    left.hist(offset, 60, range=(-300, 300), color=RIGHT_COLOUR, alpha=0.7)
    left.set_title(f"NMAD {metrics.nmad(offset):.1f} km/s", fontsize=9)
    left.set_xlabel("c Δz / (1 + z) [km/s]", fontsize=9)
    left.set_ylabel("spectra", fontsize=9)
    pull = metrics.pulls(columns["fitted"][chosen], truth[chosen], columns["fitted_error"][chosen])
    right.hist(pull, 60, range=(-6, 6), color=RIGHT_COLOUR, alpha=0.7, density=True)
    x = np.linspace(-6, 6, 300)
    right.plot(x, np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi), color="0.2", linewidth=1)
    right.set_title(f"robust σ {metrics.robust_sigma(pull):.2f}", fontsize=9)
    right.set_xlabel("Δz / error", fontsize=9)
    return figure, ""


def _right_and_wrong(judged: Judged, name: str, threshold: float) -> tuple[Any, str] | None:
    values = judged.answers[0].columns[name]
    right = metrics.is_right(judged.answers[0].redshift, judged.sample.redshift)
    finite = np.isfinite(values)
    if not finite.any():
        return None
    figure, axes = panels(len(hours_of(judged)))
    low, high = float(values[finite].min()), float(values[finite].max()) + 1e-9
    for axis, length in zip(axes, hours_of(judged), strict=True):
        at = finite & (judged.sample.hours == length)
        for chosen, colour, label in (
            (at & right, RIGHT_COLOUR, "right"),
            (at & ~right, WRONG_COLOUR, "wrong"),
        ):
            axis.hist(values[chosen], 40, range=(low, high), color=colour, alpha=0.6, label=label)
        axis.axvline(threshold, color="0.3", linewidth=0.8, linestyle=":")
        axis.set_title(f"{length:g} h", fontsize=9)
        axis.set_xlabel(name, fontsize=9)
        axis.set_ylabel("spectra", fontsize=9)
        axis.set_yscale("symlog", linthresh=10)
    axes[0].legend(fontsize=8)
    return figure, ""


def draw_learning(judged: Judged) -> tuple[Any, str] | None:
    """Draw loss and success of each network's training, epoch by epoch."""
    learnt = {one["method"]: one["learning"] for one in judged.report["bundles"] if one["learning"]}
    if not learnt:
        return None
    looks = style(judged.answers)
    figure, (left, right) = panels(2, width=4.6)
    for method, history in learnt.items():
        begin = 0 if "epoch" in history[0] else 1  # trained further: the first entry is the parent's
        epochs = np.arange(begin, begin + len(history))
        for axis, key, line in (
            (left, "redshift_loss", ":"),
            (left, "val_redshift", "-"),
            (right, "success_2h", ":"),
            (right, "success_8h", "-"),
        ):
            values = [epoch.get(key, np.nan) for epoch in history]
            look = {**looks[method], "linestyle": line, "label": f"{method}, {LEARNT[key]}"}
            axis.plot(epochs, values, marker=".", markersize=4, linewidth=1, **look)
    for axis, name in ((left, "redshift loss [nats]"), (right, "|Δz| < 0.01")):
        axis.set_xlabel("epoch", fontsize=9)
        axis.set_ylabel(name, fontsize=9)
        axis.legend(fontsize=7)
    return figure, ""


def _doubt(columns: Any) -> FloatArray | None:
    """Give what a method orders its own answers by."""
    if "entropy" in columns:
        entropy: FloatArray = columns["entropy"]
        return entropy
    for name in ("delta_chi2", "gain"):
        if name in columns:
            sure: FloatArray = columns[name]
            return -sure
    return None


def _mean(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


DRAWINGS = (
    Drawing(
        "entropy",
        "Entropy of right and wrong redshifts (paper's Fig. 11)",
        "Natural-log entropy of the PDF on bins of 0.003; the dotted line is the threshold of 2.",
        draw_entropy,
    ),
    Drawing(
        "skewness",
        "Skewness of right and wrong redshifts (paper's Fig. 12)",
        "Skewness of the PDF's bin values; the dotted line is the paper's threshold of 20.",
        draw_skewness,
    ),
    Drawing(
        "embedding",
        "What the network has learned (paper's Fig. 13)",
        "The activations that all heads share, in a plane, coloured by properties of the galaxies; some of them the network "
        "was never told.",
        draw_embedding,
    ),
    Drawing(
        "pit",
        "Calibration of the redshift PDF",
        "Left: the probability below the true redshift, uniform if the PDFs are right. Right: how often central intervals "
        "hold the truth.",
        draw_pit,
    ),
    Drawing(
        "crps",
        "Continuous ranked probability score",
        "In z: the mean distance of the PDF from the truth, in the sense of ∫ (F − step)² dz.",
        draw_crps,
    ),
    Drawing(
        "reliability",
        "Reliability, and risk against coverage",
        "Left: how often the best peak is right, by its probability. Right: share of wrong redshifts among the spectra that "
        "a cut keeps; networks by entropy, χ² by its lead over the second peak, the limit by its gain.",
        draw_reliability,
    ),
    Drawing(
        "pulls",
        "Redshifts after the line fit",
        "Velocity offsets and offsets over errors of spectra that are not flagged and within |Δz| < 0.01.",
        draw_pulls,
    ),
    Drawing(
        "learning",
        "Learning curves",
        "Left: cross-entropy of the redshift, of training spectra (dotted; averaged over the epoch, with dropout and disturbed spectra "
        "where the network is trained so) and of validation spectra. Right: share of right redshifts among the validation spectra.",
        draw_learning,
    ),
)
