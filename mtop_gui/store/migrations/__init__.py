"""The alembic migrations that make and upgrade a store."""
