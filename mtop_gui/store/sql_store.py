"""The store in a relational database, through SQLAlchemy Core; every backend runs this same code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mtop_gui.core.decision import Decision, check
from mtop_gui.core.errors import StoreError
from mtop_gui.store import assignment_rows, exchange_rows, prediction_rows
from mtop_gui.store.decision_rows import (
    COLUMNS,
    append,
    decision_of,
    redoable,
    replay,
    retract,
    standing,
    under_key,
    undoable,
)
from mtop_gui.store.review_store import CacheEntry, KnownFile, ReviewStore, absolute
from mtop_gui.store.tables import decisions, files, grids, predictions, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.assignments import Assignment, ToReview, Workload
    from mtop_gui.store.backend import Backend
    from mtop_gui.store.journal import Entry
    from mtop_gui.store.vi_exchange import ExchangeFile

T = TypeVar("T")

_CHUNK = 500
"""Bound parameters per query; SQLite builds exist that allow 999."""


class SqlReviewStore(ReviewStore):
    """A `ReviewStore` on any backend SQLAlchemy can reach."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._closed = False

    @property
    def place(self) -> str:
        """Where the store is, as a user would name it."""
        return self._backend.place

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know of the opening."""
        return tuple(self._backend.notices)

    @contextmanager
    def _reading(self, bulk: bool = False) -> Iterator[Connection]:
        self._check_open()
        engine = self._backend.engine
        reader = engine.execution_options(mtop_bulk=True) if bulk else engine
        with explained(self._backend), self._backend.reading(), reader.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self, what: str = "decisions") -> Iterator[Connection]:
        """One transaction that holds the write lock; durable, and in the right file, once this exits."""
        self._check_open()
        if self._backend.read_only:
            raise StoreError(f"{self.place} was opened for reading only: open it for writing.")
        writer = self._backend.engine.execution_options(mtop_write=what)
        with explained(self._backend), self._backend.writing():
            self._backend.check_present()
            with writer.begin() as connection:
                yield connection
            self._backend.check_present()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.place} was closed: open it again.")

    def record(self, decision: Decision, key: str | None = None) -> Decision:
        """Append a Decision durably and give it back with its id."""
        check(decision)
        if decision.retracts is not None:
            raise ValueError("a retraction cannot be recorded directly: use undo or redo")
        with self._writing() as connection:
            there = under_key(connection, key) if key else None
            return there or append(connection, decision, key)

    def undo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Take back the reviewer's last standing Decision."""
        return self._retract(undoable(reviewer), key)

    def redo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Let the Decision stand again that the reviewer's last undo took back."""
        return self._retract(redoable(reviewer), key)

    def _retract(self, query: sa.Select[Any], key: str | None) -> Decision | None:
        with self._writing() as connection:
            there = under_key(connection, key) if key else None
            return there or retract(connection, connection.execute(query).first(), key)

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return not self._backend.read_only

    def replay(self, entries: Sequence[Entry]) -> None:
        """Append rows that waited in a journal, in one transaction; those that are there already are left out.

        A retraction of what somebody took back meanwhile, or of what never arrived, has nothing left to say.
        """
        with self._writing() as connection:
            for entry in entries:
                replay(connection, entry)

    def current(self, content_hash: str, reviewer: str | None = None) -> Decision | None:
        """Give the last standing Decision on a Spectrum."""
        query = sa.select(*COLUMNS).where(decisions.c.content_hash == content_hash, *standing(reviewer))
        with self._reading() as connection:
            row = connection.execute(query.order_by(decisions.c.id.desc()).limit(1)).first()
        return None if row is None else decision_of(row)

    def current_all(self, reviewer: str | None = None) -> dict[str, Decision]:
        """Give the last standing Decision on every Spectrum that has one."""
        latest = (
            sa.select(sa.func.max(decisions.c.id))
            .where(*standing(reviewer))
            .group_by(decisions.c.content_hash)
        )
        query = sa.select(*COLUMNS).where(decisions.c.id.in_(latest)).order_by(decisions.c.id)
        with self._reading(bulk=True) as connection:
            return {row.content_hash: decision_of(row) for row in connection.execute(query)}

    def history(self, content_hash: str) -> list[Decision]:
        """Give every row about a Spectrum, oldest first."""
        return self._select(decisions.c.content_hash == content_hash)

    def decisions(self, since_id: int = 0) -> list[Decision]:
        """Give every row with an id above `since_id`, oldest first."""
        return self._select(decisions.c.id > since_id)

    def decisions_since(self, cursor: int, limit: int = 5000) -> tuple[list[Decision], int]:
        """Give rows that came after a cursor, and the next cursor."""
        rows = self._select(decisions.c.id > cursor, limit)
        return rows, (rows[-1].id or cursor) if rows else cursor

    def trail(self, reviewer: str, limit: int = 1000) -> list[Decision]:
        """Give a reviewer's last rows, oldest first."""
        query = sa.select(*COLUMNS).where(decisions.c.reviewer == storable(reviewer))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(decisions.c.id.desc()).limit(limit)).all()
        return [decision_of(row) for row in reversed(rows)]

    def newest_id(self) -> int:
        """Give the id of the last row, 0 when there is none."""
        with self._reading() as connection:
            return int(connection.execute(sa.select(sa.func.max(decisions.c.id))).scalar() or 0)

    def opinions(self, content_hashes: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """Give the last standing Decision of every reviewer, by content hash."""
        chunks: Iterable[list[str] | None] = (
            [None] if content_hashes is None else _chunks(list(content_hashes))
        )
        found: dict[str, list[Decision]] = {}
        with self._reading(bulk=True) as connection:
            for chunk in chunks:
                latest = sa.select(sa.func.max(decisions.c.id)).where(*standing(None))
                if chunk is not None:
                    latest = latest.where(decisions.c.content_hash.in_(chunk))
                latest = latest.group_by(decisions.c.content_hash, decisions.c.reviewer)
                query = sa.select(*COLUMNS).where(decisions.c.id.in_(latest)).order_by(decisions.c.id)
                for row in connection.execute(query):
                    found.setdefault(row.content_hash, []).append(decision_of(row))
        return found

    def _select(self, condition: sa.ColumnElement[bool], limit: int | None = None) -> list[Decision]:
        query = sa.select(*COLUMNS).where(condition).order_by(decisions.c.id).limit(limit)
        with self._reading(bulk=True) as connection:
            rows = connection.execute(query)
            return [decision_of(row) for row in rows]

    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Count the standing Decisions on each Spectrum that has any."""
        query = (
            sa.select(decisions.c.content_hash, sa.func.count())
            .where(*standing(reviewer))
            .group_by(decisions.c.content_hash)
        )
        with self._reading(bulk=True) as connection:
            return {content_hash: int(count) for content_hash, count in connection.execute(query)}

    def reviewers(self) -> list[str]:
        """Name everybody who has ever recorded a Decision."""
        # Sorted here: databases differ in their alphabets.
        with self._reading(bulk=True) as connection:
            return sorted(connection.execute(sa.select(decisions.c.reviewer).distinct()).scalars())

    def assign(
        self, spectra: Iterable[ToReview], reviewers: Sequence[str], per_spectrum: int = 1, seed: int = 0
    ) -> list[Assignment]:
        """Share Spectra out over reviewers."""
        with self._writing() as connection:
            return assignment_rows.insert(connection, spectra, reviewers, per_spectrum, seed)

    def unassign(self, content_hashes: Iterable[str], reviewer: str | None = None) -> int:
        """Take assignments back."""
        with self._writing() as connection:
            chunks = _chunks(list(content_hashes))
            return sum(assignment_rows.delete(connection, chunk, reviewer) for chunk in chunks)

    def assignments(self) -> list[Assignment]:
        """Give all assignments."""
        with self._reading(bulk=True) as connection:
            return assignment_rows.select(connection)

    def assigned_to(self, reviewer: str) -> dict[str, Assignment]:
        """Give what is assigned to a reviewer, by content hash."""
        with self._reading() as connection:
            return {each.content_hash: each for each in assignment_rows.select(connection, reviewer)}

    def workloads(self) -> dict[str, Workload]:
        """Count assignments and how many of them are decided."""
        with self._reading(bulk=True) as connection:
            return assignment_rows.workloads(connection)

    def spectra_named(self, names: Iterable[str]) -> dict[str, ToReview]:
        """Find Spectra by their names."""
        found: dict[str, dict[str, ToReview]] = {}
        with self._reading(bulk=True) as connection:
            for chunk in _chunks(list(names)):
                exchange_rows.named(connection, chunk, found)
        return {name: next(iter(known.values())) for name, known in found.items() if len(known) == 1}

    def known_spectra(self) -> list[ToReview]:
        """Give all Spectra among files remembered and Decisions."""
        with self._reading(bulk=True) as connection:
            return exchange_rows.known(connection)

    def keep_exchange_file(self, file: ExchangeFile) -> None:
        """Keep a file taken over from another program."""
        with self._writing() as connection:
            exchange_rows.insert(connection, file)

    def exchange_files(self, form: str) -> list[ExchangeFile]:
        """Give the files of a format that were taken over."""
        with self._reading(bulk=True) as connection:
            return exchange_rows.select(connection, form)

    def save_predictions(self, entries: Iterable[CacheEntry | tuple[str, str, int, Prediction]]) -> None:
        """Cache Predictions in one transaction."""
        unique = {entry[:3]: CacheEntry(*entry) for entry in entries}
        if not unique:
            return
        # Compressing is the slow half: it is done before the write lock is taken.
        rows = prediction_rows.encode_all(unique.values())
        with self._writing("cache") as connection:
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
        with self._reading(bulk=True) as connection:
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

    def predictions_of(self, content_hash: str) -> list[CacheEntry]:
        """Give every cached Prediction of one Spectrum."""
        query = sa.select(predictions).where(predictions.c.content_hash == content_hash)
        with self._reading(bulk=True) as connection:
            found = connection.execute(
                query.order_by(predictions.c.bundle_name, predictions.c.mc_passes)
            ).all()
            used = {row.grid for row in found}
            rows = connection.execute(sa.select(grids).where(grids.c.id.in_(used))).all() if used else []
        shared = {row.id: prediction_rows.decode_grid(row) for row in rows}
        decoded = ((row, prediction_rows.decode(row, shared.get(row.grid))) for row in found)
        return [
            CacheEntry(content_hash, row.bundle_name, row.mc_passes, prediction)
            for row, prediction in decoded
            if prediction is not None
        ]

    def remember_files(self, files_read: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Remember which content the rows of files have."""
        known = {}
        for entry in files_read:
            file = KnownFile(*entry)
            path = absolute(file.path)
            known[(storable(path), file.row)] = {**file._asdict(), "path": path}
        if known:
            with self._writing("cache") as connection:
                _replace_all(connection, files, list(known.values()))

    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Give what is remembered of all rows of these files."""
        spelled = {storable(absolute(path)): absolute(path) for path in paths}
        known = {}
        with self._reading(bulk=True) as connection:
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


@contextmanager
def explained(backend: Backend) -> Iterator[None]:
    """Turn what the database raises into one sentence."""
    try:
        yield
    except DBAPIError as error:
        raise backend.explain(error) from error
    except SQLAlchemyError as error:
        raise StoreError(f"{backend.place} cannot be used ({error}).") from error


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
