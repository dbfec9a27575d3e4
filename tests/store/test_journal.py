"""A store that is lost: work goes on in the journal, and everything arrives once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mtop_gui.core.errors import StoreError, StoreUnavailableError
from mtop_gui.store import sql_store
from mtop_gui.store.journal import Entry, Journal
from mtop_gui.store.review_store import ReviewStore, open_journaled_store, open_store
from mtop_gui.store.standing import standing
from tests.store.records import decision, prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtop_gui.core.decision import Decision

ROOT = Path(__file__).parents[2]


class Trouble:
    """Breaks and mends the store under a journaled one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.error: Exception | None = None
        self.after_commit = False
        original = sql_store.SqlReviewStore._writing

        def writing(store: Any, *arguments: Any) -> Any:
            return self._wrapped(original(store, *arguments))

        monkeypatch.setattr(sql_store.SqlReviewStore, "_writing", writing)

    def _wrapped(self, context: Any) -> Any:
        trouble = self

        class Context:
            def __enter__(self) -> Any:
                if trouble.error is not None and not trouble.after_commit:
                    raise trouble.error
                return context.__enter__()

            def __exit__(self, *exception: Any) -> Any:
                answer = context.__exit__(*exception)
                if trouble.error is not None and trouble.after_commit:
                    raise trouble.error
                return answer

        return Context()

    def begin(self, *, after_commit: bool = False, readable: bool = True) -> None:
        """Fail every write from now on, before it does anything or once it is committed."""
        # Where it is not known whether a commit succeeded, the connection is gone.
        readable = readable and not after_commit
        self.error = StoreUnavailableError("the store is away: wait.", readable=readable)
        self.after_commit = after_commit

    def end(self) -> None:
        self.error = None


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Trouble:
    return Trouble(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk" / "reviews.sqlite"


@pytest.fixture
def journaled(path: Path, tmp_path: Path) -> Iterator[ReviewStore]:
    with open_journaled_store(path, tmp_path / "journals") as store:
        yield store


def journals(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "journals").rglob("*.jsonl"))


def test_without_trouble_there_is_no_journal(journaled: ReviewStore, path: Path, tmp_path: Path) -> None:
    recorded = journaled.record(decision())
    assert journaled.undo("ada") is not None
    assert journaled.state() == ("", 0)
    assert journals(tmp_path) == []
    with open_store(path) as store:
        assert store.decisions()[0] == recorded


def test_work_goes_on_and_arrives_in_order(
    journaled: ReviewStore, path: Path, tmp_path: Path, trouble: Trouble
) -> None:
    journaled.current_all("ada")
    before = journaled.record(decision("a" * 64, quality=1))
    trouble.begin()
    kept = journaled.record(decision("a" * 64, quality=2))
    journaled.record(decision("b" * 64, quality=3))
    assert journaled.state() == ("the store is away: wait.", 2)
    assert journaled.current("a" * 64, "ada") == kept
    assert set(journaled.current_all("ada")) == {"a" * 64, "b" * 64}
    assert journaled.counts("ada") == {"a" * 64: 2, "b" * 64: 1}
    undone = journaled.undo("ada")
    assert undone is not None
    assert (undone.content_hash, undone.quality) == ("b" * 64, 3)
    assert set(journaled.current_all("ada")) == {"a" * 64}
    journaled.undo("ada")
    assert journaled.current("a" * 64, "ada") == before
    journaled.undo("ada")
    assert journaled.current_all() == {}
    redone = journaled.redo("ada")
    assert redone is not None
    assert redone.quality == 1
    assert journaled.reconnect() == 0
    trouble.end()
    assert journaled.reconnect() == 6
    assert journaled.state() == ("", 0)
    assert journals(tmp_path) == []
    with open_store(path) as store:
        rows = store.decisions()
        assert [row.quality for row in rows] == [1, 2, 3, 3, 2, 1, 1]
        by_id = {row.id: row for row in rows}
        assert [by_id[row.retracts].quality if row.retracts else None for row in rows] == [
            *[None] * 3,
            3,
            2,
            1,
            1,
        ]
        assert store.current_all("ada") == journaled.current_all("ada") == {"a" * 64: before}
    # The undo stack is whole again.
    assert [row.quality for row in (journaled.redo("ada"), journaled.redo("ada")) if row] == [2, 3]


