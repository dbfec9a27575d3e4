"""The sentences of the review panel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mtop_gui.ui.draft import Draft

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision, QualityScale
    from mtop_gui.ui.past import PastPrediction
    from mtop_gui.ui.session import Session


def quality_tip(scale: QualityScale, quality: int) -> str:
    """Say what a quality means on its scale."""
    return f"{quality}: {scale.meanings[quality]} ({scale.name} scale)"


def measured(value: float, error: float, unit: str) -> str:
    """Write a value with its error and unit, a dash for NaN."""
    if math.isnan(value):
        return "–"
    spread = "" if math.isnan(error) else f" ± {error:.2f}"
    return f"{value:.2f}{spread}  [{unit}]"


def origin_text(session: Session) -> str:
    """Say where the candidate redshift is from, and how probable that peak is."""
    if session.spectrum is None:
        return ""
    prediction = session.prediction
    if session.hides:
        return "blind: type a redshift ( Z ), or name a line" if session.candidate is None else session.origin
    if prediction is None:
        return "waiting for the network…" if session.candidate is None else session.origin
    if prediction.best is None:
        return "no redshift from the network: type one ( Z )" if session.candidate is None else session.origin
    number = session.peak_number()
    if number < 0:
        return session.origin
    probability = prediction.confidence.peaks[number].probability
    which = "network, best peak" if number == 0 else f"network, peak {number + 1}"
    return f"{which} · {100 * probability:.1f} %"


def standing_text(decision: Decision | None, draft: Draft) -> str:
    """Say what is decided already, and that what is only set is not saved."""
    if decision is None:
        return "Not reviewed yet" if draft == Draft() else "Not saved yet: a quality key saves all this"
    redshift = "no redshift" if decision.redshift is None else f"z {decision.redshift:.5f}"
    return f"You said: quality {decision.quality}, {redshift}"


def past_line(past: PastPrediction, full: bool = False) -> str:
    """Write what a network said earlier."""
    passes = "1 pass" if past.mc_passes == 1 else f"{past.mc_passes} passes"
    if past.redshift is None:
        line = "network  no redshift"
    else:
        line = f"network  z {past.redshift:.4f}   {100 * past.probability:.0f} %"
    name = past.bundle if full else past.bundle.partition(" (")[0]
    rest = f"\nentropy {past.entropy:.2f}" if full and past.redshift is not None else ""
    return f"{line}   {name}, {passes}{rest}"


def history_line(row: Decision, full: bool = False) -> str:
    """Write one row of the history."""
    when = row.time.astimezone().strftime("%Y-%m-%d %H:%M" if full else "%d %b %H:%M")
    redshift = "–" if row.redshift is None else f"{row.redshift:.4f}"
    what = "taken back" if row.retracts is not None else f"z {redshift}"
    line = f"Q{row.quality}  {what}   {when}"
    if full:
        facts = (
            row.spectrum_class,
            f"issues {row.issues}" if row.issues else "",
            row.redshift_origin,
            row.comment,
        )
        line = "\n".join(part for part in (line, *facts, f"by {row.reviewer}") if part)
    return line
