"""One process that runs cases one after the other and says so: started and watched by `tests.fuzz.campaign`.

It reads case numbers from its input, one a line; it writes one line of JSON before and one after each case.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui import io
from mtop_gui.core.errors import NotASpectrumError
from mtop_gui.core.spectrum import Spectrum
from tests.fuzz import drawn, paths
from tests.fuzz.corpus import Seed, make_seeds
from tests.fuzz.damage import BLOCK, Damaged, Kind, damage, truncations
from tests.fuzz.judge import Wrong, flawless, judge

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 700 << 20
"""Bytes of address space that a case may ask for; the files are smaller than a megabyte."""


class Cases:
    """Cases by number; the same seed and number give the same case.

    The first cases cut every file at every block of its headers, one after the other; then damage is drawn.
    """

    def __init__(self, seed: int, folder: Path, shared: Path | None) -> None:
        self._seed, self._folder = seed, folder
        (folder / "undamaged").mkdir(parents=True, exist_ok=True)
        self.files = make_seeds(folder / "undamaged", shared)
        self.keep: Path | None = None
        """Where to leave the damaged file."""
        self._truths: dict[str, tuple[dict[int, Spectrum], bool]] = {}
        self._cuts = [(file, length) for file in self.files if file.is_fits for length in truncations(file)]

    @property
    def systematic(self) -> int:
        """Number of cases that are not drawn."""
        return len(self._cuts)

    def make(self, number: int) -> tuple[str, Callable[[], str]]:
        """Give the recipe of a case and the function that runs it and names how it was right."""
        rng = np.random.default_rng([self._seed, number])
        if number < len(self._cuts):
            file, length = self._cuts[number]
            case = Damaged(
                file.content[:length], f"cut at block {length // BLOCK} ({length} bytes)", Kind.LOST
            )
        elif number % 10 == 0:
            recipe, run = drawn.draw(rng)
            return recipe, lambda: run(self._folder)
        elif number % 50 == 1:
            file = self.files[int(rng.integers(len(self.files)))]
            recipe, run = paths.draw(rng, file)
            return f"{file.name}: {recipe}", lambda: run(self._folder)
        else:
            file = self.files[int(rng.integers(len(self.files)))]
            case = damage(file, rng)
        return f"{file.name}: {case.recipe}", lambda: self._run(file, case)

    def _run(self, file: Seed, case: Damaged) -> str:
        truth, standard = self._truth(file)
        path = self._folder / f"{Path(file.name).stem}{case.suffix or file.suffix}"
        path.write_bytes(case.content)
        if self.keep is not None:
            self.keep.write_bytes(case.content)
        try:
            return judge(truth, path, case, standard=standard)
        finally:
            path.unlink()

    def _truth(self, file: Seed) -> tuple[dict[int, Spectrum], bool]:
        if file.name not in self._truths:
            # Under the very name the damaged ones bear: some layouts name their spectra by it.
            path = self._folder / f"{Path(file.name).stem}{file.suffix}"
            path.write_bytes(file.content)
            try:
                rows = [row for row in io.read_rows(path) if isinstance(row, Spectrum)]
            except NotASpectrumError:
                rows = []
            self._truths[file.name] = {row.row: row for row in rows}, flawless(path)
            path.unlink()
        return self._truths[file.name]


def run_case(number: int, recipe: str, run: Callable[[], str]) -> dict[str, Any]:
    """Run one case and describe how it went."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        verdict, reason = run(), ""
    except Wrong as error:
        verdict, reason = "wrong", str(error)
    except MemoryError:
        verdict, reason = "wrong", "MemoryError"
    except Exception as error:
        verdict, reason = "crash", "".join(traceback.format_exception(error)[-4:])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    return {"case": number, "recipe": recipe, "verdict": verdict, "reason": reason, "grown_mb": grown}


def limit_memory() -> None:
    """Let no case have more than `ROOM` beyond what the process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def warm_up(cases: Cases) -> None:
    """Import what reading imports, so that the limit counts cases and not libraries."""
    for file in cases.files:
        cases._truth(file)


def main() -> None:
    """Serve the cases whose numbers come in."""
    seed, shared = int(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] != "-" else None
    with tempfile.TemporaryDirectory(prefix="mtop-fuzz-") as folder:
        cases = Cases(seed, Path(folder), shared)
        warm_up(cases)
        if sys.platform.startswith("linux"):
            limit_memory()
        tell({"ready": True, "systematic": cases.systematic, "files": len(cases.files)})
        for line in sys.stdin:
            recipe, run = cases.make(int(line))
            tell({"begins": int(line), "recipe": recipe})
            tell(run_case(int(line), recipe, run))


def tell(facts: dict[str, Any]) -> None:
    """Write one line and let it be read at once."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
