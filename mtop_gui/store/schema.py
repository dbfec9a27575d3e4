"""Bring a store to this version's schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtop_gui.core.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from mtop_gui.store.backend import Backend

REVISIONS = ("0001", "0002", "0003", "0004")
"""All revisions, oldest first: known here so that opening a current store need not import alembic (0.3 s)."""

HEAD = REVISIONS[-1]
MIGRATIONS = Path(__file__).parent / "migrations"


def revision_of(connection: Connection, backend: Backend) -> str | None:
    """Read the revision of a store; None when the database is empty.

    Raises
    ------
    StoreError : the database belongs to another program, or to a newer version of this one.
    """
    place = backend.place
    tables = sa.inspect(connection).get_table_names(schema=backend.schema)
    if not tables:
        return None
    revision = None
    if {"alembic_version", "decisions"} <= set(tables):
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision is None:
        raise StoreError(f"{place} is no review store: it is a database of another program; choose another.")
    if revision not in REVISIONS:
        raise StoreError(f"{place} was written by a newer version of mtop-gui: update mtop-gui to open it.")
    return str(revision)


def bring_up_to_date(backend: Backend) -> None:
    """Make the schema, or upgrade it after copying the old store; nothing happens when it is current.

    Raises
    ------
    StoreError : see `revision_of`; or the store must be upgraded but is read-only.
    """
    with backend.reading(), backend.engine.connect() as connection:
        if revision_of(connection, backend) == HEAD:
            return
    if backend.read_only:
        raise StoreError(f"{backend.place} is of an older version: open it once for writing to upgrade it.")
    writer = backend.engine.execution_options(mtop_write="schema")
    with backend.writing(), writer.begin() as connection:
        # Another process may have done it while this one waited for the lock.
        revision = revision_of(connection, backend)
        if revision == HEAD:
            return
        if revision is not None:
            backend.backup(connection, revision)
        migrate(connection, backend)


def migrate(connection: Connection, backend: Backend, target: str = "head") -> None:
    """Run the migrations up to `target` in the transaction of `connection`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    # "%" begins an interpolation in alembic's configuration.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["backend"] = backend
    command.upgrade(config, target)
