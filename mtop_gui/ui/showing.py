"""Showing: what the eye needs is displayed at once; lines are measured, and what rests on them drawn, right after."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from mtop_gui.ui.choices import Choices
from mtop_gui.ui.display import DisplayState, measure_ahead, resolve_ahead
from mtop_gui.ui.resolving import Resolver

if TYPE_CHECKING:
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.ui.display import DisplayOptions

REST_MS = 40
"""A candidate at rest for so long is measured at; a key held down repeats every 33 ms or so."""
COMING_MS = 120
"""Flux, Prediction and saliency of a spectrum not fetched before come one by one: lines are measured once, at the end, or after
so long; measured and drawn each time, they would keep what is still coming from its processor."""
BLANK_MS = 60
"""The plots are emptied for a spectrum that has not been read after so long; most have been by then, and need no blink."""
LATEST_S = 0.25
"""While it keeps moving, it is measured at so often all the same."""


class Showing(Choices):
    """The displayed state, base of the Session.

    Signals
    -------
    displayed(state) : data, Prediction, candidate and labels; `line_model` and `model` may still be those of a redshift before.
    measured(state) : the same with the lines measured at its candidate, once that has come to rest.
    complete() : everything of what is selected has been fetched, measured and painted.
    """

    displayed = Signal(object)
    measured = Signal(object)
    complete = Signal()

    def __init__(self, options: DisplayOptions, threshold: float, reviewer: str) -> None:
        super().__init__(options, threshold, reviewer)
        self.state = DisplayState()
        self.follow_closely = False
        """Whether the next move is measured at once: what is pulled must stay under the cursor."""
        self._resolver = Resolver()
        self._measure_soon = self._timer(0, self._measure)
        self._blank_soon = self._timer(BLANK_MS, self._show)
        self._complete_soon = self._timer(0, self.complete.emit)
        self._moving_since = 0.0

    def is_coming(self) -> bool:
        """Whether flux, Prediction or saliency of what is selected is still being fetched."""
        raise NotImplementedError

    @property
    def drawing(self) -> bool:
        """Whether what is selected is about to be drawn."""
        return any(timer.isActive() for timer in (self._show_soon, self._blank_soon, self._measure_soon))

    def _display(self, state: DisplayState) -> None:
        self._blank_soon.stop()
        before, self.state = self.state, state
        self.displayed.emit(state)
        now = time.monotonic()
        if not self._measure_soon.isActive():
            self._moving_since = now
        moved = state.flux is not None and state.flux is before.flux and state.candidate != before.candidate
        rests = not moved or self.follow_closely or now - self._moving_since > LATEST_S
        # At once means after what was displayed has been painted: that goes before any timer.
        delay = 0 if rests else REST_MS
        self._measure_soon.start(COMING_MS if self.is_coming() else delay)

    def _measure(self) -> None:
        self.follow_closely = False
        self.state = self._resolver.measure()
        self.measured.emit(self.state)
        if not self.is_coming():
            self._complete_soon.start()

    def ahead(self, spectrum: Spectrum, redshift: float | None = None) -> None:
        """Work out what will be displayed of a Spectrum, at a redshift its lines, too; called in a worker thread."""
        options = self.options
        if redshift is None:
            resolve_ahead(spectrum, options, self.instrument)
        elif options.measure_lines or options.show_model:
            measure_ahead(spectrum, redshift, self.line_width)

    def measure_now(self) -> DisplayState:
        """Give the state with the lines measured at its candidate, without waiting for that to come to rest."""
        if self._show_soon.isActive() or self._blank_soon.isActive():
            self._show_soon.stop()
            self._show()
        if self._measure_soon.isActive():
            self._measure_soon.stop()
            self._measure()
        return self.state
