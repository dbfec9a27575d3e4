"""Draft: what the reviewer has set beside the redshift, before a quality key makes it a Decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision


@dataclass(frozen=True)
class Draft:
    """What the reviewer has set beside the redshift, before a quality key makes it a Decision."""

    spectrum_class: str = "GALAXY"
    issues: str = ""
    comment: str = ""
    starred: bool = False

    @classmethod
    def of(cls, decision: Decision) -> Draft:
        """Give what a Decision holds."""
        return cls(decision.spectrum_class, decision.issues, decision.comment, decision.starred)


class Unsaved(NamedTuple):
    """A Draft and the candidate redshift beside it, waiting for the reviewer to come back to the spectrum."""

    draft: Draft
    redshift: float | None
    origin: str
