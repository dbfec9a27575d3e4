"""Undo and redo against a model with two stacks, over restarts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mtop_gui.store.review_store import open_store
from tests.store.records import decision

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision

REVIEWERS = st.sampled_from(["ada", "bob"])
HASHES = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])


class UndoModel(RuleBasedStateMachine):
    """What two reviewers do to a store, and what a pair of lists says must stand."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "reviews.sqlite"
        self.store = open_store(self.path)
        self.done: dict[str, list[Decision]] = {"ada": [], "bob": []}
        self.undone: dict[str, list[Decision]] = {"ada": [], "bob": []}
        self.rows = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(reviewer=REVIEWERS, content_hash=HASHES, quality=st.integers(0, 4))
    def record(self, reviewer: str, content_hash: str, quality: int) -> None:
        self.done[reviewer].append(
            self.store.record(decision(content_hash, reviewer=reviewer, quality=quality))
        )
        self.undone[reviewer].clear()
        self.rows += 1

    @rule(reviewer=REVIEWERS)
    def undo(self, reviewer: str) -> None:
        row = self.store.undo(reviewer)
        if not self.done[reviewer]:
            assert row is None
            return
        taken = self.done[reviewer].pop()
        self.undone[reviewer].append(taken)
        assert row is not None
        assert (row.retracts, row.content_hash) == (taken.id, taken.content_hash)
        self.rows += 1

    @rule(reviewer=REVIEWERS)
    def redo(self, reviewer: str) -> None:
        row = self.store.redo(reviewer)
        if not self.undone[reviewer]:
            assert row is None
            return
        back = self.undone[reviewer].pop()
        self.done[reviewer].append(back)
        assert row is not None
        assert row.content_hash == back.content_hash
        self.rows += 1

    @precondition(lambda self: self.rows)
    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = open_store(self.path)

    @invariant()
    def the_store_agrees(self) -> None:
        everyone: list[Decision] = []
        for reviewer, standing in self.done.items():
            everyone += standing
            assert self.store.current_all(reviewer) == {row.content_hash: row for row in standing}
        everyone.sort(key=lambda row: row.id or 0)
        assert self.store.current_all() == {row.content_hash: row for row in everyone}
        assert sum(self.store.counts().values()) == len(everyone)
        assert len(self.store.decisions()) == self.rows


TestUndoModel = UndoModel.TestCase
TestUndoModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
