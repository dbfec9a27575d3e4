"""Work in the real window for a long time, and close it in the midst of work: python -m tests.long.soak [--short].

Ten thousand selections and fifty runs of the network, offscreen. After the warm-up memory must not grow by 50 MB, and
threads, timers, widgets and other Qt objects not at all. Then the window is closed during each kind of long work: its
process must be gone within two seconds (the short form only asks that it ends), but for a catalogue that is being saved:
that is finished first, and must be whole. One line sums up; the exit code is 1
when anything is not so. --bundle NAME soaks with a real network instead of the tests' fake one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

MOST_GROWTH_MB = 50.0
MOST_SECONDS = 2.0


class Size(NamedTuple):
    """How much of everything there is at one moment."""

    selections: int
    spectra: int
    runs: int


LONG = Size(selections=10_000, spectra=400, runs=50)
SHORT = Size(selections=200, spectra=40, runs=2)


def main(arguments: list[str] | None = None) -> int:
    """Soak, close, sum up."""
    options = _parse(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    size = SHORT if options.short else LONG
    size = size._replace(
        selections=options.selections or size.selections,
        runs=size.runs if options.runs is None else options.runs,
    )
    from tests.soak.closing import SAVING, WORKS, close_during
    from tests.soak.window import soak

    with tempfile.TemporaryDirectory(prefix="mtop-soak-") as folder:
        os.environ["MTOP_CACHE"] = str(Path(folder, "cache"))
        found = soak(Path(folder), size, options.bundle)
        print(found.sentence(), flush=True)
        works = WORKS[:2] if options.short else WORKS
        closed = {} if options.no_closing else {work: close_during(work, Path(folder)) for work in works}
    failures = found.failures(MOST_GROWTH_MB, short=options.short)
    for work, seconds in closed.items():
        if seconds is None or (seconds > MOST_SECONDS and not options.short and work != SAVING):
            failures.append(
                f"closing while {work}: {'it did not end' if seconds is None else f'{seconds:.1f} s'}"
            )
        print(f"closed while {work}: {'-' if seconds is None else f'{seconds:.1f}'} s", flush=True)
    slowest = max((s for work, s in closed.items() if s is not None and work != SAVING), default=0.0)
    closing = f"closed during {len(closed)} kinds of work, slowest {slowest:.1f} s"
    print(f"soak: {found.sentence()}; {closing}; {'; '.join(failures) or 'good'}")
    return 1 if failures else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --soak")
    parser.add_argument("--short", action="store_true", help="200 selections, 2 runs, no times")
    parser.add_argument("--selections", type=int)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--bundle", default="", help="soak with this network")
    parser.add_argument("--no-closing", action="store_true", help="only work, do not close during it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
