"""Redshift work: name a line, fit lines, step through them, compare two candidates; handlers of those actions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from mtop_gui.core.identification import competition, evidence, plausible_lines, snap, strongest_feature
from mtop_gui.core.line_fit import in_words, refine
from mtop_gui.core.line_model import USUAL_WIDTH
from mtop_gui.ui.candidate import peaks_of, second_candidate
from mtop_gui.ui.display_units import next_wavelength_unit, wavelength_text
from mtop_gui.ui.plots.inset_texts import snr_text
from mtop_gui.ui.plots.inset_windows import expected_features
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.identification import LineChoice, PeakEvidence
    from mtop_gui.core.line_fit import LineFit
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.ui.display_state import DisplayState
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Failure, Lanes, Task

LINE_ZOOM = 0.012
"""Half width of the zoom on a line, as a fraction of its wavelength (3600 km/s)."""
SNAP_PIXELS = 5.0
"""A line this near the cursor on the screen is what was pointed at."""
OPTIONS = ("show_model", "show_second", "colour_saliency", "keep_zoom", "other_density")
"""Switches of the DisplayOptions that belong here; each is the id of an action."""
NO_PEAKS = "The network gives no redshift for this spectrum, so there are no peaks to compare."


class RedshiftWork(QObject):
    """What a person does to find the redshift. Measuring runs in the files lane; the window's thread only draws."""

    def __init__(self, window: MainWindow, session: Session, lanes: Lanes) -> None:
        super().__init__(window)
        self._window, self._session, self._lanes = window, session, lanes
        self._cursor = float("nan")
        self._line = ""
        self._fit_task: Task | None = None
        self._evidence_task: Task | None = None
        self._identifying = False
        self._compared: tuple[object, object] = (None, self)  # nothing yet
        self._compare_soon = QTimer(self)
        self._compare_soon.setSingleShot(True)
        self._compare_soon.setInterval(120)
        self._compare_soon.timeout.connect(self._compare)
        self.menu = QMenu(window)
        self._connect()

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers of the actions, by id."""
        session = self._session
        made: dict[str, Callable[..., object]] = {
            "fit_lines": self.fit_lines,
            "name_line": self.name_line,
            "pick_line": self.pick_line,
            "step_line": self.step_line,
            "keep_second": self.keep_second,
            "swap_candidates": self.swap_candidates,
            "wavelength_unit": self.change_wavelength_unit,
        }
        for option in OPTIONS:
            made[option] = lambda on, name=option: session.set_options(**{name: on})
        return made

    def _connect(self) -> None:
        session, window = self._session, self._window
        window.stack.cursor_moved.connect(self._note_cursor)
        session.measured.connect(self._show_measured)
        session.selection_changed.connect(self._forget)
        session.spectrum_changed.connect(self._compare_soon.start)
        window.insets.line_chosen.connect(self._zoom_to)
        window.insets.redshift_dragged.connect(self._pulled)
        window.identifications.peak_chosen.connect(session.take_peak)
        window.identifications.feature_chosen.connect(
            lambda wavelength: window.stack.zoom_to(wavelength, wavelength * LINE_ZOOM)
        )
        window.docks["lines"].visibilityChanged.connect(self._measure)
        window.docks["identifications"].visibilityChanged.connect(self._see_identifications)
        self._measure(True)

    def _show_measured(self, state: DisplayState) -> None:
        self._window.insets.show_state(state)
        if state.options.show_model:
            self._window.stack.show_state(state)

    def _pulled(self, redshift: float) -> None:
        """Let the window of the strip that is pulled keep up with the mouse."""
        self._session.follow_closely = True
        self._session.set_candidate(redshift, "dragged")

    def _say(self, sentence: str) -> None:
        self._window.status.say(sentence)

    def _note_cursor(self, wavelength: float, flux: float) -> None:
        self._cursor = wavelength

    def _measure(self, shown: bool) -> None:
        """Measure lines at every redshift step only while somebody sees them."""
        wanted = shown and not self._window.docks["lines"].isHidden()
        if wanted != self._session.options.measure_lines:
            self._session.set_options(measure_lines=wanted)

    def _see_identifications(self, shown: bool) -> None:
        """Measure the peaks only while the panel is seen; one behind another tab is not."""
        self._identifying = shown
        self._compare_soon.start()

    def _forget(self, number: int) -> None:
        self._session.second = None
        self._session.line_width = USUAL_WIDTH
        self._line = ""
        self._window.insets.show_fit(None)
        if self._fit_task is not None:
            self._fit_task.cancel()

    # -- naming a line ----------------------------------------------------------------------------------------

    def _pointed_at(self, spectrum: Spectrum) -> tuple[float, str] | None:
        """Give the wavelength that is meant, and how it was found: under the cursor, else the strongest in view."""
        low, high = self._window.stack.flux.view.viewRange()[0]
        if self._cursor > 0:
            columns = max(1.0, float(self._window.stack.flux.view.rect().width()))
            return snap(spectrum, self._cursor, SNAP_PIXELS * (high - low) / columns), "under the cursor"
        strongest = strongest_feature(spectrum, low, high)
        return None if strongest is None else (strongest, "strongest in view")

    def name_line(self, rest_wavelength: float) -> None:
        """Take the feature under the cursor, or the strongest one in view, for a line."""
        spectrum = self._session.spectrum
        pointed = self._pointed_at(spectrum) if spectrum is not None else None
        if pointed is None:
            self._say("No feature stands out here: put the cursor on one in the flux panel.")
            return
        wavelength, how = pointed
        redshift = round(wavelength / rest_wavelength - 1.0, 7)
        self._session.set_candidate(redshift, "typed")
        unit = self._session.options.wavelength_unit
        self._say(
            f"The feature {how}, {wavelength_text(wavelength, unit)}, is named: z {redshift:.5f}. U fits all lines."
        )

    def pick_line(self) -> None:
        """List what the feature under the cursor may be, the most plausible first."""
        spectrum, prediction = self._session.spectrum, self._session.prediction
        pointed = self._pointed_at(spectrum) if spectrum is not None else None
        if spectrum is None or pointed is None:
            self._say("No feature stands out here: put the cursor on one in the flux panel.")
            return
        wavelength, place = pointed[0], QCursor.pos() if self._cursor > 0 else self._middle()
        self._lanes.submit(
            Lane.FILES,
            lambda report: plausible_lines(wavelength, spectrum, prediction),
            "ranking lines",
            done=lambda choices: self._offer(spectrum, choices, place),
        )

    def _middle(self) -> QPoint:
        stack = self._window.stack
        return stack.mapToGlobal(QPoint(stack.width() // 3, stack.height() // 4))

    def _offer(self, spectrum: Spectrum, choices: tuple[LineChoice, ...], place: QPoint) -> None:
        if spectrum is not self._session.spectrum or not choices:
            return
        self.menu.clear()
        for number, choice in enumerate(choices, start=1):
            key = f"&{number}  " if number < 10 else "     "
            with_others = f"   with {', '.join(choice.companions)}" if choice.companions else ""
            odds = "" if math.isnan(choice.odds) else f"   PDF {100 * choice.odds:.0f} %"
            text = f"{key}{choice.line.name}   z {choice.redshift:.4f}{odds}{with_others}"
            action = self.menu.addAction(text)
            redshift = round(choice.redshift, 7)
            action.triggered.connect(lambda _=False, z=redshift: self._session.set_candidate(z, "typed"))
        self.menu.setActiveAction(self.menu.actions()[0])
        self.menu.popup(place)

    # -- fitting ----------------------------------------------------------------------------------------------

    def fit_lines(self) -> None:
        """Fit all covered lines near the candidate, and move it there."""
        spectrum, candidate = self._session.spectrum, self._session.candidate
        if spectrum is None or candidate is None:
            self._say("There is no redshift yet to fit lines at: type one ( Z ).")
            return
        if self._fit_task is not None:
            self._fit_task.cancel()

        def done(fit: LineFit) -> None:
            if spectrum is not self._session.spectrum or candidate != self._session.candidate:
                return
            self._session.line_width = fit.width
            self._window.insets.show_fit(fit)
            self._session.set_candidate(fit.redshift, "fitted")
            self._say(f"Lines fitted: {in_words(fit, candidate)}")

        def failed(failure: Failure) -> None:
            if failure.expected:
                self._say(failure.message)
            else:
                self._lanes.failed.emit(failure)

        self._fit_task = self._lanes.submit(
            Lane.FILES, lambda report: refine(spectrum, candidate), "fitting lines", done=done, failed=failed
        )

    # -- walking along lines ----------------------------------------------------------------------------------

    def step_line(self, by: int) -> None:
        """Zoom to the next or previous expected line, beginning with the one nearest the middle of the view."""
        state = self._session.measure_now()
        places = [(f.name, f.observed_wavelength) for f in expected_features(state)] or [
            (label.name, label.observed_wavelength) for label in state.line_labels
        ]
        if not places:
            self._say("No known line is covered here: type another redshift ( Z ).")
            return
        places.sort(key=lambda place: place[1])
        low, high = self._window.stack.flux.view.viewRange()[0]
        middle = (low + high) / 2
        names = [name for name, _ in places]
        here = names.index(self._line) if self._line in names else -1
        if here >= 0 and abs(places[here][1] - middle) < 0.25 * (high - low):
            here = (here + by) % len(places)
        else:
            here = min(range(len(places)), key=lambda k: abs(places[k][1] - middle))
        self._zoom_to(*places[here])

    def _zoom_to(self, name: str, wavelength: float) -> None:
        self._line = name
        self._window.stack.zoom_to(wavelength, wavelength * LINE_ZOOM)
        self._window.insets.show_line(name)
        text = f"{name} at {wavelength_text(wavelength, self._session.options.wavelength_unit)}"
        for feature in expected_features(self._session.measure_now()):
            if feature.name == name:
                text += f": {snr_text(feature)}"
        self._say(text)

    # -- two candidates ---------------------------------------------------------------------------------------

    def keep_second(self) -> None:
        """Keep this redshift to compare others with."""
        candidate = self._session.candidate
        if candidate is None:
            self._say("There is no redshift yet to keep: type one ( Z ).")
            return
        self._session.compare_with(candidate)
        self._session.set_options(show_second=True)
        self._say(f"z {candidate:.5f} is kept as second candidate; J exchanges the two.")

    def swap_candidates(self) -> None:
        """Make the second candidate the candidate, and the other way round."""
        session = self._session
        second = second_candidate(peaks_of(session.prediction), session.candidate, session.second)
        if second is None:
            self._say("There is no second redshift to compare with: keep one first ( Shift+Y ).")
            return
        before = session.candidate
        session.compare_with(before)
        session.set_options(show_second=True)
        peaks = [peak.redshift for peak in peaks_of(session.prediction)]
        if second in peaks:
            session.take_peak(peaks.index(second))
        else:
            session.set_candidate(second, "typed")
        self._say(f"z {second:.5f}" + (f" instead of {before:.5f}" if before is not None else ""))

    def _compare(self) -> None:
        """Measure the lines at the best peaks for the panel, while it is seen."""
        session, panel = self._session, self._window.identifications
        if not self._identifying:
            return
        spectrum, prediction = session.spectrum, session.prediction
        if (spectrum, prediction) == self._compared:
            return
        if self._evidence_task is not None:
            self._evidence_task.cancel()
        peaks = peaks_of(prediction)
        self._compared = (spectrum, prediction)
        if spectrum is None or prediction is None or not peaks:
            rejected = prediction is not None
            panel.show_evidence((), message=NO_PEAKS if rejected else session.message())
            return
        if not panel.table.isVisible():
            panel.show_evidence((), message="Measuring the lines at each peak…")

        def done(found: tuple[PeakEvidence, ...]) -> None:
            if session.spectrum is spectrum and session.prediction is prediction:
                panel.show_evidence(found, competition(prediction))

        self._evidence_task = self._lanes.submit(
            Lane.FILES, lambda report: evidence(spectrum, peaks), "comparing the peaks", done=done
        )

    # -- units ------------------------------------------------------------------------------------------------

    def change_wavelength_unit(self) -> None:
        """Show wavelengths in the next unit: Å, nm, µm."""
        unit = next_wavelength_unit(self._session.options.wavelength_unit)
        self._session.set_options(wavelength_unit=unit)
        self._say(f"Wavelengths are shown in {unit}.")
