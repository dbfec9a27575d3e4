"""Opening: migrations, other programs' files, and what the user is told when the disk says no."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mtop_gui.core.errors import StoreError
from mtop_gui.store import sqlite
from mtop_gui.store.review_store import ReviewStore, default_store, open_store
from mtop_gui.store.schema import MIGRATIONS, REVISIONS, migrate
from mtop_gui.store.sqlite import SqliteBackend
from mtop_gui.store.tables import metadata
from tests.store.records import decision, prediction

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder 100%#?" / "reviews.sqlite"


@pytest.fixture
def made(path: Path) -> Path:
    """Give a store with one Decision, closed."""
    path.parent.mkdir()
    with open_store(path) as store:
        store.record(decision())
    return path


def old_store(path: Path) -> None:
    """Make a store of the first revision with one Decision in it."""
    backend = SqliteBackend(path)
    backend.start()
    with backend.engine.execution_options(mtop_write=True).begin() as connection:
        migrate(connection, backend, "0001")
        connection.exec_driver_sql(
            "INSERT INTO decisions VALUES (7, 'abc', 'f', 0, 'n', 0.1, 'network', 4, 'desi', 'GALAXY', '', '', "
            "'ada', '2026-01-02T03:04:05.000006+00:00', '', 0, NULL)"
        )
    backend.engine.dispose()


def backups(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*backup*"))


def test_revisions_named_are_those_shipped() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)


def test_migrations_make_the_tables_the_code_expects(file_store: ReviewStore) -> None:
    engine = file_store._backend.engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_old_store_is_copied_and_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "reviews.sqlite"
    old_store(path)
    with open_store(path) as store:
        assert [(row.id, row.redshift) for row in store.decisions()] == [(7, 0.1)]
        assert (store.record(decision()).id or 0) > 7
        store.save_prediction("abc", "one", 1, prediction())
    assert backups(path) == ["reviews.sqlite.backup-0001"]
    with closing(sqlite3.connect(tmp_path / "reviews.sqlite.backup-0001")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert copy.execute("SELECT id FROM decisions").fetchall() == [(7,)]
    with open_store(path):
        assert backups(path) == ["reviews.sqlite.backup-0001"]


def test_an_older_copy_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "reviews.sqlite"
    (tmp_path / "reviews.sqlite.backup-0001").write_text("precious")
    old_store(path)
    open_store(path).close()
    assert (tmp_path / "reviews.sqlite.backup-0001").read_text() == "precious"
    assert backups(path) == ["reviews.sqlite.backup-0001", "reviews.sqlite.backup-0001-2"]


def test_without_a_copy_nothing_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reviews.sqlite"
    old_store(path)
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(StoreError, match="no copy of it could be made"):
        open_store(path)
    assert backups(path) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_a_failed_upgrade_leaves_the_old_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reviews.sqlite"
    old_store(path)

    def broken(connection: object, backend: object) -> None:
        migrate(connection, backend)  # type: ignore[arg-type]
        raise sqlite3.OperationalError("power cut")

    monkeypatch.setattr("mtop_gui.store.schema.migrate", broken)
    with pytest.raises(sqlite3.OperationalError, match="power cut"):
        open_store(path)
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    assert "predictions" not in tables
    with open_store(path) as store:
        assert len(store.decisions()) == 1


def test_a_current_store_opens_without_alembic(made: Path) -> None:
    code = (
        "import sys; from mtop_gui.store.review_store import open_store\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "store = open_store(sys.argv[1]); print(len(store.decisions()), 'alembic' in sys.modules); store.close()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(made)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["1", "False"]


@pytest.mark.parametrize("spell", [str, Path, "sqlite:///{}".format])
def test_a_place_may_be_a_path_or_a_url(made: Path, spell: Callable[[Path], str | Path]) -> None:
    with open_store(spell(made)) as store:
        assert len(store.decisions()) == 1
        assert str(made) in store.place


@pytest.mark.parametrize("url", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store(url) as store, open_store(url) as other:
        store.record(decision())
        assert other.decisions() == []
    assert list(tmp_path.iterdir()) == []


def test_the_users_own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "deep" / "down" / "mine.sqlite", tmp_path / "other.sqlite"
    for path, spelled in zip(named, (str(named[0]), f"sqlite:///{named[1]}"), strict=True):
        monkeypatch.setenv("MTOP_STORE", spelled)
        with open_store() as store:
            store.record(decision())
        assert path.is_file()
    monkeypatch.delenv("MTOP_STORE")
    assert Path(default_store()).name == "reviews.sqlite"
    assert "mtop-gui" in Path(default_store()).parts


def told(place: str | Path, *, read_only: bool = False) -> str:
    """Open what cannot be opened; give what the user is told, which must be one sentence."""
    with pytest.raises(StoreError) as caught:
        open_store(place, read_only=read_only)
    return one_sentence(caught.value)


def one_sentence(error: StoreError) -> str:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "sqlalche" not in text.lower()
    # Dots inside paths and numbers are no full stops.
    assert not re.search(r"\. ", text)
    return text


def set_version(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_a_newer_store_is_left_alone(made: Path) -> None:
    set_version(made, "0999")
    assert "written by a newer version of mtop-gui: update" in told(made)
    assert backups(made) == []


def test_another_programs_database(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    assert "a database of another program" in told(path)


def test_a_file_of_another_kind(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"SIMPLE  =                    T" * 400)
    assert "is a file of another kind" in told(path)
    assert path.read_bytes().startswith(b"SIMPLE")


def test_a_missing_folder_is_not_made(path: Path) -> None:
    assert "its folder is not there" in told(path)
    assert not path.parent.exists()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert "it is a folder" in told(tmp_path)


def test_an_unknown_kind_of_database() -> None:
    text = told("postgresql://user:secret@host/db")
    assert "postgresql" in text
    assert "secret" not in text


def test_a_damaged_store(made: Path) -> None:
    content = bytearray(made.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    made.write_bytes(content)
    with pytest.raises(StoreError) as caught, open_store(made) as store:
        store.decisions()
    assert "damaged" in one_sentence(caught.value)


def test_a_locked_store(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with open_store(made) as store, closing(sqlite3.connect(made, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.record(decision())
        assert "is locked by another program" in one_sentence(caught.value)
        assert len(store.decisions()) == 1
        other.execute("ROLLBACK")
        assert store.record(decision()).id is not None


def limit(store: ReviewStore, pragma: str) -> None:
    """Make the one pooled connection behave as on a bad disk."""
    with store._backend.engine.connect() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(f"PRAGMA {pragma}")


def test_a_full_disk(made: Path) -> None:
    with open_store(made) as store:
        limit(store, "max_page_count=1")
        with pytest.raises(StoreError) as caught:
            store.record(decision(comment="x" * 100_000))
        assert "the disk is full" in one_sentence(caught.value)
        assert len(store.decisions()) == 1
        limit(store, "max_page_count=1000000")
        store.record(decision(comment="x" * 100_000))


def test_a_store_that_becomes_read_only(made: Path) -> None:
    with open_store(made) as store:
        limit(store, "query_only=ON")
        with pytest.raises(StoreError) as caught:
            store.undo("ada")
        assert "is read-only" in one_sentence(caught.value)


def test_a_read_only_file(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.chmod(0o444)
    if os.access(made, os.W_OK):  # the superuser may write everything
        monkeypatch.setattr(os, "access", lambda *_: False)
    assert "is read-only: change its permissions" in told(made)
    with open_store(made, read_only=True) as store:
        assert len(store.decisions()) == 1
        with pytest.raises(StoreError) as caught:
            store.record(decision())
        assert "opened for reading only" in one_sentence(caught.value)


def test_looking_makes_and_upgrades_nothing(tmp_path: Path) -> None:
    path = tmp_path / "reviews.sqlite"
    assert "is not there" in told(path, read_only=True)
    assert not path.exists()
    old_store(path)
    assert "is of an older version" in told(path, read_only=True)
    assert backups(path) == []


def test_a_removed_folder(made: Path) -> None:
    with open_store(made) as store:
        shutil.rmtree(made.parent)
        with pytest.raises(StoreError) as caught:
            store.record(decision())
        assert "was moved or deleted while in use: put it back" in one_sentence(caught.value)
    assert not made.parent.exists()


def test_a_replaced_file(made: Path, tmp_path: Path) -> None:
    with open_store(tmp_path / "other.sqlite"):
        pass
    with open_store(made) as store:
        (tmp_path / "other.sqlite").replace(made)
        with pytest.raises(StoreError, match="moved or deleted"):
            store.record(decision())
