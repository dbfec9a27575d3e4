"""Decisions: the append-only log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of Decisions and the triggers that guard it."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("redshift", sa.Double, nullable=True),
        sa.Column("redshift_origin", sa.Text, nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
        sa.Column("scale", sa.Text, nullable=False),
        sa.Column("spectrum_class", sa.Text, nullable=False),
        sa.Column("issues", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("starred", sa.Boolean, nullable=False),
        sa.Column("retracts", sa.Integer, sa.ForeignKey("decisions.id"), nullable=True),
        sqlite_autoincrement=True,
    )
    for column in ("content_hash", "reviewer", "retracts"):
        op.create_index(f"ix_decisions_{column}", "decisions", [column])
    config = op.get_context().config
    assert config is not None
    for statement in config.attributes["backend"].append_only_ddl("decisions"):
        op.execute(statement)
