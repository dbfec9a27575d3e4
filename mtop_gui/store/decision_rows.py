"""Decisions as rows: which of them stand, in SQL, and how one is appended."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mtop_gui.core.decision import Decision
from mtop_gui.store.review_store import new_key
from mtop_gui.store.tables import decisions, storable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from mtop_gui.store.journal import Entry

_FIELDS = tuple(column.name for column in fields(Decision))
COLUMNS = tuple(decisions.c[name] for name in _FIELDS)
_undo = decisions.alias("undo")
_redo = decisions.alias("redo")

# A row stands while no standing row retracts it: an undo stands until a redo retracts it, a redo always.
_undo_stands = ~sa.exists().where(_redo.c.retracts == _undo.c.id)
_taken_back = sa.exists().where(_undo.c.retracts == decisions.c.id, _undo_stands)
_stands = sa.and_(decisions.c.retracts.is_(None), ~_taken_back)


def standing(reviewer: str | None) -> list[sa.ColumnElement[bool]]:
    """Give the conditions for rows that stand, of one reviewer or (None) of all."""
    conditions: list[sa.ColumnElement[bool]] = [_stands]
    if reviewer is not None:
        conditions.append(decisions.c.reviewer == storable(reviewer))
    return conditions


def undoable(reviewer: str) -> sa.Select[Any]:
    """Select the Decision that the reviewer's next undo takes back."""
    return sa.select(*COLUMNS).where(*standing(reviewer)).order_by(decisions.c.id.desc()).limit(1)


def redoable(reviewer: str) -> sa.Select[Any]:
    """Select the undo that the reviewer's next redo takes back: one since his last new Decision."""
    reviewer = storable(reviewer)
    newest = (
        sa.select(sa.func.coalesce(sa.func.max(decisions.c.id), 0))
        .where(decisions.c.reviewer == reviewer, decisions.c.retracts.is_(None))
        .scalar_subquery()
    )
    # An undo retracts a Decision, a redo an undo.
    return (
        sa.select(*(_undo.c[name] for name in _FIELDS))
        .join(decisions, _undo.c.retracts == decisions.c.id)
        .where(
            _undo.c.reviewer == reviewer,
            _undo.c.id > newest,
            decisions.c.retracts.is_(None),
            _undo_stands,
        )
        .order_by(_undo.c.id.desc())
        .limit(1)
    )


def decision_of(row: Any) -> Decision:
    """Read a row of `COLUMNS`."""
    return Decision(*row)


def under_key(connection: Connection, key: str) -> Decision | None:
    """Find the row that was appended under a key."""
    row = connection.execute(sa.select(*COLUMNS).where(decisions.c.uuid == key)).first()
    return None if row is None else decision_of(row)


def stored_form(decision: Decision) -> Decision:
    """Give the Decision as a reader will see it: texts a database can hold, UTC, NaN redshift as None."""
    redshift = decision.redshift
    if redshift is not None:
        redshift = None if math.isnan(redshift) else float(redshift)
    texts: dict[str, Any] = {
        name: storable(value) for name in _FIELDS if isinstance(value := getattr(decision, name), str)
    }
    return replace(decision, **texts, redshift=redshift, time=decision.time.astimezone(UTC), id=None)


def append(connection: Connection, decision: Decision, key: str | None = None) -> Decision:
    """Insert one row and give back what a reader will see."""
    stored = stored_form(decision)
    values = {name: getattr(stored, name) for name in _FIELDS if name != "id"}
    values["uuid"] = key or new_key()
    inserted = connection.execute(sa.insert(decisions).values(values)).inserted_primary_key
    return replace(stored, id=int(inserted[0]))  # type: ignore[index]


def retract(connection: Connection, row: Any | None, key: str | None = None) -> Decision | None:
    """Append the row that takes back `row`; None when there is nothing to take back."""
    if row is None:
        return None
    taken = decision_of(row)
    return append(connection, replace(taken, retracts=taken.id, time=datetime.now(UTC)), key)


def replay(connection: Connection, entry: Entry) -> None:
    """Append a row that waited in a journal, unless it is there or retracts what cannot be retracted any more."""
    if under_key(connection, entry.key) is not None:
        return
    decision = entry.decision
    if entry.retracts_key:
        target = under_key(connection, entry.retracts_key)
        if target is None:
            return
        decision = replace(decision, retracts=target.id)
    if decision.retracts is not None and not _can_retract(connection, decision):
        return
    append(connection, decision, entry.key)


def _can_retract(connection: Connection, decision: Decision) -> bool:
    """Tell whether the row to take back is the reviewer's own, and no standing row has taken it back."""
    target = (
        sa.select(decisions.c.retracts)
        .where(decisions.c.id == decision.retracts, decisions.c.reviewer == decision.reviewer)
        .where(decisions.c.content_hash == decision.content_hash)
    )
    row = connection.execute(target).first()
    if row is None:
        return False
    # A row that retracts a Decision may itself be taken back by a redo; a redo never is.
    alive = sa.true() if row.retracts is not None else _undo_stands
    taken = sa.select(_undo.c.id).where(_undo.c.retracts == decision.retracts, alive).limit(1)
    return connection.execute(taken).first() is None
