"""What reviewers say together, as two tables: the merged Spectra, and the conflicts with everybody's Decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.core.decision import is_settlement
from mtop_gui.io.table_files import write_table
from mtop_gui.store.merge import Conflict, Merged, merge_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.store.review_store import ReviewStore

_PLACE: dict[str, type] = {"file": str, "row": int, "name": str, "content_hash": str}
_WORD: dict[str, type] = {
    "z": float,
    "quality": float,
    "quality_scale": str,
    "class": str,
    "issues": str,
    "comment": str,
}
MERGED_TYPES: dict[str, type] = {**_PLACE, **_WORD, "reviewers": str, "n_reviewers": int, "settled_by": str}
CONFLICT_TYPES: dict[str, type] = {
    **_PLACE,
    "reasons": str,
    "reviewer": str,
    **_WORD,
    "quality": int,
    "decided_at": str,
}


def write_merged(store: ReviewStore, rule: str, merged: Path, conflicts: Path) -> tuple[int, int]:
    """Merge everybody's standing Decisions and write both tables.

    Parameters
    ----------
    rule : a name of `merge.RULES`.
    merged : one row per Spectrum on which the reviewers agree, or whose conflict was settled; the format by suffix.
    conflicts : one row per Decision on the others, those on the same Spectrum together.

    Returns
    -------
    How many Spectra are merged, and how many are in conflict.

    Raises
    ------
    ValueError : there is no such rule.
    StoreError, ExportError : the store cannot be read, a table cannot be written.
    """
    opinions = store.opinions()
    groups = sorted(opinions.values(), key=lambda group: (group[0].file, group[0].row, group[0].content_hash))
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    disputed = 0
    for merging in merge_all([decision for group in groups for decision in group], rule):
        group = opinions[merging.content_hash]
        if isinstance(merging, Conflict):
            disputed += 1
            reasons = " ".join(merging.reasons)
            bad += [_conflict_row(decision, reasons) for decision in merging.decisions]
        else:
            good.append(_merged_row(merging, group))
    meta = {"merged": "mtop-gui", "rule": rule}
    write_table(_columns(good, MERGED_TYPES), merged, meta=meta, types=MERGED_TYPES)
    write_table(_columns(bad, CONFLICT_TYPES), conflicts, meta=meta, types=CONFLICT_TYPES)
    return len(good), disputed


def conflicts_beside(merged: Path) -> Path:
    """Give the place of the conflicts: ``<name>-conflicts`` beside the merged table."""
    return merged.with_name(f"{merged.stem}-conflicts{merged.suffix}")


def _place(decision: Decision) -> dict[str, Any]:
    return {
        "file": decision.file,
        "row": decision.row,
        "name": decision.name,
        "content_hash": decision.content_hash,
    }


def _merged_row(merging: Merged, group: Sequence[Decision]) -> dict[str, Any]:
    settled = [decision for decision in group if is_settlement(decision)]
    reviewers = [name for name in merging.reviewers if name not in {each.reviewer for each in settled}]
    return {
        **_place(group[0]),
        "z": merging.redshift,
        "quality": merging.quality,
        "quality_scale": merging.scale,
        "class": merging.spectrum_class,
        "issues": merging.issues,
        "comment": merging.comment,
        "reviewers": ", ".join(reviewers),
        "n_reviewers": len(reviewers),
        "settled_by": settled[-1].reviewer if settled else None,
    }


def _conflict_row(decision: Decision, reasons: str) -> dict[str, Any]:
    return {
        **_place(decision),
        "reasons": reasons,
        "reviewer": decision.reviewer,
        "z": decision.redshift,
        "quality": decision.quality,
        "quality_scale": decision.scale,
        "class": decision.spectrum_class,
        "issues": decision.issues,
        "comment": decision.comment,
        "decided_at": decision.time.isoformat(timespec="microseconds"),
    }


def _columns(rows: Sequence[Mapping[str, Any]], types: Mapping[str, type]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in types}
