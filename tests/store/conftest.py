"""One store per backend: the contract is tested over all of them."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import pytest

from mtop_gui.store.review_store import ReviewStore, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give a running server; tests skip where PostgreSQL is not installed."""
    if sys.platform == "win32":
        pytest.skip("the tests start PostgreSQL on Linux and macOS only")
    pytest.importorskip("psycopg")
    from tests.store.postgres_server import PostgresServer, find_programs

    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (Debian: postgresql)")
    server = PostgresServer(programs)
    yield server
    server.remove()


@pytest.fixture
def postgres(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> PostgresServer:
    """Give the server, with its password where a user would have it, and a data folder of the test's own."""
    monkeypatch.setenv("PGPASSWORD", postgres_server.password)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data home"))
    return postgres_server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database; for a while only, since each is as large as a hundred stores."""
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def postgres_schema_url(postgres: PostgresServer) -> str:
    """Give the URL of an empty store in the database that the contract's tests share."""
    return f"{postgres.url()}?schema=s_{secrets.token_hex(8)}"


@pytest.fixture(params=["file", "memory", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReviewStore]:
    """Give an empty store; a new backend is a new parameter."""
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_schema_url")
    else:
        place = tmp_path / "reviews.sqlite" if request.param == "file" else ":memory:"
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[ReviewStore]:
    """Give an empty store in ``reviews.sqlite``."""
    with open_store(tmp_path / "reviews.sqlite") as opened:
        yield opened
