"""Figures about a catalogue judged with a truth table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.evaluation.figures import RIGHT_COLOUR, WRONG_COLOUR, Picture, as_png, panels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.evaluation.catalogue_run import Case

MOST_PANELS = 12


def draw_folders(cases: Sequence[Case]) -> Picture | None:
    """Draw predicted against true redshift of the galaxies inside range and coverage, a panel per folder."""
    inside = [case for case in cases if case.group == "inside" and np.isfinite(case.redshift)]
    folders = sorted({case.folder for case in inside})[:MOST_PANELS]
    if not folders:
        return None
    columns = min(3, len(folders))
    figure, axes = panels(columns, -(-len(folders) // columns), height=3.3)
    for axis in axes[len(folders) :]:
        axis.set_visible(False)
    for axis, folder in zip(axes, folders, strict=False):
        here = [case for case in inside if case.folder == folder]
        for flagged, right, colour, label in (
            (True, None, "0.6", "flagged"),
            (False, True, RIGHT_COLOUR, "right"),
            (False, False, WRONG_COLOUR, "wrong"),
        ):
            some = [case for case in here if case.flagged == flagged and right in (None, case.right)]
            axis.scatter(
                [case.truth for case in some],
                [case.redshift for case in some],
                s=12,
                color=colour,
                label=label,
            )
        highest = 1.05 * max(max(case.truth, case.redshift) for case in here) + 1e-3
        axis.plot([0, highest], [0, highest], color="0.7", linewidth=0.7, zorder=0)
        axis.set_title(folder, fontsize=8)
        axis.set_xlabel("true redshift", fontsize=9)
        axis.set_ylabel("predicted redshift", fontsize=9)
    axes[0].legend(fontsize=8)
    return Picture(
        "folders",
        "Predicted and true redshift",
        "Galaxies inside the bundle's redshift range and wavelength coverage, by folder.",
        as_png(figure),
    )
