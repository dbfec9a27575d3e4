"""Caches: Predictions, and which content the files have. Both can be made again from the files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of cached Predictions, their grids and the known files."""
    op.create_table(
        "grids",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("redshift_grid", sa.LargeBinary, nullable=False),
        sa.Column("line_wavelength", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("bundle", "digest", name="uq_grids"),
    )
    scalars = ("logmass", "logmass_err", "logsfr", "logsfr_err", "coverage", "ood", "ood_threshold")
    op.create_table(
        "predictions",
        sa.Column("content_hash", sa.String(64), primary_key=True),
        sa.Column("bundle_name", sa.Text, primary_key=True),
        sa.Column("mc_passes", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("grid", sa.Integer, sa.ForeignKey("grids.id"), nullable=False),
        sa.Column("redshift_pdf", sa.LargeBinary, nullable=False),
        sa.Column("redshift_pdf_std", sa.LargeBinary, nullable=True),
        sa.Column("line_probability", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Double, nullable=True) for name in scalars),
        sa.Column("rejection", sa.Text, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
    )
    op.create_table(
        "files",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
