"""Files taken over from other vetting programs, kept as they were so that they can go back byte for byte."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of files taken over."""
    op.create_table(
        "exchange_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("rows", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
