"""A copy of a PostgreSQL store before it is upgraded."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtop_gui.store.postgres_ddl import quoted
from mtop_gui.store.review_store import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from mtop_gui.store.postgres_place import PostgresPlace


def keep_copy(connection: Connection, address: PostgresPlace, place: str, revision: str) -> str:
    """Copy the store as it is at `revision`, all but cached Predictions, and say in one sentence where the copy is.

    ``pg_dump`` writes a file into the user's data folder. Where it is missing or too old for the server, the
    tables are copied into a schema beside the store's own, in the transaction of `connection`.
    """
    # However long pg_dump takes, this transaction waits for it.
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    file = _dump(address, revision)
    if file is not None:
        return f"{place} was upgraded; a copy of it as it was is {file} (pg_restore brings it back)."
    schema = _copy_tables(connection, address.schema, revision)
    return f"{place} was upgraded; a copy of it as it was is in the schema {schema} of its database."


def _dump(address: PostgresPlace, revision: str) -> Path | None:
    program = shutil.which("pg_dump")
    if program is None:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    folder = data_folder() / "backups"
    plain = "".join(c if c.isalnum() else "-" for c in f"{address.host}-{address.database}-{address.schema}")
    file = folder / f"{plain}.backup-{revision}-{stamp}.dump"
    parameters = address.connection_parameters()
    # The environment of a child is private to the user; an argument would be in every process list.
    secret = {"PGPASSWORD": str(parameters.pop("password"))} if "password" in parameters else {}
    words = " ".join(
        f"{name}='{str(value).replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'"
        for name, value in parameters.items()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                program,
                "--no-password",
                "--format=custom",
                f"--schema={address.schema}",
                f"--exclude-table-data={address.schema}.predictions",
                f"--file={file}",
                f"--dbname={words}",
            ],
            env=os.environ | secret,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    if done.returncode != 0:
        file.unlink(missing_ok=True)
        return None
    return file


def _copy_tables(connection: Connection, schema: str, revision: str) -> str:
    present = set(sa.inspect(connection).get_schema_names())
    name = base = f"{schema}_backup_{revision}"
    count = 1
    while name in present:
        count += 1
        name = f"{base}_{count}"
    connection.exec_driver_sql(f"CREATE SCHEMA {quoted(name)}")
    for table in sa.inspect(connection).get_table_names(schema=schema):
        source = f"{quoted(schema)}.{quoted(table)}"
        without = " WITH NO DATA" if table == "predictions" else ""
        connection.exec_driver_sql(f"CREATE TABLE {quoted(name)}.{quoted(table)} AS TABLE {source}{without}")
    return name
