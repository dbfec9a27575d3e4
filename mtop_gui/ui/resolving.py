"""Resolving: the Session's state becomes the DisplayState that is drawn; a candidate that moves alone costs little."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mtop_gui.core.lines import load_lines
from mtop_gui.ui.display import DisplayState, resolve, with_candidate, with_measured_lines

if TYPE_CHECKING:
    from mtop_gui.ui.session import Session


class Resolver:
    """Remembers from what it resolved last."""

    def __init__(self) -> None:
        self.state = DisplayState()
        self._resolved_from: tuple[object, ...] = ()

    def resolve(self, session: Session) -> DisplayState:
        """Give everything the plots draw; the lines are as they were measured last, until `measure` is asked."""
        spectrum, prediction = session.spectrum, session.prediction
        if spectrum is None:
            title = session.entries.names[session.selected] if session.selected >= 0 else ""
            self.state = DisplayState(title=title, message=session.message())
            self._resolved_from = ()
            return self.state
        message = session.message() if prediction is None else ""
        shown = (spectrum, prediction, session.options, session.saliency, session.instrument)
        parts = (*map(id, shown), message)
        if parts == self._resolved_from:
            self.state = with_candidate(
                self.state,
                session.candidate,
                lines=load_lines(),
                second=session.second,
                line_width=session.line_width,
                measure=False,
            )
        else:
            before = self.state
            self.state = resolve(
                spectrum,
                prediction,
                session.options,
                candidate=session.candidate,
                second=session.second,
                line_width=session.line_width,
                saliency=session.saliency,
                instrument=session.instrument,
                lines=load_lines(),
                message=message,
                measure=False,
            )
            if self.state.base is before.base and self.state.line_data is before.line_data:
                # The same Spectrum in the same units: no need to take its lines away for a moment.
                self.state = replace(self.state, line_model=before.line_model, model=before.model)
        self._resolved_from = parts
        return self.state

    def measure(self) -> DisplayState:
        """Measure the lines at the candidate resolved last, and give the state that has them."""
        self.state = with_measured_lines(self.state, lines=load_lines())
        return self.state
