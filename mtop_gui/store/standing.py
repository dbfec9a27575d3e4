"""Which Decisions stand: the rules of undo and redo over rows in memory, the same as the database's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.decision import Decision


def retracted(rows: Sequence[Decision]) -> set[int]:
    """Give the ids of all rows that a standing row retracts.

    Parameters
    ----------
    rows : in the order of their ids. A row that retracts comes after what it retracts.
    """
    gone: set[int] = set()
    for row in reversed(rows):
        if row.retracts is not None and row.id not in gone:
            gone.add(row.retracts)
    return gone


def standing(rows: Sequence[Decision]) -> list[Decision]:
    """Give the Decisions among `rows` (oldest first) that stand; undos and redos are none themselves."""
    gone = retracted(rows)
    return [row for row in rows if row.retracts is None and row.id not in gone]


def undoable(rows: Sequence[Decision]) -> Decision | None:
    """Give the Decision that the next undo takes back; `rows` are all of one reviewer, oldest first."""
    left = standing(rows)
    return left[-1] if left else None


def redoable(rows: Sequence[Decision]) -> Decision | None:
    """Give the undo that the next redo takes back; `rows` are all of one reviewer, oldest first."""
    gone = retracted(rows)
    plain = {row.id for row in rows if row.retracts is None}
    newest = max((number for number, row in enumerate(rows) if row.retracts is None), default=-1)
    for row in reversed(rows[newest + 1 :]):
        # An undo retracts a Decision, a redo an undo; rows cut off at the front leave undos of Decisions unknown.
        if row.retracts in plain and row.id not in gone:
            return row
    return None
