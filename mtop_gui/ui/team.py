"""Team: what the other reviewers of the store said: conflicts, how they are settled, and who reviews what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from mtop_gui.core.decision import Decision, is_settlement, settler_name
from mtop_gui.core.errors import StoreError
from mtop_gui.store.assignments import ToReview
from mtop_gui.store.merge import RULES, Conflict, Merging
from mtop_gui.ui.tasks import Failure, Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mtop_gui.store.assignments import Workload
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session

POLL_MS = 5000
"""How often the store is asked whether others have decided something."""


@dataclass(frozen=True)
class Knowledge:
    """What was in the store when it was last asked.

    Attributes
    ----------
    opinions : everybody's standing Decision by content hash, settlements left out.
    settled : the standing settlement by content hash.
    merged : Merged or Conflict by content hash, where two or more decided and nothing is settled.
    assigned : content hashes of what is the reviewer's, with (file, row).
    workloads : reviewer -> how much is assigned and decided.
    decided : reviewer -> on how many Spectra he has a standing Decision.
    newest : id of the last row that is in here.
    """

    opinions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)
    settled: Mapping[str, Decision] = field(default_factory=dict)
    merged: Mapping[str, Merging] = field(default_factory=dict)
    assigned: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    workloads: Mapping[str, Workload] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    newest: int = -1


def learn(store: ReviewStore, reviewer: str, rule: str) -> Knowledge:
    """Ask the store for everything a team needs; slow, not for the window's thread."""
    newest = store.newest_id()
    opinions: dict[str, list[Decision]] = {}
    settled: dict[str, Decision] = {}
    merged: dict[str, Merging] = {}
    decided: Counter[str] = Counter()
    for content, decisions in store.opinions().items():
        opinions[content] = [d for d in decisions if not is_settlement(d)]
        decided.update(d.reviewer for d in opinions[content])
        final = [d for d in decisions if is_settlement(d)]
        if final:
            settled[content] = max(final, key=lambda d: d.id or 0)
        elif len(opinions[content]) > 1:
            merged[content] = RULES[rule](opinions[content])
    mine = {content: (each.file, each.row) for content, each in store.assigned_to(reviewer).items()}
    return Knowledge(opinions, settled, merged, mine, store.workloads(), decided, newest)


