"""Where a candidate redshift may be, and on which peak of the PDF it sits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.confidence import Peak
    from mtop_gui.core.prediction import Prediction

REDSHIFT_LIMITS = (-0.02, 30.0)
SAME = 1e-6
"""Redshifts nearer than this are one."""
DISTINCT = 0.003
"""Peaks nearer than this, in Δz/(1+z), are not worth comparing."""


def allowed(redshift: float) -> float | None:
    """Bring a redshift inside the limits; None for what is no number."""
    return float(np.clip(redshift, *REDSHIFT_LIMITS)) if np.isfinite(redshift) else None


def peaks_of(prediction: Prediction | None) -> tuple[Peak, ...]:
    """Give the peaks one may take, most probable first; none without a Prediction or for a rejection."""
    return () if prediction is None or prediction.best is None else prediction.confidence.peaks


def peak_number(prediction: Prediction | None, candidate: float | None) -> int:
    """Give which peak (0 = most probable) a candidate sits on; -1 when on none."""
    if candidate is not None:
        for number, peak in enumerate(peaks_of(prediction)):
            if abs(peak.redshift - candidate) < SAME:
                return number
    return -1


def nearest_peak(prediction: Prediction | None, redshift: float) -> int:
    """Give which peak is nearest; -1 when there are none."""
    distances = [abs(peak.redshift - redshift) for peak in peaks_of(prediction)]
    return int(np.argmin(distances)) if distances else -1


def second_candidate(
    peaks: Sequence[Peak], candidate: float | None, kept: float | None = None
) -> float | None:
    """Give the redshift to compare a candidate with: the one a person kept, else the best peak that is another.

    Parameters
    ----------
    kept : what the person kept; it counts unless the candidate has come to sit on it.
    """
    if candidate is None:
        return kept
    if kept is not None and abs(kept - candidate) > SAME:
        return kept
    others = (p.redshift for p in peaks if abs(p.redshift - candidate) > DISTINCT * (1.0 + candidate))
    return next(others, None)


def origin_of(number: int) -> str:
    """Name a peak as the origin of a redshift, as in Decision.redshift_origin."""
    return "network" if number == 0 else f"peak {number + 1}"


def is_network(origin: str) -> bool:
    """Whether a redshift of this origin is one that the network proposed."""
    return origin == "network" or origin.startswith("peak")
