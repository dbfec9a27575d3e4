"""The status bar: bundle, what is under the cursor, the redshift, what was saved, and the counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from mtop_gui.ui.display_units import wavelength_text
from mtop_gui.ui.widgets import ElidedLabel, set_tone

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mtop_gui.ui.session import Session


class StatusBar(QStatusBar):
    """One line, always in the same places, so that nothing jumps while the cursor moves."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setSizeGripEnabled(False)
        unit = self.fontMetrics().averageCharWidth()
        self.bundle, self.cursor_text, self.redshift = QLabel(), QLabel(), QLabel()
        self.message, self.counts = ElidedLabel(), QLabel()
        self.cursor_text.setFixedWidth(unit * 46)
        self.redshift.setFixedWidth(unit * 14)
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(10, 1, 12, 1)
        row.setSpacing(18)
        for label in (self.bundle, self.cursor_text, self.redshift):
            row.addWidget(label)
        row.addWidget(self.message, 1)
        row.addWidget(self.counts)
        self.addWidget(line, 1)
        session.candidate_changed.connect(self._show_redshift)
        session.selection_changed.connect(lambda _: self._show_redshift())
        for signal in (session.entries_changed, session.entries_added, session.entries_reset):
            signal.connect(self.show_counts)
        session.threshold_changed.connect(lambda _: self.show_counts())
        self.show_cursor(math.nan, math.nan)
        self.show_counts()
        self._show_redshift()

    def show_bundle(self, text: str) -> None:
        """Name the bundle."""
        self.bundle.setText(text)

    def say(self, sentence: str, bad: bool = False) -> None:
        """Say what was just saved or done; stays until the next."""
        set_tone(self.message, "bad" if bad else "good")
        self.message.setText(sentence)
        self.message.setToolTip(sentence)

    def show_cursor(self, wavelength: float, flux: float) -> None:
        """Show wavelength [Å], rest wavelength and flux under the cursor; NaN wavelength for outside."""
        if math.isnan(wavelength):
            self.cursor_text.setText("")
            return
        unit = self._session.options.wavelength_unit
        parts = [f"λ {wavelength_text(wavelength, unit)}"]
        if self._session.candidate is not None:
            parts.append(f"rest {wavelength_text(wavelength / (1 + self._session.candidate), unit)}")
        if not math.isnan(flux):
            parts.append(f"flux {flux:.4g}")
        self.cursor_text.setText("   ".join(parts))

    def _show_redshift(self) -> None:
        candidate = self._session.candidate
        self.redshift.setText("" if candidate is None else f"z {candidate:.5f}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the counts, which other panels have too, where a sentence has no room beside them."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        unit = self.fontMetrics().averageCharWidth()
        others = (self.bundle, self.cursor_text, self.redshift, self.counts)
        needed = sum(label.sizeHint().width() for label in others) + unit * 60
        self.counts.setVisible(self.width() > needed)

    def show_counts(self) -> None:
        """Show how many spectra are listed, predicted, flagged and reviewed."""
        read, flagged, reviewed = self._session.counts()
        total = len(self._session.entries)
        self.counts.setText(
            f"{total:,} spectra · {read:,} predicted · {flagged:,} flagged · {reviewed:,} reviewed"
            if total
            else ""
        )
        self._make_room()
