"""The sentences and cells of the team panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.core.decision import SETTLED_BY
from mtop_gui.store.merge import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.decision import Decision
    from mtop_gui.ui.team import Team

RULE_NAMES = {"desi": "DESI", "marz": "Marz"}
LIGHT_SPEED = 299_792.458
COLUMNS = ("reviewer", "z", "Δ [km/s]", "Q", "class", "issues", "comment", "when", "settle with")


def cells(row: Decision, first: Decision, key: str) -> tuple[str, ...]:
    """Give the cells of one reviewer; velocities are against the first one listed."""
    if row is first or row.redshift is None or first.redshift is None:
        apart = ""
    else:
        apart = f"{LIGHT_SPEED * (row.redshift - first.redshift) / (1.0 + first.redshift):+,.0f}"
    return (
        row.reviewer,
        "–" if row.redshift is None else f"{row.redshift:.5f}",
        apart,
        str(row.quality),
        row.spectrum_class.capitalize() if row.spectrum_class != "QSO" else "QSO",
        row.issues,
        row.comment,
        row.time.astimezone().strftime("%d %b %H:%M"),
        key,
    )


def differing(rows: Sequence[Decision]) -> set[int]:
    """Give the columns in which reviewers say different things."""
    said: dict[int, set[object]] = {
        1: {row.redshift for row in rows},
        3: {row.quality for row in rows},
        4: {row.spectrum_class for row in rows},
    }
    apart = {column for column, values in said.items() if len(values) > 1}
    return apart | {2} if 1 in apart else apart


def sentence(team: Team) -> tuple[str, bool]:
    """Say how the reviewers stand to each other on the selected spectrum, and whether that needs a person."""
    rows, hidden = team.opinions(), team.hidden()
    settled, merging = team.settlement(), team.merging()
    if settled is not None:
        redshift = "no redshift" if settled.redshift is None else f"z {settled.redshift:.5f}"
        name = settled.reviewer.removeprefix(SETTLED_BY)
        return f"Settled by {name}: {redshift}, quality {settled.quality} ({settled.comment})", False
    if hidden:
        others = "one reviewer has" if hidden == 1 else f"{hidden} other reviewers have"
        other = "" if rows else "You have not decided yet. "
        return (
            f"{other}{others[0].upper()}{others[1:]} decided; shown when you merge ( Shift+G goes to the conflicts ).",
            False,
        )
    if not team.content():
        return (
            "What every reviewer said of the selected spectrum is listed here, and where they differ.",
            False,
        )
    if not rows:
        return "Nobody has decided on this spectrum yet.", False
    if merging is None:
        return "One decision so far; nothing to compare.", False
    if isinstance(merging, Conflict):
        reasons = " and ".join(merging.reasons)
        return (
            f"Conflict in {reasons}, by the rule of {RULE_NAMES.get(team.rule, team.rule)}. Settle it with a key of the last column, or with Shift+S.",
            True,
        )
    redshift = "no redshift" if merging.redshift is None else f"z {merging.redshift:.5f}"
    return (
        f"Agreed, by the rule of {RULE_NAMES.get(team.rule, team.rule)}: {redshift}, quality {merging.quality:g}",
        False,
    )
