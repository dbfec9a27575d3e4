"""The survey's own distributions (Ginolfi+25, Fig. 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.evaluation.figures import RIGHT_COLOUR, Drawing, logarithm, panels

if TYPE_CHECKING:
    from mtop_gui.evaluation.survey_run import Judged

LABELS = {
    "z": "redshift",
    "logmass": "log M* [M⊙]",
    "logsfr": "log SFR [M⊙/yr]",
    "mag_h": "m_H [AB]",
    "halpha": "log Hα flux [erg/s/cm²]",
}


def draw_labels(judged: Judged) -> tuple[Any, str] | None:
    """Draw a histogram per label, and the plane of M* and SFR."""
    known = [name for name in LABELS if name in judged.everything]
    if not known:
        return None
    figure, axes = panels(3, 2)
    for axis, name in zip(axes, known, strict=False):
        values = judged.everything[name]
        shown = logarithm(values) if name == "halpha" else values
        finite = shown[np.isfinite(shown)]
        low, high = np.percentile(finite, [0.2, 99.8])
        axis.hist(finite, 50, range=(low, high), color=RIGHT_COLOUR, alpha=0.8)
        middle = float(np.median(finite))
        axis.axvline(middle, color="0.2", linestyle=":", linewidth=1)
        told = f"{10**middle:.1e}" if name == "halpha" else f"{middle:.2f}"
        axis.set_title(f"median {told}", fontsize=8)
        axis.set_xlabel(LABELS[name], fontsize=9)
        axis.set_ylabel("galaxies", fontsize=9)
    for axis in axes[len(known) :]:
        axis.set_visible(False)
    if {"logmass", "logsfr"} <= set(known):
        axes[5].set_visible(True)
        mass, rate = judged.everything["logmass"], judged.everything["logsfr"]
        axes[5].hexbin(mass, rate, gridsize=45, bins="log", cmap="viridis", mincnt=1, linewidths=0.1)
        axes[5].set_xlabel(LABELS["logmass"], fontsize=9)
        axes[5].set_ylabel(LABELS["logsfr"], fontsize=9)
    return figure, ""


DRAWINGS = (
    Drawing(
        "labels",
        "The survey (paper's Fig. 1)",
        "Distributions of redshift, stellar mass, star-formation rate, H magnitude and Hα flux of all galaxies of the "
        "survey, and their main sequence.",
        draw_labels,
    ),
)
