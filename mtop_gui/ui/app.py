"""The composition root: everything the window needs is made and joined here."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from mtop_gui.core.errors import StoreError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.resources import resource_path
from mtop_gui.settings import Settings, load_settings, save_settings, settings_path
from mtop_gui.ui import looking
from mtop_gui.ui.arriving import Arriving
from mtop_gui.ui.batch_run import BatchRun
from mtop_gui.ui.controller import Controller
from mtop_gui.ui.desk import Desk
from mtop_gui.ui.display import DisplayOptions
from mtop_gui.ui.exchange_desk import ExchangeDesk
from mtop_gui.ui.explorer import Explorer
from mtop_gui.ui.keymap import Keymap
from mtop_gui.ui.live_refresh import LiveRefresh
from mtop_gui.ui.loader import Loader
from mtop_gui.ui.main_window import MainWindow
from mtop_gui.ui.neighbours import Neighbours
from mtop_gui.ui.network_lane import NetworkLane
from mtop_gui.ui.newcomers import Newcomers
from mtop_gui.ui.past import Past
from mtop_gui.ui.prediction_cache import PredictionCache
from mtop_gui.ui.preferences import Preferences
from mtop_gui.ui.queues import SavedFilters
from mtop_gui.ui.recall import Recall
from mtop_gui.ui.review_desk import ReviewDesk
from mtop_gui.ui.reviewing import Reviewing
from mtop_gui.ui.session import Session
from mtop_gui.ui.state import Resume, WindowState
from mtop_gui.ui.tasks import Failure, Lane, Lanes, describe
from mtop_gui.ui.team import Team
from mtop_gui.ui.theme import apply_theme, program_icon
from mtop_gui.ui.unavailable_store import UnavailableStore
from mtop_gui.ui.watching import Watching
from mtop_gui.ui.widgets import TextFieldKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mtop_gui.core.prediction import Predicts
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.display import DisplayState

log = logging.getLogger(__name__)

DEFAULT_INSTRUMENT = "moons-lr"
"""Where the sky is, as long as no bundle says so."""


class Bench(QObject):
    """All parts of one running window, joined.

    Parameters
    ----------
    factory : name or folder of a bundle -> Predictor; called in the inference lane only.
    settings_file : where the settings are saved on close; None to save nothing.
    """

    def __init__(
        self,
        app: QApplication,
        settings: Settings,
        store: ReviewStore,
        factory: Callable[[str], Predicts],
        *,
        bundles: Sequence[str] = (),
        state: WindowState | None = None,
        settings_file: Path | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__()
        self._app, self._settings_file = app, settings_file
        self.preferences = Preferences(
            self, replace(settings, theme=theme or settings.theme), bundles, settings_file
        )
        self.store, self.state = store, state
        palette = apply_theme(app, self.preferences.kept.theme)
        self.lanes = Lanes()
        self.network = NetworkLane(factory, settings.bundle, settings.mc_passes)
        self.session = Session(
            DisplayOptions(smoothing=settings.smoothing), settings.entropy_threshold, settings.reviewer
        )
        self.loader = Loader(self.lanes, self.network, PredictionCache(store, self.network), self)
        self.session.attach(self.loader)
        self.reviewing = Reviewing(self.session, store, settings.quality_scale)
        self.run = BatchRun(self.session, self.lanes, self.network, store, self.loader)
        self.recall = Recall(self.session, self.reviewing, self.lanes, self.network, store)
        self.team = Team(self.session, self.reviewing, self.lanes, store, settings.merge_rule)
        self.session.set_blind(settings.blind)
        self.window = MainWindow(self.session, self.reviewing, self.team, palette)
        self.live = LiveRefresh(self.window, self.session, self.reviewing, self.lanes, store)
        self.window.browser.bar.set_filters(SavedFilters(settings.saved_filters))
        self.window.history.follow(self.reviewing, self.lanes, store)
        self.window.review.follow(Past(self.session, self.reviewing, self.lanes, store))
        self.desk = Desk(
            self.window,
            self.session,
            self.reviewing,
            self.run,
            Keymap(settings.key_preset, settings.keys),
            self.preferences,
        )
        arriving = Arriving(self.session, self.lanes)
        self.neighbours = Neighbours(
            self.window, self.session, self.loader, self.lanes, arriving, self.preferences
        )
        cache = PredictionCache(store, self.network)
        newcomers = Newcomers(self.session, self.lanes, self.network, cache, self.loader)
        self.watching = Watching(self.window, self.session, self.lanes, arriving, newcomers, self.preferences)
        self.desk.join(self.neighbours, self.watching)
        self.exchange = ExchangeDesk(self.window, self.session, self.reviewing, self.team, self.lanes, store)
        self.desk.add(self.exchange)
        kept_list = None if state is None else state.path.with_name("kept_list.json")
        self.explorer = Explorer(self.window, self.session, self.lanes, self.network)
        self.desk.add(self.explorer)
        self.desk.add(ReviewDesk(self.window, self.session, self.reviewing, self.team, kept_list))
        self.controller = Controller(
            self.window, self.session, self.reviewing, self.run, self.lanes, store, self.desk
        )
        toolbar = self.window.equip(
            self.controller.actions, list(bundles), settings.bundle, settings.mc_passes
        )
        toolbar.set_palette(palette)
        toolbar.bundle_chosen.connect(self.choose_bundle)
        toolbar.passes_chosen.connect(self.choose_passes)
        self.keys = TextFieldKeys(self.controller.leave_text_field, self)
        app.installEventFilter(self.keys)
        self.controller.theme_wanted.connect(self.change_theme)
        self.controller.opened.connect(self.preferences.remember_folders)
        self.controller.opened.connect(lambda _: self.recall.look_up())
        self.run.completed.connect(self.recall.remember)
        self.window.closing.connect(self.close)
        self._closed = False
        self.home = True
        self.save_now_and_then = QTimer(self)
        self.save_now_and_then.setInterval(30_000)
        self.save_now_and_then.timeout.connect(self._save)
        self.desk.text_size.use(settings.text_scale)
        if state is not None:
            state.restore_layout(self.window)

    def start(self, paths: Sequence[Path | str] = (), warning: str = "") -> None:
        """Show the window, then open the paths, or what was open, or the demo; then load the network.

        Parameters
        ----------
        warning : a sentence for the banner: what went wrong before there was a window.
        """
        self.window.show()
        self.save_now_and_then.start()
        self.window.browser.view.setFocus()
        self.window.status.show_bundle(f"{self.network.bundle}: loading…")
        QTimer.singleShot(0, self, lambda: self._begin(paths, warning))

    def _begin(self, paths: Sequence[Path | str], warning: str) -> None:
        self.reviewing.load()
        self.team.start()
        self.window.history.load()
        resume = self.state.resume() if self.state is not None else Resume()
        if paths:
            self.controller.open(paths)
        elif resume.folders:
            self.controller.open(resume.folders, resume)
            self._look_again(resume)
        elif (demo := resource_path("demo")).is_dir() and any(demo.iterdir()):
            self.controller.open([demo])
        if warning:
            self.window.banner.show_message(warning)
        self.live.start()
        self._load_network()

    def _look_again(self, resume: Resume) -> None:
        """Show queue, order and zoom as they were, the zoom once the spectrum of then is drawn."""
        assert self.state is not None
        looking.restore(self.window, self.state.looked_at())
        session, zoom = self.session, resume.zoom
        if zoom is None or resume.selected is None:
            return
        path, row = resume.selected

        def zoom_once(state: DisplayState) -> None:
            if session.selected < 0 or state.flux is None:
                return
            session.displayed.disconnect(zoom_once)
            if (session.entries.paths[session.selected], session.entries.rows[session.selected]) == (
                path,
                row,
            ):
                looking.zoom_to(self.window, zoom)

        session.displayed.connect(zoom_once)

    def _load_network(self) -> None:
        self.window.status.show_bundle(f"{self.network.bundle}: loading…")
        self.lanes.submit(
            Lane.INFERENCE,
            lambda report: self.network.predictor(),
            "loading the network",
            done=self._network_loaded,
            failed=self._network_not_loaded,
            urgent=True,
        )

    def _network_not_loaded(self, failure: Failure) -> None:
        self.window.status.show_bundle(f"{self.network.bundle}: not loaded")
        self.session.network_trouble = failure.message
        # The sky is where it is without a network too.
        self.lanes.submit(
            Lane.FILES,
            lambda report: load_instrument(DEFAULT_INSTRUMENT),
            "reading the instrument",
            done=self.session.set_instrument,
            failed=lambda trouble: log.warning("no sky mask: %s", trouble.message),
        )
        self.session.network_failed.emit(failure)

    def _network_loaded(self, predictor: Predicts) -> None:
        self.window.status.show_bundle(predictor.bundle_name)
        # An Instrument is what says where the sky is; a network need not have one.
        self.session.network_trouble = ""
        self.recall.look_up()
        self.session.set_instrument(getattr(predictor, "instrument", None))

    def choose_bundle(self, name: str) -> None:
        """Predict with another bundle from now on."""
        if name == self.network.bundle:
            return
        self.run.cancel()
        self.network.choose(name)
        self.session.forget_predictions()
        self._load_network()

    def choose_passes(self, mc_passes: int) -> None:
        """Predict with this many MC-dropout passes from now on; what was predicted so before is looked up."""
        if mc_passes == self.network.mc_passes:
            return
        self.run.cancel()
        self.network.choose_passes(mc_passes)
        self.session.forget_predictions()
        self.recall.look_up()

    def change_theme(self) -> None:
        """Change between dark and light."""
        self.use_theme("dark" if self.window.theme_palette.name == "light" else "light")

    def use_theme(self, name: str) -> None:
        """Wear a theme, now and at the next start."""
        self.preferences.kept = replace(self.preferences.kept, theme=name)
        self.window.set_palette(apply_theme(self._app, name))

    def close(self) -> None:
        """Save where the person was, cancel all work and wait for it; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self.save_now_and_then.stop()
        self.live.stop()
        self._app.removeEventFilter(self.keys)
        self._save()
        self.window.hide()
        self.watching.close()
        self.neighbours.close()
        self.recall.close()
        self.home = self.lanes.close()
        if self.home:
            self.store.close()

    def _save(self) -> None:
        session = self.session
        selected = None
        if session.selected >= 0:
            selected = (session.entries.paths[session.selected], session.entries.rows[session.selected])
        zoom = looking.zoom_of(self.window, session.state)
        try:
            if self.state is not None:
                self.state.save(self.window, Resume(session.folders, selected, session.candidate, zoom))
            if self._settings_file is not None:
                save_settings(self.preferences.present(), self._settings_file)
        except OSError as error:
            log.warning("the window's state was not saved: %s", error)


