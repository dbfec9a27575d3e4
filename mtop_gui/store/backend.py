"""What `SqlReviewStore` needs of a database; the only place where one database differs from another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Engine

    from mtop_gui.core.errors import StoreError


class Backend(Protocol):
    """One database: its engine, its words for errors, its way to guard an append-only table."""

    @property
    def place(self) -> str:
        """Where the store is, as a user would name it."""

    @property
    def read_only(self) -> bool:
        """Whether the store was opened to look only."""

    @property
    def engine(self) -> Engine:
        """The engine; with the execution option ``mtop_write`` a transaction takes a lock at its begin.

        The option names what is written ("decisions", "cache", "schema"); those who write the same take turns.
        """

    @property
    def schema(self) -> str | None:
        """The schema that holds the tables; None where a database has no schemas."""

    @property
    def notices(self) -> Sequence[str]:
        """Sentences for the user that opening gave rise to."""

    def start(self) -> None:
        """Do what must be done once before the tables are looked at."""

    def reading(self) -> AbstractContextManager[object]:
        """Guard to hold while reading."""

    def writing(self) -> AbstractContextManager[object]:
        """Guard to hold while writing, from before the transaction until after the commit."""

    def check_present(self) -> None:
        """Raise StoreError when what is written now would not be found again (the file was moved or deleted)."""

    def explain(self, error: Exception) -> StoreError:
        """Say in one sentence what went wrong and what to do; StoreUnavailableError where waiting may help."""

    def backup(self, connection: Connection, revision: str) -> None:
        """Keep a copy of the store as it is at `revision`, and add to `notices` where."""

    def append_only_ddl(self, table: str) -> Sequence[str]:
        """Give the statements that make the database refuse to change or remove rows of `table`."""

    def lift_append_only_ddl(self, table: str) -> Sequence[str]:
        """Give the statements that end that, for a migration that must fill a new column."""

    def own_retractions_ddl(self) -> Sequence[str]:
        """Give the statements that make the database refuse a retraction of somebody else's row."""

    @property
    def random_key_sql(self) -> str:
        """An expression for 32 random hexadecimal digits, anew for each row."""
