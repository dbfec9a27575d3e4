"""Files of other programs as rows, and Spectra found by their names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtop_gui.store.assignments import ToReview
from mtop_gui.store.tables import decisions, exchange_files, files, storable
from mtop_gui.store.vi_exchange import ExchangeFile, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


def insert(connection: Connection, file: ExchangeFile) -> None:
    """Keep a file, unless it is kept already."""
    if any(present == file for present in select(connection, file.format)):
        return
    values = {**file._asdict(), "rows": json.dumps(file.rows)}
    connection.execute(sa.insert(exchange_files).values(values))


def select(connection: Connection, form: str) -> list[ExchangeFile]:
    """Read the files of a format, oldest first."""
    query = sa.select(exchange_files).where(exchange_files.c.format == form).order_by(exchange_files.c.id)
    return [
        ExchangeFile(
            row.format,
            row.name,
            bytes(row.content),
            [None if origin is None else Origin(*origin) for origin in json.loads(row.rows)],
        )
        for row in connection.execute(query)
    ]


def named(connection: Connection, names: Sequence[str], found: dict[str, dict[str, ToReview]]) -> None:
    """Add to `found`, for each name, the Spectra of that name by content hash."""
    wanted = {storable(name): name for name in names}
    for table, path in ((files, files.c.path), (decisions, decisions.c.file)):
        query = sa.select(table.c.name, table.c.content_hash, path, table.c.row).distinct()
        for name, content_hash, file, row in connection.execute(query.where(table.c.name.in_(list(wanted)))):
            if content_hash:
                spectra = found.setdefault(wanted[name], {})
                spectra.setdefault(content_hash, ToReview(content_hash, file, row, name))


def known(connection: Connection) -> list[ToReview]:
    """Read all Spectra, each once, by file and row; where it was last seen."""
    found: dict[str, ToReview] = {}
    for table, path in ((decisions, decisions.c.file), (files, files.c.path)):
        for row in connection.execute(sa.select(table.c.content_hash, path, table.c.row, table.c.name)):
            if row[0]:
                found[row[0]] = ToReview(*row)
    return sorted(found.values(), key=lambda each: (each.file, each.row))