def shipped_factory(name: str) -> Predicts:
    """Make the Predictor of a bundle; called in the inference lane, where TensorFlow may be imported."""
    from mtop_gui.network.choosing import open_predictor

    return open_predictor(name)


def quiet_qt() -> None:
    """Send Qt's own messages to the log; the offscreen platform's about window managers to nobody."""

    def handle(kind: QtMsgType, context: object, text: str) -> None:
        if not text.startswith("This plugin does not support"):
            level = logging.DEBUG if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) else logging.WARNING
            log.log(level, "Qt: %s", text)

    qInstallMessageHandler(handle)


def install_excepthook(show: Callable[[Any], None]) -> None:
    """Show what no slot caught in the common dialog, instead of losing it on a terminal nobody sees."""

    def hook(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        sys.__excepthook__(kind, error, traceback)
        if isinstance(error, Exception):
            show(describe(error.with_traceback(traceback), "handling an action"))

    sys.excepthook = hook


def run_gui(
    paths: Sequence[Path | str] = (),
    *,
    screenshot: Path | None = None,
    theme: str | None = None,
    size: tuple[int, int] | None = None,
    predictor_factory: Callable[[], Predicts] | None = None,
    store: ReviewStore | None = None,
    settings: Settings | None = None,
    state_path: Path | None = None,
) -> int:
    """Run the window until it is closed, or render it once.

    Parameters
    ----------
    paths : what to open; nothing means what was open last, at the first start the demo.
    screenshot : open, run, select, draw, write the window to this PNG and return.
    theme : "dark", "light" or "system"; default the user's setting.
    size : of the window, in pixels.
    predictor_factory : gives the Predictor; called in the inference lane; default the shipped bundles.
    store, settings, state_path : default the user's own; a screenshot uses a store in memory and saves nothing.

    Returns
    -------
    Exit code: 0, or 1 when the screenshot could not be made.
    """
    from mtop_gui.network.bundle import AUTO, available_bundles
    from mtop_gui.store.review_store import open_journaled_store

    quiet_qt()
    app = QApplication.instance() or QApplication([sys.argv[0]])
    assert isinstance(app, QApplication)
    app.setApplicationName("mtop-gui")
    app.setDesktopFileName("mtop-gui")
    app.setWindowIcon(program_icon())
    once = screenshot is not None
    warning = ""
    if settings is None:
        settings, warning = load_settings()
    if store is None:
        try:
            store = open_journaled_store(":memory:" if once else settings.store or None)
        except StoreError as error:
            warning = f"No decision can be saved: {error}"
            store = UnavailableStore(str(error))
    warning = " ".join([warning, *store.notices]).strip()
    factory = shipped_factory if predictor_factory is None else lambda _: predictor_factory()
    bench = Bench(
        app,
        settings,
        store,
        factory,
        bundles=[AUTO, *available_bundles()],
        state=None if once else WindowState(state_path),
        settings_file=None if once else settings_path(),
        theme=theme,
    )
    install_excepthook(bench.controller.show_failure)
    if size is not None:
        bench.window.resize(*size)
    bench.start(paths, warning)
    if screenshot is not None:
        from mtop_gui.ui.screenshot import Photographer

        photographer = Photographer(bench, screenshot)
        app.exec()
        return photographer.exit_code
    code = app.exec()
    bench.close()
    if not bench.home:
        # A catalogue being written is finished; TensorFlow being imported cannot be hurried and is left behind.
        bench.lanes.finish(Lane.FILES)
        store.close()
        logging.shutdown()
        os._exit(code)
    return code
