"""Take Decisions over from catalogues that somebody else exported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mtop_gui.core.decision import Decision
from mtop_gui.core.errors import StoreError
from mtop_gui.io.table_files import read_table
from mtop_gui.store.vi_exchange import Taken, import_vi_file
from mtop_gui.store.vi_formats import format_of_text

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.store.review_store import ReviewStore

_NEEDED = ("file", "row", "z_final", "quality", "quality_scale", "content_hash")


def import_file(store: ReviewStore, path: Path, *, reviewer: str | None = None) -> Taken:
    """Record the Decisions of a file of any kind that is known: catalogue, Marz ``.mz`` or DESI ``.csv``.

    Raises
    ------
    StoreError : see `import_catalogue` and `vi_exchange.import_vi_file`.
    """
    form = None
    if path.suffix.lower() in (".mz", ".csv"):
        try:
            with path.open("rb") as stream:
                beginning = stream.read(4096).decode("utf-8", "replace")
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
        form = format_of_text(path, beginning)
    if form is not None:
        return import_vi_file(store, path, form, reviewer)
    return Taken(import_catalogue(store, path, reviewer=reviewer), 0)


def import_catalogue(store: ReviewStore, path: Path, *, reviewer: str | None = None) -> int:
    """Record the Decisions of an exported catalogue.

    Parameters
    ----------
    path : a catalogue written by `export_catalogue`.
    reviewer : the name to record them under; None for the names in the catalogue.

    Returns
    -------
    How many were recorded; those the store already has are left out, so that importing twice does no harm.

    Raises
    ------
    StoreError : the file cannot be read, lacks a column, or holds a Decision that is none; nothing is recorded
        then, unless the store itself fails half-way.
    """
    columns = read_table(path)
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise StoreError(f"{path} is no reviewed catalogue: the column {missing[0]} is missing.")
    count = len(columns["quality"])
    rows = [{name: column[i] for name, column in columns.items()} for i in range(count)]
    found = []
    for number, row in enumerate(rows, start=1):
        if row["quality"] is None or not row["content_hash"]:
            continue
        try:
            found.append(_decision(row, reviewer))
        except (ValueError, TypeError) as error:
            raise StoreError(f"row {number} of {path} holds no valid decision: {error}.") from error
    recorded = 0
    present = {_key(decision) for decision in store.decisions() if decision.retracts is None}
    for decision in found:
        if _key(decision) not in present:
            store.record(decision)
            recorded += 1
    return recorded


def _decision(row: dict[str, Any], reviewer: str | None) -> Decision:
    from mtop_gui.core.decision import check

    time = row.get("decided_at")
    decision = Decision(
        content_hash=str(row["content_hash"]),
        file=str(row["file"]),
        row=int(row["row"] or 0),
        name=str(row.get("name") or ""),
        redshift=None if row["z_final"] is None else float(row["z_final"]),
        redshift_origin=str(row.get("z_origin") or ""),
        quality=int(row["quality"]),
        scale=str(row["quality_scale"]),
        spectrum_class=str(row.get("class") or ""),
        issues=str(row.get("issues") or ""),
        comment=str(row.get("comment") or ""),
        reviewer=str(row.get("reviewer") or "") if reviewer is None else reviewer,
        time=datetime.fromisoformat(str(time)) if time else datetime.now(UTC),
        bundle=str(row.get("bundle") or ""),
        starred=bool(row.get("starred")),
    )
    check(decision)
    return decision


def _key(decision: Decision) -> tuple[object, ...]:
    return (
        decision.content_hash,
        decision.reviewer,
        decision.time,
        decision.redshift,
        decision.quality,
        decision.scale,
        decision.comment,
    )
