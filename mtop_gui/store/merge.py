"""Merge the standing Decisions of several reviewers, by the rules of two surveys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

from mtop_gui.core.decision import is_settlement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mtop_gui.core.decision import Decision

DESI_REDSHIFT = 0.0033
"""Relative redshift difference from which two DESI reviewers disagree (about 1000 km/s)."""

MARZ_REDSHIFT = 2e-4
MARZ_REDSHIFT_QSO = 1.5e-3
MARZ_SCALES = ("ozdes", "desi")


@dataclass(frozen=True)
class Merged:
    """What the reviewers say together of one Spectrum.

    Attributes
    ----------
    redshift : None when nobody gave one.
    quality : on `scale`; a mean need not be whole.
    issues, comment : of all reviewers, each issue and each comment once.
    reviewers : who was merged, in the order given.
    """

    content_hash: str
    redshift: float | None
    quality: float
    scale: str
    spectrum_class: str
    issues: str
    comment: str
    reviewers: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Reviewers who disagree on one Spectrum, and in what: a person must settle it."""

    content_hash: str
    decisions: tuple[Decision, ...]
    reasons: tuple[str, ...]


Merging: TypeAlias = Merged | Conflict


def merge_desi(decisions: Sequence[Decision]) -> Merging:
    """Merge by the rule of DESI's visual inspection.

    Conflict if quality differs by 2 or more, |Δz|/(1 + z_min) ≥ 0.0033, or the class differs, between any two;
    otherwise mean redshift and mean quality. A redshift that only some could give is a conflict too, and so are
    different or unsuitable quality scales, which are never converted.

    Parameters
    ----------
    decisions : the standing Decisions on one Spectrum, at most one of each reviewer.

    Raises
    ------
    ValueError : there is none, or they are on different Spectra.
    """
    _check(decisions)
    reasons = [reason for a, b in combinations(decisions, 2) for reason in _desi_reasons(a, b)]
    if reasons:
        return _conflict(decisions, reasons)
    redshifts = [decision.redshift for decision in decisions if decision.redshift is not None]
    return _joined(
        decisions,
        sum(redshifts) / len(redshifts) if redshifts else None,
        sum(decision.quality for decision in decisions) / len(decisions),
        decisions[0].spectrum_class,
    )


def _desi_reasons(a: Decision, b: Decision) -> list[str]:
    if a.scale != b.scale or a.scale == "vimos":
        return ["scale"]
    reasons = []
    if abs(a.quality - b.quality) >= 2:
        reasons.append("quality")
    if a.redshift is None or b.redshift is None:
        if a.redshift is not b.redshift:
            reasons.append("redshift")
    elif abs(a.redshift - b.redshift) / (1.0 + min(a.redshift, b.redshift)) >= DESI_REDSHIFT:
        reasons.append("redshift")
    if a.spectrum_class != b.spectrum_class:
        reasons.append("class")
    return reasons


def merge_marz(decisions: Sequence[Decision]) -> Merging:
    """Merge by the rule of Marz (OzDES).

    Conflict if |Δz| > 2e-4 (1.5e-3 between two QSOs) with either quality above 2, if only one quality is above 2,
    or 3 stands against 4, between any two; otherwise the Decision of higher quality wins, the earlier at a tie.
    The values 3 and 4 must mean what they do in Marz: `ozdes` or `desi` scale, else it is a conflict.

    Parameters
    ----------
    decisions : the standing Decisions on one Spectrum, at most one of each reviewer.

    Raises
    ------
    ValueError : there is none, or they are on different Spectra.
    """
    _check(decisions)
    reasons = [reason for a, b in combinations(decisions, 2) for reason in _marz_reasons(a, b)]
    if reasons:
        return _conflict(decisions, reasons)
    best = max(decisions, key=lambda decision: decision.quality)
    return _joined(decisions, best.redshift, best.quality, best.spectrum_class)


def _marz_reasons(a: Decision, b: Decision) -> list[str]:
    if a.scale != b.scale or a.scale not in MARZ_SCALES:
        return ["scale"]
    sure = [decision.quality > 2 for decision in (a, b)]
    reasons = []
    if any(sure) and _marz_apart(a, b):
        reasons.append("redshift")
    if sure[0] != sure[1] or {a.quality, b.quality} == {3, 4}:
        reasons.append("quality")
    return reasons


def _marz_apart(a: Decision, b: Decision) -> bool:
    if a.redshift is None or b.redshift is None:
        return a.redshift is not b.redshift
    both_qso = a.spectrum_class == b.spectrum_class == "QSO"
    return abs(a.redshift - b.redshift) > (MARZ_REDSHIFT_QSO if both_qso else MARZ_REDSHIFT)


RULES: dict[str, Callable[[Sequence[Decision]], Merging]] = {"desi": merge_desi, "marz": merge_marz}


def merge_all(decisions: Iterable[Decision], rule: str) -> list[Merging]:
    """Merge the Decisions on many Spectra.

    Parameters
    ----------
    decisions : standing Decisions (`ReviewStore.current_all` of every reviewer), in any order.
    rule : a name of `RULES`.

    Returns
    -------
    One Merged or Conflict for each Spectrum, in the order in which the Spectra first occur. Where somebody settled a
    conflict (`core.decision.is_settlement`), that is what counts.

    Raises
    ------
    ValueError : there is no such rule.
    """
    if rule not in RULES:
        raise ValueError(f'"{rule}" is no merge rule: use one of {", ".join(RULES)}')
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.content_hash, []).append(decision)
    return [_settled(group) or RULES[rule](group) for group in groups.values()]


def _settled(decisions: Sequence[Decision]) -> Merged | None:
    """Give what a settlement among the Decisions says, the latest one; None when there is none."""
    final = [decision for decision in decisions if is_settlement(decision)]
    if not final:
        return None
    last = max(final, key=lambda decision: decision.id or 0)
    opinions = [decision for decision in decisions if not is_settlement(decision)]
    return replace(
        _joined([last], last.redshift, last.quality, last.spectrum_class),
        reviewers=(*(decision.reviewer for decision in opinions), last.reviewer),
    )


def _check(decisions: Sequence[Decision]) -> None:
    if len({decision.content_hash for decision in decisions}) != 1:
        raise ValueError("Decisions are merged one Spectrum at a time, and there must be at least one")


def _conflict(decisions: Sequence[Decision], reasons: Iterable[str]) -> Conflict:
    return Conflict(decisions[0].content_hash, tuple(decisions), tuple(dict.fromkeys(reasons)))


def _joined(
    decisions: Sequence[Decision], redshift: float | None, quality: float, spectrum_class: str
) -> Merged:
    comments = dict.fromkeys(decision.comment for decision in decisions if decision.comment)
    return Merged(
        content_hash=decisions[0].content_hash,
        redshift=redshift,
        quality=quality,
        scale=decisions[0].scale,
        spectrum_class=spectrum_class,
        issues="".join(dict.fromkeys(letter for decision in decisions for letter in decision.issues)),
        comment="; ".join(comments),
        reviewers=tuple(decision.reviewer for decision in decisions),
    )
