"""Pictures of every panel and dialog, always of the same content: what `test_looks` compares and the contact sheet shows.

Nothing in them depends on the machine: the font and its size are set, the spectra and the network are invented, the
times of the decisions are written down, and no name of a folder or a person of this machine is shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.projection import Projection
from mtop_gui.io import read
from mtop_gui.settings import Settings
from mtop_gui.store.review_store import open_store
from mtop_gui.ui.app import Bench
from mtop_gui.ui.dialogs.key_editor import KeyEditor
from mtop_gui.ui.dialogs.settings import SettingsDialog
from mtop_gui.ui.embedding_work import Embedded
from mtop_gui.ui.entries import NewEntry, Status
from mtop_gui.ui.tasks import Failure
from tests.ui.looks_content import DAMAGED, INVENTED, REAL, Seer, record_decisions, write_folder
from tests.ui.looks_pinned import CODE, POINTS, same_everywhere, write_code_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication


NAMES = (
    "empty", "empty-identifications", "empty-team", "empty-history", "empty-embedding",
    "window", "browser", "flux-stack", "pdf", "line-strip", "review", "batch", "plane", "identifications", "team",
    "history", "embedding", "blind", "palette", "key-help", "settings", "key-editor", "guide", "failure", "trouble",
    "large-text",
)  # fmt: skip
"""Every picture."""
SIZE = (1440, 900)
TRACEBACK = """Traceback (most recent call last):
  File "mtop_gui/io/readers.py", line 88, in read
    ivar = table["IVAR"]
