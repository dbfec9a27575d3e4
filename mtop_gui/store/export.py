"""A reviewed catalogue: the predicted catalogue's columns, then what the reviewers decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.core.catalogue import COLUMN_TYPES
from mtop_gui.io.table_files import write_table
from mtop_gui.store.review_store import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.core.decision import Decision
    from mtop_gui.store.review_store import ReviewStore

DECISION_TYPES: dict[str, type] = {
    "z_final": float,
    "z_origin": str,
    "quality": int,
    "quality_scale": str,
    "class": str,
    "issues": str,
    "comment": str,
    "reviewer": str,
    "decided_at": str,
    "n_decisions": int,
    "starred": bool,
    "content_hash": str,
}
"""Added to `core.catalogue.COLUMN_TYPES`; masked where nobody has decided. `content_hash` lets a catalogue come back."""


def export_catalogue(
    store: ReviewStore,
    path: Path,
    rows: Sequence[CatalogueRow],
    hashes: Mapping[tuple[str, int], str] | None = None,
    *,
    reviewer: str | None = None,
) -> None:
    """Write rows with the Decisions that stand on them.

    Parameters
    ----------
    path : ``.ecsv``, ``.fits``, ``.csv``, ``.parquet`` or ``.vot``; replaced only once the new one is complete.
    rows : the predicted catalogue, written in this order.
    hashes : content hash of each row by (file, row), as in the `CatalogueRow`; None to take what the store
        remembers of files that have not changed since.
    reviewer : whose Decisions; None for the last one by anyone.

    Raises
    ------
    ExportError : the suffix is unknown, or the file cannot be written.
    StoreError : the store cannot be read.
    """
    known = _remembered(store, rows) if hashes is None else hashes
    standing = store.current_all(reviewer)
    counts = store.counts(reviewer)
    types = COLUMN_TYPES | DECISION_TYPES
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in COLUMN_TYPES}
    columns |= {name: [] for name in DECISION_TYPES}
    for row in rows:
        content_hash = known.get((row.file, row.row))
        cells = _cells(standing.get(content_hash) if content_hash else None, counts)
        for name in DECISION_TYPES:
            columns[name].append(cells.get(name))
        columns["content_hash"][-1] = content_hash
    write_table(
        columns,
        path,
        meta={"reviewed": "mtop-gui", "reviewer": reviewer or "all"},
        types=types,
        units={"ra": "deg", "dec": "deg"},
    )


def _cells(decision: Decision | None, counts: Mapping[str, int]) -> dict[str, object]:
    if decision is None:
        return {}
    return {
        "z_final": decision.redshift,
        "z_origin": decision.redshift_origin,
        "quality": decision.quality,
        "quality_scale": decision.scale,
        "class": decision.spectrum_class,
        "issues": decision.issues,
        "comment": decision.comment,
        "reviewer": decision.reviewer,
        "decided_at": decision.time.isoformat(timespec="microseconds"),
        "n_decisions": counts.get(decision.content_hash, 0),
        "starred": decision.starred,
    }


def _remembered(store: ReviewStore, rows: Sequence[CatalogueRow]) -> dict[tuple[str, int], str]:
    """Look up content hashes of rows whose files are unchanged."""
    known = store.known_files({row.file for row in rows})
    hashes = {}
    fresh: dict[str, bool] = {}
    for row in rows:
        file = known.get((absolute(row.file), row.row))
        if file is None:
            continue
        if file.path not in fresh:
            fresh[file.path] = file.unchanged()
        if fresh[file.path]:
            hashes[(row.file, row.row)] = file.content_hash
    return hashes
