"""Damage files in thousands of ways and read them: python -m tests.long.fuzz [--short] [--seed N] [--cases N].

No crash, no hang (5 s), no silent wrong read (`tests.fuzz.judge` defines it), bounded memory. One line sums up; the exit
code is 1 when anything went wrong. Each failure is told with its seed and number: --case NUMBER runs that one again, and
--keep FILE.fits leaves the damaged file there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import ROOT, campaign

SHARED = ROOT.parent / "shared" / "spectra"
LONG, SHORT = 20_000, 1_000


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    options = _parse(arguments)
    shared = SHARED if SHARED.is_dir() and not options.short else None
    if options.case is not None:
        return _again(options.seed, options.case, shared, options.keep)
    first = options.first
    # The short form takes every so-manieth of the systematic cases and then drawn ones.
    numbers = range(first, first + options.cases) if not options.short else _thinned(options.cases)
    found = campaign(options.seed, numbers, shared, every=2000)
    print(found.summary())
    return 0 if found.good else 1


def _thinned(cases: int) -> list[int]:
    return [*range(0, 600, 3), *range(600, 600 + cases - 200)]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --fuzz")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} cases, files made by hand only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--case", type=int, help="run this one case again")
    parser.add_argument("--keep", type=Path, help="leave the damaged file of --case there")
    options = parser.parse_args(arguments)
    options.cases = options.cases or (SHORT if options.short else LONG)
    return options


def _again(seed: int, number: int, shared: Path | None, keep: Path | None) -> int:
    from tests.fuzz.worker import Cases, run_case

    with tempfile.TemporaryDirectory(prefix="mtop-fuzz-") as folder:
        cases = Cases(seed, Path(folder), shared)
        if keep is not None:
            cases.keep = keep
        recipe, run = cases.make(number)
        facts = run_case(number, recipe, run)
    print(json.dumps(facts, indent=1))
    return 1 if facts["verdict"] in ("wrong", "crash") else 0


if __name__ == "__main__":
    sys.exit(main())