KeyError: 'IVAR'
"""


class Studio:
    """One window; every picture is taken of it in the theme it wears."""

    def __init__(self, app: QApplication, folder: Path, wait: Callable[[Callable[[], bool]], None]) -> None:
        self.app, self.folder, self._wait_until = app, folder, wait
        self.night = folder / "cosmos"
        write_folder(self.night)
        store = open_store(":memory:")
        record_decisions(store, self.night)
        self.bench = Bench(
            app,
            Settings(reviewer="Ada", theme="dark", bundle="moons-lr", mc_passes=10),
            store,
            lambda _: Seer(),
            bundles=["auto", "moons-lr"],
        )
        self.window = self.bench.window
        self.window.resize(*SIZE)
        self.taken: dict[str, QImage] = {}

    def wait(self, ready: Callable[[], bool]) -> None:
        """Let the window work until something is so and nothing is under way."""
        session, lanes = self.bench.session, self.bench.lanes
        self._wait_until(lambda: ready() and session.settled and not lanes.busy)

    def settle(self) -> None:
        """Let what was put off for a moment happen."""
        for _ in range(3):
            self.app.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Take a picture of the window or of a part of it."""
        self.settle()
        self.taken[name] = (widget or self.window).grab().toImage()

    def themes(self, pictures: Callable[[], None]) -> dict[str, dict[str, QImage]]:
        """Take the same pictures in both themes; gives them by theme and name."""
        made: dict[str, dict[str, QImage]] = {}
        for theme in ("dark", "light"):
            self.bench.use_theme(theme)
            self.taken = {}
            pictures()
            made[theme] = self.taken
        return made

    # -- what is photographed ---------------------------------------------------------------------------------

    def all(self) -> dict[str, dict[str, QImage]]:
        """Take every picture; gives them by theme and name."""
        self.window.show()
        self.window.browser.view.setFocus()
        self.window.status.show_bundle("moons-lr")
        self.settle()
        made = self.themes(self.blank)
        self.prepare()
        for theme, pictures in self.themes(self.filled).items():
            made[theme] |= pictures
        return made

    def prepare(self) -> None:
        """Open the spectra, predict them, and lay out an embedding."""
        bench, window, session = self.bench, self.window, self.bench.session
        bench.start([self.night])
        self.wait(lambda: bool(session.folders) and not bench.controller.scanning)
        self._predict()
        self._invent()
        session.select(2)
        self.wait(lambda: session.prediction is not None and bool(bench.team.known.opinions))
        bench.controller.actions["compare"].trigger()
        window.status.say("Saved: COSMOS-1208, quality 3, z 0.97700")
        self._embed()
        window.docks["embedding"].hide()
        self.wait(lambda: True)

    def _predict(self) -> None:
        """Read and predict every file, as a run would: what is shown then does not depend on one."""
        session, seer = self.bench.session, Seer()
        for number, path in enumerate(session.entries.paths):
            try:
                spectrum = read(path)[0]
            except UnreadableSpectrumError as error:
                session.take_failure(number, str(error))
                continue
            session.entries.note_read(number, spectrum.name, spectrum.content_hash, spectrum.median_snr)
            session.take_prediction(number, seer.predict([spectrum])[0])
        assert list(session.entries.errors) == [session.entries.find(self.night / DAMAGED, 0)]

    def _invent(self) -> None:
        """List rows beside the files, so that the tables and the histogram are full."""
        session, random = self.bench.session, np.random.default_rng(5)
        session.add(
            [
                NewEntry(self.night / "field_2" / f"f{n:04d}.fits", 0, f"FIELD2-{n:04d}")
                for n in range(INVENTED)
            ]
        )
        entries = session.entries
        here = slice(REAL + 1, REAL + 1 + INVENTED)
        entries.status[here] = Status.PREDICTED
        entropy = np.abs(
            np.concatenate([random.gamma(2.2, 0.35, 180), random.normal(3.1, 0.6, INVENTED - 180)])
        )
        entries.entropy[here] = entropy
        entries.skewness[here] = random.normal(5, 2, INVENTED)
        entries.z[here] = random.uniform(0.7, 2.6, INVENTED)
        entries.z_err[here] = random.uniform(0.0004, 0.003, INVENTED)
        entries.peak_probability[here] = np.where(entropy < 2, 0.99 - 0.04 * entropy, 1.2 - 0.2 * entropy)
        entries.z_second[here] = random.uniform(0.7, 2.6, INVENTED)
        entries.second_probability[here] = 0.6 * np.minimum(
            entries.peak_probability[here], 1 - entries.peak_probability[here]
        )
        entries.suspect[REAL + 40] = True
        entries.reasons[REAL + 40] = "unlike anything the network was trained on"
        session.rows_changed()

    def _embed(self) -> None:
        """Lay the spectra out in three clouds."""
        count = len(self.bench.session.entries)
        random = np.random.default_rng(8)
        centres = np.array([[0.0, 0.0], [4.0, 1.5], [1.5, 4.5]])
        points = centres[np.arange(count) % 3] + random.normal(size=(count, 2))
        distance = np.abs(random.normal(1.0, 0.2, count))
        embedded = Embedded(np.arange(count), Projection(points, distance), np.zeros((count, 4), np.float32))
        self.bench.explorer._show(embedded)

    def blank(self) -> None:
        """Take a window in which nothing was opened yet."""
        window = self.window
        window.docks["batch"].raise_()
        self._let(50)
        self.take("empty")
        for name in ("identifications", "team", "history", "embedding"):
            dock = window.docks[name]
            dock.show()
            dock.raise_()
            self._let(200)
            self.wait(lambda: True)
            self.take(f"empty-{name}", dock)
        window.docks["embedding"].hide()

    def filled(self) -> None:
        """Take the panels and dialogs of a window with everything in it."""
        window = self.window
        window.resize(*SIZE)
        window.reset_layout()
        self.at_rest()
        self.take("window")
        self.take("browser", window.docks["browser"])
        self.take("flux-stack", window.stack)
        self.take("pdf", window.pdf)
        self.take("line-strip", window.insets)
        self.take("review", window.docks["review"])
        for name in ("batch", "identifications", "team", "history"):
            window.docks[name].raise_()
            self._let(200)
            self.wait(lambda: True)
            self.take(name, window.docks[name])
        for pictures in (
            self._plane,
            self._explorer,
            self._blind,
            self._sheets,
            self._dialogs,
            self._failure,
            self._in_place,
            self._large,
        ):
            self.at_rest()
            pictures()

    def at_rest(self) -> None:
        """Go to the beginning: the keys belong to the browser, and it shows the selected row."""
        window, session = self.window, self.bench.session
        assert not window.failures.isVisible(), window.failures.traceback
        window.size_docks()
        session.select(2)
        self.wait(lambda: session.prediction is not None)
        window.activateWindow()
        window.browser.view.setFocus()
        window.browser.view.scrollToTop()
        window.docks["batch"].raise_()
        window.status.say("Saved: COSMOS-1208, quality 3, z 0.97700")
        self._let(300)
        self.wait(lambda: True)

    def _let(self, milliseconds: int) -> None:
        """Let timers of the window fire."""
        end = time.monotonic() + milliseconds / 1000
        self._wait_until(lambda: time.monotonic() > end)

    def _plane(self) -> None:
        window = self.window
        window.batch.plane.click()
        self.take("plane", window.batch.plot)
        window.batch.plane.click()

    def _explorer(self) -> None:
        dock = self.window.docks["embedding"]
        dock.show()
        self.bench.explorer.colour_by("z")
        self._let(50)
        self.take("embedding", dock)
        dock.hide()

    def _blind(self) -> None:
        session = self.bench.session
        session.set_blind(True)
        session.select(8)
        self.wait(lambda: session.spectrum is not None)
        self.take("blind")
        session.set_blind(False)

    def _sheets(self) -> None:
        window, do = self.window, self.bench.controller.actions
        do["palette"].trigger()
        window.command_palette.field.setText("redshift")
        self.take("palette", window.command_palette)
        window.command_palette.close_palette()
        do["help"].trigger()
        self.take("key-help", window.key_help)
        do["help"].trigger()

    def _dialogs(self) -> None:
        bench, do = self.bench, self.bench.controller.actions
        do["settings"].trigger()
        self.take("settings", self._shown(SettingsDialog))
        self._shown(SettingsDialog).close()
        do["edit_keys"].trigger()
        editor = self._shown(KeyEditor)
        editor.choose("next_flagged")
        editor.recorder.setKeySequence(QKeySequence("N"))
        editor.add.click()
        self.take("key-editor", editor)
        editor.reject()
        editor.deleteLater()
        do["guide"].trigger()
        guide = bench.desk.guide
        assert guide is not None
        guide.open_page("quality")
        write_code_in(guide.view.document())
        self.take("guide", guide)
        guide.close()

    def _shown(self, kind: type[Any]) -> Any:
        """Give the dialog of a kind that stands over the window."""
        return next(each for each in self.window.findChildren(kind) if each.isVisible())

    def _failure(self) -> None:
        dialog = self.window.failures
        dialog.findChild(QPlainTextEdit).setFont(QFont(CODE, POINTS))
        dialog.add(Failure("reading cosmos_03.fits", "KeyError: 'IVAR'", TRACEBACK))
        self.take("failure", dialog)
        dialog.close()

    def _large(self) -> None:
        self.bench.desk.text_size.use(1.5)
        self._let(200)
        self.at_rest()
        self.take("large-text")
        self.bench.desk.text_size.use(1.0)
        self._let(200)

    def _in_place(self) -> None:
        """What went wrong: a file that cannot be read, a filter that is not understood, a sentence in the banner."""
        session, window = self.bench.session, self.window
        window.banner.show_message(
            "Not saved: the disk is full. Make room, then press the quality key again."
        )
        window.browser.filter.setText("entropy > and z < 2")
        window.browser.bar.understand_now()
        number = session.entries.find(self.night / DAMAGED, 0)
        assert number is not None
        session.select(number)
        self.wait(lambda: session.selected in session.entries.errors)
        self.take("trouble")
        window.banner.clear()
        window.browser.filter.setText("")
        window.browser.bar.understand_now()

    def close(self) -> None:
        """Close the window."""
        self.window.close()
        self.window.deleteLater()
        self.settle()


def take_all(
    app: QApplication, folder: Path, wait: Callable[[Callable[[], bool]], None]
) -> dict[str, dict[str, QImage]]:
    """Take every picture, in a folder that is empty; gives them by theme and name."""
    with same_everywhere(app):
        studio = Studio(app, folder, wait)
        try:
            return studio.all()
        finally:
            studio.close()
