"""Session: the one mutable state of the window. Slots in, signals out; it draws nothing and starts no thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from mtop_gui.ui.announcing import Announcing
from mtop_gui.ui.candidate import allowed, is_network, nearest_peak, origin_of, peak_number, peaks_of
from mtop_gui.ui.draft import Draft, Unsaved
from mtop_gui.ui.entries import NO_QUALITY, Entries, NewEntry
from mtop_gui.ui.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.ui.display import DisplayOptions
    from mtop_gui.ui.loader import Loader
    from mtop_gui.ui.tasks import Failure

BLIND = "Blind: what the network says is shown once you have decided."


class Session(Announcing):
    """Which spectra, which selected, at which candidate redshift, with which options."""

    entries_reset = Signal()
    entries_added = Signal()
    selection_changed = Signal(int)
    spectrum_known = Signal()
    """The selected spectrum has been read: its content hash, and so its Decision, can be looked up."""
    spectrum_changed = Signal()
    candidate_changed = Signal()
    draft_changed = Signal()
    blind_changed = Signal(bool)
    network_failed = Signal(object)

    def __init__(self, loader_options: DisplayOptions, threshold: float, reviewer: str) -> None:
        super().__init__(loader_options, threshold, reviewer)
        self.entries = Entries()
        self.folders: tuple[Path, ...] = ()
        self.selected = -1
        self.walk = Walk()
        self.spectrum: Spectrum | None = None
        self.prediction: Prediction | None = None  # None also while it is hidden (`blind`)
        self._known: Prediction | None = None
        self.blind = False
        self.growing = False  # whether spectra are still being found
        self._owed: int | None = None
        self.saliency: FloatArray | None = None
        self.decision: Decision | None = None
        self.candidate: float | None = None
        self.origin = "network"
        self.draft = Draft()
        self._drafts: dict[int, Unsaved] = {}
        self.network_trouble = ""
        self._wanted_candidate: float | None = None
        self._loader: Loader | None = None
        self._saliency_soon = self._timer(160, self._want_saliency)
        self._added_soon = self._timer(150, self._announce_added)
        self._fetch_soon = self._timer(100, self._fetch)

    def attach(self, loader: Loader) -> None:
        """Take the Loader that fetches what is selected."""
        self._loader = loader
        loader.spectrum_read.connect(self._take_spectrum)
        loader.predicted.connect(self.take_prediction)
        loader.salient.connect(self._take_saliency)
        loader.unreadable.connect(self.take_failure)
        loader.unpredicted.connect(self._take_network_failure)
        self.complete.connect(loader.go_ahead)
        loader.ahead = self.ahead

    def open(self, folders: tuple[Path, ...]) -> None:
        """Begin with an empty list for these files and folders."""
        self.entries = Entries()
        self.folders = folders
        self._added_soon.stop()
        self.walk.clear()
        self._clear_selection()
        self._drafts = {}
        if self._loader is not None:
            self._loader.forget()
        self.entries_reset.emit()
        self.selection_changed.emit(-1)
        self.spectrum_changed.emit()
        self._show_soon.start()

    def add(self, found: list[NewEntry]) -> None:
        """Append spectra that were found."""
        before = len(self.entries)
        self.entries.extend(found)
        if len(self.entries) > before:
            if before == 0:
                self._announce_added()
            elif not self._added_soon.isActive():
                self._added_soon.start()

    def _announce_added(self) -> None:
        self._added_soon.stop()
        self.entries_added.emit()
        self._fetch_soon.start()
        if self._owed is not None and self._owed == self.selected and self.step(1):
            self._owed = None

    def counts(self) -> tuple[int, int, int]:
        """Count the spectra with a redshift from the network, those flagged, and those reviewed."""
        return self.entries.counts(self.threshold)

    def _clear_selection(self) -> None:
        if self.selected >= 0 and self.decision is None:
            # What was set but not saved yet waits for the person to come back.
            self._drafts[self.selected] = Unsaved(self.draft, self.candidate, self.origin)
        self.selected = -1
        self.spectrum = self.prediction = self._known = self.saliency = self.decision = None
        self.candidate, self.origin, self.draft = None, "network", Draft()
        self._wanted_candidate = None

    def select(self, number: int, candidate: float | None = None) -> None:
        """Select an entry; nothing of the spectrum before it stays.

        Parameters
        ----------
        candidate : candidate redshift to start from (a restored session); None for the usual one.
        """
        if number == self.selected or not 0 <= number < len(self.entries):
            return
        self._clear_selection()
        self.selected = number
        self._wanted_candidate = candidate
        loader = self._loader
        if loader is not None:
            self._fetch()  # first: from now on all that is patient waits
            spectrum, prediction = loader.spectrum(number), loader.prediction(number)
            self.spectrum = spectrum
            if spectrum is not None:
                self.spectrum_known.emit()  # its Decision decides where the candidate begins
                if prediction is not None:
                    self._show_prediction(prediction)
        self.selection_changed.emit(number)
        self.spectrum_changed.emit()
        (self._blank_soon if self.spectrum is None else self._show_soon).start()

    def is_coming(self) -> bool:
        """Whether flux, Prediction or saliency of what is selected is still being fetched."""
        if self.selected < 0 or self.selected in self.entries.errors:
            return False
        if self.spectrum is None or self._known is None:
            return not self.network_trouble
        return self.prediction is not None and self.saliency is None and self.prediction.best is not None

    def _fetch(self) -> None:
        """Fetch what is selected, and its neighbours in the walk ahead of time."""
        if self._loader is not None and self.selected >= 0:
            near = (self.selected, *self.walk.neighbours(self.selected))
            self._loader.want([(n, self.entries.place(n)) for n in near])

    @property
    def settled(self) -> bool:
        """Whether everything that changed has been announced and drawn."""
        timers = (
            self._show_soon,
            self._blank_soon,
            self._measure_soon,
            self._changed_soon,
            self._saliency_soon,
            self._added_soon,
            self._fetch_soon,
        )
        return not any(timer.isActive() for timer in timers)

    def step(self, by: int) -> bool:
        """Select the next (by=1) or previous (by=-1) entry in the shown order; False at the end."""
        if self._go(self.walk.step(self.selected, by)):
            return True
        if by > 0 and self._added_soon.isActive():
            self._owed = None
            self._announce_added()  # what was found meanwhile is in no table yet
            return self._go(self.walk.step(self.selected, by))
        return False

    def advance(self) -> bool:
        """Go to the next entry; at the end of a list that still grows, as soon as there is one."""
        here = self.selected
        if self.step(1):
            return True
        self._owed = here if self.growing else None
        return self.growing

    def next_flagged(self) -> bool:
        """Select the next flagged, not yet reviewed entry in the shown order; False when there is no other."""
        wanted = self.entries.flagged(self.threshold) & ~self.entries.reviewed()
        return self._go(self.walk.next_of(self.selected, wanted))

    def _go(self, target: int | None) -> bool:
        if target is not None:
            self.select(target)
        return target is not None

    def _take_spectrum(self, number: int, spectrum: Spectrum) -> None:
        self.entries.note_read(number, spectrum.name, spectrum.content_hash, spectrum.median_snr)
        self.rows_changed(number)
        if number == self.selected:
            self.spectrum = spectrum
            self.spectrum_known.emit()
            self.spectrum_changed.emit()
            self._show_soon.start()

    def take_prediction(self, number: int, prediction: Prediction) -> None:
        """Note a Prediction of an entry, and show it if that is selected."""
        self.entries.note_prediction(number, prediction)
        self.rows_changed(number)
        if number == self.selected and self._known is not prediction:
            self._show_prediction(prediction)
            self.spectrum_changed.emit()

    def _show_prediction(self, prediction: Prediction) -> None:
        self._known = prediction
        self._cover()
        if self.candidate is None and not self.hides:
            self._begin_candidate()
        self._want_saliency()
        self._show_soon.start()

    @property
    def hides(self) -> bool:
        """Whether the selected spectrum's Prediction is kept from a reviewer who has not decided yet."""
        return self.blind and self.decision is None

    def hides_row(self, number: int) -> bool:
        """Whether an entry's Prediction is kept from the reviewer."""
        return self.blind and int(self.entries.quality[number]) == NO_QUALITY

    def _cover(self) -> bool:
        """Show or hide the Prediction as it is due; whether that changed anything."""
        shown = None if self.hides else self._known
        if shown is self.prediction:
            return False
        self.prediction, self.saliency = shown, None
        return True

    def set_blind(self, blind: bool) -> None:
        """Hide Predictions until the reviewer's first Decision on each spectrum, or show them at once."""
        if blind == self.blind:
            return
        self.blind = blind
        if blind and self.decision is None and is_network(self.origin):
            self.candidate = None
        if self._cover() and self.prediction is not None:
            self._show_prediction(self.prediction)
        self.blind_changed.emit(blind)
        self.candidate_changed.emit()
        self.spectrum_changed.emit()
        self.rows_changed()
        self._show_soon.start()

    def take_failure(self, number: int, reason: str) -> None:
        """Note that an entry cannot be read or predicted."""
        self.entries.fail(number, reason)
        self.rows_changed(number)
        if number == self.selected:
            self.spectrum_changed.emit()
            self._show_soon.start()

    def _take_network_failure(self, number: int, failure: Failure) -> None:
        if number == self.selected:
            self.network_failed.emit(failure)

    def _take_saliency(self, number: int, redshift: float, saliency: FloatArray) -> None:
        seen = number == self.selected and self.prediction is not None  # not by a blind reviewer
        if seen and (self.candidate is None or abs(redshift - self.candidate) < 5e-6):
            self.saliency = saliency
            self._show_soon.start()

    def forget_predictions(self) -> None:
        """Drop all Predictions and fetch again what is selected (another bundle, or other passes, were chosen)."""
        self.entries.forget_predictions()
        number = self.selected
        self._clear_selection()
        if self._loader is not None:
            self._loader.forget_predictions()
        self.rows_changed()
        self.select(number)

    def _begin_candidate(self) -> None:
        if self._wanted_candidate is not None:
            self.candidate, self._wanted_candidate = self._wanted_candidate, None
            self.origin = "typed"
        elif self.decision is not None and self.decision.redshift is not None:
            self.candidate, self.origin = self.decision.redshift, self.decision.redshift_origin
        elif self.prediction is not None and self.prediction.best is not None:
            self.candidate, self.origin = self.prediction.redshift, "network"
        self.candidate_changed.emit()

    def set_candidate(self, redshift: float | None, origin: str) -> None:
        """Move the candidate redshift, in every panel; `origin` as in Decision.redshift_origin."""
        if redshift is not None and (redshift := allowed(redshift)) is None:
            return
        self.candidate, self.origin = redshift, origin
        self.candidate_changed.emit()
        self._saliency_soon.start()
        self._show_soon.start()

    def accept_network(self) -> bool:
        """Set the candidate to the network's redshift; False when there is none."""
        return self.take_peak(0)

    def nudge(self, by: float) -> None:
        """Move the candidate by a small step."""
        if self.candidate is not None:
            self.set_candidate(round(self.candidate + by, 7), "dragged")

    def step_peak(self, by: int) -> None:
        """Go to the next (by=1) or previous, less or more probable, peak of the PDF."""
        if peaks := peaks_of(self.prediction):
            self.take_peak((self.peak_number() + by) % len(peaks))

    def peak_number(self) -> int:
        """Give which peak (0 = most probable) the candidate sits on; -1 when on none."""
        return peak_number(self.prediction, self.candidate)

    def take_peak(self, number: int) -> bool:
        """Set the candidate to a peak of the PDF, 0 the most probable; False when there is no such peak."""
        peaks = peaks_of(self.prediction)
        if not 0 <= number < len(peaks):
            return False
        self.set_candidate(peaks[number].redshift, origin_of(number))
        return True

    def take_nearest_peak(self, redshift: float) -> None:
        """Set the candidate to the peak nearest a clicked redshift."""
        self.take_peak(nearest_peak(self.prediction, redshift))

    def _want_saliency(self) -> None:
        if self._loader is None or self.candidate is None or self.prediction is None:
            return
        ready = self._loader.saliency(self.selected, self.candidate)
        if ready is not None:
            self.saliency = ready
            self._show_soon.start()
        elif self.prediction.best is not None:
            self._loader.want_saliency(self.selected, self.candidate)

    def set_draft(self, **changes: Any) -> None:
        """Change class, issues, comment or star of the Decision to be made."""
        changed = replace(self.draft, **changes)
        if changed != self.draft:
            self.draft = changed
            self.draft_changed.emit()

    def set_decision(self, decision: Decision | None) -> None:
        """Take the reviewer's standing Decision on the selected spectrum, as the store gave it."""
        before, self.decision = self.decision, decision
        if decision is not None:
            self.draft = Draft.of(decision)
            self._start_from(decision.redshift, decision.redshift_origin)
        elif (unsaved := self._drafts.pop(self.selected, None)) is not None:
            self.draft = unsaved.draft
            if not is_network(unsaved.origin):
                self._start_from(unsaved.redshift, unsaved.origin)
        elif before is not None:
            self.draft = Draft()
        self.draft_changed.emit()
        if self._cover():
            if self.prediction is not None:
                self._show_prediction(self.prediction)
            self.spectrum_changed.emit()
            self._show_soon.start()

    def _start_from(self, redshift: float | None, origin: str) -> None:
        if redshift is not None and self._wanted_candidate is None:
            self.candidate, self.origin = redshift, origin
            self.candidate_changed.emit()
            self._show_soon.start()

    def put_back(self, number: int, decision: Decision) -> None:
        """Keep what was in a Decision that is taken back as an entry's unsaved draft."""
        self._drafts[number] = Unsaved(Draft.of(decision), decision.redshift, decision.redshift_origin)

    def message(self) -> str:
        """Say what the selected spectrum is missing; empty when nothing."""
        if self.selected < 0:
            return "" if len(self.entries) else "Open a folder of spectra (Ctrl+O), or drop one here."
        if self.selected in self.entries.errors:
            return self.entries.errors[self.selected]
        if self.spectrum is None:
            return "reading…"
        if self.hides:
            return BLIND
        return self.network_trouble or "predicting…"

    def _show(self) -> None:
        self._display(self._resolver.resolve(self))
