"""Teams: every row of a Decision has a key of its own, reviewers take back only what is theirs, assignments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Give each row its key, guard retractions, make the table of assignments."""
    config = op.get_context().config
    assert config is not None
    backend = config.attributes["backend"]
    op.add_column("decisions", sa.Column("uuid", sa.String(32), nullable=True))
    for statement in backend.lift_append_only_ddl("decisions"):
        op.execute(statement)
    op.execute(f"UPDATE decisions SET uuid = {backend.random_key_sql}")
    for statement in backend.append_only_ddl("decisions"):
        op.execute(statement)
    op.create_index("ix_decisions_uuid", "decisions", ["uuid"], unique=True)
    for statement in backend.own_retractions_ddl():
        op.execute(statement)
    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("content_hash", "reviewer", name="uq_assignments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assignments_reviewer", "assignments", ["reviewer"])
