"""Handlers of the actions about queues, filters and the team."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from mtop_gui.store.merge import RULES
from mtop_gui.ui.palette import Choice
from mtop_gui.ui.panels.team_texts import cells
from mtop_gui.ui.subset import Subset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.availability import Availability
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tables.entry_view import EntryView
    from mtop_gui.ui.team import Team


class ReviewDesk(QObject):
    """Chooses queues, sorts, keeps lists, goes through conflicts and settles them.

    Parameters
    ----------
    kept_list : file that remembers the list the reviewer keeps to; None to remember nothing.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        reviewing: Reviewing,
        team: Team,
        kept_list: Path | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._reviewing, self._team = window, session, reviewing, team
        self._actions: Actions | None = None
        self._browser = window.browser
        self._kept_list = kept_list
        if kept_list is not None:
            self._browser.take_up(Subset.load(kept_list))
        window.closing.connect(session.rest)
        reviewing.recorded.connect(self._note_decided)
        team.said.connect(window.status.say)
        team.refused.connect(self._refuse)
        window.team.assign_wanted.connect(self._assign)
        window.team.said.connect(window.status.say)
        window.history.wanted.connect(self._go_to)
        self._browser.keep.currentIndexChanged.connect(lambda _: self._queue_chosen())

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {
            "choose_queue": self.choose_queue,
            "show_queue": self.show_queue,
            "save_filter": self.save_filter,
            "forget_filter": self.forget_filter,
            "sort_by": self.sort_by,
            "reverse_order": self.reverse_order,
            "keep_list": self.keep_list,
            "blind": self._session.set_blind,
            "next_conflict": self.next_conflict,
            "compare": self.compare,
            "settle": self._settle,
            "choose_settlement": self.choose_settlement,
            "merge_rule": self.choose_rule,
            "assign": self.ask_assignment,
            "unassign": self.unassign,
        }

    def attach(self, actions: Actions) -> None:
        """Take the QActions: some are switches."""
        self._actions = actions
        self._session.blind_changed.connect(actions["blind"].setChecked)
        actions["blind"].setChecked(self._session.blind)
        actions["keep_list"].setChecked(len(self._browser.subset) > 0)
        self._team.changed.connect(lambda: actions["compare"].setChecked(self._team.comparing))

    def add_checks(self, availability: Availability) -> None:
        """Say when the actions here can do something."""
        availability.checks["conflicts"] = lambda: bool(self._session.entries.conflict.any())
        availability.checks["opinions"] = lambda: bool(self._team.opinions())
        availability.checks["saved_filters"] = lambda: bool(self._browser.bar.filters.texts())

    # -- queues -----------------------------------------------------------------------------------------------

    def choose_queue(self) -> None:
        """Choose a queue from the list of all, with how many spectra each holds."""
        session, bar = self._session, self._browser.bar
        choices = []
        for queue in bar.queues():
            count = len(session.entries) if queue.mask is None else int(queue.mask(session).sum())
            detail = f"{count:,} · {queue.tip}" + (" · now" if queue.id == bar.queue.id else "")
            choices.append(Choice(queue.title, partial(self.show_queue, queue.id), detail))
        self._window.command_palette.choose("Go through these spectra", choices)

    def show_queue(self, name: str) -> None:
        """List a queue and begin at its first spectrum."""
        self._window.docks["browser"].show()
        self._browser.view.follow()
        self._browser.bar.choose(name)
        order = self._browser.model.walk_order()
        queue = self._browser.bar.queue
        if order.size and self._session.selected not in order:
            self._session.select(int(order[0]))
        self._window.status.say(f"{queue.title}: {order.size:,} spectra")
        self._browser.view.setFocus()

    def _queue_chosen(self) -> None:
        # Whoever goes to the conflicts has begun to merge: what the others said is part of it.
        if self._browser.bar.queue.id == "conflicts":
            self.compare(True)
            self._raise("team")

    def save_filter(self) -> None:
        """Ask for a name for the filter."""
        trouble = self._browser.bar.ask_name()
        if trouble:
            self._window.status.say(trouble, bad=True)

    def forget_filter(self) -> None:
        """Choose a saved filter to drop."""
        bar = self._browser.bar
        choices = [
            Choice(name, partial(bar.forget, name), text) for name, text in bar.filters.texts().items()
        ]
        if choices:
            self._window.command_palette.choose("Drop this saved filter", choices)
        else:
            self._window.status.say("No filter is saved.")

    def keep_list(self, keep: bool) -> None:
        """Keep to what is listed now, or let go of it."""
        count = self._browser.keep_to_list(keep)
        if self._kept_list is not None:
            try:
                self._browser.subset.save(self._kept_list)
            except OSError as error:
                self._refuse(f"The list is kept, but only until you quit: it cannot be written ({error}).")
        if self._actions is not None:
            self._actions["keep_list"].setChecked(count > 0)
        if not keep:
            self._window.status.say("All spectra can be listed again.")
        elif count:
            self._window.status.say(
                f"Kept to these {count:,} spectra, also after a restart, until you let go of them."
            )
        else:
            self._window.status.say("Nothing is listed, so there is nothing to keep to.", bad=True)

    # -- order ------------------------------------------------------------------------------------------------

    def _table(self) -> EntryView:
        """Give the table one walks through."""
        batch = self._window.batch.view
        return batch if self._session.walk.followed(batch) else self._browser.view

    def sort_by(self) -> None:
        """Choose the column the table one walks through is sorted by."""
        view = self._table()
        model = view.entries_model
        choices = (
            [Choice("Order of the files", partial(view.sort_now, -1, False), "")]
            if view is self._browser.view
            else []
        )
        for place, column in enumerate(model.columns):
            now = " · now" if place == model.sort_column else ""
            choices.append(
                Choice(column.title, partial(view.sort_now, place, column.falling), column.tip + now)
            )
        self._window.command_palette.choose("Sort by", choices)

    def reverse_order(self) -> None:
        """Turn the order of the table one walks through round."""
        view = self._table()
        if view.entries_model.sort_column >= 0:
            view.sort_now(view.entries_model.sort_column, not view.entries_model.descending)
        else:
            self._window.status.say("Choose a column to sort by first.")

    # -- team -------------------------------------------------------------------------------------------------

    def compare(self, on: bool) -> None:
        """Show everybody's decisions, or only the reviewer's own."""
        self._team.compare(on)
        if self._actions is not None:
            self._actions["compare"].setChecked(on)
        if on:
            self._raise("team")

    def next_conflict(self) -> None:
        """Go to the next spectrum on which reviewers disagree, and show what everybody said."""
        self.compare(True)
        session = self._session
        here = session.walk.next_of(session.selected, session.entries.conflict)
        if here is not None:
            session.select(here)
        elif session.entries.conflict.any():
            # It may stand outside the list one walks through.
            other = [n for n in session.entries.conflict.nonzero()[0].tolist() if n != session.selected]
            if other:
                self.show_queue("conflicts")
            else:
                self._window.status.say("This is the only conflict.")
        else:
            self._window.status.say("No reviewers disagree here.")

    def _settle(self, place: int) -> None:
        if self._team.settle(place):
            self._go_on()

    def _go_on(self) -> None:
        here = self._session.walk.next_of(self._session.selected, self._session.entries.conflict)
        if here is not None:
            self._session.select(here)
        elif not self._session.entries.conflict.any():
            self._window.status.say("That was the last conflict.")

    def choose_settlement(self) -> None:
        """Choose how to settle: with somebody's decision, or with the redshift on the screen."""
        team, session = self._team, self._session
        rows = team.opinions()
        if not team.comparing or not rows:
            self._window.status.say("Nothing to settle: go to the conflicts first ( Shift+G ).", bad=True)
            return
        choices = []
        for place, row in enumerate(rows):
            _, redshift, apart, quality, kind, *_ = cells(row, rows[0], "")
            detail = f"z {redshift}, quality {quality}, {kind}" + (f", {apart} km/s" if apart else "")
            choices.append(Choice(f"As {row.reviewer}", partial(self._settle, place), detail))
        if session.candidate is not None:
            meanings = self._reviewing.scale.meanings
            choices += [
                Choice(
                    f"z {session.candidate:.5f} as on the screen, quality {quality}",
                    partial(self._settle_here, quality),
                    meanings[quality],
                )
                for quality in sorted(meanings, reverse=True)
            ]
        self._window.command_palette.choose("Settle this spectrum", choices)

    def _settle_here(self, quality: int) -> None:
        if self._team.settle_here(quality):
            self._go_on()

    def choose_rule(self) -> None:
        """Choose the rule that says what is a conflict."""
        tips = {
            "desi": "quality differs by 2, redshift by 1000 km/s, or class; else the mean",
            "marz": "redshift differs by 2e-4 where one is sure, or 3 against 4; else the higher quality",
        }
        choices = [
            Choice(
                name,
                partial(self._team.choose_rule, name),
                tips.get(name, "") + (" · now" if name == self._team.rule else ""),
            )
            for name in RULES
        ]
        self._window.command_palette.choose("What is a conflict", choices)

    def ask_assignment(self) -> None:
        """Go to the field with the reviewers' names."""
        self._raise("team")
        field = self._window.team.names
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def _assign(self, names: list[str], per_spectrum: int) -> None:
        self._team.assign(self._browser.model.order.tolist(), names, per_spectrum)

    def unassign(self) -> None:
        """Take the assignments of what is listed back."""
        self._team.unassign(self._browser.model.order.tolist())

    # -- history ----------------------------------------------------------------------------------------------

    def _go_to(self, decision: Decision) -> None:
        entries = self._session.entries
        number = entries.find_place(decision.file, decision.row)
        if number is None:
            number = next(
                (n for n, content in entries.hashes.items() if content == decision.content_hash), None
            )
        if number is None:
            self._window.status.say(f"{decision.name} is not open: its file is {decision.file}", bad=True)
        else:
            self._session.select(number)

    def _note_decided(self, row: Decision) -> None:
        self._browser.note_decided(undone=row.retracts is not None)

    def _raise(self, name: str) -> None:
        dock = self._window.docks[name]
        dock.show()
        dock.raise_()

    def _refuse(self, sentence: str) -> None:
        self._window.banner.show_message(sentence)
        self._window.status.say(sentence, bad=True)
