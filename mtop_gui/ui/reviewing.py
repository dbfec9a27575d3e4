"""Reviewing: a quality key becomes a Decision that is durable before anything moves on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mtop_gui.core.decision import QUALITY_SCALES, Decision, QualityScale, is_settlement, settler_name
from mtop_gui.core.errors import StoreError
from mtop_gui.store.standing import redoable, undoable
from mtop_gui.ui.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.session import Session

    Step = Callable[[str], Decision | None]
    NextOf = Callable[[Sequence[Decision]], Decision | None]

RECENT = 200
"""So many of a reviewer's last rows tell whether he settled a conflict after his last own Decision."""


class Reviewing(QObject):
    """Records, takes back and looks up the reviewer's Decisions; the store is asked synchronously."""

    saved = Signal(str)
    """One sentence on what is durable now."""
    refused = Signal(str)
    """One sentence on what could not be saved; nothing was marked as saved."""
    changed = Signal()
    recorded = Signal(object)
    """A row that is durable now: a Decision, or an undo or redo of one (`retracts` set)."""

    def __init__(self, session: Session, store: ReviewStore, scale: str) -> None:
        super().__init__(session)
        self._session, self._store = session, store
        self.scale: QualityScale = QUALITY_SCALES.get(scale, QUALITY_SCALES["desi"])
        self._standing: dict[str, Decision] = {}
        self._by_place: dict[tuple[str, int], Decision] = {}
        session.entries_added.connect(self._mark_entries)
        session.reviewer_changed.connect(lambda _: self.load())
        session.spectrum_known.connect(self._show_current)
        session.draft_changed.connect(self._amend)
        self._marked = 0
        session.entries_reset.connect(self._begin)

    def _begin(self) -> None:
        self._marked = 0

    def load(self) -> None:
        """Read the reviewer's standing Decisions."""
        try:
            self._standing = dict(self._store.current_all(self._session.reviewer))
        except StoreError as error:
            self._standing = {}
            self.refused.emit(str(error))
        self._by_place = {(d.file, d.row): d for d in self._standing.values()}
        self._begin()
        entries = self._session.entries
        for number in range(len(entries)):
            self._mark(number)
        self._marked = len(entries)
        self._session.rows_changed()
        self._show_current()
        self.changed.emit()

    def mark(self, numbers: Iterable[int]) -> None:
        """Mark the decided among these entries, whose contents have become known."""
        for number in numbers:
            self._mark(number)

    def take_elsewhere(self, standing: Mapping[str, Decision | None]) -> None:
        """Take over what the same reviewer decided at another computer: his Decision by content hash, None for none."""
        for content, decision in standing.items():
            before = self._standing.get(content)
            if before is not None:
                self._by_place.pop((before.file, before.row), None)
            self._stand(content, decision)
        self.mark(n for n, content in self._session.entries.hashes.items() if content in standing)
        self._session.rows_changed()

    def _mark_entries(self) -> None:
        entries = self._session.entries
        for number in range(self._marked, len(entries)):
            self._mark(number)
        self._marked = len(entries)

    def _mark(self, number: int) -> None:
        entries = self._session.entries
        decision = self.standing_on(number)
        if decision is None:
            entries.set_decision(number, None, None, starred=False)
        else:
            entries.set_decision(number, decision.quality, decision.redshift, decision.starred)

    def _show_current(self) -> None:
        """Give the Session the standing Decision of the spectrum that has just been selected or read."""
        session = self._session
        if session.spectrum is not None:
            self._mark(session.selected)
            session.set_decision(self._standing.get(session.spectrum.content_hash))

    def standing_on(self, number: int) -> Decision | None:
        """Give the reviewer's standing Decision on an entry, whether it has been read already or not."""
        entries = self._session.entries
        content = entries.hashes.get(number)
        if content is not None:
            return self._standing.get(content)
        return self._by_place.get((str(entries.paths[number]), entries.rows[number]))

    def decide(self, quality: int) -> bool:
        """Record a Decision of this quality on the selected spectrum, then go to the next; False if refused."""
        if quality not in self.scale.meanings:
            allowed = ", ".join(str(q) for q in sorted(self.scale.meanings))
            self.refused.emit(f"Quality {quality} is not on the {self.scale.name} scale: use {allowed}.")
            return False
        if not self._record(quality):
            return False
        self._session.advance()
        return True

    def _record(self, quality: int) -> bool:
        session = self._session
        spectrum = session.spectrum
        if spectrum is None or session.selected < 0:
            self.refused.emit("No spectrum is shown, so nothing was saved: select one first.")
            return False
        if not session.reviewer.strip():
            self.refused.emit("Nothing was saved: enter your name as reviewer in the toolbar first.")
            return False
        if session.candidate is None and self.scale.is_secure(quality):
            self.refused.emit(self._why_no_redshift(quality))
            return False
        draft = session.draft
        decision = Decision(
            content_hash=spectrum.content_hash,
            file=str(session.entries.paths[session.selected]),
            row=session.entries.rows[session.selected],
            name=session.entries.names[session.selected],
            redshift=session.candidate,
            quality=quality,
            scale=self.scale.name,
            redshift_origin=session.origin,
            spectrum_class=draft.spectrum_class,
            issues=draft.issues,
            comment=draft.comment.strip(),
            reviewer=session.reviewer,
            bundle=session.prediction.bundle if session.prediction is not None else "",
            starred=draft.starred,
        )
        try:
            kept = self._store.record(decision)
        except (StoreError, ValueError) as error:
            self.refused.emit(f"Not saved: {error}")
            return False
        self._stand(kept.content_hash, kept)
        self.recorded.emit(kept)
        redshift = "no redshift" if kept.redshift is None else f"z {kept.redshift:.5f}"
        self.saved.emit(f"Saved: {kept.name}, quality {kept.quality}, {redshift}")
        return True

    def _why_no_redshift(self, quality: int) -> str:
        session = self._session
        waiting = session.prediction is None and not session.hides and not session.network_trouble
        what = "the network has not read this spectrum yet" if waiting else "there is none"
        todo = "wait a moment, or type one ( Z )" if waiting else "type one ( Z )"
        return f"Not saved: quality {quality} says that the redshift is secure, but {what}: {todo}."

    def _amend(self) -> None:
        """Record again when class, issues, comment or star of a Decision that stands are changed."""
        session = self._session
        decision, draft = session.decision, session.draft
        if decision is None or session.spectrum is None:
            return
        if replace(draft, comment=draft.comment.strip()) != Draft.of(decision):
            self._record(decision.quality)

    def undo(self) -> None:
        """Take back the reviewer's last Decision, also one of an earlier day, and show its spectrum as it was before."""
        self._turn(self._store.undo, undoable, "Taken back", "There is no decision left to take back.")

    def redo(self) -> None:
        """Let the Decision that was last taken back stand again."""
        self._turn(self._store.redo, redoable, "Restored", "There is no taken-back decision to restore.")

    def _turn(self, step: Step, next_of: NextOf, done: str, nothing: str) -> None:
        me = self._session.reviewer
        try:
            row = step(self._last_of(next_of))
            current = self._store.current(row.content_hash, me) if row else None
        except StoreError as error:
            self.refused.emit(f"Nothing was changed: {error}")
            return
        if row is None:
            self.saved.emit(nothing)
            return
        number = self._number(row)
        if not is_settlement(row):
            if number is not None and current is None:
                # What was typed is not lost with the Decision: changing the quality alone takes one key.
                self._session.put_back(number, row)
            self._by_place.pop((row.file, row.row), None)
            self._stand(row.content_hash, current)
        if number is not None:
            self._mark(number)
            self._session.select(number)
        self.recorded.emit(row)
        self.changed.emit()
        what = "settlement, " if is_settlement(row) else ""
        elsewhere = "" if number is not None else f" ({Path(row.file).name} is not open)"
        self.saved.emit(f"{done}: {row.name}, {what}quality {row.quality}{elsewhere}")

    def _last_of(self, next_of: NextOf) -> str:
        """Give the name under which the reviewer acted last: his own, or that of a settler of conflicts."""
        me, settler = self._session.reviewer, settler_name(self._session.reviewer)
        settled = self._store.trail(settler, RECENT)
        candidate = next_of(settled)
        if candidate is None:
            return me
        own = self._store.trail(me, RECENT)
        other = next_of(own)
        ids = [row.id or 0 for row in own if row.retracts is None]
        if next_of is redoable and ids and max(ids) > (candidate.id or 0):
            return me  # a new Decision ends what could be redone
        return settler if other is None or (candidate.id or 0) > (other.id or 0) else me

    def _number(self, row: Decision) -> int | None:
        return self._session.entries.find(Path(row.file), row.row)

    def _stand(self, content: str, decision: Decision | None) -> None:
        session = self._session
        if decision is None:
            self._standing.pop(content, None)
        else:
            self._standing[content] = decision
            self._by_place[decision.file, decision.row] = decision
        if session.spectrum is not None and session.spectrum.content_hash == content:
            self._mark(session.selected)
            session.set_decision(decision)
            session.rows_changed(session.selected)
        else:
            session.rows_changed()
        self.changed.emit()
