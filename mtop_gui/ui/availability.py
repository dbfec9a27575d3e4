"""Why an action can do nothing just now: one sentence for each thing an action may need (`ActionSpec.needs`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.ui.candidate import peaks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.ui.action_table import ActionSpec
    from mtop_gui.ui.batch_run import BatchRun
    from mtop_gui.ui.session import Session

REASONS = {
    "spectra": "no spectra are listed: open a folder first",
    "folder": "nothing is open: open a folder first",
    "spectrum": "no spectrum is shown",
    "peaks": "the network has not read this spectrum",
    "redshift": "there is no redshift yet: type one",
    "flagged": "no other flagged spectrum waits for a review",
    "running": "no run is on its way",
    "catalogue": "run the network over all spectra first",
    "recent": "no folder was opened before",
    "cursor": "put the cursor on the feature in the flux panel first",
    "conflicts": "no reviewers disagree here",
    "opinions": "nobody has decided on this spectrum, or it is not shown yet",
    "reviewed": "you have not reviewed any of these spectra yet",
    "saved_filters": "no filter is saved",
    "embedding": "compute the embedding first",
    "hub": "no other programs are connected",
}


class Availability:
    """Asks the Session and the run; `checks` may be added to by whoever knows more."""

    def __init__(self, session: Session, run: BatchRun) -> None:
        def flagged() -> bool:
            wanted = session.entries.flagged(session.threshold) & ~session.entries.reviewed()
            return session.walk.next_of(session.selected, wanted) is not None

        self.checks: dict[str, Callable[[], bool]] = {
            "spectra": lambda: len(session.entries) > 0,
            "folder": lambda: bool(session.folders),
            "spectrum": lambda: session.spectrum is not None,
            "peaks": lambda: bool(peaks_of(session.prediction)),
            "redshift": lambda: session.candidate is not None,
            "flagged": flagged,
            "running": lambda: run.running,
            "catalogue": lambda: run.rows() is not None,
        }

    def why_not(self, spec: ActionSpec) -> str:
        """Say why an action can do nothing now; "" when it can."""
        check = self.checks.get(spec.needs)
        return "" if check is None or check() else REASONS[spec.needs]
