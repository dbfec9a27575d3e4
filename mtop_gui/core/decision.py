"""Decision: what a reviewer said of a Spectrum; and the quality scales it may use."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True)
class QualityScale:
    """A survey's native quality scale: allowed values, each with its meaning."""

    name: str
    meanings: dict[int, str]

    def is_secure(self, quality: int) -> bool:
        """Whether a quality says that the redshift is secure (3 or 4; on the `vimos` scale also with tens)."""
        return quality % 10 in (3, 4)


QUALITY_SCALES: dict[str, QualityScale] = {
    "desi": QualityScale(
        "desi",
        {
            4: "two or more secure features",
            3: "one secure feature + continuum, or many weak",
            2: "one strong unidentified feature",
            1: "some signal",
            0: "nothing",
        },
    ),
    "ozdes": QualityScale(
        "ozdes",
        {
            4: "> 99 % certain",
            3: "> 95 % certain",
            2: "possible",
            1: "no redshift",
            6: "star",
            0: "unassigned",
        },
    ),
    "vimos": QualityScale(
        "vimos",
        {
            base + extra: text + suffix
            for extra, suffix in ((0, ""), (10, ", broad line"), (20, ", secondary object"))
            for base, text in (
                (4, "certain"),
                (3, "very likely"),
                (2, "likely"),
                (1, "tentative"),
                (9, "single line"),
                (0, "none"),
            )
        },
    ),
}

SPECTRUM_CLASSES = ("GALAXY", "QSO", "STAR")
ISSUES = {"R": "redshift", "C": "class", "S": "spectrum"}


@dataclass(frozen=True)
class Decision:
    """One reviewer's word on one Spectrum; append-only in the store.

    Attributes
    ----------
    content_hash : `Spectrum.content_hash`.
    file, row, name : where the reviewer saw it.
    redshift : accepted or corrected redshift, None when none can be given.
    redshift_origin : "network" | "peak N" | "typed" | "dragged" | "fitted".
    quality, scale : value on the named QualityScale, never converted.
    spectrum_class : one of SPECTRUM_CLASSES or "".
    issues : letters of ISSUES, e.g. "RS".
    comment, reviewer, time : free text; who; when (UTC).
    bundle : the bundle whose Prediction was on the screen ("" for none).
    starred : whether the reviewer wants to come back to it.
    retracts : id of the Decision this one takes back (an undo), None otherwise.
    id : the store's number, None before it is recorded.
    """

    content_hash: str
    file: str
    row: int
    name: str
    redshift: float | None
    quality: int
    scale: str = "desi"
    redshift_origin: str = "network"
    spectrum_class: str = "GALAXY"
    issues: str = ""
    comment: str = ""
    reviewer: str = ""
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    bundle: str = ""
    starred: bool = False
    retracts: int | None = None
    id: int | None = None


SETTLED_BY = "settled by "
"""Begins the reviewer's name of a Decision with which somebody settled the others' conflict: nobody's own opinion."""


def settler_name(reviewer: str) -> str:
    """Give the name under which a reviewer settles conflicts."""
    return SETTLED_BY + reviewer


def is_settlement(decision: Decision) -> bool:
    """Tell whether a Decision settles a conflict of others."""
    return decision.reviewer.startswith(SETTLED_BY)


def check(decision: Decision) -> None:
    """Make sure that a Decision keeps to its quality scale, the classes and the issues.

    Raises
    ------
    ValueError : in one sentence, what is not allowed.
    """
    scale = QUALITY_SCALES.get(decision.scale)
    if scale is None:
        raise ValueError(f'"{decision.scale}" is no quality scale: use one of {", ".join(QUALITY_SCALES)}')
    if decision.quality not in scale.meanings:
        allowed = ", ".join(str(value) for value in sorted(scale.meanings))
        raise ValueError(f"quality {decision.quality} is not on the {scale.name} scale ({allowed})")
    if decision.spectrum_class and decision.spectrum_class not in SPECTRUM_CLASSES:
        raise ValueError(f'"{decision.spectrum_class}" is no class: use one of {", ".join(SPECTRUM_CLASSES)}')
    if set(decision.issues) - set(ISSUES):
        raise ValueError(f'"{decision.issues}" are no issues: use letters of {"".join(ISSUES)}')
    if decision.redshift is not None and math.isinf(decision.redshift):
        raise ValueError("an infinite redshift cannot be recorded")
    if decision.time.tzinfo is None:
        raise ValueError("the time of a Decision must carry its time zone")