def test_what_was_committed_before_the_connection_broke_is_there_once(
    journaled: ReviewStore, path: Path, trouble: Trouble
) -> None:
    journaled.current_all("ada")
    trouble.begin(after_commit=True)
    journaled.record(decision(quality=1))
    trouble.end()
    assert journaled.state().waiting == 1
    journaled.reconnect()
    trouble.begin(after_commit=True)
    journaled.undo("ada")
    trouble.end()
    journaled.reconnect()
    with open_store(path) as store:
        assert [(row.quality, row.retracts) for row in store.decisions()] == [(1, None), (1, 1)]


def test_the_journal_outlives_the_program(path: Path, tmp_path: Path, trouble: Trouble) -> None:
    with open_journaled_store(path, tmp_path / "journals") as store:
        store.record(decision(quality=1))
        trouble.begin()
        store.record(decision(quality=2, comment="λ \udcff \n", redshift=0.1 + 0.2))
        store.record(decision("b" * 64))
        store.undo("ada")
    assert len(journals(tmp_path)) == 1
    trouble.end()
    with open_journaled_store(path, tmp_path / "journals") as store:
        assert store.state() == ("", 0)
        assert journals(tmp_path) == []
        current = store.current("a" * 64)
        assert current is not None
        assert (current.redshift, current.comment) == (0.1 + 0.2, "λ \\udcff \n")
        assert store.current("b" * 64) is None
        assert len(store.decisions()) == 4


def test_a_program_that_runs_keeps_its_journal(path: Path, tmp_path: Path, trouble: Trouble) -> None:
    with open_journaled_store(path, tmp_path / "journals") as first:
        trouble.begin()
        first.record(decision())
        with open_journaled_store(path, tmp_path / "journals") as second:
            assert second.state().waiting == 0
            second.record(decision("b" * 64, reviewer="bob"))
            assert len(journals(tmp_path)) == 2
            trouble.end()
            assert second.reconnect() == 1
        assert first.reconnect() == 1
        assert {row.reviewer for row in first.decisions()} == {"ada", "bob"}


def test_other_stores_have_other_journals(tmp_path: Path, trouble: Trouble) -> None:
    with open_journaled_store(tmp_path / "a.sqlite", tmp_path / "journals") as store:
        trouble.begin()
        store.record(decision())
    trouble.end()
    with open_journaled_store(tmp_path / "b.sqlite", tmp_path / "journals") as store:
        assert store.state().waiting == 0
    with open_journaled_store(f"sqlite:///{tmp_path}/a.sqlite", tmp_path / "journals") as store:
        assert len(store.decisions()) == 1


def test_a_retraction_that_came_too_late_says_nothing(
    journaled: ReviewStore, path: Path, trouble: Trouble
) -> None:
    journaled.current_all("ada")
    journaled.record(decision(quality=1))
    journaled.record(decision(quality=2))
    trouble.begin()
    journaled.undo("ada")
    trouble.end()
    with open_store(path) as elsewhere:
        elsewhere.undo("ada")
    assert journaled.reconnect() == 1
    assert [row.quality for row in standing(journaled.decisions())] == [1]
    assert len(journaled.decisions()) == 3


def test_a_store_that_was_never_there(tmp_path: Path) -> None:
    place = tmp_path / "disk" / "reviews.sqlite"
    with open_journaled_store(place, tmp_path / "journals") as store:
        assert "its folder is not there; connect the disk" in store.state().trouble
        with pytest.raises(
            StoreUnavailableError, match="Earlier decisions can be taken back once it is there"
        ):
            store.undo("ada")
        row = store.record(decision())
        assert store.current_all("ada") == {"a" * 64: row}
        assert store.current_all("bob") == {}
        assert store.history("a" * 64) == [row]
        assert store.reviewers() == ["ada"]
        assert store.load_predictions(["a" * 64], "one") == {}
        store.save_prediction("a" * 64, "one", 1, prediction())
        assert store.decisions_since(7) == ([], 7)
        assert store.assigned_to("ada") == {}
        for ask in (store.opinions, store.assignments, store.workloads, store.decisions, store.newest_id):
            with pytest.raises(StoreUnavailableError, match="its folder is not there"):
                ask()
        assert store.reconnect() == 0
        place.parent.mkdir()
        # An empty disk in its place is not the disk that was there.
        assert store.reconnect() == 0
        open_store(place).close()
        assert store.reconnect() == 1
        assert [each.reviewer for each in store.decisions()] == ["ada"]


