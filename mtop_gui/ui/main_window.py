"""The main window: docks and geometry, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QTabWidget, QVBoxLayout, QWidget

from mtop_gui.ui.actions import GROUPS, Actions
from mtop_gui.ui.dialogs.failure import FailureDialog
from mtop_gui.ui.dialogs.keys import KeyHelp
from mtop_gui.ui.palette import CommandPalette
from mtop_gui.ui.panels.banner import Banner
from mtop_gui.ui.panels.batch import BatchPanel
from mtop_gui.ui.panels.browser import BrowserPanel
from mtop_gui.ui.panels.embedding import EmbeddingPanel
from mtop_gui.ui.panels.history import HistoryPanel
from mtop_gui.ui.panels.identifications import IdentificationsPanel
from mtop_gui.ui.panels.review import ReviewPanel
from mtop_gui.ui.panels.team import TeamPanel
from mtop_gui.ui.plots.insets import InsetStrip
from mtop_gui.ui.plots.pdf import PdfPlot
from mtop_gui.ui.plots.stack import SpectrumStack
from mtop_gui.ui.status import StatusBar
from mtop_gui.ui.toolbar import MainToolBar
from mtop_gui.ui.widgets import UprightScroll

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent

    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.team import Team
    from mtop_gui.ui.theme import Palette

DEFAULT_SIZE = (1440, 900)
LAYOUT_VERSION = 5
"""Raised when docks are renamed or moved, so that an older file's layout is not applied."""


