"""Gist: what the tables keep of a Prediction; worked out once, in the thread that made it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from mtop_gui.core.confidence import PEAK_CERTAINTY, flag
from mtop_gui.core.identification import competition

if TYPE_CHECKING:
    from mtop_gui.core.prediction import Prediction


class Gist(NamedTuple):
    """The scalars of a Prediction.

    Attributes
    ----------
    numbers : by column of `Entries`; what is not there is NaN.
    rejected : the network must not be asked about this Spectrum.
    reason : why it is flagged whatever the entropy threshold, "" when it is not.
    competition : the lines that the best peaks take for each other, "" when there is no doubt.
    """

    numbers: dict[str, float]
    rejected: bool
    reason: str
    competition: str


_known: WeakKeyDictionary[Prediction, Gist] = WeakKeyDictionary()
_lock = threading.Lock()


def gist_of(prediction: Prediction) -> Gist:
    """Give the Gist of a Prediction; the first call takes a millisecond, and belongs into a worker thread."""
    with _lock:
        known = _known.get(prediction)
    if known is None:
        known = _work_out(prediction)
        with _lock:
            _known[prediction] = known
    return known


def _work_out(prediction: Prediction) -> Gist:
    always, best = flag(prediction, float("inf")), prediction.best
    reason = always.text if always.flagged else ""
    if best is None:
        return Gist({}, bool(prediction.rejection), reason, "")
    confidence = prediction.confidence
    numbers = {
        "z": best.redshift,
        "z_err": prediction.redshift_err,
        "entropy": confidence.entropy,
        "skewness": confidence.skewness,
        "peak_probability": best.probability,
        "logmass": prediction.logmass,
        "logsfr": prediction.logsfr,
        "ood": prediction.ood,
    }
    lines = ""
    if len(confidence.peaks) > 1:
        second = confidence.peaks[1]
        numbers |= {"z_second": second.redshift, "second_probability": second.probability}
        if best.probability < PEAK_CERTAINTY:
            lines = competition(prediction)
    return Gist(numbers, bool(prediction.rejection), reason, lines)
