"""Pieces of a wavelength grid between gaps: where two pixels are neighbours and where they are not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

GAP_STEPS = 5.0
"""A step this many times wider than both its neighbours is a gap between bands, not a pixel."""


def find_segments(wavelength: FloatArray) -> list[slice]:
    """Find the pixel ranges between gaps, at least one pixel each.

    Parameters
    ----------
    wavelength : (n_pix,) strictly increasing, Å.
    """
    steps = np.diff(wavelength)
    if steps.size < 2:
        return [slice(0, wavelength.size)]
    # The wider of two steps on either side, so that the near-duplicate wavelengths of overlapping arms are no gaps.
    padded = np.concatenate([[0.0, 0.0], steps, [0.0, 0.0]])
    left = np.maximum(padded[:-4], padded[1:-3])
    right = np.maximum(padded[3:-1], padded[4:])
    neighbour = np.where(left > 0, np.where(right > 0, np.minimum(left, right), left), right)
    breaks = np.flatnonzero(steps > GAP_STEPS * neighbour) + 1
    edges = [0, *(int(b) for b in breaks), wavelength.size]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
