"""Setting a PostgreSQL store up for a team: its tables, the rights of reviewers, a role for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.core.errors import StoreError
from mtop_gui.store.opening import open_sql_store
from mtop_gui.store.postgres import PostgresBackend
from mtop_gui.store.postgres_ddl import group_role, team_rights
from mtop_gui.store.postgres_place import import_psycopg, is_postgres, parse, remember_password

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import LiteralString


def team_script(url: str) -> str:
    """Give the SQL that makes the reviewers' group role and its rights, for who runs it by other means.

    Raises
    ------
    StoreError : not the URL of a PostgreSQL store.
    """
    address = parse(_checked(url))
    return "".join(f"{statement};\n" for statement in team_rights(address.database, address.schema))


def setup_team(url: str) -> tuple[str, tuple[str, ...]]:
    """Make or upgrade the tables, and let members of the group role review; safe to repeat.

    Returns
    -------
    The name of the group role, and what the user should know of the opening.

    Raises
    ------
    StoreError : the store cannot be reached, or this user is not its owner.
    """
    address = parse(_checked(url))
    with open_sql_store(url) as store:
        notices = store.notices
    with_connection(url, lambda connection: [connection.execute(each) for each in _rights(url)])
    return group_role(address.database, address.schema), notices


def _rights(url: str) -> tuple[LiteralString, ...]:
    address = parse(url)
    return team_rights(address.database, address.schema)  # type: ignore[return-value]


def create_role(url: str, name: str, password: str) -> bool:
    """Make a login role that may review, or let one that is there review; `setup_team` comes before.

    Only a SCRAM verifier of the password is sent, so that it stands in no log.

    Returns
    -------
    Whether the role is new; the password of one that was there is left as it is.

    Raises
    ------
    StoreError : the store cannot be reached, is not set up for a team, or this user may not make roles.
    """
    psycopg = import_psycopg()
    address = parse(_checked(url))
    if not name or "\0" in name or len(name.encode()) > 63:
        raise StoreError("the name of a role must have 1 to 63 bytes.")
    group = group_role(address.database, address.schema)
    sql = psycopg.sql

    def work(connection: Any) -> bool:
        if not _has_role(connection, group):
            raise StoreError(
                f"{_place(url)} is not set up for a team: run  mtop review {address.url} setup-team  first."
            )
        new = not _has_role(connection, name)
        if new:
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
            statement = "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}"
            connection.execute(
                sql.SQL(statement).format(sql.Identifier(name), sql.Literal(verifier.decode("ascii")))
            )
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name)))
        return new

    return bool(with_connection(url, work))


def remember(url: str, password: str) -> str:
    """Put the password of a store's user into the keyring, and give the name it has there.

    Raises
    ------
    StoreError : not the URL of a PostgreSQL store, or no keyring takes it.
    """
    address = parse(_checked(url))
    remember_password(address, password)
    return address.keyring_name


def with_connection(url: str, work: Callable[[Any], Any]) -> Any:
    """Do something in one transaction of a connection of its own.

    Raises
    ------
    StoreError : the database refuses.
    """
    psycopg = import_psycopg()
    backend = PostgresBackend(url)
    try:
        with backend.connect() as connection:
            return work(connection)
    except psycopg.Error as error:
        raise backend.explain(error) from error
    finally:
        backend.engine.dispose()


def _has_role(connection: Any, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
    return found is not None


def _place(url: str) -> str:
    return f"the review store {parse(url).url}"


def _checked(url: str) -> str:
    if not is_postgres(url):
        raise StoreError(
            "only a postgresql:// store has roles: a SQLite file is as safe as its folder's permissions."
        )
    return url
