"""PostgreSQL: everything about the store that is true of PostgreSQL only."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from mtop_gui.core.errors import StoreError, StoreUnavailableError
from mtop_gui.store import postgres_ddl
from mtop_gui.store.postgres_backup import keep_copy
from mtop_gui.store.postgres_place import import_psycopg, parse

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlalchemy.engine import Connection

CONNECT_SECONDS = 3
SILENCE_SECONDS = 4.0
"""A server that answers nothing for so long is taken for gone: a key must not wait longer."""
BULK_SILENCE_SECONDS = 20.0
"""The same for reading everything, caching and migrating, which take a server longer."""


class PostgresBackend:
    """A schema in a PostgreSQL database.

    Parameters
    ----------
    url : ``postgresql://USER@HOST:PORT/DATABASE``, see `postgres_place.parse`.
    read_only : only look.

    Raises
    ------
    StoreError : the URL will not do, or psycopg is not installed.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.address = parse(url)
        self.schema = self.address.schema
        self.read_only = read_only
        self.place = f"the review store {self.address.url}"
        self.notices: list[str] = []
        self._psycopg = import_psycopg()
        self._connection_class = _patient(self._psycopg)
        self.engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            pool_pre_ping=True,
            pool_timeout=SILENCE_SECONDS,
            use_native_hstore=False,
        )
        event.listen(self.engine, "begin", self._begin)

    def connect(self) -> Any:
        """Make a connection of psycopg's own, set up for this store."""
        parameters = {
            "application_name": "mtop-gui",
            "connect_timeout": CONNECT_SECONDS,
            "gssencmode": "disable",
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": int(1000 * SILENCE_SECONDS),
            "client_encoding": "UTF8",
            **self.address.connection_parameters(),
        }
        connection = self._connection_class.connect(**parameters, autocommit=True)
        connection.patience = SILENCE_SECONDS
        try:
            connection.execute(
                "SELECT set_config('search_path', %s, false), set_config('synchronous_commit', 'on', false), "
                "set_config('lock_timeout', '3s', false), set_config('default_transaction_read_only', %s, false), "
                "set_config('idle_in_transaction_session_timeout', '120s', false)",
                (self.schema, "on" if self.read_only else "off"),
            )
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise
        return connection

    def start(self) -> None:
        """Make the schema where it is missing and this user may; warn of a server that loses what it said it kept."""
        try:
            self._start()
        except self._psycopg.Error as error:
            raise self.explain(error) from error

    def _start(self) -> None:
        with closing(self.connect()) as connection:
            connection.autocommit = True
            there = connection.execute("SELECT to_regnamespace(%s)", (self.schema,)).fetchone()[0]
            if there is None and self.read_only:
                raise StoreError(f"{self.place} is empty: open it once for writing to set it up.")
            if there is None:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
            if connection.execute("SHOW fsync").fetchone()[0] == "off":
                self.notices.append(
                    f"{self.place} may lose decisions in a power cut: its server runs with fsync off, turn it on."
                )

    def _begin(self, connection: Connection) -> None:
        """Begin; a writer waits for the others first, so that ids grow in the order of commits."""
        options: Any = connection.get_execution_options()
        what = options.get("mtop_write")
        slow = options.get("mtop_bulk") or what not in (None, "decisions")
        self.be_patient(connection, BULK_SILENCE_SECONDS if slow else SILENCE_SECONDS)
        if what:
            connection.exec_driver_sql(postgres_ddl.TAKE_LOCK, (postgres_ddl.lock_name(self.schema, what),))

    def be_patient(self, connection: Connection, seconds: float) -> None:
        """Wait so long for each answer of the server."""
        raw: Any = connection.connection.driver_connection
        raw.patience = seconds

    def reading(self) -> AbstractContextManager[object]:
        """Every thread has a connection of its own."""
        return nullcontext()

    def writing(self) -> AbstractContextManager[object]:
        """Writers wait for each other in the server."""
        return nullcontext()

    def check_present(self) -> None:
        """Do nothing: a server cannot be moved away under an open connection."""

    def explain(self, error: Exception) -> StoreError:
        """Translate PostgreSQL's error code; the server's own words are left out where they could repeat input."""
        cause = getattr(error, "orig", error)
        state = getattr(cause, "sqlstate", None) or ""
        for prefix, (kind, sentence) in _SENTENCES.items():
            if state.startswith(prefix):
                text = f"{self.place} {sentence.format(user=self.address.user)}"
                return kind(text) if kind is StoreError else kind(text, readable=prefix in _STILL_READABLE)
        if not state:
            return self._explain_connection(str(cause))
        return StoreError(f"{self.place} cannot be used ({type(cause).__name__}, SQLSTATE {state}).")

    def _explain_connection(self, words: str) -> StoreError:
        """Tell the reasons apart for which no connection comes about; libpq gives them no code."""
        user, database = self.address.user, self.address.database
        if "password" in words or "authentication" in words or "pg_hba" in words:
            return StoreUnavailableError(
                f"{self.place} did not let {user} in: check the user and the password in ~/.pgpass, PGPASSWORD or the keyring."
            )
        if f'database "{database}" does not exist' in words:
            return StoreError(
                f"{self.place} cannot be opened: there is no such database; make it with createdb."
            )
        if f'role "{user}" does not exist' in words:
            return StoreUnavailableError(f"{self.place} does not know the user {user}: check the name.")
        return StoreUnavailableError(
            f"{self.place} cannot be reached: check the network, and that the server runs."
        )

    def backup(self, connection: Connection, revision: str) -> None:
        """Copy the store before an upgrade: with pg_dump into the user's data folder, else inside the database."""
        self.be_patient(connection, BULK_SILENCE_SECONDS)
        self.notices.append(keep_copy(connection, self.address, self.place, revision))

    random_key_sql = "md5(random()::text || clock_timestamp()::text || id::text)"

    def append_only_ddl(self, table: str) -> Sequence[str]:
        """Make the trigger against UPDATE, DELETE and TRUNCATE."""
        return postgres_ddl.append_only(table)

    def lift_append_only_ddl(self, table: str) -> Sequence[str]:
        """Drop that trigger, so that a migration can fill a new column."""
        return postgres_ddl.lift_append_only(table)

    def own_retractions_ddl(self) -> Sequence[str]:
        """Make the trigger that lets a row retract only a row on the same Spectrum by the same reviewer."""
        return postgres_ddl.OWN_RETRACTIONS


