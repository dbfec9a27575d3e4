"""The browser: what was opened, row by row, with a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from mtop_gui.ui.entries import Status
from mtop_gui.ui.tables.browser_model import BrowserModel
from mtop_gui.ui.tables.entry_view import EntryView

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.arrays import BoolArray
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

KEEP: tuple[tuple[str, Callable[[Session], BoolArray] | None], ...] = (
    ("All", None),
    ("Flagged", lambda s: s.entries.flagged(s.threshold)),
    ("Not reviewed", lambda s: ~s.entries.reviewed() & (s.entries.status != Status.FAILED)),
    ("Reviewed", lambda s: s.entries.reviewed()),
    ("Starred", lambda s: s.entries.starred),
    ("Unreadable", lambda s: s.entries.status == Status.FAILED),
)
"""What the browser can be narrowed to."""


class BrowserPanel(QWidget):
    """Filter fields over the table of entries."""

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self._session = session
        self.model = BrowserModel(session, palette)
        self.view = EntryView(self.model, session)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter  ( / )")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.keep = QComboBox()
        self.keep.addItems([title for title, _ in KEEP])
        self.keep.setToolTip("Which spectra to list; next and previous walk through these")
        self.keep.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(16)
        self.empty.setEnabled(False)
        self._rebuild_soon = QTimer(self)
        self._rebuild_soon.setSingleShot(True)
        self._rebuild_soon.setInterval(80)
        self._lay_out()
        self._connect()
        self.view.follow()
        self.rebuild()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(6, 6, 6, 6)
        top.setSpacing(6)
        top.addWidget(self.filter, 1)
        top.addWidget(self.keep)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        session = self._session
        self.filter.textChanged.connect(lambda _: self._rebuild_soon.start())
        self.filter.returnPressed.connect(self._leave_filter)
        self.keep.currentIndexChanged.connect(lambda _: self.rebuild())
        self.view.clicked.connect(lambda index: self.model.fold(index.row()))
        self._rebuild_soon.timeout.connect(self.rebuild)
        session.entries_reset.connect(self.rebuild)
        session.entries_added.connect(self.rebuild)
        session.entries_changed.connect(self._refresh)
        session.threshold_changed.connect(lambda _: self._refresh())
        session.selection_changed.connect(self.model.unfold_for)
        self.view.sort_by_click()

    def _leave_filter(self) -> None:
        self.rebuild()
        self.view.setFocus()
        if self._session.selected not in self.model.order and self.model.order.size:
            self._session.select(int(self.model.order[0]))

    def rebuild(self) -> None:
        """Filter and sort anew."""
        self.model.words = self.filter.text()
        self.model.keep = KEEP[self.keep.currentIndex()][1]
        self.model.rebuild()
        self._show_emptiness()

    def _refresh(self) -> None:
        # A list narrowed to the flagged or the unreviewed keeps the selected row until the person moves on.
        self.model.repaint()
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        empty = self.model.rowCount() == 0
        if empty and len(self._session.entries) == 0:
            self.empty.setText("No spectra yet.\n\nOpen a folder with Ctrl+O,\nor drop files here.")
        elif empty:
            self.empty.setText("Nothing matches the filter.")
        self._stack.setCurrentWidget(self.empty if empty else self.view)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.model.set_palette(palette)
