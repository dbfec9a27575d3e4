"""What is true of PostgreSQL only: roles, passwords, upgrades, and servers that go away."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mtop_gui.core.errors import StoreError, StoreUnavailableError
from mtop_gui.store import postgres_backup, postgres_place
from mtop_gui.store.postgres import PostgresBackend
from mtop_gui.store.postgres_team import create_role, setup_team, team_script
from mtop_gui.store.review_store import ReviewStore, open_journaled_store, open_store
from mtop_gui.store.schema import migrate
from mtop_gui.store.tables import metadata
from tests.store.records import decision, prediction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.postgres_server import PostgresServer

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def reviewer_url(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Give the URL of a store set up for a team, as one of its reviewers; the owner's is `postgres_url`."""
    setup_team(postgres_url)
    name, password = f"ada {secrets.token_hex(3)}", secrets.token_hex(8)
    assert create_role(postgres_url, name, password)
    assert not create_role(postgres_url, name, "another")
    monkeypatch.setenv("PGPASSWORD", password)
    return postgres_url.replace("owner@", f"{name.replace(' ', '%20')}@")


def direct(postgres: PostgresServer, url: str, password: str) -> psycopg.Connection:
    return psycopg.connect(
        url, password=password, autocommit=True, gssencmode="disable", options="-c search_path=mtop"
    )


