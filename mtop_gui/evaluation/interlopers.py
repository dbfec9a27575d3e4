"""What a network says of spectra that are no galaxies of its redshift grid: it should ask for a person."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.confidence import flag
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.evaluation.sample import draw_sample, observe
from mtop_gui.simulation.interlopers import KINDS
from mtop_gui.simulation.survey import INTERLOPERS, Survey, has_interlopers

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument

WORDS = {"star": "star", "quasar": "quasar", "nothing": "no signal", "beyond": "outside z"}
"""What a Flag's reason says when it names the kind."""

MOST_REASONS = 5


def judge_interlopers(
    predictor: Any,
    survey_path: Path,
    instrument: Instrument,
    *,
    most: int | None = None,
    seed: int = 0,
    mc_passes: int = 1,
    entropy_threshold: float = 2.0,
    report: Report = ignore,
) -> dict[str, Any] | None:
    """Predict a survey's interlopers of the test split and count the flagged ones by kind.

    Parameters
    ----------
    most : at most so many interlopers, each observed for all exposure times.

    Returns
    -------
    By kind: spectra, share flagged, share whose reason names the kind, and the most frequent reasons; None for a survey
    without interlopers.
    """
    if not has_interlopers(survey_path):
        return None
    reasons: dict[str, list[str]] = {}
    with Survey(survey_path, group=INTERLOPERS) as survey:
        if survey.rows("test").size == 0:
            return None
        sample = draw_sample(survey, most, seed=seed)
        for chunk in observe(sample, survey, instrument):
            report(Advanced(chunk.place.start, len(sample), "interlopers"))
            predictions = predictor.predict(chunk.spectra, mc_passes=mc_passes)
            for number, prediction in enumerate(predictions):
                kind = KINDS[int(sample.labels["kind"][chunk.place.start + number])]
                reasons.setdefault(kind, []).append(flag(prediction, entropy_threshold).text)
    return {kind: _score(kind, texts) for kind, texts in sorted(reasons.items())}


def without_numbers(reason: str) -> str:
    """Take the numbers out of a Flag's reason, so that equal reasons are counted together."""
    shown = "".join("#" if letter.isdigit() else letter for letter in reason)
    while "##" in shown:
        shown = shown.replace("##", "#")
    return shown


def _score(kind: str, texts: list[str]) -> dict[str, Any]:
    flagged = [text for text in texts if text]
    return {
        "spectra": len(texts),
        "flagged": len(flagged) / len(texts),
        "named": float(np.mean([WORDS.get(kind, kind) in text for text in texts])),
        "reasons": dict(Counter(without_numbers(text) for text in flagged).most_common(MOST_REASONS)),
    }
