"""The tables, as SQLAlchemy sees them; the migrations make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

metadata = sa.MetaData()


def storable(text: str) -> str:
    """Replace what no database can hold: undecodable bytes of file names, half surrogate pairs, NUL."""
    if text.isprintable():
        return text
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8")


class SafeText(TypeDecorator[str]):
    """Text that any string may be put into."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean the text on its way in."""
        return None if value is None else storable(value)


class UtcTime(TypeDecorator[datetime]):
    """A point in time, as ISO 8601 in UTC with microseconds: sorts as text, reads the same in every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Convert to UTC text."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read the text back."""
        return None if value is None else datetime.fromisoformat(value)


decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("file", SafeText, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("redshift", sa.Double, nullable=True),
    sa.Column("redshift_origin", SafeText, nullable=False),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("scale", SafeText, nullable=False),
    sa.Column("spectrum_class", SafeText, nullable=False),
    sa.Column("issues", SafeText, nullable=False),
    sa.Column("comment", SafeText, nullable=False),
    sa.Column("reviewer", SafeText, nullable=False),
    sa.Column("time", UtcTime, nullable=False),
    sa.Column("bundle", SafeText, nullable=False),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("retracts", sa.Integer, sa.ForeignKey("decisions.id"), nullable=True),
    sa.Column("uuid", sa.String(32), nullable=True),
    sa.Index("ix_decisions_uuid", "uuid", unique=True),
    sa.Index("ix_decisions_content_hash", "content_hash"),
    sa.Index("ix_decisions_reviewer", "reviewer"),
    sa.Index("ix_decisions_retracts", "retracts"),
    sqlite_autoincrement=True,
)

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("reviewer", SafeText, nullable=False),
    sa.Column("file", SafeText, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("name", SafeText, nullable=False),
    sa.UniqueConstraint("content_hash", "reviewer", name="uq_assignments"),
    sa.Index("ix_assignments_reviewer", "reviewer"),
    sqlite_autoincrement=True,
)

exchange_files = sa.Table(
    "exchange_files",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("format", sa.String(16), nullable=False),
    sa.Column("name", SafeText, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("rows", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

grids = sa.Table(
    "grids",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("bundle", SafeText, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("redshift_grid", sa.LargeBinary, nullable=False),
    sa.Column("line_wavelength", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("bundle", "digest", name="uq_grids"),
)

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("content_hash", sa.String(64), primary_key=True),
    sa.Column("bundle_name", SafeText, primary_key=True),
    sa.Column("mc_passes", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("grid", sa.Integer, sa.ForeignKey("grids.id"), nullable=False),
    sa.Column("redshift_pdf", sa.LargeBinary, nullable=False),
    sa.Column("redshift_pdf_std", sa.LargeBinary, nullable=True),
    sa.Column("line_probability", sa.LargeBinary, nullable=False),
    sa.Column("logmass", sa.Double, nullable=True),
    sa.Column("logmass_err", sa.Double, nullable=True),
    sa.Column("logsfr", sa.Double, nullable=True),
    sa.Column("logsfr_err", sa.Double, nullable=True),
    sa.Column("coverage", sa.Double, nullable=True),
    sa.Column("ood", sa.Double, nullable=True),
    sa.Column("ood_threshold", sa.Double, nullable=True),
    sa.Column("rejection", SafeText, nullable=False),
    sa.Column("warnings", SafeText, nullable=False),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("path", SafeText, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("name", SafeText, nullable=False),
)
