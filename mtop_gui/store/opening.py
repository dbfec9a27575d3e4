"""Which store a path or URL names, and opening it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from mtop_gui.core.errors import StoreError, StoreUnavailableError
from mtop_gui.store.journal import Journal
from mtop_gui.store.journaled import JournaledStore
from mtop_gui.store.postgres_place import is_postgres
from mtop_gui.store.review_store import default_store
from mtop_gui.store.schema import bring_up_to_date
from mtop_gui.store.sql_store import SqlReviewStore, explained
from mtop_gui.store.sqlite import MEMORY, SqliteBackend

if TYPE_CHECKING:
    from mtop_gui.store.backend import Backend
    from mtop_gui.store.review_store import ReviewStore


JOURNALED_BUSY_SECONDS = 1.0
"""Where a journal stands by, a key need not wait long for another program's write to end."""


def open_journaled(url: str, journal_folder: Path) -> ReviewStore:
    """Open a store with a journal before it; see `review_store.open_journaled_store`."""
    if not is_postgres(url):
        path = sqlite_path(url)
        if path == MEMORY:
            return open_sql_store(url)
        own = url == default_store()
        place = str(Path(path).absolute())
        if own:
            _make_own_folder(path)
        # One spelling for one store, whatever folder the program was started in.
        url = place

    def reopen(*, again: bool = True) -> SqlReviewStore:
        return _open(_backend(url, must_exist=again, busy_seconds=JOURNALED_BUSY_SECONDS))

    trouble: StoreUnavailableError | None = None
    inner: SqlReviewStore | None = None
    try:
        inner = reopen(again=False)
    except StoreUnavailableError as error:
        trouble = error
    if trouble is not None and trouble.readable:
        with contextlib.suppress(StoreError):
            inner = open_sql_store(url, read_only=True)
    store = JournaledStore(_place(url), reopen, Journal(journal_folder, url), inner, trouble)
    if trouble is None:
        store.reconnect()
    return store


def _place(url: str) -> str:
    from mtop_gui.store.postgres_place import parse

    return f"the review store {parse(url).url if is_postgres(url) else url}"


def open_sql_store(url_or_path: str | Path, *, read_only: bool = False) -> SqlReviewStore:
    """Open a store; see `review_store.open_store`."""
    return _open(_backend(str(url_or_path), read_only=read_only))


def _open(backend: Backend) -> SqlReviewStore:
    try:
        with explained(backend):
            backend.start()
            bring_up_to_date(backend)
    except BaseException:
        backend.engine.dispose()
        raise
    return SqlReviewStore(backend)


def _backend(
    url: str, *, read_only: bool = False, must_exist: bool = False, busy_seconds: float | None = None
) -> Backend:
    if is_postgres(url):
        from mtop_gui.store.postgres import PostgresBackend

        return PostgresBackend(url, read_only=read_only)
    path = sqlite_path(url)
    if url == default_store():
        _make_own_folder(path)
    return SqliteBackend(path, read_only=read_only, must_exist=must_exist, busy_seconds=busy_seconds)


def sqlite_path(url: str) -> str:
    """Give the file that a path or ``sqlite:///`` URL names.

    Raises
    ------
    StoreError : it is the URL of something else.
    """
    if url in ("", MEMORY, "sqlite://", "sqlite:///:memory:"):
        return MEMORY
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    if "://" in url:
        raise StoreError(
            f"the review store {url.split('://', maxsplit=1)[0]}://… cannot be opened: only files, sqlite:/// and "
            "postgresql:// are known."
        )
    return url


def _make_own_folder(path: str) -> None:
    """Make the user's data folder; any other folder must exist, lest an unplugged disk goes unnoticed."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(
            f"the review store {path} cannot be made ({error.strerror}): set MTOP_STORE to a place you may write."
        ) from error