class Team(QObject):
    """Keeps the Knowledge of the store up to date, marks the entries with it, settles conflicts, assigns."""

    changed = Signal()
    said = Signal(str)
    refused = Signal(str)

    def __init__(
        self, session: Session, reviewing: Reviewing, lanes: Lanes, store: ReviewStore, rule: str = "desi"
    ) -> None:
        super().__init__(session)
        self._session, self._reviewing, self._lanes, self._store = session, reviewing, lanes, store
        self.rule = rule if rule in RULES else "desi"
        self.comparing = False
        """Whether the person merges: only then others' Decisions are shown."""
        self.known = Knowledge()
        self._task: Task | None = None
        self._hashed = -1
        self._learn_soon = self._timer(600, self.refresh)
        self._mark_soon = self._timer(300, self._mark)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)
        reviewing.changed.connect(self._learn_soon.start)
        session.reviewer_changed.connect(lambda _: self.refresh())
        session.entries_added.connect(self._mark_soon.start)
        session.entries_changed.connect(self._more_is_hashed)

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    # -- what is known ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to follow the store."""
        self.refresh()
        self._poll.start()

    def refresh(self) -> None:
        """Ask the store for everything anew, in the background."""
        if self._task is not None:
            self._learn_soon.start()
            return
        reviewer, rule = self._session.reviewer, self.rule
        self._task = self._lanes.submit(
            Lane.FILES,
            lambda report: learn(self._store, reviewer, rule),
            "asking what the other reviewers decided",
            done=self._take,
            failed=self._not_learnt,
            ended=self._ended,
        )

    def _not_learnt(self, failure: Failure) -> None:
        if not failure.expected:
            self._lanes.failed.emit(failure)
        elif not self._store.state().trouble:  # a store that is away is spoken of once, not at every Decision
            self.refused.emit(failure.message)

    def _ended(self) -> None:
        self._task = None

    def _look(self) -> None:
        """Ask whether there is anything new."""
        if self._task is not None:
            return
        known = self.known.newest

        def done(newest: int) -> None:
            if newest != known:
                self._learn_soon.start()

        self._task = self._lanes.submit(
            Lane.FILES,
            lambda report: self._store.newest_id(),
            "asking for new decisions",
            done=done,
            failed=lambda failure: None,
            ended=self._ended,
        )

    def _take(self, known: Knowledge) -> None:
        self.known = known
        self._mark()
        self.changed.emit()

    def _more_is_hashed(self) -> None:
        if len(self._session.entries.hashes) != self._hashed and not self._mark_soon.isActive():
            self._mark_soon.start()

    def _mark(self) -> None:
        """Write conflicts, assignments and the number of opinions into the entries' columns."""
        entries, known = self._session.entries, self.known
        self._hashed = len(entries.hashes)
        before = (entries.conflict.copy(), entries.assigned.copy(), entries.opinions.copy())
        entries.conflict[:], entries.assigned[:], entries.opinions[:] = False, False, 0
        for number, content in entries.hashes.items():
            if content in known.opinions:
                entries.opinions[number] = min(255, len(known.opinions[content]))
                entries.conflict[number] = isinstance(known.merged.get(content), Conflict)
            entries.assigned[number] = content in known.assigned
        for content, place in known.assigned.items():
            listed = entries.find_place(*place)
            if listed is not None and entries.hashes.get(listed, content) == content:
                entries.assigned[listed] = True
        after = (entries.conflict, entries.assigned, entries.opinions)
        if any((a != b).any() for a, b in zip(before, after, strict=True)):
            self._session.rows_changed()

    # -- conflicts --------------------------------------------------------------------------------------------

    def content(self) -> str:
        """Give the content hash of the selected spectrum, "" where it is not known."""
        session = self._session
        return "" if session.selected < 0 else session.entries.hashes.get(session.selected, "")

    def opinions(self) -> list[Decision]:
        """Give everybody's Decision on the selected spectrum, the reviewer's own first; blind: only that one."""
        me = self._session.reviewer
        rows = self.known.opinions.get(self.content(), ())
        shown = [d for d in rows if self.comparing or d.reviewer == me]
        return sorted(shown, key=lambda d: (d.reviewer != me, d.reviewer))

    def hidden(self) -> int:
        """Count the Decisions on the selected spectrum that are not shown."""
        return len(self.known.opinions.get(self.content(), ())) - len(self.opinions())

    def merging(self) -> Merging | None:
        """Give what the rule says of the selected spectrum; None where fewer than two decided, or it is settled."""
        return self.known.merged.get(self.content())

    def settlement(self) -> Decision | None:
        """Give how the selected spectrum was settled."""
        return self.known.settled.get(self.content())

    def compare(self, on: bool) -> None:
        """Show everybody's Decisions, or only one's own."""
        if on != self.comparing:
            self.comparing = on
            self.changed.emit()

    def choose_rule(self, rule: str) -> None:
        """Judge conflicts by another rule."""
        self.rule = rule
        self.refresh()
        self.said.emit(f"Conflicts are now judged by the rule of {rule}.")

    def settle(self, place: int) -> bool:
        """Take the Decision of the reviewer in this place (0 = first shown) as the team's; False if refused."""
        rows = self.opinions()
        if not self.comparing or not rows:
            self.refused.emit("Nothing to settle: go to the conflicts first ( Shift+G ).")
            return False
        if not 0 <= place < len(rows):
            self.refused.emit(f"Only {len(rows)} reviewers decided on this spectrum.")
            return False
        chosen = rows[place]
        comment = f"as {chosen.reviewer}" + (f": {chosen.comment}" if chosen.comment else "")
        return self._settle(chosen, comment)

    def settle_here(self, quality: int) -> bool:
        """Take the redshift on the screen, at this quality, as the team's; False if refused."""
        rows, session = self.opinions(), self._session
        if not rows:
            self.refused.emit("Nobody has decided on this spectrum yet: a quality key does.")
            return False
        chosen = replace(
            rows[0],
            redshift=session.candidate,
            redshift_origin=session.origin,
            quality=quality,
            scale=self._reviewing.scale.name,
            spectrum_class=session.draft.spectrum_class,
            issues=session.draft.issues,
            bundle=session.prediction.bundle if session.prediction is not None else "",
        )
        return self._settle(chosen, session.draft.comment)

    def _settle(self, chosen: Decision, comment: str) -> bool:
        settled = replace(
            chosen,
            reviewer=settler_name(self._session.reviewer),
            comment=comment,
            time=datetime.now(UTC),
            starred=False,
            retracts=None,
            id=None,
        )
        try:
            kept = self._store.record(settled)
        except (StoreError, ValueError) as error:
            self.refused.emit(f"Not saved: {error}")
            return False
        redshift = "no redshift" if kept.redshift is None else f"z {kept.redshift:.5f}"
        self._settled_now(kept.content_hash, kept)
        self.said.emit(f"Settled: {kept.name}, quality {kept.quality}, {redshift}")
        self._reviewing.changed.emit()
        return True

    def _settled_now(self, content: str, kept: Decision) -> None:
        merged = {c: m for c, m in self.known.merged.items() if c != content}
        self.known = replace(self.known, settled={**self.known.settled, content: kept}, merged=merged)
        self._mark()
        self.changed.emit()

    # -- assignments ------------------------------------------------------------------------------------------

    def assign(self, numbers: Iterable[int], reviewers: Sequence[str], per_spectrum: int) -> None:
        """Share entries out over reviewers, in the background; what is assigned already stays."""
        entries = self._session.entries
        numbers = list(numbers)
        spectra = [
            ToReview(entries.hashes[n], str(entries.paths[n]), entries.rows[n], entries.names[n])
            for n in numbers
            if n in entries.hashes
        ]
        unread = len(numbers) - len(spectra)
        if not spectra:
            self.refused.emit(
                "Nothing was assigned: none of these spectra has been read. Run the network (Ctrl+R)."
            )
            return

        def done(made: list[object]) -> None:
            besides = f"; {unread:,} are not read yet: run the network, then assign again" if unread else ""
            self.said.emit(f"{len(made):,} assignments made over {len(reviewers)} reviewers{besides}.")
            self.refresh()

        self._change(
            lambda: self._store.assign(spectra, list(reviewers), per_spectrum), "assigning spectra", done
        )

    def unassign(self, numbers: Iterable[int]) -> None:
        """Take all assignments of these entries back."""
        entries = self._session.entries
        contents = [entries.hashes[n] for n in numbers if n in entries.hashes]

        def done(count: int) -> None:
            self.said.emit(f"{count:,} assignments taken back; decisions stay.")
            self.refresh()

        self._change(lambda: self._store.unassign(contents), "taking assignments back", done)

    def _change(self, work: Callable[[], object], what: str, done: Callable[..., None]) -> None:
        def guarded(report: object) -> object:
            try:
                return work()
            except ValueError as error:
                raise StoreError(f"Nothing was changed: {error}.") from error

        self._lanes.submit(
            Lane.FILES,
            guarded,
            what,
            done=done,
            failed=lambda failure: (
                self.refused.emit(failure.message) if failure.expected else self._lanes.failed.emit(failure)
            ),
        )
