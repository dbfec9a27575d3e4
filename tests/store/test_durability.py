"""What was recorded is there: after SIGKILL, with two processes, against anybody who would change it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtop_gui.store.review_store import open_store
from tests.long import multiwriter
from tests.store.records import decision

if TYPE_CHECKING:
    from mtop_gui.store.review_store import ReviewStore

ROOT = Path(__file__).parents[2]


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a reviewing process."""
    command = [sys.executable, "-m", "tests.store.reviewing_process", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no fork")
def test_kill_9_loses_nothing_that_was_shown_as_saved(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.long.kill9", "--short", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 killed" in done.stdout
    assert "0 missing, integrity ok" in done.stdout


def test_processes_share_a_file_that_none_of_them_has_made(tmp_path: Path) -> None:
    path = tmp_path / "reviews.sqlite"
    with start(path, "ada", 60) as first, start(path, "bob", 60) as second:
        shown = [process.communicate(timeout=60)[0].splitlines() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    with open_store(path) as store:
        kept = store.decisions()
    for reviewer, lines in zip(("ada", "bob"), shown, strict=True):
        mine = [row for row in kept if row.reviewer == reviewer]
        assert [f"{row.id} {row.retracts or 0} {reviewer}" for row in mine] == lines
        made = [row.content_hash for row in mine if row.retracts is None]
        assert made == [f"{number:064d}" for number in range(60)]


def test_many_writers_on_a_file(tmp_path: Path) -> None:
    assert multiwriter.run(str(tmp_path / "reviews.sqlite"), *multiwriter.SHORT) == []


def test_many_writers_on_a_server(postgres_url: str) -> None:
    assert multiwriter.run(postgres_url, *multiwriter.SHORT) == []


def test_a_row_cannot_take_back_what_is_not_the_reviewers(file_store: ReviewStore, tmp_path: Path) -> None:
    recorded = file_store.record(decision(reviewer="bob"))
    columns = (
        "content_hash, file, row, name, redshift_origin, quality, scale, spectrum_class, issues, comment, time, "
        "bundle, starred"
    )
    with closing(sqlite3.connect(tmp_path / "reviews.sqlite")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="only own decisions can be taken back"):
            connection.execute(
                f"INSERT INTO decisions ({columns}, reviewer, retracts) SELECT {columns}, 'ada', id FROM decisions"
            )
        connection.rollback()
    assert file_store.decisions() == [recorded]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET quality = 0",
        "UPDATE decisions SET redshift = 3 WHERE id = 1",
        "DELETE FROM decisions",
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions",
        "REPLACE INTO decisions SELECT * FROM decisions",
    ],
)
def test_the_database_itself_refuses_to_change_decisions(
    file_store: ReviewStore, tmp_path: Path, statement: str
) -> None:
    recorded = file_store.record(decision())
    # A plain connection, without any of the store's own pragmas.
    with closing(sqlite3.connect(tmp_path / "reviews.sqlite")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="decisions are append-only"):
            connection.execute(statement)
        connection.rollback()
    assert file_store.decisions() == [recorded]


def test_the_file_keeps_the_promised_modes(file_store: ReviewStore) -> None:
    engine = file_store._backend.engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert modes == ["wal", 2, 1, 30_000]