def test_a_removed_folder(journaled: ReviewStore, path: Path) -> None:
    journaled.current_all("ada")
    first = journaled.record(decision())
    for ask in (journaled.opinions, journaled.workloads, journaled.newest_id):
        ask()
    away = path.parent.with_name("unplugged")
    path.parent.rename(away)
    second = journaled.record(decision("b" * 64))
    assert "was moved or deleted while in use" in journaled.state().trouble
    assert journaled.current_all("ada") == {"a" * 64: first, "b" * 64: second}
    assert journaled.current("a" * 64) == first
    assert journaled.opinions() == {"a" * 64: [first], "b" * 64: [second]}
    assert journaled.opinions(["b" * 64]) == {"b" * 64: [second]}
    assert journaled.assigned_to("ada") == journaled.workloads() == {}
    assert journaled.newest_id() == 1
    assert [row.id for row in (journaled.undo("ada"), journaled.undo("ada")) if row]
    assert journaled.current_all("ada") == {}
    assert journaled.reconnect() == 0
    away.rename(path.parent)
    assert journaled.reconnect() == 3
    assert len(journaled.decisions()) == 4


def test_a_deleted_store_is_not_made_anew(journaled: ReviewStore, path: Path) -> None:
    journaled.record(decision())
    shutil.rmtree(path.parent)
    journaled.record(decision("b" * 64))
    path.parent.mkdir()
    assert journaled.reconnect() == 0
    assert not path.exists()
    assert journaled.state().waiting == 1


def test_a_store_restored_from_a_copy_is_opened_again(journaled: ReviewStore, path: Path) -> None:
    journaled.record(decision())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    for file in path.parent.iterdir():
        file.unlink()
    journaled.record(decision("b" * 64))
    path.write_bytes(content)
    assert journaled.reconnect() == 1
    assert [row.content_hash[0] for row in journaled.decisions()] == ["a", "b"]
    assert journaled.record(decision("c" * 64)).id == 3


def test_a_locked_store(journaled: ReviewStore, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        journaled.record(decision())
        assert "is locked by another program" in journaled.state().trouble
        assert journaled.decisions() == []
        assert journaled.reconnect() == 0
        other.execute("ROLLBACK")
    assert journaled.reconnect() == 1
    assert len(journaled.decisions()) == 1


def test_a_full_disk(journaled: ReviewStore) -> None:
    # One connection behaves as on a full disk; the one that `reconnect` opens finds room again.
    with journaled._inner._backend.engine.connect() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    long = journaled.record(decision(comment="x" * 100_000))
    assert "the disk is full" in journaled.state().trouble
    assert journaled.current("a" * 64) == long
    assert journaled.reconnect() == 1
    assert journaled.decisions()[0].comment == long.comment


def test_a_read_only_store(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(path) as store:
        first = store.record(decision())
    path.chmod(0o444)
    if os.access(path, os.W_OK):  # the superuser may write everything
        monkeypatch.setattr(os, "access", lambda *_: False)
    with open_journaled_store(path, tmp_path / "journals") as store:
        assert "is read-only: change its permissions" in store.state().trouble
        assert store.current_all("ada") == {"a" * 64: first}
        store.record(decision(quality=1))
        assert store.undo("ada") is not None
        assert store.undo("ada") is not None
        assert store.current_all("ada") == {}
        path.chmod(0o644)
        monkeypatch.undo()
        assert store.reconnect() == 3
        assert store.current_all("ada") == {}
        assert store.state() == ("", 0)


def test_a_store_of_another_program_is_refused(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="a database of another program"):
        open_journaled_store(path, tmp_path / "journals")


def test_when_the_journal_fails_too_nothing_counts_as_saved(
    journaled: ReviewStore, tmp_path: Path, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble.begin()
    journaled.record(decision())
    whole = journals(tmp_path)[0].read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        StoreError, match=r"the store is away: wait\. Then the journal in .* cannot be written either"
    ):
        journaled.record(decision("b" * 64))
    assert journals(tmp_path)[0].read_bytes() == whole
    assert journaled.state().waiting == 1


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "url")
    for number in range(3):
        journal.append(Entry(f"{number:032d}", decision(str(number))))
    journal.close()
    file = next(tmp_path.rglob("*.jsonl"))
    content = file.read_bytes()
    for cut in range(len(content)):
        file.write_bytes(content[:cut])
        journal = Journal(tmp_path, "url")
        entries = journal.take_over()
        whole = content[:cut].count(b"\n") - 1
        assert [entry.decision.content_hash for entry in entries] == [str(n) for n in range(max(0, whole))]
        journal.close()


def test_kill_9_while_the_store_is_away_loses_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from mtop_gui.store.review_store import open_journaled_store\n"
        "from tests.store.records import decision\n"
        "store = open_journaled_store(sys.argv[1], Path(sys.argv[2]))\n"
        "for n in range(10): store.record(decision(f'{n:064d}'))\n"
        "os.kill(os.getpid(), 9)"
    )
    place = tmp_path / "disk" / "reviews.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", code, str(place), str(tmp_path / "journals")], cwd=ROOT, check=False
    )
    assert done.returncode != 0
    place.parent.mkdir()
    with open_journaled_store(place, tmp_path / "journals") as store:
        assert store.state() == ("", 0)
        assert [row.content_hash for row in store.decisions()] == [f"{n:064d}" for n in range(10)]


