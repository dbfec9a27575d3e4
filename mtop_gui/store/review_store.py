"""The contract of the store: what every backend keeps, tested by one suite over all of them.

This module knows no database, so that the window can name the contract before SQLAlchemy is imported.
"""

from __future__ import annotations

import os
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.assignments import Assignment, ToReview, Workload
    from mtop_gui.store.vi_exchange import ExchangeFile


class CacheEntry(NamedTuple):
    """One Prediction to cache, under the spectrum's content, the bundle and the number of MC-dropout passes."""

    content_hash: str
    bundle_name: str
    mc_passes: int
    prediction: Prediction


class KnownFile(NamedTuple):
    """What was in a file when it was last read: enough to reopen it without hashing its spectra again.

    Of a file that could not be read `content_hash` is "", and `name` says why.
    """

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


class StoreState(NamedTuple):
    """How a store is: the trouble it has ("" for none), and how many rows wait in a journal to reach it."""

    trouble: str = ""
    waiting: int = 0


class ReviewStore(ABC):
    """Where Decisions, assignments and cached Predictions live.

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
    * Reviewing is blind: `current`, `current_all`, `counts` and `trail` with a reviewer tell nothing of the others.
      `opinions` and `history` tell of everybody; a window shows them only once reviewers are merged.
    * Everything that fails raises `StoreError` with one sentence for the user; nothing else leaves the store,
      except ValueError for a Decision that is none (see `core.decision.check`).
    """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the store is, as a user would name it."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user about opening the store: that it was upgraded, and where the copy made before is."""
        return ()

    @abstractmethod
    def record(self, decision: Decision, key: str | None = None) -> Decision:
        """Append a Decision durably and give it back with its id (an id it already has is ignored).

        Parameters
        ----------
        key : a name for this act that no other has (see `new_key`), None to make one. Under a key that is taken
            nothing is appended, and the row that is there comes back: whoever does not know whether the row arrived
            can record it again.

        Raises
        ------
        StoreError : it could not be written, and was not.
        ValueError : quality, scale, class, issues, redshift or time are not allowed, or `retracts` is set.
        """

    @abstractmethod
    def undo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Take back the reviewer's last standing Decision; `key` as in `record`.

        Returns
        -------
        The appended row: a copy of the Decision taken back, `retracts` naming it. None if there is none.
        """

    @abstractmethod
    def redo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Let the Decision stand again that the reviewer's last undo took back; `key` as in `record`.

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
    def trail(self, reviewer: str, limit: int = 1000) -> list[Decision]:
        """Give a reviewer's last rows, undos and redos included, oldest first: the history that undo walks.

        Which of them stand: `store.standing.standing(rows)`. The next one that `undo` takes back, or `redo` lets
        stand again: `store.standing.undoable(rows)`, `store.standing.redoable(rows)`.
        """

    @abstractmethod
    def newest_id(self) -> int:
        """Give the id of the last row, 0 when there is none: a cursor from which `decisions_since` tells what is new."""

    def decisions_since(self, cursor: int, limit: int = 5000) -> tuple[list[Decision], int]:
        """Give rows that came after a cursor, oldest first, and the cursor to ask with the next time.

        A live view begins with ``cursor = newest_id()`` (or 0 for everything) and asks every few seconds; no row is
        ever skipped or given twice, however many write. Blind reviewing is up to the caller: rows of others
        are among these.
        """
        rows = self.decisions(cursor)[:limit]
        return rows, (rows[-1].id or cursor) if rows else cursor

    @abstractmethod
    def opinions(self, content_hashes: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """Give the last standing Decision of every reviewer, by content hash; for conflicts side by side, and merging.

        Parameters
        ----------
        content_hashes : of which Spectra, None for all. Spectra without a Decision are left out.
        """

    @abstractmethod
    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Count the standing Decisions on each Spectrum that has any, by content hash."""

    @abstractmethod
    def reviewers(self) -> list[str]:
        """Name everybody who has ever recorded a Decision, in alphabetical order."""

    @abstractmethod
    def assign(
        self, spectra: Iterable[ToReview], reviewers: Sequence[str], per_spectrum: int = 1, seed: int = 0
    ) -> list[Assignment]:
        """Share Spectra out over reviewers, evenly, `per_spectrum` different ones each; see `assignments.share_out`.

        What is assigned already stays, so that the same call with more Spectra (tonight's) assigns only those.

        Returns
        -------
        The new assignments, in the order of `spectra`.

        Raises
        ------
        ValueError : no reviewers, a repeated name, or more per Spectrum than there are.
        StoreError : it could not be written (on a team's PostgreSQL store only its owner may assign).
        """

    @abstractmethod
    def unassign(self, content_hashes: Iterable[str], reviewer: str | None = None) -> int:
        """Take assignments back, those of `reviewer` or (None) all; gives how many. Decisions stay."""

    @abstractmethod
    def assignments(self) -> list[Assignment]:
        """Give all assignments, in the order in which they were made."""

    @abstractmethod
    def assigned_to(self, reviewer: str) -> dict[str, Assignment]:
        """Give what is assigned to a reviewer, by content hash, in the order in which it was assigned.

        A window whose file is not hashed yet may match by `Assignment.file` and `row`.
        """

    @abstractmethod
    def workloads(self) -> dict[str, Workload]:
        """Count, for everybody who has assignments, how many, and how many of those he has decided."""

    @abstractmethod
    def spectra_named(self, names: Iterable[str]) -> dict[str, ToReview]:
        """Find Spectra by their names among files remembered and Decisions; names of none or of several are left out."""

    @abstractmethod
    def known_spectra(self) -> list[ToReview]:
        """Give all Spectra among files remembered and Decisions, each once, by file and row."""

    @abstractmethod
    def keep_exchange_file(self, file: ExchangeFile) -> None:
        """Keep a file taken over from another program as it is; see `store.vi_exchange`."""

    @abstractmethod
    def exchange_files(self, form: str) -> list[ExchangeFile]:
        """Give the files of a format ("desi", "marz") that were taken over, oldest first."""

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

    def predictions_of(self, content_hash: str) -> list[CacheEntry]:
        """Give every cached Prediction of one Spectrum, of all bundles and numbers of passes, by bundle and passes."""
        return []

    @abstractmethod
    def remember_files(self, files: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Remember which content the rows of files have, in one transaction, replacing what was known."""

    @abstractmethod
    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Give what is remembered of all rows of these files, by (absolute path, row); ask `unchanged()`."""

    def state(self) -> StoreState:
        """Tell how the store is, without asking the database: cheap enough to call at every key."""
        return StoreState()

    def reconnect(self) -> int:
        """Try to end a trouble, and write what waits; gives how many waiting rows arrived.

        It takes seconds: never in the window's thread. Where the trouble lasts, `state` says so; nothing is raised.
        """
        return 0

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
        """Record the Decisions of an exported catalogue, a ``.mz`` file or a DESI ``.csv``; gives how many were new.

        See `store.exchange.import_file`.
        """
        from mtop_gui.store.exchange import import_file

        return import_file(self, Path(path), reviewer=reviewer).recorded

    def __enter__(self) -> ReviewStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def new_key() -> str:
    """Make a key for an act of recording: 32 hexadecimal digits, at random."""
    return uuid.uuid4().hex


def absolute(path: Path | str) -> str:
    """Spell a path the way the store remembers it: absolute, symbolic links kept."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve asks the disk


def data_folder() -> Path:
    """Give the user's data folder, which need not exist yet."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("mtop-gui", appauthor=False))


def default_store() -> str:
    """Give the user's own store: ``$MTOP_STORE`` where set, else ``reviews.sqlite`` in the user's data folder."""
    return os.environ.get("MTOP_STORE", "") or str(data_folder() / "reviews.sqlite")


def open_store(url_or_path: str | Path | None = None, *, read_only: bool = False) -> ReviewStore:
    """Open a store, making it or bringing it up to date where needed.

    Parameters
    ----------
    url_or_path : a path, ``sqlite:///path``, ``:memory:``, or ``postgresql://USER@HOST:PORT/DATABASE`` (its password
        comes from ~/.pgpass, PGPASSWORD or the keyring); None for the user's own (`default_store`).
    read_only : only look; the store must exist and be of this version.

    Raises
    ------
    StoreUnavailableError : the folder is missing, the file locked or read-only, the server out of reach.
    StoreError : the file is damaged, of another program or of a newer version of this one, or the URL will not do.
    """
    from mtop_gui.store.opening import open_sql_store

    return open_sql_store(default_store() if url_or_path is None else url_or_path, read_only=read_only)


def open_journaled_store(
    url_or_path: str | Path | None = None, journal_folder: Path | None = None
) -> ReviewStore:
    """Open a store for work that must go on when the store is lost: Decisions wait in a journal and follow later.

    Parameters
    ----------
    url_or_path : as in `open_store`.
    journal_folder : where journals are kept; None for ``journals`` in the user's data folder.

    Raises
    ------
    StoreError : the store will not do, now or later; one that is only unavailable is opened all the same, and
        `ReviewStore.state` says why it is not there.
    """
    from mtop_gui.store.opening import open_journaled

    url = default_store() if url_or_path is None else str(url_or_path)
    return open_journaled(url, journal_folder or data_folder() / "journals")
