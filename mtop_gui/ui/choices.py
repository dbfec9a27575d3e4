"""Choices: what a person set for the whole window; the base of the Session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from mtop_gui.core.line_model import USUAL_WIDTH

if TYPE_CHECKING:
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.ui.display import DisplayOptions

SMOOTHING_STEPS = (0.0, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0)


class Choices(QObject):
    """Display options, entropy threshold, reviewer, and the Instrument of the bundle."""

    options_changed = Signal()
    threshold_changed = Signal(float)
    reviewer_changed = Signal(str)
    second: float | None = None
    """Redshift a person kept to compare the candidate with."""
    line_width: float = USUAL_WIDTH
    """Standard deviation of the lines of the selected spectrum [km/s]."""

    def __init__(self, options: DisplayOptions, threshold: float, reviewer: str) -> None:
        super().__init__()
        self.options, self.threshold, self.reviewer = options, threshold, reviewer
        self.instrument: Instrument | None = None
        self._show_soon = self._timer(0, self._show)

    def _timer(self, milliseconds: int, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def rest(self) -> None:
        """Stop everything put off, here and in all that belongs to it: the window is closing."""
        for timer in self.findChildren(QTimer):
            timer.stop()

    def _show(self) -> None:
        """Draw anew; the Session knows what."""

    def set_options(self, **changes: Any) -> None:
        """Change display options by name."""
        self.options = replace(self.options, **changes)
        self.options_changed.emit()
        self._show_soon.start()

    def smooth(self, by: int) -> None:
        """Take the next stronger (by=1) or weaker smoothing."""
        nearest = int(np.argmin(np.abs(np.asarray(SMOOTHING_STEPS) - self.options.smoothing)))
        wanted = min(max(nearest + by, 0), len(SMOOTHING_STEPS) - 1)
        self.set_options(smoothing=SMOOTHING_STEPS[wanted])

    def compare_with(self, redshift: float | None) -> None:
        """Keep a redshift as the second candidate; None for the best other peak."""
        self.second = redshift
        self._show_soon.start()

    def set_instrument(self, instrument: Instrument | None) -> None:
        """Take the Instrument of the bundle: it knows where the sky is."""
        self.instrument = instrument
        self._show_soon.start()

    def set_threshold(self, threshold: float) -> None:
        """Set the entropy from which a spectrum is flagged."""
        threshold = round(max(0.0, threshold), 3)
        if threshold != self.threshold:
            self.threshold = threshold
            self.threshold_changed.emit(threshold)

    def set_reviewer(self, reviewer: str) -> None:
        """Set who reviews."""
        if reviewer != self.reviewer:
            self.reviewer = reviewer
            self.reviewer_changed.emit(reviewer)
