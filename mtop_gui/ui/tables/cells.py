"""What the cells of the entry tables say, and in which colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PySide6.QtCore import Qt

from mtop_gui.ui.entries import NO_QUALITY, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.arrays import FloatArray, IntArray
    from mtop_gui.ui.session import Session

CellText: TypeAlias = "Callable[[Session, int], str]"
SortKey: TypeAlias = "Callable[[Session], FloatArray | IntArray]"

PREDICTED = int(Status.PREDICTED)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Column:
    """One column of an entry table.

    Attributes
    ----------
    title, tip : header, and what it means.
    text : (session, entry number) -> cell text.
    key : session -> (n,) sort keys over all entries; NaN sorts last.
    width : characters it needs; 0 = takes what is left, at least `least`.
    numeric : right-aligned unless it takes what is left.
    falling : the first click sorts the highest first.
    warns : coloured where the entry is flagged.
    network : it tells what the network says, and is hidden where the reviewer is blind.
    """

    title: str
    tip: str
    text: CellText
    key: SortKey
    width: int
    numeric: bool = True
    falling: bool = False
    warns: bool = False
    network: bool = False
    least: int = 8


def number_text(value: float, digits: int) -> str:
    """Write a number, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _number(title: str, tip: str, name: str, digits: int, width: int) -> Column:
    return Column(
        title,
        tip,
        lambda session, n: number_text(float(getattr(session.entries, name)[n]), digits),
        lambda session: getattr(session.entries, name),
        width,
        falling=name not in ("z", "z_second", "peak_probability"),
        warns=name == "entropy",
        network=True,
    )


def quality_text(session: Session, number: int) -> str:
    """Write the quality of the standing Decision, with its star."""
    quality = int(session.entries.quality[number])
    star = "*" if session.entries.starred[number] else ""
    return star if quality == NO_QUALITY else f"{star}{quality}"


def reason_text(session: Session, number: int) -> str:
    """Say why an entry is flagged, or why it could not be read."""
    entries = session.entries
    if number in entries.errors:
        return entries.errors[number]
    if entries.status[number] != PREDICTED:
        return ""
    return entries.flag_reason(number, session.threshold)


def flag_text(session: Session, number: int) -> str:
    """Mark a flagged entry."""
    return "flag" if session.entries.is_flagged(number, session.threshold) else ""


def flag_key(session: Session) -> FloatArray:
    """(n,) flagged entries high, within them by entropy; what was not predicted NaN."""
    entries = session.entries
    entropy = np.nan_to_num(
        entries.entropy, nan=1e3
    )  # a rejected spectrum has none: nothing is more doubtful
    key = entropy + 1e6 * entries.flagged(session.threshold)
    return np.where(entries.status == Status.PREDICTED, key, np.nan)


def flag_order(session: Session, by_entropy: IntArray) -> IntArray:
    """(n,) entry numbers as `flag_key` sorts them, highest first: quick, because a threshold only parts them anew.

    Parameters
    ----------
    by_entropy : (n,) entry numbers, highest entropy first, those without one before all.
    """
    entries = session.entries
    known = entries.status[by_entropy] == Status.PREDICTED
    flagged = entries.flagged(session.threshold)[by_entropy]
    return np.concatenate([by_entropy[flagged], by_entropy[known & ~flagged], by_entropy[~known & ~flagged]])


def quality_key(session: Session) -> FloatArray:
    """(n,) quality, NaN where there is no Decision."""
    quality = session.entries.quality.astype(np.float64)
    return np.where(quality == NO_QUALITY, np.nan, quality)


NAME = Column(
    "name",
    "what the spectrum is called in its file",
    lambda s, n: s.entries.names[n],
    lambda s: s.entries.name_ranks(),
    0,
    False,
)
REDSHIFT = _number("z", "redshift of the network's best peak", "z", 4, 7)
REDSHIFT_ERR = _number("±", "standard deviation of the PDF inside that peak", "z_err", 4, 7)
ENTROPY = _number("entropy", "entropy of the redshift PDF: the wider the PDF, the higher", "entropy", 2, 6)
PEAK = _number("P(z)", "probability of the best peak, within 1000 km/s", "peak_probability", 2, 5)
SECOND = _number("second z", "redshift of the second peak", "z_second", 4, 8)
SECOND_PEAK = _number("P(2nd)", "probability of the second peak", "second_probability", 2, 5)
FLAG = Column("flag", "a person should look at this", flag_text, flag_key, 6, False, True, True)
REASON = Column(
    "why", "why it is flagged, or could not be read", reason_text, flag_key, 0, True, True, True, True, 30
)
QUALITY = Column("Q", "quality you gave; * = starred", quality_text, quality_key, 3)
