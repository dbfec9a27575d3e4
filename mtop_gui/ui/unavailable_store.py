"""What stands in for a store that cannot be opened: it keeps nothing, and says so whenever it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import ReviewStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.assignments import Assignment, ToReview, Workload
    from mtop_gui.store.review_store import CacheEntry, KnownFile
    from mtop_gui.store.vi_exchange import ExchangeFile


class UnavailableStore(ReviewStore):
    """Holds nothing, records nothing: looking at spectra goes on, a Decision is refused with the reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    @property
    def place(self) -> str:
        """Nowhere."""
        return "nowhere"

    def _refuse(self) -> NoReturn:
        raise StoreError(self.reason)

    def record(self, decision: Decision, key: str | None = None) -> Decision:
        """Refuse."""
        self._refuse()

    def undo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Refuse."""
        self._refuse()

    def redo(self, reviewer: str, key: str | None = None) -> Decision | None:
        """Refuse."""
        self._refuse()

    def current(self, content_hash: str, reviewer: str | None = None) -> Decision | None:
        """Know of none."""
        return None

    def current_all(self, reviewer: str | None = None) -> dict[str, Decision]:
        """Know of none."""
        return {}

    def history(self, content_hash: str) -> list[Decision]:
        """Know of none."""
        return []

    def decisions(self, since_id: int = 0) -> list[Decision]:
        """Know of none."""
        return []

    def counts(self, reviewer: str | None = None) -> dict[str, int]:
        """Know of none."""
        return {}

    def reviewers(self) -> list[str]:
        """Know of none."""
        return []

    def trail(self, reviewer: str, limit: int = 1000) -> list[Decision]:
        """Know of none."""
        return []

    def newest_id(self) -> int:
        """Know of none."""
        return 0

    def opinions(self, content_hashes: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """Know of none."""
        return {}

    def assign(
        self, spectra: Iterable[ToReview], reviewers: Sequence[str], per_spectrum: int = 1, seed: int = 0
    ) -> list[Assignment]:
        """Refuse."""
        self._refuse()

    def unassign(self, content_hashes: Iterable[str], reviewer: str | None = None) -> int:
        """Refuse."""
        self._refuse()

    def assignments(self) -> list[Assignment]:
        """Know of none."""
        return []

    def assigned_to(self, reviewer: str) -> dict[str, Assignment]:
        """Know of none."""
        return {}

    def workloads(self) -> dict[str, Workload]:
        """Know of none."""
        return {}

    def spectra_named(self, names: Iterable[str]) -> dict[str, ToReview]:
        """Know of none."""
        return {}

    def known_spectra(self) -> list[ToReview]:
        """Know of none."""
        return []

    def keep_exchange_file(self, file: ExchangeFile) -> None:
        """Refuse."""
        self._refuse()

    def exchange_files(self, form: str) -> list[ExchangeFile]:
        """Know of none."""
        return []

    def save_predictions(self, entries: Iterable[CacheEntry | tuple[str, str, int, Prediction]]) -> None:
        """Forget them: a cache may."""

    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Know of none."""
        return {}

    def remember_files(self, files: Iterable[KnownFile | tuple[str, int, int, int, str, str]]) -> None:
        """Forget them: a cache may."""

    def known_files(self, paths: Iterable[Path | str]) -> dict[tuple[str, int], KnownFile]:
        """Know of none."""
        return {}

    def close(self) -> None:
        """Have nothing to let go of."""
