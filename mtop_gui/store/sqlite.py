"""SQLite: everything about the store that is true of SQLite only."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from mtop_gui.core.errors import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection

MEMORY = ":memory:"
BUSY_SECONDS = 30.0
"""How long to wait for other programs' writes to end; those who wait poll, so that one of many may be unlucky long."""


class SqliteBackend:
    """A SQLite database in a file, or in memory.

    Parameters
    ----------
    path : the file, or ``:memory:``. The folder must exist; the file is made where it is missing.
    read_only : only look at an existing file.
    must_exist : never make a file: one that was there has gone, and an empty one must not take its place.
    busy_seconds : how long to wait for another program's write to end, None for BUSY_SECONDS.

    Raises
    ------
    StoreError : the folder is missing, the path is a folder, or the file may not be written.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        read_only: bool = False,
        must_exist: bool = False,
        busy_seconds: float | None = None,
    ) -> None:
        self.in_memory = str(path) == MEMORY
        self.read_only = read_only
        self._may_make = not (read_only or must_exist)
        self._busy_seconds = busy_seconds
        self.path = Path(path) if self.in_memory else Path(path).absolute()
        self.place = "the review store in memory" if self.in_memory else f"the review store {self.path}"
        self.notices: list[str] = []
        self.schema = None
        self._identity: tuple[int, int] | None = None
        self._lock = threading.RLock()
        if not self.in_memory:
            self._prepare_file()
        self.engine = sa.create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=StaticPool if self.in_memory else QueuePool,
        )
        event.listen(self.engine, "begin", _begin)

    def _prepare_file(self) -> None:
        """Make the file if it is missing, and remember which one it is."""
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreUnavailableError(
                f"{self.place} cannot be opened: its folder is not there; connect the disk or choose another."
            )
        if self.path.is_dir():
            raise StoreError(f"{self.place} cannot be opened: it is a folder; name a file.")
        try:
            if self._may_make:
                self.path.touch()
            status = self.path.stat()
        except FileNotFoundError:
            raise StoreUnavailableError(f"{self.place} is not there; check the path.") from None
        except PermissionError:
            raise StoreUnavailableError(self._refusal(), readable=True) from None
        except OSError as error:
            raise StoreUnavailableError(f"{self.place} cannot be opened ({error.strerror}).") from error
        if not self.read_only and not (os.access(self.path, os.W_OK) and os.access(folder, os.W_OK)):
            raise StoreUnavailableError(self._refusal(), readable=True)
        self._identity = (status.st_dev, status.st_ino)

    def _refusal(self) -> str:
        return f"{self.place} is read-only: change its permissions, or copy it to where you may write."

    def _uri(self) -> str:
        """Give the URI that opens the file but never makes one: a deleted store must not come back empty."""
        mode = "ro" if self.read_only else "rw"
        wal = self.path.with_name(self.path.name + "-wal")
        # Beside a file in a folder without write permission SQLite cannot make the shared index of the log.
        if self.read_only and not os.access(self.path.parent, os.W_OK) and not wal.exists():
            mode += "&immutable=1"
        return f"{self.path.as_uri()}?mode={mode}"

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            MEMORY if self.in_memory else self._uri(),
            uri=not self.in_memory,
            timeout=BUSY_SECONDS if self._busy_seconds is None else self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        # Triggers must also see the deletes inside INSERT OR REPLACE; views and triggers of a foreign file may
        # not call functions with side effects.
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "recursive_triggers=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def start(self) -> None:
        """Turn on write-ahead logging, which lets readers and one writer work side by side; kept in the file."""
        if self.in_memory or self.read_only:
            return
        until = time.monotonic() + BUSY_SECONDS
        with self.engine.connect().execution_options(mtop_plain=True) as connection:
            # SQLite does not wait here when another process changes the mode of the same new file.
            while True:
                try:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                except OperationalError as error:
                    if time.monotonic() > until or not _is_busy(error):
                        raise
                    time.sleep(0.02)
                else:
                    return

    def reading(self) -> AbstractContextManager[object]:
        """One connection serves all threads of a store in memory, so they take turns."""
        return self._lock if self.in_memory else nullcontext()

    def writing(self) -> AbstractContextManager[object]:
        """Threads of one process queue here; SQLite's own waiting is by polling."""
        return self._lock

    def check_present(self) -> None:
        """Compare the file under the path with the one that was opened."""
        if self.in_memory:
            return
        try:
            status = self.path.stat()
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            raise StoreUnavailableError(
                f"{self.place} was moved or deleted while in use: put it back, or open another."
            )

    def explain(self, error: Exception) -> StoreError:
        """Translate SQLite's result code."""
        cause = getattr(error, "orig", error)
        code = _code(error)
        sentence = _SENTENCES.get(code)
        if sentence is None:
            return StoreError(f"{self.place} cannot be used ({cause}).")
        text = f"{self.place} {sentence}"
        if code == sqlite3.SQLITE_NOTADB:
            return StoreError(text)
        return StoreUnavailableError(text, readable=code in _STILL_READABLE)

    def backup(self, connection: Connection, revision: str) -> None:
        """Copy the whole database beside itself, as ``<name>.backup-<revision>``, never over an older copy."""
        if self.in_memory:
            return
        name = f"{self.path.name}.backup-{revision}"
        target = self.path.with_name(name)
        count = 1
        while target.exists():
            count += 1
            target = self.path.with_name(f"{name}-{count}")
        partial = target.with_name(target.name + ".partial")
        try:
            with closing(self._connect()) as source, closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
            partial.replace(target)
        except (OSError, sqlite3.Error) as error:
            partial.unlink(missing_ok=True)
            raise StoreError(
                f"{self.place} must be upgraded but no copy of it could be made ({error}); free some disk space."
            ) from error
        self.notices.append(f"{self.place} was upgraded; a copy of it as it was is {target}.")

    def append_only_ddl(self, table: str) -> tuple[str, ...]:
        """Make triggers against UPDATE, DELETE and the delete hidden in INSERT OR REPLACE."""
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
        return (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
        )

    random_key_sql = "lower(hex(randomblob(16)))"

    def lift_append_only_ddl(self, table: str) -> tuple[str, ...]:
        """Drop those triggers, so that a migration can fill a new column."""
        return tuple(f"DROP TRIGGER {table}_no_{act}" for act in ("update", "delete", "replace"))

    def own_retractions_ddl(self) -> tuple[str, ...]:
        """Make the trigger that lets a row retract only a row on the same Spectrum by the same reviewer."""
        return (
            "CREATE TRIGGER decisions_own_retractions BEFORE INSERT ON decisions "
            "WHEN NEW.retracts IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decisions WHERE id = NEW.retracts "
            "AND reviewer = NEW.reviewer AND content_hash = NEW.content_hash) "
            "BEGIN SELECT RAISE(ABORT, 'only own decisions can be taken back'); END",
        )


_SENTENCES = {
    sqlite3.SQLITE_BUSY: "is locked by another program: wait until that has finished writing, and try again.",
    sqlite3.SQLITE_LOCKED: "is locked by another program: wait until that has finished writing, and try again.",
    sqlite3.SQLITE_READONLY: "is read-only: change its permissions, or copy it to where you may write.",
    sqlite3.SQLITE_FULL: "cannot be written because the disk is full: free some space and try again.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that its folder is there and may be written.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails, is full or was removed.",
    sqlite3.SQLITE_NOTADB: "is no review store: it is a file of another kind; choose another.",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore it from a backup copy beside it.",
}

_STILL_READABLE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL)


def _code(error: Exception) -> int:
    """Give SQLite's primary result code of an error, 0 when it has none."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) or 0) & 0xFF


def _is_busy(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _begin(connection: Connection) -> None:
    """Begin as SQLAlchemy asks; a writer takes the lock at once, so that it can never fail half-way."""
    options: Any = connection.get_execution_options()
    if options.get("mtop_plain"):
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("mtop_write") else "BEGIN")
