"""A run of the network over everything listed: in the inference lane, with progress, rate and time left."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from mtop_gui.core.events import Advanced, Event, Failed, Finished, Predicted
from mtop_gui.ui.gist import gist_of
from mtop_gui.ui.tasks import Failure, Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.loader import Loader
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.session import Session


SPECTRA_PER_BATCH = 64


@dataclass(frozen=True)
class Progress:
    """How far a run is: files done, spectra per second, seconds left (None = not known yet)."""

    done: int
    total: int
    rate: float
    left: float | None

    @property
    def text(self) -> str:
        """Rate and time left, for a person."""
        if self.done == 0 or self.rate <= 0:
            return "loading the network…"
        left = "" if self.left is None else f", {duration(self.left)} left"
        return f"{self.rate:.0f}/s{left}"


def duration(seconds: float) -> str:
    """Write a duration for a person: ``less than 1 s``, ``40 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 1:
        return "less than 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class BatchRun(QObject):
    """Starts, follows and cancels the one run there can be at a time."""

    started = Signal()
    progressed = Signal(object)
    finished = Signal(str)
    failed = Signal(object)
    completed = Signal()

    def __init__(
        self, session: Session, lanes: Lanes, network: NetworkLane, store: ReviewStore, loader: Loader
    ) -> None:
        super().__init__(session)
        self._session, self._lanes, self._network = session, lanes, network
        self._store, self._loader = store, loader
        self._task: Task | None = None
        self._rows: list[CatalogueRow] = []
        self._began = 0.0
        self._spectra = 0
        session.entries_reset.connect(self._forget)
        session.entries_added.connect(self._rows.clear)

    @property
    def running(self) -> bool:
        """Whether a run is on its way."""
        return self._task is not None

    def start(self) -> bool:
        """Run over all listed files; False when one runs already or nothing is listed."""
        entries = self._session.entries
        if self.running or len(entries) == 0:
            return False
        paths = list(dict.fromkeys(entries.paths))
        threshold, passes = self._session.threshold, self._network.mc_passes

        def work(report: Callable[[Any], None]) -> list[CatalogueRow]:
            from mtop_gui.batch import predict_catalogue

            def told(event: Event) -> None:
                # What takes a millisecond each is worked out here, not in the window's thread.
                if isinstance(event, Predicted):
                    gist_of(event.prediction)
                    report((event, event.spectrum.median_snr))
                else:
                    report(event)

            report(Advanced(0, len(paths), "loading"))
            return predict_catalogue(
                paths,
                self._network.predictor(),
                entropy_threshold=threshold,
                mc_passes=passes,
                # Between batches the selected spectrum has its turn: it must not wait for 64 times 50 passes.
                batch_size=max(1, SPECTRA_PER_BATCH // passes),
                cache=self._store,
                report=told,
            )

        self._spectra = 0
        self._began = time.monotonic()
        self._rows = []
        self._task = self._lanes.submit(
            Lane.INFERENCE,
            work,
            "running the network",
            done=self._done,
            failed=self._fail,
            events=self._take,
            ended=self._ended,
        )
        self.started.emit()
        self.progressed.emit(Progress(0, len(paths), 0.0, None))
        return True

    def cancel(self) -> None:
        """Stop at the next step; what is predicted stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.finished.emit(f"Run cancelled after {self._spectra:,} spectra; what was predicted is kept.")

    def rows(self) -> list[CatalogueRow] | None:
        """Give the catalogue of the last complete run at the present threshold; None when there is none."""
        if not self._rows:
            return None
        threshold, entries = self._session.threshold, self._session.entries
        return [self._judged(row, entries, threshold) for row in self._rows]

    @staticmethod
    def _judged(row: CatalogueRow, entries: Any, threshold: float) -> CatalogueRow:
        from pathlib import Path

        number = entries.find(Path(row.file), row.row)
        if row.flagged is None or number is None:
            return row
        reason = entries.flag_reason(number, threshold)
        return replace(row, flagged=bool(reason), flag_reason=reason)

    def _forget(self) -> None:
        self._rows = []
        if self.running:
            self.cancel()

    def _take(self, events: list[Event | tuple[Predicted, float]]) -> None:
        session = self._session
        advanced: Advanced | None = None
        for event in events:
            if isinstance(event, tuple):
                self._spectra += 1
                self._take_prediction(*event)
            elif isinstance(event, Failed):
                number = session.entries.find(event.path, event.row)
                if number is not None:
                    session.take_failure(number, event.reason)
            elif isinstance(event, Advanced):
                advanced = event
            elif isinstance(event, Finished):
                self._spectra = event.done
        if advanced is not None:
            self._tell(advanced)

    def _take_prediction(self, event: Predicted, snr: float) -> None:
        session, spectrum = self._session, event.spectrum
        number = session.entries.find(spectrum.path, spectrum.row)
        if number is None:
            return
        session.entries.note_read(number, spectrum.name, spectrum.content_hash, snr)
        self._loader.keep_prediction(number, event.prediction)
        session.take_prediction(number, event.prediction)

    def _tell(self, advanced: Advanced) -> None:
        elapsed = max(1e-3, time.monotonic() - self._began)
        left = elapsed / advanced.done * (advanced.total - advanced.done) if advanced.done else None
        self.progressed.emit(Progress(advanced.done, advanced.total, self._spectra / elapsed, left))

    def _done(self, rows: list[CatalogueRow]) -> None:
        self._rows = rows
        seconds = time.monotonic() - self._began
        self._task = None
        self.completed.emit()
        failed = sum(1 for row in rows if row.error)
        predicted = sum(1 for row in rows if not math.isnan(row.z))
        rejected = len(rows) - failed - predicted
        besides = f", {rejected:,} not for this bundle" if rejected else ""
        besides += f", {failed:,} could not be read" if failed else ""
        self.finished.emit(f"{predicted:,} spectra predicted in {duration(seconds)}{besides}.")

    def _fail(self, failure: Failure) -> None:
        self._task = None
        self.failed.emit(failure)
        self.finished.emit("")

    def _ended(self) -> None:
        self._session.rows_changed()
