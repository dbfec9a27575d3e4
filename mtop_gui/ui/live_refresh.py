"""Live refresh: what was decided elsewhere shows here, and what waits in a journal reaches its store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QLabel

from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import StoreState
from mtop_gui.ui.tasks import Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.decision import Decision
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session

INTERVAL_MS = 3000
"""How often the store is asked what is new, or whether it is back."""


@dataclass(frozen=True)
class News:
    """What one look at the store brought.

    Attributes
    ----------
    arrived : how many waiting rows are in the store now.
    cursor : from where to look the next time; None as long as the store has not been reached.
    standing : the reviewer's own Decision by content hash, None where it was taken back, of what he did elsewhere.
    """

    arrived: int = 0
    cursor: int | None = None
    standing: Mapping[str, Decision | None] | None = None


def look(store: ReviewStore, reviewer: str, cursor: int | None, known: frozenset[int]) -> News:
    """Ask the store; takes seconds when it is away, so never in the window's thread.

    Reviewing is blind: of what others did, nothing is told here.

    Parameters
    ----------
    cursor : as in `News`.
    known : ids of the rows that this window wrote itself.
    """
    arrived = store.reconnect()
    try:
        if cursor is None:
            return News(arrived, store.newest_id(), {})
        rows, cursor = store.decisions_since(cursor)
        own = {row.content_hash for row in rows if row.reviewer == reviewer and row.id not in known}
        return News(arrived, cursor, {content: store.current(content, reviewer) for content in own})
    except StoreError:
        return News(arrived, cursor, {})


class LiveRefresh(QObject):
    """Looks at the store every few seconds; says in the window when it is away, and what waits for it."""

    changed = Signal(object)
    """The StoreState is another one."""

    def __init__(
        self, window: MainWindow, session: Session, reviewing: Reviewing, lanes: Lanes, store: ReviewStore
    ) -> None:
        super().__init__(session)
        self._window, self._session, self._reviewing = window, session, reviewing
        self._lanes, self._store = lanes, store
        self._task: Task | None = None
        self._cursor: int | None = None
        self._known: set[int] = set()
        self._state = StoreState()
        self._said = ""
        self.label = QLabel()
        self.label.setObjectName("store_state")
        self.label.hide()
        window.status.addPermanentWidget(self.label)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.refresh)
        reviewing.recorded.connect(self._note)
        reviewing.changed.connect(self.show_state)
        session.reviewer_changed.connect(lambda _: self._known.clear())

    def start(self) -> None:
        """Begin to look."""
        self._timer.start()
        # Opening files has put away what the banner said.
        self._state = StoreState()
        self.show_state()
        self.refresh()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _note(self, row: Decision) -> None:
        if row.id is not None:
            self._known.add(row.id)

    def refresh(self) -> None:
        """Look at the store now, in the files lane; one look at a time."""
        if self._task is not None:
            return
        reviewer, cursor, known = self._session.reviewer, self._cursor, frozenset(self._known)
        self._task = self._lanes.submit(
            Lane.FILES,
            lambda report: look(self._store, reviewer, cursor, known),
            "looking for new decisions",
            done=lambda news: self._take(news, reviewer),
            failed=lambda failure: None if failure.expected else self._lanes.failed.emit(failure),
            ended=self._ended,
        )

    def _ended(self) -> None:
        self._task = None

    def _take(self, news: News, reviewer: str) -> None:
        if news.cursor is not None:
            self._cursor = news.cursor
            # Ids grow: what lies behind the cursor never comes again.
            self._known = {number for number in self._known if number > news.cursor}
        if reviewer == self._session.reviewer and news.standing:
            self._reviewing.take_elsewhere(news.standing)
        if news.arrived:
            # The rows have got ids of the store.
            self._reviewing.load()
            self._window.status.say(
                f"{_decisions(news.arrived)} that waited {_are(news.arrived)} in the store now."
            )
        self.show_state()

    def show_state(self) -> None:
        """Say in the window how the store is, where that has changed."""
        state = self._store.state()
        if state == self._state:
            return
        trouble_before, self._state = self._state.trouble, state
        self.label.setVisible(bool(state.trouble or state.waiting))
        self.label.setText(f"{'store away · ' if state.trouble else ''}{state.waiting:,} waiting")
        self.label.setToolTip(
            state.trouble or "Decisions in the journal on this computer, on their way to the store."
        )
        banner = self._window.banner
        if state.trouble and state.trouble != trouble_before:
            self._said = away_in_words(state)
            banner.show_message(self._said)
        elif not state.trouble and banner.text == self._said and self._said:
            banner.clear()
        self.changed.emit(state)


def away_in_words(state: StoreState) -> str:
    """Say that the store is away, and what becomes of Decisions meanwhile."""
    sentence = state.trouble[:1].upper() + state.trouble[1:]
    return f"{sentence} Go on: decisions are kept in a journal on this computer and follow when it is back."


def _decisions(count: int) -> str:
    return "1 decision" if count == 1 else f"{count:,} decisions"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
