"""The batch panel: how sure the network is of all spectra, and the table with the doubtful ones first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from mtop_gui.ui.entries import Status
from mtop_gui.ui.panels.histogram import EntropyPlot
from mtop_gui.ui.tables.cells import (
    ENTROPY,
    FLAG,
    NAME,
    PEAK,
    QUALITY,
    REASON,
    REDSHIFT,
    REDSHIFT_ERR,
    SECOND,
    SECOND_PEAK,
)
from mtop_gui.ui.tables.entry_model import EntryModel
from mtop_gui.ui.tables.entry_view import EntryView

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

COLUMNS = (
    FLAG,
    replace(NAME, width=20),
    REDSHIFT,
    REDSHIFT_ERR,
    ENTROPY,
    PEAK,
    SECOND,
    SECOND_PEAK,
    REASON,
    QUALITY,
)
FLAG_COLUMN = 0


class BatchPanel(QWidget):
    """Counts and export on top; histogram left; table right, flagged first."""

    export_wanted = Signal()
    run_wanted = Signal()

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self._session = session
        self.plot = EntropyPlot(palette)
        self.model = EntryModel(session, COLUMNS, palette)
        self.model.keep = lambda s: s.entries.status >= Status.PREDICTED
        self.view = EntryView(self.model, session)
        self.view.placeholder = "Spectra that the network has read are listed here, the doubtful ones first."
        self.counts = QLabel()
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.counts.setMinimumWidth(60)
        self.plane = QPushButton("Skewness plane")
        self.plane.setCheckable(True)
        self.plane.setToolTip("Entropy against skewness instead of the histogram")
        self.export = QPushButton("Save catalogue…")
        self.export.setToolTip("Write the catalogue as .ecsv, .fits, .csv or .parquet (Ctrl+S)")
        for button in (self.plane, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._palette = palette
        self._resort_soon = QTimer(self)
        self._resort_soon.setSingleShot(True)
        self._resort_soon.setInterval(250)
        # After the tables have been painted: both at once would hold up the keys for too long while a run goes on.
        self._plot_soon = QTimer(self)
        self._plot_soon.setSingleShot(True)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 3, 8, 3)
        top.setSpacing(8)
        top.addWidget(self.counts, 1)
        top.addWidget(self.plane)
        top.addWidget(self.export)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.plot)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([430, 900])
        self.splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.splitter, 1)
        self.setMinimumHeight(8 * self.fontMetrics().height())

    def _connect(self) -> None:
        session = self._session
        self.plot.threshold_dragged.connect(session.set_threshold)
        self.plane.toggled.connect(self.plot.show_plane)
        self.export.clicked.connect(self.export_wanted)
        self._resort_soon.timeout.connect(self.resort)
        self._plot_soon.timeout.connect(self._plot)
        session.entries_reset.connect(self.refresh)
        session.entries_added.connect(self._show_counts)
        session.entries_changed.connect(self._entries_changed)
        session.threshold_changed.connect(self._threshold_changed)
        session.blind_changed.connect(lambda _: self.model.repaint())
        self.view.sort_by_click(FLAG_COLUMN, descending=True)

    def refresh(self) -> None:
        """Show all anew."""
        self.plot.set_threshold(self._session.threshold)
        self._entries_changed()
        self.resort()

    def resort(self) -> None:
        """Sort anew."""
        self.model.rebuild()

    def _entries_changed(self) -> None:
        self._plot_soon.start()
        self._show_counts()
        if not self._resort_soon.isActive():
            self._resort_soon.start()

    def _plot(self) -> None:
        entries = self._session.entries
        self.plot.set_values(entries.entropy, entries.skewness)

    def _threshold_changed(self, threshold: float) -> None:
        self.plot.set_threshold(threshold)
        self.model.repaint()
        self._show_counts()
        if not self._resort_soon.isActive():
            self._resort_soon.start()

    def _show_counts(self) -> None:
        entries = self._session.entries
        read, flagged, reviewed = self._session.counts()
        failed = int((entries.status == Status.FAILED).sum())
        if len(entries) == 0:
            self.counts.setText("")
            return
        if not (entries.status == Status.PREDICTED).any():
            self.counts.setText(f"{len(entries):,} spectra listed. Run the network with Ctrl+R.")
            return
        share = 100.0 * flagged / max(1, int(np.count_nonzero(entries.status == Status.PREDICTED)))
        parts = [
            f"<b>{read:,}</b> of {len(entries):,} predicted",
            f"<b style='color:{self._palette.warning}'>{flagged:,}</b> flagged ({share:.0f} %)",
            f"<b style='color:{self._palette.good}'>{reviewed:,}</b> reviewed",
        ]
        rejected = int(np.count_nonzero(entries.rejected))
        if rejected:
            parts.append(f"<b>{rejected:,}</b> not for this bundle")
        if failed:
            parts.append(f"<b style='color:{self._palette.bad}'>{failed:,}</b> unreadable")
        self.counts.setText(" &nbsp;·&nbsp; ".join(parts))

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.plot.set_palette(palette)
        self.model.set_palette(palette)
        self._show_counts()
