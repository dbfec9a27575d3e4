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
    from mtop_gui.store.vi_exchange import Taken
    from mtop_gui.store.vi_formats import ViFormat
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.availability import Availability
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.team import Team

CATALOGUE = "Reviewed catalogue (*.ecsv *.fits *.csv *.vot *.parquet)"
KINDS = ";;".join((CATALOGUE, "Marz (*.mz)", "DESI visual inspection (desi-vi_*.csv)"))
ANY_KIND = "Decisions (*.ecsv *.fits *.csv *.vot *.parquet *.mz)"
NUMBERS = (
    "z", "z_err", "entropy", "skewness", "peak_probability", "z_second", "second_probability",
    "logmass", "logsfr", "ood",
)  # fmt: skip


class ExchangeDesk(QObject):
    """Asks for a file, writes or reads it in the files lane, says what came of it."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        reviewing: Reviewing,
        team: Team,
        lanes: Lanes,
        store: ReviewStore,
    ) -> None:
        super().__init__(window)
        self._team = team
        self._window, self._session, self._reviewing = window, session, reviewing
        self._lanes, self._store = lanes, store

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {
            "export_decisions": self.ask_export,
            "export_merged": self.ask_merged,
            "import_decisions": self.ask_import,
        }

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
        path, _ = QFileDialog.getSaveFileName(self._window, "Save decisions", "reviewed.ecsv", KINDS)
        if path:
            self.export(Path(path))

    def export(self, path: Path) -> None:
        """Write what the reviewer decided, in the background: as Marz or DESI do where the file is named so.

        A catalogue holds the listed spectra, with what the network says; the others all of the reviewer's Decisions.
        """
        from mtop_gui.store.vi_formats import format_of_name

        form = format_of_name(path, None)
        if form is not None:
            self._export_vi(path, form)
            return
        entries, reviewer = self._session.entries, self._session.reviewer
        numbers = np.flatnonzero(entries.reviewed()).tolist()
        decided = {n: decision for n in numbers if (decision := self._reviewing.standing_on(n)) is not None}
        rows = [self._row(number, decision.bundle) for number, decision in decided.items()]
        hashes = {(str(entries.paths[n]), entries.rows[n]): d.content_hash for n, d in decided.items()}
        self._lanes.submit(
            Lane.FILES,
            lambda report: self._store.export(path, rows, hashes, reviewer=reviewer),
            "saving decisions",
            done=lambda _: self._window.status.say(f"Saved: {len(rows):,} reviewed spectra in {path}"),
            failed=self._fail,
        )

    def _export_vi(self, path: Path, form: ViFormat) -> None:
        reviewer = self._session.reviewer

        def work(report: object) -> tuple[int, int]:
            from mtop_gui.store.vi_exchange import export_vi_file

            return export_vi_file(self._store, path, form, reviewer=reviewer)

        def done(counts: tuple[int, int]) -> None:
            written, left_out = counts
            besides = (
                f"; {left_out:,} on another quality scale than {form.scale} left out" if left_out else ""
            )
            self._window.status.say(f"Saved: {written:,} decisions in {path}{besides}", bad=left_out > 0)

        self._lanes.submit(Lane.FILES, work, "saving decisions", done=done, failed=self._fail)

    def ask_merged(self) -> None:
        """Ask where to write what the team says."""
        path, _ = QFileDialog.getSaveFileName(self._window, "Save merged decisions", "merged.ecsv", CATALOGUE)
        if path:
            self.export_merged(Path(path))

    def export_merged(self, path: Path) -> None:
        """Write all reviewers merged, and beside it what they disagree on, in the background."""
        rule = self._team.rule

        def work(report: object) -> tuple[int, int]:
            from mtop_gui.store.merge_tables import conflicts_beside, write_merged

            return write_merged(self._store, rule, path, conflicts_beside(path))

        def done(counts: tuple[int, int]) -> None:
            merged, disputed = counts
            self._window.status.say(
                f"Saved: {merged:,} merged by the rule of {rule}, {disputed:,} conflicts, {path}"
            )

        self._lanes.submit(Lane.FILES, work, "saving merged decisions", done=done, failed=self._fail)

    def _row(self, number: int, bundle: str) -> CatalogueRow:
        session, entries = self._session, self._session.entries
        numbers: dict[str, Any] = {name: float(getattr(entries, name)[number]) for name in NUMBERS}
        reason = entries.flag_reason(number, session.threshold)
        return CatalogueRow(
            file=str(entries.paths[number]),
            row=entries.rows[number],
            name=entries.names[number],
            flagged=bool(reason) if not math.isnan(numbers["entropy"]) else None,
            flag_reason=reason,
            bundle=bundle,
            **numbers,
        )

    def ask_import(self) -> None:
        """Ask whose decisions to take over."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Take over decisions", "", ANY_KIND)
        if path:
            self.take_over(Path(path))

    def take_over(self, path: Path) -> None:
        """Record the Decisions of a file that the store does not have yet, in the background."""

        def work(report: object) -> Taken:
            from mtop_gui.store.exchange import import_file

            return import_file(self._store, path)

        def done(taken: Taken) -> None:
            self._reviewing.load()
            self._window.history.load()
            unknown = (
                f"; {taken.unknown:,} rows name spectra not known here: open and run them first"
                if taken.unknown
                else ""
            )
            sentence = f"{taken.recorded:,} decisions taken over from {path.name}{unknown}"
            self._window.status.say(sentence, bad=taken.unknown > 0)

        self._lanes.submit(Lane.FILES, work, "taking over decisions", done=done, failed=self._fail)

    def _fail(self, failure: Failure) -> None:
        if failure.expected:
            self._window.banner.show_message(failure.message)
        else:
            self._lanes.failed.emit(failure)