class LossModel(RuleBasedStateMachine):
    """Whatever breaks when: the reviewer sees what two plain lists say, and in the end the store has it."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.patch = pytest.MonkeyPatch()
        self.trouble = Trouble(self.patch)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "reviews.sqlite"
        self.open()
        self.done: list[Decision] = []
        self.undone: list[Decision] = []

    def open(self) -> None:
        self.store = open_journaled_store(self.path, Path(self.folder.name) / "journals")
        self.store.current_all("ada")

    def teardown(self) -> None:
        self.trouble.end()
        self.store.reconnect()
        assert self.store.state() == ("", 0)
        self.the_store_agrees()
        with open_store(self.path) as store:
            assert len(store.current_all("ada")) == len({row.content_hash for row in self.done})
        self.store.close()
        self.patch.undo()
        self.folder.cleanup()

    @rule(content_hash=st.sampled_from(["a" * 64, "b" * 64]), quality=st.integers(0, 4))
    def record(self, content_hash: str, quality: int) -> None:
        self.done.append(self.store.record(decision(content_hash, quality=quality)))
        self.undone.clear()

    @rule()
    def undo(self) -> None:
        row = self.store.undo("ada")
        assert (row is None) == (not self.done)
        if row is not None:
            self.undone.append(self.done.pop())
            assert plain(row) == plain(self.undone[-1])

    @rule()
    def redo(self) -> None:
        row = self.store.redo("ada")
        assert (row is None) == (not self.undone)
        if row is not None:
            self.done.append(self.undone.pop())
            assert plain(row) == plain(self.done[-1])

    @rule(after_commit=st.booleans(), readable=st.booleans())
    def lose(self, after_commit: bool, readable: bool) -> None:
        self.trouble.begin(after_commit=after_commit, readable=readable)

    @rule()
    def come_back(self) -> None:
        self.trouble.end()
        self.store.reconnect()

    @rule()
    def fail_to_come_back(self) -> None:
        self.store.reconnect()

    @rule()
    def restart(self) -> None:
        self.trouble.end()
        self.store.close()
        self.open()

    @invariant()
    def the_store_agrees(self) -> None:
        expected = {row.content_hash: plain(row) for row in self.done}
        assert {key: plain(row) for key, row in self.store.current_all("ada").items()} == expected


def plain(row: Decision) -> Decision:
    return replace(row, id=None, retracts=None, time=decision().time.min.replace(tzinfo=row.time.tzinfo))


TestLossModel = LossModel.TestCase
TestLossModel.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
