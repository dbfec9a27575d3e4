"""Where a PostgreSQL store is: what its URL says, and where the password comes from."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mtop_gui.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
DEFAULT_SCHEMA = "mtop"
KEYRING_SERVICE = "mtop-gui"
_WHERE_PASSWORDS_GO = (
    "put it into ~/.pgpass, the variable PGPASSWORD, or the keyring (mtop review URL remember-password)"
)
_SECRETS = ("password", "sslpassword")


def is_postgres(url: str) -> bool:
    """Tell whether a text names a PostgreSQL store."""
    return url.split("://", maxsplit=1)[0].lower() in SCHEMES and "://" in url


@dataclass(frozen=True)
class PostgresPlace:
    """A PostgreSQL store's address, without any password.

    Attributes
    ----------
    host, port, database, user : as libpq understands them; filled from PGHOST and its like where the URL is silent.
    schema : the schema that holds the store's tables; ``?schema=NAME`` in the URL, several stores can share a database.
    options : what else the URL says (sslmode, sslrootcert, …), for libpq.
    """

    host: str
    port: str
    database: str
    user: str
    schema: str = DEFAULT_SCHEMA
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address as a URL."""
        schema = "" if self.schema == DEFAULT_SCHEMA else f"?schema={self.schema}"
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}{schema}"

    @property
    def keyring_name(self) -> str:
        """The name under which a keyring holds the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.database}"

    def connection_parameters(self) -> dict[str, Any]:
        """Give what libpq needs to connect; with a password only where a keyring holds one.

        Without one here libpq looks into PGPASSWORD and ~/.pgpass by itself.
        """
        parameters = {
            **self.options,
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
        }
        password = None if os.environ.get("PGPASSWORD") else password_in_keyring(self)
        if password:
            parameters["password"] = password
        return parameters


def parse(url: str) -> PostgresPlace:
    """Read the URL of a PostgreSQL store.

    Raises
    ------
    StoreError : it cannot be understood, or holds a password, which would end up in settings and process lists.
    """
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        secret = parts.password is not None or any(name in query for name in _SECRETS)
    except ValueError:
        raise StoreError(_unclear()) from None
    if secret:
        raise StoreError(
            f"the password must not stand in the URL of a postgresql:// store: {_WHERE_PASSWORDS_GO}."
        )
    schema = query.pop("schema", DEFAULT_SCHEMA)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", schema) or schema.startswith("pg_"):
        raise StoreError(
            "the schema of a postgresql:// store must be a name of small letters, digits and underscores."
        )
    plain = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(query), ""))
    return _complete(plain, schema)


def _complete(url: str, schema: str) -> PostgresPlace:
    psycopg = import_psycopg()
    try:
        known = psycopg.conninfo.conninfo_to_dict(url)
        defaults = {
            option.keyword.decode(): (option.val or b"").decode()
            for option in psycopg.pq.Conninfo.get_defaults()
        }
    except (psycopg.Error, UnicodeDecodeError):
        # The parser's own words repeat parts of the URL.
        raise StoreError(_unclear()) from None

    def taken(name: str, otherwise: str = "") -> str:
        return str(known.pop(name, None) or defaults.get(name) or otherwise)

    user, port = taken("user"), taken("port", "5432")
    if not re.fullmatch(r"[0-9,]+", port):
        raise StoreError(_unclear())
    return PostgresPlace(
        host=taken("host", "localhost"),
        port=port,
        database=taken("dbname", user),
        user=user,
        schema=schema,
        options=known,
    )


def _unclear() -> str:
    return (
        "the URL of the postgresql:// store cannot be understood: write postgresql://USER@HOST:PORT/DATABASE."
    )


def import_psycopg() -> Any:
    """Import psycopg.

    Raises
    ------
    StoreError : it is not installed.
    """
    try:
        import psycopg
        import psycopg.conninfo
        import psycopg.pq
        import psycopg.sql
    except ImportError:
        raise StoreError(
            "a PostgreSQL store needs the package psycopg: install it with  pip install 'mtop-gui[postgres]'."
        ) from None
    return psycopg


def password_in_keyring(place: PostgresPlace) -> str | None:
    """Ask the desktop's keyring for the password; None where there is no keyring or it has none."""
    try:
        import keyring
    except ImportError:
        return None
    # Keyrings fail in many ways (no daemon, locked, denied); then ~/.pgpass has its turn.
    with contextlib.suppress(Exception):
        found = keyring.get_password(KEYRING_SERVICE, place.keyring_name)
        return None if found is None else str(found)
    return None


def remember_password(place: PostgresPlace, password: str) -> None:
    """Put the password into the desktop's keyring.

    Raises
    ------
    StoreError : there is no keyring, or it refuses.
    """
    try:
        import keyring

        keyring.set_password(KEYRING_SERVICE, place.keyring_name, password)
    except ImportError:
        raise StoreError(
            "no keyring can be used: install it with  pip install keyring  or put the password into ~/.pgpass."
        ) from None
    except Exception as error:  # every keyring has errors of its own
        kind = type(error).__name__
        raise StoreError(
            f"the keyring did not take the password ({kind}): put it into ~/.pgpass instead."
        ) from None
