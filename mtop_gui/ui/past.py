"""The past of the selected spectrum: what reviewers and networks said of it earlier, looked up in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from mtop_gui.ui.tasks import Lane, Lanes, Task

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Failure


SAME_REDSHIFT = 1e-5


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


def _is_gist(past: PastPrediction, prediction: Prediction) -> bool:
    """Tell whether this is the gist of a Prediction; the store keeps its PDF as float32."""
    if past.bundle != prediction.bundle or (past.redshift is None) != (prediction.best is None):
        return False
    return past.redshift is None or abs(past.redshift - prediction.redshift) < SAME_REDSHIFT


class Past(QObject):
    """Looks up the past of what is selected, off the window's thread; the answer for a spectrum left meanwhile is dropped."""

    changed = Signal()

    def __init__(self, session: Session, reviewing: Reviewing, lanes: Lanes, store: ReviewStore) -> None:
        super().__init__(session)
        self._session, self._reviewing, self._lanes, self._store = session, reviewing, lanes, store
        self._decisions: list[Decision] = []
        self._predictions: list[PastPrediction] = []
        self._of = ""
        self.known = False
        """Whether the store has answered for the selected spectrum."""
        self._task: Task | None = None
        self._look_soon = QTimer(self)
        self._look_soon.setSingleShot(True)
        self._look_soon.timeout.connect(self._look_up)
        session.spectrum_known.connect(self._look_up)
        session.selection_changed.connect(lambda _: self._keep_if_of(self._content()))
        reviewing.changed.connect(self._look_soon.start)

    def decisions(self) -> list[Decision]:
        """Give this reviewer's rows about the selected spectrum, newest first."""
        return [row for row in reversed(self._decisions) if row.reviewer == self._session.reviewer]

    def predictions(self) -> list[PastPrediction]:
        """Give the earlier Predictions, those of the present one's bundle and passes left out; none while blind."""
        session = self._session
        if session.hides:
            return []
        now = session.prediction
        return [each for each in self._predictions if now is None or not _is_gist(each, now)]

    def _content(self) -> str:
        spectrum = self._session.spectrum
        return "" if spectrum is None else spectrum.content_hash

    def _keep_if_of(self, content: str) -> None:
        """Forget what is known, and what is being looked up, unless it is of this content."""
        if content == self._of:
            return
        if self._task is not None:
            self._task.cancel()
        self._decisions, self._predictions, self._of, self.known = [], [], content, False

    def _look_up(self) -> None:
        self._look_soon.stop()
        content, store = self._content(), self._store
        self._keep_if_of(content)
        if not content:
            return

        def done(found: tuple[list[Decision], list[PastPrediction]]) -> None:
            if self._of == content:
                self._decisions, self._predictions = found
                self.known = True
                self.changed.emit()

        if self._task is not None:
            self._task.cancel()
        self._task = self._lanes.submit(
            Lane.FILES,
            lambda report: (store.history(content), past_predictions(store, content)),
            "looking up earlier decisions and predictions",
            done=done,
            failed=self._failed,
            patient=True,
        )

    def _failed(self, failure: Failure) -> None:
        if failure.expected:
            self._reviewing.refused.emit(failure.message)
        else:
            self._lanes.failed.emit(failure)