class MainWindow(QMainWindow):
    """Browser left, plots in the middle, review right, batch below; the docks can be moved."""

    closing = Signal()
    dropped = Signal(list)

    def __init__(self, session: Session, reviewing: Reviewing, team: Team, palette: Palette) -> None:
        super().__init__()
        self.session = session
        self._docks_before: QByteArray | None = None
        self.setWindowTitle("mtop-gui")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setDockOptions(self.dockOptions() | QMainWindow.DockOption.GroupedDragging)
        self.stack = SpectrumStack(palette)
        self.pdf = PdfPlot(palette)
        self.banner = Banner(palette)
        self.browser = BrowserPanel(session, palette)
        self.review = ReviewPanel(session, reviewing, palette)
        self.batch = BatchPanel(session, palette)
        self.team = TeamPanel(session, team, palette)
        self.history = HistoryPanel(session, palette)
        self.embedding = EmbeddingPanel(palette)
        self.insets = InsetStrip(palette)
        self.identifications = IdentificationsPanel(palette)
        self.status = StatusBar(session)
        self.setStatusBar(self.status)
        self.toolbar: MainToolBar | None = None
        self._lay_out_centre()
        area = Qt.DockWidgetArea
        self.docks = {
            "browser": self._dock("Browser", "browser", self.browser, area.LeftDockWidgetArea),
            "review": self._dock("Review", "review", UprightScroll(self.review), area.RightDockWidgetArea),
            "lines": self._dock("Lines", "lines", self.insets, area.BottomDockWidgetArea),
            "batch": self._dock("Batch", "batch", self.batch, area.BottomDockWidgetArea),
            "identifications": self._dock(
                "Identifications", "identifications", self.identifications, area.BottomDockWidgetArea
            ),
            "team": self._dock("Team", "team", self.team, area.BottomDockWidgetArea),
            "history": self._dock("History", "history", self.history, area.BottomDockWidgetArea),
            "embedding": self._dock("Embedding", "embedding", self.embedding, area.LeftDockWidgetArea),
        }
        self.theme_palette = palette
        # Its name stands on its side: the strip is low.
        lines = self.docks["lines"]
        lines.setFeatures(lines.features() | QDockWidget.DockWidgetFeature.DockWidgetVerticalTitleBar)
        for name in ("batch", "identifications", "team", "history"):
            self._name_by_tab(self.docks[name])
        self.key_help = KeyHelp(self, palette)
        self.command_palette = CommandPalette(self, palette)
        self.failures = FailureDialog(self)
        self.resize(*DEFAULT_SIZE)
        self.reset_layout()

    def _lay_out_centre(self) -> None:
        self.plots = QSplitter(Qt.Orientation.Vertical)
        self.plots.addWidget(self.stack)
        self.plots.addWidget(self.pdf)
        self.plots.setStretchFactor(0, 5)
        self.plots.setStretchFactor(1, 2)
        self.plots.setSizes([470, 140])
        self.plots.setChildrenCollapsible(False)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.plots, 1)
        centre.setMinimumSize(300, 15 * self.fontMetrics().height())
        self.setCentralWidget(centre)

    def _dock(self, title: str, name: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    @staticmethod
    def _name_by_tab(dock: QDockWidget) -> None:
        """Leave out the title of a dock that stands on its tab already; a floating one has it."""
        bare = QWidget(dock)
        dock.setTitleBarWidget(bare)
        nothing: Any = None  # gives a dock its own title back; PySide's types do not know that
        dock.topLevelChanged.connect(lambda floating: dock.setTitleBarWidget(nothing if floating else bare))

    def reset_layout(self) -> None:
        """Put every dock back where it belongs, in sizes that suit 1440 x 900."""
        corner, area = Qt.Corner, Qt.DockWidgetArea
        self.setCorner(corner.BottomLeftCorner, area.BottomDockWidgetArea)
        self.setCorner(corner.BottomRightCorner, area.BottomDockWidgetArea)
        for name, where in (
            ("browser", area.LeftDockWidgetArea),
            ("review", area.RightDockWidgetArea),
            ("lines", area.BottomDockWidgetArea),
            ("batch", area.BottomDockWidgetArea),
            ("identifications", area.BottomDockWidgetArea),
            ("team", area.BottomDockWidgetArea),
            ("history", area.BottomDockWidgetArea),
        ):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(where, dock)
            dock.show()
        self.splitDockWidget(self.docks["lines"], self.docks["batch"], Qt.Orientation.Vertical)
        # One place for these panels: the table of the batch lies on top.
        self.setTabPosition(area.BottomDockWidgetArea, QTabWidget.TabPosition.North)
        for name in ("identifications", "team", "history"):
            self.tabifyDockWidget(self.docks["batch"], self.docks[name])
        self.docks["batch"].raise_()
        # Under the browser, where what a lasso encloses is listed; out of the way until it is wanted.
        embedding = self.docks["embedding"]
        embedding.setFloating(False)
        self.splitDockWidget(self.docks["browser"], embedding, Qt.Orientation.Vertical)
        self.resizeDocks([self.docks["browser"], embedding], [2, 3], Qt.Orientation.Vertical)
        embedding.hide()
        self.size_docks()

    def size_docks(self) -> None:
        """Give the docks their usual sizes in the present font; large writing leaves half the width to the plots."""
        unit = self.fontMetrics().averageCharWidth()
        widths = [min(unit * 51, self.width() * 27 // 100), min(unit * 36, self.width() * 22 // 100)]
        self.resizeDocks([self.docks["browser"], self.docks["review"]], widths, Qt.Orientation.Horizontal)
        height = self.fontMetrics().height()
        self.resizeDocks(
            [self.docks["lines"], self.docks["batch"]],
            [min(height * 8, self.height() * 14 // 100), min(height * 11, self.height() * 18 // 100)],
            Qt.Orientation.Vertical,
        )

    def equip(self, actions: Actions, bundles: list[str], bundle: str, mc_passes: int) -> MainToolBar:
        """Make menus and toolbar from the actions."""
        self.toolbar = MainToolBar(self.session, actions, bundles, bundle, mc_passes)
        self.addToolBar(self.toolbar)
        for group in GROUPS:
            menu = self.menuBar().addMenu(f"&{group}")
            menu.setToolTipsVisible(True)
            menu.addActions(actions.group(group))
        return self.toolbar

    def show_only_plots(self, only: bool) -> None:
        """Hide all docks at once, or show them again as they were."""
        if only:
            self._docks_before = self.saveState(LAYOUT_VERSION)
            for dock in self.docks.values():
                dock.hide()
            self.setFocus()
        elif self._docks_before is not None:
            self.restoreState(self._docks_before, LAYOUT_VERSION)
            self._docks_before = None

    def dock_layout(self) -> QByteArray:
        """Give the docks' layout as it is to be remembered: hidden docks of a moment do not count."""
        return self.saveState(LAYOUT_VERSION) if self._docks_before is None else self._docks_before

    def wear_again(self) -> None:
        """Draw everything anew in the present theme (the font changed)."""
        self.set_palette(self.theme_palette)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.theme_palette = palette
        for part in (
            self.stack,
            self.pdf,
            self.banner,
            self.browser,
            self.review,
            self.insets,
            self.identifications,
            self.batch,
            self.team,
            self.history,
            self.embedding,
            self.key_help,
            self.command_palette,
        ):
            part.set_palette(palette)
        if self.toolbar is not None:
            self.toolbar.set_palette(palette)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let everybody save and stop first."""
        self.closing.emit()
        super().closeEvent(event)
