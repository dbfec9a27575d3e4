"""What the actions do: the controller joins window, Session, reviewing and runs; it keeps no state of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from mtop_gui import __version__
from mtop_gui.ui.actions import PRESETS, Actions
from mtop_gui.ui.redshift_work import OPTIONS, RedshiftWork
from mtop_gui.ui.scanning import Found, absolute_paths, scan
from mtop_gui.ui.tasks import Failure, Lane, Lanes, Task
from mtop_gui.ui.widgets import is_text_field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.events import Report
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.batch_run import BatchRun, Progress
    from mtop_gui.ui.desk import Desk
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.state import Resume

CATALOGUES = "Catalogue (*.ecsv *.fits *.csv *.parquet)"

HIDDEN = (
    "Blind reviewing: the network's redshifts are hidden until your first decision ( Ctrl+Shift+B ends it )."
)


class Controller(QObject):
    """Handlers of all actions."""

    theme_wanted = Signal()
    opened = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        reviewing: Reviewing,
        run: BatchRun,
        lanes: Lanes,
        store: ReviewStore,
        desk: Desk,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._reviewing = window, session, reviewing
        self._run, self._lanes, self._store = run, lanes, store
        self._scan: Task | None = None
        self._resume: Resume | None = None
        self.work = RedshiftWork(window, session, lanes)
        self.actions = Actions(window, self._handlers() | self.work.handlers() | desk.handlers(), desk.keymap)
        desk.attach(self.actions)
        desk.open_wanted.connect(self.open)
        self._connect()

    def _handlers(self) -> dict[str, Callable[..., object]]:
        session, window, reviewing = self._session, self._window, self._reviewing
        handlers: dict[str, Callable[..., object]] = {
            "open_folder": self.ask_folder,
            "open_files": self.ask_files,
            "run": self.run,
            "cancel": self._run.cancel,
            "export": self.ask_export,
            "quit": window.close,
            "next": lambda: self._walk(1),
            "previous": lambda: self._walk(-1),
            "next_flagged": self._next_flagged,
            "search": self._search,
            "accept": self._accept,
            "step_peak": self._step_peak,
            "nudge": session.nudge,
            "type_redshift": window.review.type_redshift,
            "decide": reviewing.decide,
            "star": lambda on: session.set_draft(starred=on),
            "comment": window.review.comment.setFocus,
            "undo": reviewing.undo,
            "redo": reviewing.redo,
            "smooth": session.smooth,
            "reset_view": self._reset_view,
            "zen": window.show_only_plots,
            "full_screen": lambda on: window.showFullScreen() if on else window.showNormal(),
            "theme": self.theme_wanted.emit,
            "help": lambda: window.key_help.toggle(self.actions.keymap, reviewing.scale.meanings),
            "preset": self._change_preset,
            "escape": self._escape,
            "about": self._about,
        }
        for option in ("show_lines", "show_error", "show_sky_mask", "show_continuum", "pdf_log"):
            handlers[option] = lambda on, name=option: session.set_options(**{name: on})
        return handlers

    def _connect(self) -> None:
        session, window, status = self._session, self._window, self._window.status
        for plot in (window.stack, window.pdf):
            session.displayed.connect(plot.show_state)
            plot.redshift_dragged.connect(lambda z: session.set_candidate(z, "dragged"))
        window.pdf.peak_clicked.connect(session.take_nearest_peak)
        window.stack.cursor_moved.connect(self._cursor_moved)
        window.dropped.connect(self.open)
        window.review.field_left.connect(self.leave_text_field)
        window.batch.export_wanted.connect(self.ask_export)
        session.options_changed.connect(self._show_switches)
        session.draft_changed.connect(self._show_switches)
        session.network_failed.connect(self._network_failed)
        self._reviewing.saved.connect(self._saved)
        self._reviewing.refused.connect(self._refused)
        self._run.started.connect(window.banner.clear)
        self._run.progressed.connect(self._progressed)
        self._run.finished.connect(self._run_finished)
        self._run.failed.connect(self._network_failed)
        self._lanes.failed.connect(self.show_failure)
        self._show_switches()
        status.show_counts()

    # -- opening ----------------------------------------------------------------------------------------------

    def ask_folder(self) -> None:
        """Ask for a folder and open it."""
        start = str(self._session.folders[0]) if self._session.folders else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self._window, "Open a folder of spectra", start)
        if folder:
            self.open([folder])

    def ask_files(self) -> None:
        """Ask for files and open them."""
        files, _ = QFileDialog.getOpenFileNames(self._window, "Open spectra")
        if files:
            self.open(files)

    def open(self, paths: Sequence[str | Path], resume: Resume | None = None) -> None:
        """List all spectra under these paths; the first one, or the resumed one, is selected when it is found."""
        if self._scan is not None:
            self._scan.cancel()
        folders = absolute_paths(paths)
        self._resume = resume
        self._window.banner.clear()
        self._session.open(folders)
        self._session.growing = True
        title = folders[0].name if len(folders) == 1 else f"{len(folders)} paths"
        self._window.setWindowTitle(f"{title} – mtop-gui")
        self._scan = self._lanes.submit(
            Lane.FILES,
            lambda report: scan(folders, report),
            "looking for spectra",
            done=self._scanned,
            failed=self._scan_failed,
            events=self._take_found,
        )

    @property
    def scanning(self) -> bool:
        """Whether the list still grows."""
        return self._scan is not None

    def _take_found(self, events: list[Found]) -> None:
        self._session.add([entry for found in events for entry in found.entries])
        last = events[-1]
        if last.done < last.total:
            self._window.status.say(f"Looking for spectra: {last.done:,} of {last.total:,} files")
        self._select_first(final=False)

    def _select_first(self, final: bool) -> None:
        session, resume = self._session, self._resume
        if session.selected >= 0:
            return
        if resume is not None and resume.selected is not None:
            number = session.entries.find(*resume.selected)
            if number is not None:
                self._resume = None
                session.select(number, resume.candidate)
                return
            if not final:
                return
        if session.walk.order.size:
            session.select(int(session.walk.order[0]))

    def _scanned(self, count: int) -> None:
        self._scan = None
        self._session.growing = False
        if count == 0:
            names = ", ".join(path.name or str(path) for path in self._session.folders)
            self._window.banner.show_message(
                f"There are no spectra in {names}: open another folder (Ctrl+O)."
            )
        else:
            self._window.status.say(f"{count:,} spectra listed")
        self._select_first(final=True)
        self.opened.emit(self._session.folders)

    def _scan_failed(self, failure: Failure) -> None:
        self._scan = None
        self._session.growing = False
        if failure.expected:
            self._window.banner.show_message(failure.message)
        else:
            self.show_failure(failure)

    # -- running and exporting --------------------------------------------------------------------------------

    def run(self) -> None:
        """Predict everything listed."""
        if not self._run.start() and not self._run.running:
            self._window.banner.show_message(
                "There is nothing to run on: open a folder first (Ctrl+O).", bad=False
            )

    def _progressed(self, progress: Progress) -> None:
        if self._window.toolbar is not None:
            self._window.toolbar.show_progress(progress if self._run.running else None)

    def _run_finished(self, sentence: str) -> None:
        if self._window.toolbar is not None:
            self._window.toolbar.show_progress(None)
        if sentence:
            self._window.status.say(sentence)

    def ask_export(self) -> None:
        """Ask where to write the catalogue."""
        if self._run.rows() is None:
            self._window.banner.show_message(
                "Run the network over all spectra first (Ctrl+R); then the catalogue can be saved.", bad=False
            )
            return
        path, _ = QFileDialog.getSaveFileName(self._window, "Save catalogue", "catalogue.ecsv", CATALOGUES)
        if path:
            self.export(Path(path))

    def export(self, path: Path) -> None:
        """Write the catalogue with the reviewer's Decisions, in the background."""
        rows = self._run.rows()
        if rows is None:
            return
        entries, reviewer = self._session.entries, self._session.reviewer
        hashes = {(str(entries.paths[n]), entries.rows[n]): h for n, h in entries.hashes.items()}

        def work(report: Report) -> None:
            self._store.export(path, rows, hashes, reviewer=reviewer)

        self._lanes.submit(
            Lane.FILES,
            work,
            "saving the catalogue",
            done=lambda _: self._window.status.say(f"Saved: {len(rows):,} rows in {path}"),
            failed=self._export_failed,
        )

    def _export_failed(self, failure: Failure) -> None:
        if failure.expected:
            self._window.banner.show_message(failure.message)
        else:
            self.show_failure(failure)

    # -- keys -------------------------------------------------------------------------------------------------

    def _walk(self, by: int) -> None:
        if not self._session.step(by):
            self._window.status.say("This is the last spectrum." if by > 0 else "This is the first spectrum.")

    def _next_flagged(self) -> None:
        if not self._session.next_flagged():
            self._window.status.say("No other flagged spectrum waits for a review.")

    def _search(self) -> None:
        self._window.docks["browser"].show()
        self._window.browser.filter.setFocus()
        self._window.browser.filter.selectAll()

    def _step_peak(self, by: int) -> None:
        if self._session.hides:
            self._window.status.say(HIDDEN, bad=True)
        else:
            self._session.step_peak(by)

    def _accept(self) -> None:
        if self._session.hides:
            self._window.status.say(HIDDEN, bad=True)
        elif self._session.accept_network():
            self._window.status.say("The network's redshift is taken; a quality key saves it.")

    def _cursor_moved(self, wavelength: float, flux: float) -> None:
        self._window.status.show_cursor(wavelength, flux)

    def _reset_view(self) -> None:
        self._window.stack.reset_view()
        self._window.pdf.reset_view()

    def _change_preset(self) -> None:
        following = PRESETS[(PRESETS.index(self.actions.preset) + 1) % len(PRESETS)]
        self.actions.use_preset(following)
        self._window.status.say(f"Keys are now those of {following}.")

    def _escape(self) -> None:
        if self._window.command_palette.isVisible():
            self._window.command_palette.close_palette()
        elif self._window.key_help.isVisible():
            self._window.key_help.hide()
        elif self._window.banner.text:
            self._window.banner.clear()
        elif self.actions["zen"].isChecked():
            self.actions["zen"].trigger()

    def leave_text_field(self) -> None:
        """Give the keys back to the plots."""
        if self._window.command_palette.isVisible():
            self._window.command_palette.close_palette()
            return
        focused = self._window.focusWidget()
        if focused is not None and is_text_field(focused):
            focused.clearFocus()
        self._window.browser.view.setFocus()

    def _about(self) -> None:
        text = f"<b>mtop-gui {__version__}</b><br>The bench at which astronomers vet galaxy redshifts."
        box = QMessageBox(
            QMessageBox.Icon.NoIcon, "About", text, QMessageBox.StandardButton.Close, self._window
        )
        box.setModal(False)
        box.show()

    # -- what is said -----------------------------------------------------------------------------------------

    def _show_switches(self) -> None:
        options = self._session.options
        for name in ("show_lines", "show_error", "show_sky_mask", "show_continuum", "pdf_log", *OPTIONS):
            self.actions[name].setChecked(bool(getattr(options, name)))
        self.actions["star"].setChecked(self._session.draft.starred)

    def _saved(self, sentence: str) -> None:
        self._window.status.say(sentence)

    def _refused(self, sentence: str) -> None:
        self._window.banner.show_message(sentence)
        self._window.status.say(sentence, bad=True)

    def _network_failed(self, failure: Failure) -> None:
        if failure.expected:
            self._window.banner.show_message(failure.message)
        else:
            self.show_failure(failure)

    def show_failure(self, failure: Failure) -> None:
        """Show an unexpected error in the one dialog."""
        self._window.failures.add(failure)
