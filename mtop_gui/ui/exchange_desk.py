"""Handlers of the actions that write Decisions to files, and take over those of others."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from mtop_gui.core.catalogue import CatalogueRow
from mtop_gui.ui.tasks import Failure, Lane, Lanes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.availability import Availability
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session

DECIDED = "Reviewed spectra (*.ecsv *.fits *.csv *.vot *.parquet)"
NUMBERS = (
    "z", "z_err", "entropy", "skewness", "peak_probability", "z_second", "second_probability",
    "logmass", "logsfr", "ood",
)  # fmt: skip


class ExchangeDesk(QObject):
    """Asks for a file, writes or reads it in the files lane, says what came of it."""

    def __init__(
        self, window: MainWindow, session: Session, reviewing: Reviewing, lanes: Lanes, store: ReviewStore
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._reviewing = window, session, reviewing
        self._lanes, self._store = lanes, store

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {"export_decisions": self.ask_export, "import_decisions": self.ask_import}

    def attach(self, actions: Actions) -> None:
        """Take the QActions; none of them is a switch."""

    def add_checks(self, availability: Availability) -> None:
        """Say when there is something to write."""
        availability.checks["reviewed"] = lambda: bool(self._session.entries.reviewed().any())

    def ask_export(self) -> None:
        """Ask where to write the reviewed spectra."""
        if not self._session.entries.reviewed().any():
            self._window.status.say("You have not reviewed any of these spectra yet.")
            return
        path, _ = QFileDialog.getSaveFileName(self._window, "Save decisions", "reviewed.ecsv", DECIDED)
        if path:
            self.export(Path(path))

    def export(self, path: Path) -> None:
        """Write the listed spectra that the reviewer decided on, with his Decisions, in the background."""
        entries, reviewer = self._session.entries, self._session.reviewer
        numbers = np.flatnonzero(entries.reviewed()).tolist()
        rows = [self._row(number) for number in numbers]
        hashes = {
            (str(entries.paths[n]), entries.rows[n]): entries.hashes[n]
            for n in numbers
            if n in entries.hashes
        }
        self._lanes.submit(
            Lane.FILES,
            lambda report: self._store.export(path, rows, hashes, reviewer=reviewer),
            "saving decisions",
            done=lambda _: self._window.status.say(f"Saved: {len(rows):,} reviewed spectra in {path}"),
            failed=self._fail,
        )

    def _row(self, number: int) -> CatalogueRow:
        session, entries = self._session, self._session.entries
        numbers: dict[str, Any] = {name: float(getattr(entries, name)[number]) for name in NUMBERS}
        reason = entries.flag_reason(number, session.threshold)
        return CatalogueRow(
            file=str(entries.paths[number]),
            row=entries.rows[number],
            name=entries.names[number],
            flagged=bool(reason) if not math.isnan(numbers["entropy"]) else None,
            flag_reason=reason,
            bundle=self._reviewing.bundle_seen(number),
            **numbers,
        )

    def ask_import(self) -> None:
        """Ask whose decisions to take over."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Take over decisions", "", DECIDED)
        if path:
            self.take_over(Path(path))

    def take_over(self, path: Path) -> None:
        """Record the Decisions of a file that the store does not have yet, in the background."""

        def done(count: int) -> None:
            self._reviewing.load()
            self._window.history.load()
            self._window.status.say(f"{count:,} decisions taken over from {path.name}.")

        self._lanes.submit(
            Lane.FILES,
            lambda report: self._store.import_decisions(path),
            "taking over decisions",
            done=done,
            failed=self._fail,
        )

    def _fail(self, failure: Failure) -> None:
        if failure.expected:
            self._window.banner.show_message(failure.message)
        else:
            self._lanes.failed.emit(failure)
