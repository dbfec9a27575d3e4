"""Which store a path or URL names, and opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import default_store_path
from mtop_gui.store.schema import bring_up_to_date
from mtop_gui.store.sql_store import SqlReviewStore, explained
from mtop_gui.store.sqlite import MEMORY, SqliteBackend

if TYPE_CHECKING:
    from pathlib import Path


def open_sql_store(url_or_path: str | Path, *, read_only: bool = False) -> SqlReviewStore:
    """Open a store; see `review_store.open_store`."""
    path = _sqlite_path(str(url_or_path))
    if path == str(default_store_path()):
        _make_own_folder(path)
    backend = SqliteBackend(path, read_only=read_only)
    try:
        with explained(backend):
            backend.start()
            bring_up_to_date(backend)
    except BaseException:
        backend.engine.dispose()
        raise
    return SqlReviewStore(backend)


def _sqlite_path(url: str) -> str:
    if url in ("", MEMORY, "sqlite://", "sqlite:///:memory:"):
        return MEMORY
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    if "://" in url:
        raise StoreError(
            f"the review store {url.split('://', maxsplit=1)[0]}://… cannot be opened: only files and sqlite:/// are known."
        )
    return url


def _make_own_folder(path: str) -> None:
    """Make the user's data folder; any other folder must exist, lest an unplugged disk goes unnoticed."""
    from pathlib import Path

    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the review store {path} cannot be made ({error.strerror}): set MTOP_STORE to a place you may write."
        ) from error
