"""The past of the selected spectrum: what networks said of it earlier, looked up in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from mtop_gui.ui.tasks import Lane, Lanes, Task

if TYPE_CHECKING:
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.session import Session


class PastPrediction(NamedTuple):
    """The gist of one kept Prediction; `redshift` is None for a rejection."""

    bundle: str
    mc_passes: int
    redshift: float | None
    probability: float
    entropy: float


def past_predictions(store: ReviewStore, content_hash: str) -> list[PastPrediction]:
    """Give the gist of every Prediction the store keeps of a Spectrum."""
    found = []
    for entry in store.predictions_of(content_hash):
        best, passes = entry.prediction.best, entry.mc_passes
        if best is None:
            found.append(PastPrediction(entry.bundle_name, passes, None, 0.0, 0.0))
        else:
            entropy = entry.prediction.confidence.entropy
            found.append(PastPrediction(entry.bundle_name, passes, best.redshift, best.probability, entropy))
    return found


class Past(QObject):
    """Looks up the past of what is selected; an answer for a spectrum left meanwhile is dropped."""

    changed = Signal()

    def __init__(self, session: Session, lanes: Lanes, store: ReviewStore) -> None:
        super().__init__(session)
        self._session, self._lanes, self._store = session, lanes, store
        self._known: list[PastPrediction] = []
        self._of = ""
        self._task: Task | None = None
        session.spectrum_known.connect(self._look_up)
        session.selection_changed.connect(lambda _: self._forget())

    def predictions(self) -> list[PastPrediction]:
        """Give the earlier Predictions, those of the present one's bundle and passes left out; none while blind."""
        session = self._session
        if session.hides:
            return []
        now = session.prediction
        shown = None if now is None or now.best is None else now.best.redshift
        return [
            each for each in self._known if now is None or each.bundle != now.bundle or each.redshift != shown
        ]

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
        spectrum = self._session.spectrum
        if spectrum is None or spectrum.content_hash != self._of:
            self._known, self._of = [], ""

    def _look_up(self) -> None:
        spectrum = self._session.spectrum
        if spectrum is None:
            return
        content = spectrum.content_hash

        def done(found: list[PastPrediction]) -> None:
            now = self._session.spectrum
            if now is not None and now.content_hash == content:
                self._known, self._of = found, content
                self.changed.emit()

        self._task = self._lanes.submit(
            Lane.FILES,
            lambda report: past_predictions(self._store, content),
            "looking up earlier predictions",
            done=done,
            failed=lambda failure: None if failure.expected else self._lanes.failed.emit(failure),
        )
