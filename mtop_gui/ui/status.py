"""The status bar: bundle, what is under the cursor, the redshift, what was saved, and the counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from mtop_gui.ui.display_units import wavelength_text
from mtop_gui.ui.widgets import ElidedLabel

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette


class StatusBar(QStatusBar):
    """One line, always in the same places, so that nothing jumps while the cursor moves."""

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self._session = session
        self._palette = palette
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
        colour = self._palette.bad if bad else self._palette.good
        self.message.setStyleSheet(f"color: {colour};")
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

    def show_counts(self) -> None:
        """Show how many spectra are listed, predicted, flagged and reviewed."""
        read, flagged, reviewed = self._session.counts()
        total = len(self._session.entries)
        self.counts.setText(
            f"{total:,} spectra · {read:,} predicted · {flagged:,} flagged · {reviewed:,} reviewed"
            if total
            else ""
        )

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.message.setStyleSheet(f"color: {palette.good};")