def refused(connection: psycopg.Connection, statement: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        connection.execute(statement)


def test_migrations_make_the_tables_the_code_expects(postgres_url: str) -> None:
    with open_store(postgres_url) as store, store._backend.engine.connect() as connection:  # type: ignore[attr-defined]
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_server_that_does_not_write_through_is_told_of(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        assert [notice.split(": ")[1] for notice in store.notices] == [
            "its server runs with fsync off, turn it on."
        ]


def test_decisions_are_written_through(postgres_url: str) -> None:
    with open_store(postgres_url) as store, store._backend.engine.connect() as connection:  # type: ignore[attr-defined]
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_reviewers_insert_and_read_decisions(reviewer_url: str, postgres_url: str) -> None:
    with open_store(reviewer_url) as store:
        recorded = store.record(decision())
        assert store.undo("ada") is not None
        assert store.redo("ada") is not None
        assert store.current("a" * 64) == recorded
        store.save_prediction("a" * 64, "one", 1, prediction())
        store.save_prediction("a" * 64, "one", 1, prediction())
        assert store.load_prediction("a" * 64, "one") is not None
        store.remember_files([("/a.fits", 0, 1, 2, "a" * 64, "galaxy")])
        assert store.assigned_to("ada") == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET quality = 0",
        "DELETE FROM decisions",
        "TRUNCATE decisions CASCADE",
        "DROP TABLE decisions CASCADE",
        "ALTER TABLE decisions DISABLE TRIGGER ALL",
        "INSERT INTO decisions (id, content_hash) VALUES (7, 'x')",
        "INSERT INTO decisions SELECT * FROM decisions ON CONFLICT (id) DO UPDATE SET quality = 0",
        "DELETE FROM assignments",
        "INSERT INTO assignments (content_hash, reviewer, file, row, name) VALUES ('x', 'ada', '', 0, '')",
        "UPDATE alembic_version SET version_num = '0001'",
        "SELECT setval('decisions_id_seq', 1)",
        "CREATE TABLE mine (x int)",
    ],
)
def test_reviewers_change_and_remove_nothing(
    postgres: PostgresServer, reviewer_url: str, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(reviewer_url) as store:
        recorded = store.record(decision())
        with direct(postgres, reviewer_url, os.environ["PGPASSWORD"]) as connection:
            refused(
                connection,
                statement,
                psycopg.errors.InsufficientPrivilege,
                r"permission denied|must be owner",
            )
        assert store.decisions() == [recorded]


@pytest.mark.parametrize(
    "statement", ["UPDATE decisions SET quality = 0", "DELETE FROM decisions", "TRUNCATE decisions"]
)
def test_not_even_the_owner_changes_decisions(
    postgres: PostgresServer, postgres_url: str, statement: str
) -> None:
    with open_store(postgres_url) as store:
        recorded = store.record(decision())
        with direct(postgres, postgres_url, postgres.password) as connection:
            refused(connection, statement, psycopg.Error, r"append-only|foreign key")
        assert store.decisions() == [recorded]


def test_nobody_takes_back_what_is_not_his(postgres: PostgresServer, postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        recorded = store.record(decision(reviewer="bob"))
        with direct(postgres, postgres_url, postgres.password) as connection:
            columns = "content_hash, file, row, name, redshift_origin, quality, scale, spectrum_class, issues, comment, time, bundle, starred"
            with pytest.raises(psycopg.Error, match="only own decisions can be taken back"):
                connection.execute(
                    f"INSERT INTO decisions ({columns}, reviewer, retracts) SELECT {columns}, 'ada', id FROM decisions"
                )
        assert store.current("a" * 64) == recorded


def test_reviewers_are_told_what_they_may_not(reviewer_url: str) -> None:
    from mtop_gui.store.assignments import ToReview

    with open_store(reviewer_url) as store:
        with pytest.raises(StoreError, match=r"does not allow ada .* to do this: ask its owner"):
            store.assign([ToReview("a" * 64)], ["ada"])
        assert store.assignments() == []


def test_a_store_that_is_not_set_up(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = postgres.url(postgres.new_database())
    with pytest.raises(StoreError, match="is not set up for a team: run  mtop review"):
        create_role(empty, "eve", "x")
    with pytest.raises(StoreError, match="is empty: open it once for writing"):
        open_store(empty, read_only=True)
    with postgres.connect() as connection:
        name = f"eve_{secrets.token_hex(3)}"
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    monkeypatch.setenv("PGPASSWORD", "pw")
    with pytest.raises(StoreError, match="setup-team"):
        open_store(empty.replace("owner@", f"{name}@"))


def test_the_script_for_a_database_administrator(postgres_url: str) -> None:
    script = team_script(postgres_url)
    assert "NOLOGIN" in script
    assert all(line.endswith(";") for line in script.splitlines())
    with pytest.raises(StoreError, match="only a postgresql:// store has roles"):
        team_script("reviews.sqlite")


def test_two_surveys_share_a_database(postgres_url: str) -> None:
    with open_store(postgres_url) as one, open_store(f"{postgres_url}?schema=deep_field") as other:
        one.record(decision())
        assert other.decisions() == []
        assert "schema=deep_field" in other.place


def test_looking_changes_nothing(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.record(decision())
    with open_store(postgres_url, read_only=True) as store:
        assert len(store.decisions()) == 1
        with pytest.raises(StoreError, match="opened for reading only"):
            store.undo("ada")


# -- upgrades -------------------------------------------------------------------------------------------------------


def old_store(url: str) -> None:
    """Make a store of the first revision with one Decision in it."""
    backend = PostgresBackend(url)
    backend.start()
    with backend.engine.execution_options(mtop_write="schema").begin() as connection:
        migrate(connection, backend, "0001")
        connection.exec_driver_sql(
            "INSERT INTO decisions VALUES (1, 'abc', 'f', 0, 'n', 0.1, 'network', 4, 'desi', 'GALAXY', '', '', "
            "'ada', '2026-01-02T03:04:05.000006+00:00', '', false, NULL)"
        )
        connection.exec_driver_sql("SELECT nextval('decisions_id_seq')")
    backend.engine.dispose()


@pytest.mark.parametrize("dump", [True, False])
def test_an_old_store_is_copied_and_upgraded(
    postgres: PostgresServer, postgres_url: str, dump: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old_store(postgres_url)
    if dump:
        monkeypatch.setenv("PATH", f"{postgres.programs}:/usr/bin:/bin")
    else:
        monkeypatch.setattr(postgres_backup.shutil, "which", lambda _: None)
    with open_store(postgres_url) as store:
        assert [(row.id, row.redshift) for row in store.decisions()] == [(1, 0.1)]
        assert (store.record(decision()).id or 0) > 1
        assert store.undo("ada") is not None
        said = store.notices[-1]
    if dump:
        assert "pg_restore brings it back" in said
        (file,) = (tmp_path / "data home" / "mtop-gui" / "backups").iterdir()
        assert str(file) in said
        assert file.read_bytes().startswith(b"PGDMP")
    else:
        assert "is in the schema mtop_backup_0001 of its database" in said
        with postgres.connect(postgres_url.rpartition("/")[2]) as connection:
            copied = connection.execute("SELECT id FROM mtop_backup_0001.decisions").fetchall()
        assert copied == [(1,)]
    with open_store(postgres_url) as store:
        assert not any("upgraded" in notice for notice in store.notices)


def test_a_failed_upgrade_leaves_the_old_store(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old_store(postgres_url)

    def broken(connection: object, backend: object) -> None:
        migrate(connection, backend)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(postgres_backup.shutil, "which", lambda _: None)
    monkeypatch.setattr("mtop_gui.store.schema.migrate", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        open_store(postgres_url)
    monkeypatch.undo()


# -- passwords ------------------------------------------------------------------------------------------------------


def chain(error: BaseException) -> str:
    """Give everything that a log or a dialog could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.args)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret@127.0.0.1/db",
        "postgres://ada:s3cret@127.0.0.1/db",
        "postgresql+psycopg://ada:s3cret@127.0.0.1/db",
        "postgresql://127.0.0.1/db?password=s3cret",
        "postgresql://127.0.0.1/db?sslpassword=s3cret&user=ada",
        "postgresql://ada:s3cret@[half/db",
        "postgresql://ada@127.0.0.1/db?nonsense=s3cret",
        "postgresql://ada@127.0.0.1:s3cret/db",
        "postgresql://ada@127.0.0.1/db?schema=s3cret;drop",
        "mysql://ada:s3cret@127.0.0.1/db",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert "s3cret" not in chain(caught.value)


def test_a_wrong_password_is_told_without_it(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    with pytest.raises(StoreUnavailableError, match=r"did not let owner in: check .* ~/\.pgpass") as caught:
        open_store(postgres_url)
    assert "s3cret" not in chain(caught.value)


def test_the_password_comes_from_pgpass(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setattr(postgres_place, "password_in_keyring", lambda _: None)
    secret = tmp_path / "pgpass"
    secret.write_text(f"127.0.0.1:{postgres.port}:*:owner:{postgres.password}\n")
    secret.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secret))
    open_store(postgres_url).close()


def test_the_password_comes_from_the_keyring(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keyring:
        kept: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def set_password(self, service: str, name: str, password: str) -> None:
            self.kept[service, name] = password

        def get_password(self, service: str, name: str) -> str | None:
            return self.kept.get((service, name))

    from mtop_gui.store.postgres_team import remember

    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setitem(sys.modules, "keyring", Keyring())
    with pytest.raises(StoreUnavailableError, match="did not let owner in"):
        open_store(postgres_url)
    assert remember(postgres_url, postgres.password).startswith("owner@127.0.0.1:")
    with open_store(postgres_url) as store:
        shown = repr(store) + repr(vars(store)) + repr(vars(store._backend)) + store.place  # type: ignore[attr-defined]
    assert postgres.password not in shown


def test_a_keyring_that_fails_is_no_reason_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked:
        def get_password(self, *_: str) -> str:
            raise RuntimeError("locked")

    monkeypatch.setitem(sys.modules, "keyring", Locked())
    assert postgres_place.password_in_keyring(postgres_place.parse("postgresql://ada@host/db")) is None


def test_passwords_of_new_roles_stand_in_no_log(postgres: PostgresServer, postgres_url: str) -> None:
    setup_team(postgres_url)
    with postgres.connect() as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
    password = secrets.token_hex(12)
    create_role(postgres_url, f"cyd_{secrets.token_hex(3)}", password)
    log = postgres.log()
    assert "CREATE ROLE" in log
    assert password not in log
    assert postgres.password not in log
    with postgres.connect() as connection:
        connection.execute("ALTER SYSTEM RESET log_statement")
        connection.execute("SELECT pg_reload_conf()")


def test_without_psycopg_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'mtop-gui\[postgres\]'"):
        open_store("postgresql://host/db")


# -- a bad day ------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there() -> None:
    from tests.store.postgres_server import free_port

    with pytest.raises(
        StoreUnavailableError, match="cannot be reached: check the network, and that the server runs"
    ):
        open_store(f"postgresql://ada@127.0.0.1:{free_port()}/db")


def test_a_database_that_is_not_there(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError, match="there is no such database; make it with createdb"):
        open_store(postgres.url("nowhere"))


@pytest.fixture
def journaled(postgres: PostgresServer, postgres_url: str, tmp_path: Path) -> Iterator[ReviewStore]:
    with open_journaled_store(postgres_url, tmp_path / "journals") as store:
        yield store


@pytest.mark.parametrize("crash", [False, True])
def test_a_server_that_stops_and_comes_back(
    postgres: PostgresServer, journaled: ReviewStore, crash: bool
) -> None:
    journaled.current_all("ada")
    first = journaled.record(decision())
    postgres.stop(crash=crash)
    second = journaled.record(decision("b" * 64))
    assert "cannot be reached" in journaled.state().trouble
    assert journaled.current_all("ada") == {"a" * 64: first, "b" * 64: second}
    journaled.undo("ada")
    journaled.redo("ada")
    assert journaled.reconnect() == 0
    postgres.start()
    assert journaled.reconnect() == 3
    assert journaled.state() == ("", 0)
    assert [row.content_hash[0] for row in journaled.decisions()] == ["a", "b", "b", "b"]
    journaled.record(decision("c" * 64))
    assert journaled.state() == ("", 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes of the server are found in /proc")
def test_a_server_that_freezes(
    postgres: PostgresServer, journaled: ReviewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtop_gui.store.postgres.SILENCE_SECONDS", 0.3)
    journaled.record(decision())
    postgres.freeze()
    try:
        journaled.record(decision("b" * 64))
        journaled.record(decision("c" * 64))
        assert "cannot be reached" in journaled.state().trouble
        assert journaled.state().waiting == 2
    finally:
        postgres.thaw()
    assert journaled.reconnect() == 2
    # What the frozen server had already been told counts once.
    assert [row.content_hash[0] for row in journaled.decisions()] == ["a", "b", "c"]


def test_a_connection_that_was_cut_while_nobody_looked_is_no_trouble(
    postgres: PostgresServer, postgres_url: str, journaled: ReviewStore
) -> None:
    journaled.record(decision())
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    journaled.record(decision("b" * 64))
    assert journaled.state() == ("", 0)


def test_another_writer_that_holds_the_lock(
    postgres: PostgresServer, postgres_url: str, journaled: ReviewStore
) -> None:
    with direct(postgres, postgres_url, postgres.password) as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('mtop mtop decisions', 0))")
        journaled.record(decision())
        assert "is locked by another program" in journaled.state().trouble
        assert journaled.decisions() == []
        other.execute("ROLLBACK")
    assert journaled.reconnect() == 1


def test_ids_grow_in_the_order_of_commits(postgres: PostgresServer, postgres_url: str) -> None:
    """Somebody who writes with another program, slowly, must not slip in behind a cursor."""
    with open_store(postgres_url) as store:
        columns = "content_hash, file, row, name, redshift_origin, quality, scale, spectrum_class, issues, comment, time, bundle, starred, reviewer"
        store.record(decision())
        with direct(postgres, postgres_url, postgres.password) as slow:
            slow.execute("BEGIN")
            slow.execute(f"INSERT INTO decisions ({columns}) SELECT {columns} FROM decisions")
            writer = threading.Thread(target=store.record, args=(decision("b" * 64),))
            writer.start()
            rows, cursor = store.decisions_since(0)
            assert len(rows) == 1
            slow.execute("COMMIT")
            writer.join()
        rows, _ = store.decisions_since(cursor)
        assert [row.content_hash[0] for row in rows] == ["a", "b"]
