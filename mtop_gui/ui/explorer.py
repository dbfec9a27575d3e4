"""The embedding explorer: computes in the background, follows the selection, and turns a lasso into a list to go through."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer

from mtop_gui.core.projection import nearest_to
from mtop_gui.ui.embedding_work import Embedded, cache_folder, embed_all, project_all
from mtop_gui.ui.palette import Choice
from mtop_gui.ui.panels.embedding import COLOURS, values_of
from mtop_gui.ui.subset import Subset
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.events import Advanced
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.availability import Availability
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Failure, Lanes, Task

OUTLYING = 0.02
"""Share of the spectra that counts as outliers, …"""
FEWEST, MOST = 5, 200
"""… at least and at most this many."""
ALIKE = 20
"""How many spectra like the selected one are listed."""
EMPTY = "How the network sees the listed spectra:\npress Compute (Ctrl+E)."


class Explorer(QObject):
    """Handlers of the embedding's actions."""

    def __init__(self, window: MainWindow, session: Session, lanes: Lanes, network: NetworkLane) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._lanes, self._network = lanes, network
        self._panel = window.embedding
        self._actions: Actions | None = None
        self._task: Task | None = None
        self._shown: Embedded | None = None
        self._rows: dict[int, int] = {}
        self.colour = "z"
        self._recolour_soon = QTimer(self)
        self._recolour_soon.setSingleShot(True)
        self._recolour_soon.setInterval(300)
        self._recolour_soon.timeout.connect(self._recolour)
        panel = self._panel
        panel.compute_wanted.connect(self.compute)
        panel.outliers_wanted.connect(self.show_outliers)
        panel.all_wanted.connect(self.show_all)
        panel.colour_chosen.connect(self.colour_by)
        panel.plot.enclosed.connect(self._enclosed)
        panel.plot.clicked.connect(self._clicked)
        session.entries_reset.connect(self.forget)
        session.selection_changed.connect(lambda _: self._ring())
        for signal in (session.entries_changed, session.threshold_changed):
            signal.connect(lambda *_: self._recolour_soon.start())
        self.forget()

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {
            "compute_embedding": self.compute,
            "embedding_outliers": self.show_outliers,
            "embedding_alike": self.show_alike,
            "embedding_colour": self.choose_colour,
        }

    def attach(self, actions: Actions) -> None:
        """Take the QActions."""
        self._actions = actions

    def add_checks(self, availability: Availability) -> None:
        """Say when the actions here can do something."""
        availability.checks["embedding"] = lambda: self._shown is not None

    @property
    def shown(self) -> Embedded | None:
        """What is shown; None while nothing is."""
        return self._shown

    def forget(self) -> None:
        """Show nothing: another folder was opened."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._shown, self._rows = None, None, {}
        self._panel.show_progress(None)
        self._panel.plot.set_points(np.empty((0, 2)))
        self._panel.plot.say(EMPTY)
        self._panel.scale.set_ends(float("nan"), float("nan"))
        self._panel.say("")

    # -- computing --------------------------------------------------------------------------------------------

    def compute(self) -> None:
        """Embed and project all listed spectra; asked while it does, it stops."""
        if self._task is not None:
            self._stop("Stopped; what was embedded so far is computed anew next time.")
            return
        entries, network, folder = self._session.entries, self._network, cache_folder()
        places = [
            (number, entries.place(number), entries.hashes.get(number, ""))
            for number in range(len(entries))
            if number not in entries.errors
        ]
        if not places:
            self._window.status.say("No spectra are listed: open a folder first (Ctrl+O).")
            return
        self._window.docks["embedding"].show()
        self._window.docks["embedding"].raise_()
        self._panel.show_progress(0.0)
        self._panel.say(f"Embedding {len(places):,} spectra …")

        def work(report: Any) -> tuple[str, np.ndarray, list[str], Any]:
            predictor = network.predictor()
            return predictor.bundle_name, *embed_all(places, predictor, folder, report)

        def embedded(answer: tuple[str, np.ndarray, list[str], Any]) -> None:
            bundle, numbers, hashes, embedding = answer
            for number, content in zip(numbers.tolist(), hashes, strict=True):
                entries.hashes.setdefault(number, content)
            self._panel.show_progress(-1.0)
            self._panel.say(f"Drawing {len(numbers):,} spectra in a plane …")
            self._task = self._lanes.submit(
                Lane.FILES,
                lambda report: project_all(bundle, numbers, hashes, embedding, folder, report),
                "drawing the embedding",
                done=self._show,
                failed=self._failed,
            )

        self._task = self._lanes.submit(
            Lane.INFERENCE,
            work,
            "embedding spectra",
            done=embedded,
            failed=self._failed,
            events=self._progressed,
        )

    def _progressed(self, events: Sequence[Advanced]) -> None:
        last = events[-1]
        self._panel.show_progress(last.done / last.total if last.total else -1.0)

    def _stop(self, sentence: str) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._panel.show_progress(None)
        self._panel.say(sentence)

    def _failed(self, failure: Failure) -> None:
        self._stop(failure.message)
        if not failure.expected:
            self._lanes.failed.emit(failure)

    def _show(self, embedded: Embedded) -> None:
        self._task, self._shown = None, embedded
        self._rows = {number: row for row, number in enumerate(embedded.numbers.tolist())}
        self._panel.show_progress(None)
        self._panel.plot.say("")
        self._panel.plot.set_points(embedded.projection.points)
        self._recolour()
        self._ring()
        count = int(np.isfinite(embedded.projection.distance).sum())
        left_out = len(embedded.numbers) - count
        parts = [f"{count:,} spectra; drag a lasso around some to go through them."]
        if left_out:
            parts.append(f"{left_out:,} are left out: they are not for the network of this map.")
        if embedded.projection.note:
            note = embedded.projection.note
            parts.append(f"{note[0].upper()}{note[1:]}.")
        self._panel.say(" ".join(parts))

    # -- colours ----------------------------------------------------------------------------------------------

    def choose_colour(self) -> None:
        """Choose the column that colours the points."""
        choices = [
            Choice(title, partial(self.colour_by, name), "now" if name == self.colour else "")
            for name, title in COLOURS
        ]
        self._window.command_palette.choose("Colour the embedding by", choices)

    def colour_by(self, name: str) -> None:
        """Colour the points by a column."""
        self.colour = name
        self._recolour()

    def _recolour(self) -> None:
        if self._shown is not None:
            self._panel.show_colour(self.colour, self._panel.plot.colour_by(self._values(self._shown)))

    def _values(self, shown: Embedded) -> FloatArray:
        if self.colour == "distance":
            return shown.projection.distance
        values: FloatArray = values_of(self.colour, self._session.entries, self._session.threshold)
        return values[shown.numbers]

    # -- lists ------------------------------------------------------------------------------------------------

    def show_outliers(self) -> None:
        """List the spectra farthest from their neighbours, to go through."""
        if self._shown is None:
            self._window.status.say("Compute the embedding first (Ctrl+E).")
            return
        distance = self._shown.projection.distance
        known = int(np.isfinite(distance).sum())
        count = min(known, MOST, max(FEWEST, round(OUTLYING * known)))
        order = np.argsort(-np.nan_to_num(distance, nan=-np.inf), kind="stable")[:count]
        mask = np.zeros(len(distance), dtype=bool)
        mask[order] = True
        self._session.select(int(self._shown.numbers[order[0]]))  # the farthest of all
        self._keep(mask, f"{count:,} outliers: the farthest from their neighbours", first=int(order[0]))

    def show_alike(self) -> None:
        """List the spectra the network sees as most like the selected one."""
        row = self._rows.get(self._session.selected)
        if self._shown is None or row is None:
            self._window.status.say("Compute the embedding first (Ctrl+E).")
            return
        near = nearest_to(self._shown.embedding.astype(np.float64), row, ALIKE + 1)
        if not near:
            self._window.status.say(
                "The network was not asked about this spectrum, so none is known to be like it."
            )
            return
        mask = np.zeros(len(self._shown.numbers), dtype=bool)
        mask[near] = True
        name = self._session.entries.names[self._session.selected]
        self._keep(mask, f"{len(near) - 1:,} spectra like {name}", first=row)

    def show_all(self) -> None:
        """List all spectra again."""
        self._panel.plot.keep(None)
        self._window.browser.take_up(Subset())
        self._say_kept(False)
        self._window.status.say("All spectra are listed again.")

    def _enclosed(self, mask: BoolArray) -> None:
        if self._shown is None:
            return
        if not mask.any():
            self.show_all()
            return
        self._keep(mask, f"{int(mask.sum()):,} spectra in the lasso", first=int(np.flatnonzero(mask)[0]))

    def _keep(self, mask: BoolArray, what: str, first: int) -> None:
        """Keep the browser to these rows of the embedding, and go to one of them unless one is selected."""
        assert self._shown is not None
        entries, numbers = self._session.entries, self._shown.numbers
        chosen = numbers[mask].tolist()
        self._panel.plot.keep(mask)
        browser = self._window.browser
        browser.take_up(Subset((str(entries.paths[n]), entries.rows[n]) for n in chosen))
        browser.view.follow()
        if self._session.selected not in chosen:
            self._session.select(int(numbers[first]))
        self._say_kept(True)
        self._window.status.say(f"{what}; next goes through them, “Keep to this list” lets go of them.")

    def _say_kept(self, kept: bool) -> None:
        if self._actions is not None:
            self._actions["keep_list"].setChecked(kept)

    def _clicked(self, row: int) -> None:
        if self._shown is not None:
            self._session.select(int(self._shown.numbers[row]))

    def _ring(self) -> None:
        if self._shown is not None:
            self._panel.plot.ring(self._rows.get(self._session.selected))