_STILL_READABLE = ("53100", "55P03", "25006")
_UNREACHABLE = (StoreUnavailableError, "cannot be reached: check the network, and that the server runs.")
_SENTENCES: dict[str, tuple[Any, str]] = {
    "08": _UNREACHABLE,
    "57": _UNREACHABLE,
    "28": (
        StoreUnavailableError,
        "did not let {user} in: check the user and the password in ~/.pgpass, PGPASSWORD or the keyring.",
    ),
    "3D": (StoreError, "cannot be opened: there is no such database; make it with createdb."),
    "42501": (
        StoreError,
        "does not allow {user} to do this: ask its owner, who sets it up with mtop review URL setup-team.",
    ),
    "53100": (StoreUnavailableError, "cannot be written because the server's disk is full: free some space."),
    "53": (
        StoreUnavailableError,
        "cannot take more at the moment: the server is short of connections or memory.",
    ),
    "55P03": (
        StoreUnavailableError,
        "is locked by another program: wait until that has finished writing, and try again.",
    ),
    "25006": (StoreUnavailableError, "is read-only: the server takes no changes now."),
    "58": (StoreUnavailableError, "cannot be read or written: the server's disk fails."),
    "XX": (
        StoreUnavailableError,
        "cannot be read or written: the server reports damage; ask who administers it.",
    ),
}


def _patient(psycopg: Any) -> Any:
    """Make a connection class that never waits for ever for a server that has frozen or vanished."""

    class PatientConnection(psycopg.Connection):  # type: ignore[misc]
        patience: float | None = None

        def wait(self, generator: Any, *arguments: Any, **named: Any) -> Any:
            """Wait for an answer of the server."""
            if self.patience is None:
                return super().wait(generator, *arguments, **named)
            try:
                return super().wait(_within(generator, self.patience), *arguments, **named)
            except _SilentError:
                # Closed, not cancelled: cancelling would wait for the same server.
                self.pgconn.finish()
                raise psycopg.OperationalError("the server does not answer") from None

    return PatientConnection


class _SilentError(Exception):
    """Nothing came for too long."""


def _within(generator: Any, seconds: float) -> Generator[Any, Any, Any]:
    """Drive one of psycopg's generators, but not through a silence longer than `seconds`."""
    try:
        wanted = next(generator)
        heard = time.monotonic()
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > seconds:
                raise _SilentError
            wanted = generator.send(ready)
    except StopIteration as end:
        return end.value
