"""What a spectrum is, in words: the reason to flag what is no galaxy of the redshift grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.network.restframe import KINDS

if TYPE_CHECKING:
    import numpy as np

    from mtop_gui.network.bundle import RedshiftGrid

LEAST_GALAXY = 0.85
"""A spectrum that is a galaxy of the grid with less than this probability is flagged. Looking at one galaxy too many costs a
key; of 103 real galaxies that were not flagged for anything else 0.5 flags none, 0.85 one, and 0.85 finds the last two of 23
quasars."""


def kind_warning(probabilities: np.ndarray, grid: RedshiftGrid) -> list[str]:
    """Give the reason to look at a spectrum that is probably no galaxy of the redshift grid; nothing when it is.

    Parameters
    ----------
    probabilities : (n_kinds,) in the order of `KINDS`.
    """
    if probabilities[0] >= LEAST_GALAXY:
        return []
    likely = 1 + int(probabilities[1:].argmax())
    looks = "looks like" if probabilities[0] < 0.5 else "may be"
    words = {
        "star": f"{looks} a star",
        "quasar": f"{looks} a quasar",
        "nothing": "no signal of a galaxy: noise or an artefact",
        "beyond": f"{looks} a galaxy outside z {grid.lower:.2f}-{grid.upper:.2f}",
    }
    return [f"{words[KINDS[likely]]} ({1 - float(probabilities[0]):.2f})"]
