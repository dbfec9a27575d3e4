"""Rows in memory stand by the same rules as in the database."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mtop_gui.store.review_store import open_store
from mtop_gui.store.standing import redoable, standing, undoable
from tests.store.records import decision

ACTS = st.lists(st.sampled_from(["record a", "record b", "undo", "undo", "redo"]), max_size=25)


@given(ACTS)
@settings(max_examples=30)
def test_the_rules_agree_with_the_database(acts: list[str]) -> None:
    with open_store(":memory:") as store:
        for act in acts:
            if act.startswith("record"):
                store.record(decision(act[-1] * 64))
            else:
                getattr(store, act)("ada")
        rows = store.trail("ada")
        assert rows == store.decisions()
        assert {row.content_hash: row for row in standing(rows)} == store.current_all("ada")
        taken, back = undoable(rows), redoable(rows)
        # Redo first: it ends nothing, while an undo adds something to redo.
        redone = store.redo("ada")
        assert (back.id if back else None) == (redone.retracts if redone else None)
        if redone is None:
            undone = store.undo("ada")
            assert (taken.id if taken else None) == (undone.retracts if undone else None)
