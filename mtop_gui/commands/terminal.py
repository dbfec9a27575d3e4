"""The terminal's side of long work: a progress bar, one line per failure, one sentence per error."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Advanced, Cancelled, EpochEnded, Failed, Noted, Predicted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from mtop_gui.core.events import Event

SOME_FAILED, NOTHING_DONE, INTERRUPTED = 1, 2, 130
MOST_FAILURES_TOLD = 50
"""Failures printed one by one; the rest is only counted (each has its row in the catalogue)."""


def fail(message: str) -> None:
    """Say on stderr why nothing could be done, and end with code 2."""
    print(f"mtop: {message}", file=sys.stderr)
    raise SystemExit(NOTHING_DONE)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a user can act on into one sentence and an exit code; anything else is a bug and shows its traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # What libraries think of a file's header is no concern of the user; readers say what matters in `notes`.
    warnings.simplefilter("ignore")
    try:
        yield
    except MtopError as error:
        fail(str(error))
    except (KeyboardInterrupt, Cancelled):
        print("mtop: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


@contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what C++ libraries print on stderr while they load; show it only when that fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        screen = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(screen, held.read())
            raise
        finally:
            os.dup2(screen, 2)
            os.close(screen)


class TerminalReport:
    """A Report that draws a progress bar with rate and time left on stderr; use it in a ``with`` statement.

    Where stderr is no terminal there is no bar, only the lines.
    """

    def __init__(self, unit: str = "files") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, rate="")
        self._unit = unit
        self._notes: Counter[str] = Counter()
        self.failures = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away and sum up what was noticed on the way."""
        self._progress.stop()
        if kind is not None:
            return
        if self.failures > MOST_FAILURES_TOLD:
            self._say(f"… and {self.failures - MOST_FAILURES_TOLD} more that could not be read")
        for note, count in self._notes.most_common():
            self._say(f"note: {note} ({count} {'spectrum' if count == 1 else 'spectra'})")

    def __call__(self, event: Event) -> None:
        """Show one Event."""
        if isinstance(event, Advanced):
            self._advance(event)
        elif isinstance(event, Failed):
            self.failures += 1
            if self.failures <= MOST_FAILURES_TOLD:
                self._say(f"{event.path}: {event.reason}")
        elif isinstance(event, Predicted):
            self._notes.update(event.spectrum.notes)
        elif isinstance(event, Noted):
            self._notes[event.note] += event.spectra
        elif isinstance(event, EpochEnded):
            logs = "  ".join(f"{name} {value:.4g}" for name, value in event.logs.items())
            self._say(f"epoch {event.epoch}/{event.epochs}  {logs}")

    def _advance(self, event: Advanced) -> None:
        task = self._progress.tasks[0]
        speed = task.speed
        self._progress.update(
            self._task,
            completed=event.done,
            total=event.total,
            description=event.what,
            rate=f"{speed:.0f} {self._unit}/s" if speed else "",
        )

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)
