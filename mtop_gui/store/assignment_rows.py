"""Assignments as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtop_gui.store.assignments import Assignment, ToReview, Workload, share_out
from mtop_gui.store.decision_rows import standing
from mtop_gui.store.tables import assignments, decisions, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

_COLUMNS = tuple(assignments.c[name] for name in Assignment._fields)


def select(connection: Connection, reviewer: str | None = None) -> list[Assignment]:
    """Read assignments in the order they were made, of one reviewer or (None) all."""
    query = sa.select(*_COLUMNS).order_by(assignments.c.id)
    if reviewer is not None:
        query = query.where(assignments.c.reviewer == storable(reviewer))
    return [Assignment(*row) for row in connection.execute(query)]


def insert(
    connection: Connection,
    spectra: Iterable[ToReview],
    reviewers: Sequence[str],
    per_spectrum: int,
    seed: int,
) -> list[Assignment]:
    """Share Spectra out, considering what is there, and write the new assignments."""
    wanted = [
        ToReview(each.content_hash, storable(each.file), each.row, storable(each.name)) for each in spectra
    ]
    names = [storable(name) for name in reviewers]
    new = share_out(wanted, names, per_spectrum, seed, select(connection))
    if new:
        connection.execute(sa.insert(assignments), [each._asdict() for each in new])
    return new


def delete(connection: Connection, content_hashes: Sequence[str], reviewer: str | None) -> int:
    """Remove the assignments of these Spectra; gives how many."""
    query = sa.delete(assignments).where(assignments.c.content_hash.in_(content_hashes))
    if reviewer is not None:
        query = query.where(assignments.c.reviewer == storable(reviewer))
    return int(connection.execute(query).rowcount)


def workloads(connection: Connection) -> dict[str, Workload]:
    """Count assignments, and those decided by whom they are assigned to."""
    decided = (
        sa.exists()
        .where(
            decisions.c.content_hash == assignments.c.content_hash,
            decisions.c.reviewer == assignments.c.reviewer,
            *standing(None),
        )
        .correlate(assignments)
    )
    query = sa.select(
        assignments.c.reviewer, sa.func.count(), sa.func.sum(sa.case((decided, 1), else_=0))
    ).group_by(assignments.c.reviewer)
    counts = {name: Workload(int(n), int(done)) for name, n, done in connection.execute(query)}
    return dict(sorted(counts.items()))
