"""The store in a relational database, through SQLAlchemy Core; every backend runs this same code."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mtop_gui.core.decision import Decision, check
from mtop_gui.core.errors import StoreError
from mtop_gui.store import prediction_rows
from mtop_gui.store.review_store import CacheEntry, KnownFile, ReviewStore, absolute, default_store_path
from mtop_gui.store.schema import bring_up_to_date
from mtop_gui.store.sqlite import MEMORY, SqliteBackend
from mtop_gui.store.tables import decisions, files, grids, predictions, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.backend import Backend

T = TypeVar("T")

_CHUNK = 500
"""Bound parameters per query; SQLite builds exist that allow 999."""

_FIELDS = tuple(column.name for column in fields(Decision))
_COLUMNS = tuple(decisions.c[name] for name in _FIELDS)
_undo = decisions.alias("undo")
_redo = decisions.alias("redo")

# A row stands while no standing row retracts it: an undo stands until a redo retracts it, a redo always.
_undo_stands = ~sa.exists().where(_redo.c.retracts == _undo.c.id)
_taken_back = sa.exists().where(_undo.c.retracts == decisions.c.id, _undo_stands)
_stands = sa.and_(decisions.c.retracts.is_(None), ~_taken_back)


class SqlReviewStore(ReviewStore):
    """A `ReviewStore` on any backend SQLAlchemy can reach."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._closed = False

    @property
    def place(self) -> str:
        """Where the store is, as a user would name it."""
        return self._backend.place

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        with (
            explained(self._backend),
            self._backend.reading(),
            self._backend.engine.connect() as connection,
        ):
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock; durable, and in the right file, once this exits."""
        self._check_open()
        if self._backend.read_only:
            raise StoreError(f"{self.place} was opened for reading only: open it for writing.")
        writer = self._backend.engine.execution_options(mtop_write=True)
        with explained(self._backend), self._backend.writing():
            self._backend.check_present()
            with writer.begin() as connection:
                yield connection
            self._backend.check_present()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.place} was closed: open it again.")

    def record(self, decision: Decision) -> Decision:
        """Append a Decision durably and give it back with its id."""
        check(decision)
        if decision.retracts is not None:
            raise ValueError("a retraction cannot be recorded directly: use undo or redo")
        with self._writing() as connection:
            return _append(connection, decision)

    def undo(self, reviewer: str) -> Decision | None:
        """Take back the reviewer's last standing Decision."""
        last = (
            sa.select(*_COLUMNS)
            .where(decisions.c.reviewer == reviewer, _stands)
            .order_by(decisions.c.id.desc())
            .limit(1)
        )
        with self._writing() as connection:
            return _retract(connection, connection.execute(last).first())

    def redo(self, reviewer: str) -> Decision | None:
        """Let the Decision stand again that the reviewer's last undo took back."""
        newest = (
            sa.select(sa.func.coalesce(sa.func.max(decisions.c.id), 0))
            .where(decisions.c.reviewer == reviewer, decisions.c.retracts.is_(None))
            .scalar_subquery()
        )
        # An undo retracts a Decision, a redo an undo.
        last = (
            sa.select(*(_undo.c[name] for name in _FIELDS))
            .join(decisions, _undo.c.retracts == decisions.c.id)
            .where(
                _undo.c.reviewer == reviewer,
                _undo.c.id > newest,
                decisions.c.retracts.is_(None),
                _undo_stands,
            )
            .order_by(_undo.c.id.desc())
            .limit(1)
        )
        with self._writing() as connection:
            return _retract(connection, connection.execute(last).first())

    def current(self, content_hash: str, reviewer: str | None = None) -> Decision | None:
        """Give the last standing Decision on a Spectrum."""
        query = sa.select(*_COLUMNS).where(decisions.c.content_hash == content_hash, *_standing(reviewer))
        with self._reading() as connection:
            row = connection.execute(query.order_by(decisions.c.id.desc()).limit(1)).first()
        return None if row is None else _decision(row)

    def current_all(self, reviewer: str | None = None) -> dict[str, Decision]:
        """Give the last standing Decision on every Spectrum that has one."""
        latest = (
            sa.select(sa.func.max(decisions.c.id))
            .where(*_standing(reviewer))
            .group_by(decisions.c.content_hash)
        )
        query = sa.select(*_COLUMNS).where(decisions.c.id.in_(latest)).order_by(decisions.c.id)
        with self._reading() as connection:
            return {row.content_hash: _decision(row) for row in connection.execute(query)}

    def history(self, content_hash: str) -> list[Decision]:
        """Give every row about a Spectrum, oldest first."""
        return self._select(decisions.c.content_hash == content_hash)

    def decisions(self, since_id: int = 0) -> list[Decision]:
        """Give every row with an id above `since_id`, oldest first."""
        return self._select(decisions.c.id > since_id)

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Decision]:
        with self._reading() as connection:
            rows = connection.execute(sa.select(*_COLUMNS).where(condition).order_by(decisions.c.id))
            return [_decision(row) for row in rows]

    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Count the standing Decisions on each Spectrum that has any."""
        query = (
            sa.select(decisions.c.content_hash, sa.func.count())
            .where(*_standing(reviewer))
            .group_by(decisions.c.content_hash)
        )
        with self._reading() as connection:
            return {content_hash: int(count) for content_hash, count in connection.execute(query)}

    def reviewers(self) -> list[str]:
        """Name everybody who has ever recorded a Decision."""
        query = sa.select(decisions.c.reviewer).distinct().order_by(decisions.c.reviewer)
        with self._reading() as connection:
            return [name for (name,) in connection.execute(query)]

    def save_predictions(self, entries: Iterable[CacheEntry | tuple[str, str, int, Prediction]]) -> None:
        """Cache Predictions in one transaction."""
        unique = {entry[:3]: CacheEntry(*entry) for entry in entries}
        if not unique:
            return
        # Compressing is the slow half: it is done before the write lock is taken.
        rows = prediction_rows.encode_all(unique.values())
        with self._writing() as connection:
            known: dict[tuple[str, str], int] = {}
            for (_, grid), entry in zip(rows, unique.values(), strict=True):
                key = (grid["bundle"], grid["digest"])
                if key not in known:
                    known[key] = _grid_id(connection, grid, entry)
            values = [{**row, "grid": known[(grid["bundle"], grid["digest"])]} for row, grid in rows]
            _replace_all(connection, predictions, values)

    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Give the cached Predictions among `content_hashes`."""
        # Grids repeat in every row; they are fetched and unpacked once.
        found: list[Any] = []
        with self._reading() as connection:
            for chunk in _chunks(list(content_hashes)):
                query = sa.select(predictions).where(
                    predictions.c.bundle_name == storable(bundle_name),
                    predictions.c.mc_passes == mc_passes,
                    predictions.c.content_hash.in_(chunk),
                )
                found.extend(connection.execute(query).all())
            used = {row.grid for row in found}
            rows = connection.execute(sa.select(grids).where(grids.c.id.in_(used))).all() if used else []
        shared = {row.id: prediction_rows.decode_grid(row) for row in rows}
        decoded = ((row.content_hash, prediction_rows.decode(row, shared.get(row.grid))) for row in found)
        return {content_hash: prediction for content_hash, prediction in decoded if prediction is not None}

    def remember_files(self, files_read: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Remember which content the rows of files have."""
        known = {}
        for entry in files_read:
            file = KnownFile(*entry)
            path = absolute(file.path)
            known[(storable(path), file.row)] = {**file._asdict(), "path": path}
        if known:
            with self._writing() as connection:
                _replace_all(connection, files, list(known.values()))

    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Give what is remembered of all rows of these files."""
        spelled = {storable(absolute(path)): absolute(path) for path in paths}
        known = {}
        with self._reading() as connection:
            for chunk in _chunks(list(spelled)):
                for row in connection.execute(sa.select(files).where(files.c.path.in_(chunk))):
                    path = spelled[row.path]
                    known[(path, row.row)] = KnownFile(path, *row[1:])
        return known

    def close(self) -> None:
        """Let go of the database."""
        if not self._closed:
            self._closed = True
            with self._backend.writing():
                self._backend.engine.dispose()


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


@contextmanager
def explained(backend: Backend) -> Iterator[None]:
    """Turn what the database raises into one sentence."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(backend.explain(error)) from error
    except SQLAlchemyError as error:
        raise StoreError(f"{backend.place} cannot be used ({error}).") from error


def _standing(reviewer: str | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [_stands]
    if reviewer is not None:
        conditions.append(decisions.c.reviewer == reviewer)
    return conditions


def _append(connection: Connection, decision: Decision) -> Decision:
    """Insert one row and give back what a reader will see."""
    redshift = decision.redshift
    if redshift is not None:
        redshift = None if math.isnan(redshift) else float(redshift)
    values = {name: getattr(decision, name) for name in _FIELDS if name != "id"}
    texts: dict[str, Any] = {
        name: storable(value) for name, value in values.items() if isinstance(value, str)
    }
    stored = replace(decision, **texts, redshift=redshift, time=decision.time.astimezone(UTC), id=None)
    values = {name: getattr(stored, name) for name in values}
    key = connection.execute(sa.insert(decisions).values(values)).inserted_primary_key
    return replace(stored, id=int(key[0]))  # type: ignore[index]


def _retract(connection: Connection, row: Any | None) -> Decision | None:
    """Append the row that takes back `row`."""
    if row is None:
        return None
    taken = _decision(row)
    return _append(connection, replace(taken, retracts=taken.id, time=datetime.now(UTC)))


def _decision(row: Any) -> Decision:
    return Decision(*row)


def _grid_id(connection: Connection, grid: dict[str, Any], entry: CacheEntry) -> int:
    """Find the grids a Prediction is on, or insert them."""
    query = sa.select(grids.c.id).where(
        grids.c.bundle == storable(grid["bundle"]), grids.c.digest == grid["digest"]
    )
    found = connection.execute(query).scalar()
    if found is None:
        values = {**grid, **prediction_rows.encode_grid(entry.prediction)}
        key = connection.execute(sa.insert(grids).values(values)).inserted_primary_key
        found = key[0]  # type: ignore[index]
    return int(found)


def _replace_all(connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows in the place of those with the same primary key, in words every database knows."""
    keys = [column.name for column in table.primary_key]
    same = [table.c[name] == sa.bindparam(f"old_{name}") for name in keys]
    old = [{f"old_{name}": row[name] for name in keys} for row in rows]
    connection.execute(sa.delete(table).where(*same), old)
    connection.execute(sa.insert(table), list(rows))


def _chunks(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
