"""What long work reports; the same small union serves terminal, window and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum


@dataclass(frozen=True)
class Advanced:
    """`done` of `total` steps are finished; `what` names the step for a person."""

    done: int
    total: int
    what: str = ""


@dataclass(frozen=True, eq=False)
class Predicted:
    """One Spectrum has its Prediction."""

    spectrum: Spectrum
    prediction: Prediction


@dataclass(frozen=True)
class Failed:
    """One file or spectrum could not be read or predicted; the work goes on."""

    path: Path
    reason: str
    row: int = 0


@dataclass(frozen=True)
class Noted:
    """So many spectra were read with this remark (`Spectrum.notes`), by a process that keeps them to itself."""

    note: str
    spectra: int


@dataclass(frozen=True)
class EpochEnded:
    """Training finished epoch `epoch` (1-based) of `epochs`, with Keras's logs."""

    epoch: int
    epochs: int
    logs: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The work is over: `done` steps in `seconds`."""

    done: int
    seconds: float


Event: TypeAlias = Advanced | Predicted | Failed | Noted | EpochEnded | Finished
Report: TypeAlias = Callable[[Event], None]


class Cancelled(Exception):
    """Raised by a Report to stop the work that called it; the whole cancellation protocol."""


def ignore(event: Event) -> None:
    """Report to nobody."""
