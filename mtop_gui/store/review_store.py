"""The contract of the store: what every backend keeps, tested by one suite over all of them.

This module knows no database, so that the window can name the contract before SQLAlchemy is imported.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction


class CacheEntry(NamedTuple):
    """One Prediction to cache, under the spectrum's content, the bundle and the number of MC-dropout passes."""

    content_hash: str
    bundle_name: str
    mc_passes: int
    prediction: Prediction


class KnownFile(NamedTuple):
    """What was in a file when it was last read: enough to reopen it without hashing its spectra again."""

    path: str
    row: int
    size: int
    mtime_ns: int
    content_hash: str
    name: str

    def unchanged(self) -> bool:
        """Tell whether the file on disk still has the size and modification time remembered here."""
        try:
            now = os.stat(self.path)  # noqa: PTH116 - thousands of files on reopening, Path costs more than stat
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.mtime_ns)


class ReviewStore(ABC):
    """Where Decisions and cached Predictions live.

    Every backend keeps these promises:

    * `record`, `undo` and `redo` return only after what they appended is durable: it survives ``kill -9`` and a
      power cut. If they raise, nothing was appended.
    * Decisions are append-only. Nothing is ever changed or removed; the database itself refuses it.
    * An undo is a Decision whose `retracts` names the Decision taken back; a redo is one whose `retracts` names
      that undo. A Decision *stands* while no standing row retracts it. Nothing else is remembered, so undo and
      redo are unlimited and go on after a restart. A new Decision of a reviewer ends what he could redo.
    * Later means a higher id: ids grow in the order of commits, whatever the clocks say.
    * Records that come back are frozen and equal to what went in, redshifts to the last bit; NaN redshifts
      come back as None.
    * All methods may be called from several threads, and several processes may open the same store.
    * Everything that fails raises `StoreError` with one sentence for the user; nothing else leaves the store,
      except ValueError for a Decision that is none (see `core.decision.check`).
    """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the store is, as a user would name it."""

    @abstractmethod
    def record(self, decision: Decision) -> Decision:
        """Append a Decision durably and give it back with its id (an id it already has is ignored).

        Raises
        ------
        StoreError : it could not be written, and was not.
        ValueError : quality, scale, class, issues, redshift or time are not allowed, or `retracts` is set.
        """

    @abstractmethod
    def undo(self, reviewer: str) -> Decision | None:
        """Take back the reviewer's last standing Decision.

        Returns
        -------
        The appended row: a copy of the Decision taken back, `retracts` naming it. None if there is none.
        """

    @abstractmethod
    def redo(self, reviewer: str) -> Decision | None:
        """Let the Decision stand again that the reviewer's last undo took back.

        Returns
        -------
        The appended row: a copy of the Decision that stands again, `retracts` naming the undo. None if no undo
        is left, or the reviewer has made a new Decision since.
        """

    @abstractmethod
    def current(self, content_hash: str, reviewer: str | None = None) -> Decision | None:
        """Give the last standing Decision on a Spectrum, by `reviewer` or (None) by anyone."""

    @abstractmethod
    def current_all(self, reviewer: str | None = None) -> dict[str, Decision]:
        """Give `current` for every Spectrum that has one, by content hash."""

    @abstractmethod
    def history(self, content_hash: str) -> list[Decision]:
        """Give every row about a Spectrum, undos and redos included, oldest first."""

    @abstractmethod
    def decisions(self, since_id: int = 0) -> list[Decision]:
        """Give every row with an id above `since_id`, oldest first: what a live view has not seen yet."""

    @abstractmethod
    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Count the standing Decisions on each Spectrum that has any, by content hash."""

    @abstractmethod
    def reviewers(self) -> list[str]:
        """Name everybody who has ever recorded a Decision, in alphabetical order."""

    @abstractmethod
    def save_predictions(self, entries: Iterable[CacheEntry | tuple[str, str, int, Prediction]]) -> None:
        """Cache Predictions in one transaction, replacing those under the same key.

        The PDF is kept as float32, its MC scatter as float16 of its maximum, the line probability in 254 steps;
        all scalars exactly.
        """

    @abstractmethod
    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Give the cached Predictions among `content_hashes`; those missing or damaged are left out."""

    @abstractmethod
    def remember_files(self, files: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Remember which content the rows of files have, in one transaction, replacing what was known."""

    @abstractmethod
    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Give what is remembered of all rows of these files, by (absolute path, row); ask `unchanged()`."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database; every later call raises StoreError."""

    def save_prediction(
        self, content_hash: str, bundle_name: str, mc_passes: int, prediction: Prediction
    ) -> None:
        """Cache one Prediction; see `save_predictions`."""
        self.save_predictions([CacheEntry(content_hash, bundle_name, mc_passes, prediction)])

    def load_prediction(self, content_hash: str, bundle_name: str, mc_passes: int = 1) -> Prediction | None:
        """Give one cached Prediction, None when it is missing or damaged."""
        return self.load_predictions([content_hash], bundle_name, mc_passes).get(content_hash)

    def known_file(self, path: Path | str, row: int = 0) -> KnownFile | None:
        """Give what is remembered of one row of a file; ask `unchanged()` before trusting it."""
        return self.known_files([path]).get((absolute(path), row))

    def export(
        self,
        path: Path | str,
        rows: Sequence[CatalogueRow],
        hashes: Mapping[tuple[str, int], str] | None = None,
        *,
        reviewer: str | None = None,
    ) -> None:
        """Write a reviewed catalogue; see `store.export.export_catalogue`."""
        from mtop_gui.store.export import export_catalogue

        export_catalogue(self, Path(path), rows, hashes, reviewer=reviewer)

    def import_decisions(self, path: Path | str, reviewer: str | None = None) -> int:
        """Record the Decisions of an exported catalogue; see `store.exchange.import_catalogue`."""
        from mtop_gui.store.exchange import import_catalogue

        return import_catalogue(self, Path(path), reviewer=reviewer)

    def __enter__(self) -> ReviewStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def absolute(path: Path | str) -> str:
    """Spell a path the way the store remembers it: absolute, symbolic links kept."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve asks the disk


def default_store_path() -> Path:
    """Give the user's own store: ``$MTOP_STORE`` where set, else ``reviews.sqlite`` in the user's data folder."""
    named = os.environ.get("MTOP_STORE", "")
    if named:
        return Path(named.removeprefix("sqlite:///"))
    from platformdirs import user_data_dir

    return Path(user_data_dir("mtop-gui", appauthor=False)) / "reviews.sqlite"


def open_store(url_or_path: str | Path | None = None, *, read_only: bool = False) -> ReviewStore:
    """Open a store, making it or bringing it up to date where needed.

    Parameters
    ----------
    url_or_path : a path, ``sqlite:///path``, or ``:memory:``; None for the user's own (`default_store_path`).
    read_only : only look; the file must exist and be of this version.

    Raises
    ------
    StoreError : the folder is missing, the file is locked, read-only, damaged, of another program or of a newer
        version of this one.
    """
    from mtop_gui.store.sql_store import open_sql_store

    return open_sql_store(default_store_path() if url_or_path is None else url_or_path, read_only=read_only)
