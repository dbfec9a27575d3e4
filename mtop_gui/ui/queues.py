"""Queues: which of the listed spectra to walk through: built in, or filters the person saved under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.expressions import Expression, ExpressionError, Kind, parse
from mtop_gui.ui.entries import NO_QUALITY, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.arrays import BoolArray
    from mtop_gui.ui.session import Session

    Mask = Callable[[Session], BoolArray]


@dataclass(frozen=True)
class Queue:
    """Some of the listed spectra.

    Attributes
    ----------
    id, title, tip : its name in settings and actions, for a person, and what it holds.
    mask : Session -> (n,) which entries; None = all.
    empty : what to do when there are none.
    """

    id: str
    title: str
    tip: str
    mask: Mask | None = None
    empty: str = "Nothing is in this queue."


QUEUES: tuple[Queue, ...] = (
    Queue("all", "All", "all spectra"),
    Queue(
        "flagged",
        "Flagged",
        "a person should look at them",
        lambda s: s.entries.flagged(s.threshold),
        "No spectrum is flagged.\n\nRun the network with Ctrl+R,\nor lower the threshold ( T ).",
    ),
    Queue(
        "unreviewed",
        "Not reviewed",
        "you have not decided on them yet",
        lambda s: ~s.entries.reviewed() & (s.entries.status != Status.FAILED),
        "You have reviewed all of them.",
    ),
    Queue(
        "doubtful",
        "Flagged, not reviewed",
        "what waits for you most",
        lambda s: s.entries.flagged(s.threshold) & ~s.entries.reviewed(),
        "No flagged spectrum waits for a review.",
    ),
    Queue(
        "assigned",
        "Assigned to me",
        "yours, as shared out over the team",
        lambda s: s.entries.assigned,
        "Nothing here is assigned to you.\n\nShare spectra out with Team, Assign….",
    ),
    Queue(
        "conflicts",
        "Conflicts",
        "reviewers disagree on them",
        lambda s: s.entries.conflict,
        "No reviewers disagree here.",
    ),
    Queue(
        "reviewed",
        "Reviewed",
        "you have decided on them",
        lambda s: s.entries.reviewed(),
        "Nothing is reviewed yet.",
    ),
    Queue(
        "starred",
        "Starred",
        "marked to come back to",
        lambda s: s.entries.starred,
        "Nothing is starred: mark with *.",
    ),
    Queue(
        "unreadable",
        "Unreadable",
        "files that could not be read",
        lambda s: s.entries.status == Status.FAILED,
        "Everything could be read.",
    ),
)


def _quality(session: Session) -> Any:
    quality = session.entries.quality.astype(np.float64)
    return np.where(quality == NO_QUALITY, np.nan, quality)


def _column(name: str) -> Callable[[Session], Any]:
    return lambda session: getattr(session.entries, name)


_NUMBERS = (
    "z", "z_err", "entropy", "skewness", "peak_probability", "z_second", "second_probability",
    "logmass", "logsfr", "ood", "snr", "reviewed_z",
)  # fmt: skip
_VALUES: dict[str, tuple[Kind, Callable[[Session], Any]]] = {
    **{name: ("number", _column(name)) for name in _NUMBERS},
    "quality": ("number", _quality),
    "row": ("number", lambda s: np.asarray(s.entries.rows, dtype=np.float64)),
    "opinions": ("number", lambda s: s.entries.opinions.astype(np.float64)),
    "name": ("text", lambda s: s.entries.names),
    "file": ("text", lambda s: [path.name for path in s.entries.paths]),
    "folder": ("text", lambda s: [str(path.parent) for path in s.entries.paths]),
    "flagged": ("flag", lambda s: s.entries.flagged(s.threshold)),
    "reviewed": ("flag", lambda s: s.entries.reviewed()),
    "predicted": ("flag", lambda s: s.entries.predicted()),
    "rejected": ("flag", lambda s: s.entries.rejected),
    "unreadable": ("flag", lambda s: s.entries.status == Status.FAILED),
    "starred": ("flag", lambda s: s.entries.starred),
    "assigned": ("flag", lambda s: s.entries.assigned),
    "conflict": ("flag", lambda s: s.entries.conflict),
}
COLUMNS: dict[str, Kind] = {name: kind for name, (kind, _) in _VALUES.items()}
"""What filter expressions may ask about."""


def mask_of(expression: Expression, session: Session) -> BoolArray:
    """(n,) which entries an expression holds for."""
    return expression.mask(lambda name: _VALUES[name][1](session), len(session.entries))


SAVED = "saved: "
"""Begins the id of a queue that the person saved."""


def saved_queue(name: str, text: str) -> Queue:
    """Make a queue of a saved filter; one that is no longer understood holds nothing and says why."""
    try:
        expression = parse(text, COLUMNS)
    except ExpressionError as error:
        return Queue(SAVED + name, name, text, lambda s: np.zeros(len(s.entries), dtype=bool), str(error))
    return Queue(SAVED + name, name, text, lambda s: mask_of(expression, s), f"Nothing fulfils\n{text}")


class SavedFilters:
    """Filters by name, as the settings keep them: one text each, ``name: expression``."""

    def __init__(self, written: Sequence[str] = ()) -> None:
        pairs = (line.partition(": ") for line in written)
        self._texts = {name: text for name, sign, text in pairs if sign and name}

    def written(self) -> tuple[str, ...]:
        """Give them as the settings keep them."""
        return tuple(f"{name}: {text}" for name, text in self._texts.items())

    def queues(self) -> list[Queue]:
        """Give a queue for each."""
        return [saved_queue(name, text) for name, text in self._texts.items()]

    def texts(self) -> dict[str, str]:
        """Give the expressions by name."""
        return dict(self._texts)

    def save(self, name: str, text: str) -> str:
        """Keep an expression under a name (a colon in it becomes a dash), and give the name."""
        plain = " ".join(name.replace(": ", " – ").replace(":", " – ").split())
        self._texts[plain] = " ".join(text.split())
        return plain

    def forget(self, name: str) -> None:
        """Drop one."""
        self._texts.pop(name, None)
