"""Run many cases in worker processes that are watched: a crash or a hang of one costs one case."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HANG = 5.0
"""Seconds of processor time that one case may take."""

SILENCE = 60.0
"""Seconds after which a worker that neither works nor answers is taken to wait for something for ever."""

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Campaign:
    """What came of the cases."""

    seed: int
    cases: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)
    most_grown_mb: int = 0
    files: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failures

    def count(self, facts: dict[str, Any]) -> None:
        """Take the outcome of one case."""
        self.cases += 1
        self.verdicts[facts["verdict"]] += 1
        self.most_grown_mb = max(self.most_grown_mb, facts.get("grown_mb", 0))
        if facts["verdict"] in ("wrong", "crash", "hang", "died"):
            self.failures.append(facts)

    def summary(self) -> str:
        """Say it in one line."""
        bad = {word: self.verdicts.pop(word, 0) for word in ("died", "crash", "hang", "wrong")}
        right = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.most_common())
        return (
            f"fuzz: {self.cases:,} cases over {self.files} files (seed {self.seed}): {bad['died'] + bad['crash']} crashes, "
            f"{bad['hang']} hangs, {bad['wrong']} silent wrong reads; {right}; "
            f"largest growth of memory {self.most_grown_mb} MB"
        )


class Worker:
    """One worker process."""

    def __init__(self, seed: int, shared: Path | None) -> None:
        self._command = [sys.executable, "-m", "tests.fuzz.worker", str(seed), str(shared or "-")]
        self.facts: dict[str, Any] = {}
        self._start()

    def _start(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment
        )
        self._lines = _Lines(self._process)
        self.facts = self._lines.next(300) or {}
        if not self.facts.get("ready"):
            raise RuntimeError("the fuzz worker did not start")

    def run(self, number: int) -> dict[str, Any]:
        """Run one case; a worker that dies or hangs over it is replaced."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n".encode())
        self._process.stdin.flush()
        recipe = (self._lines.next(SILENCE) or {}).get("recipe", "")
        quiet, (begun, _) = time.monotonic(), _processor_time(self._process.pid)
        before = begun
        while True:
            facts = self._lines.next(1.0)
            if facts is not None:
                return facts
            if self._process.poll() is not None:
                verdict = "died"
                break
            busy, wants = _processor_time(self._process.pid)
            if wants or busy > before:  # on a busy machine it may want the processor for long
                quiet, before = time.monotonic(), busy
            if busy - begun > HANG or time.monotonic() - quiet > SILENCE:
                verdict = "hang"
                break
        code = self._process.poll()
        self.close()
        self._start()
        return {"case": number, "verdict": verdict, "recipe": recipe, "reason": f"exit code {code}"}

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class _Lines:
    """Lines of JSON from a process, with a time limit."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._stream = process.stdout.fileno()
        self._waiting = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stream, selectors.EVENT_READ)

    def next(self, seconds: float) -> dict[str, Any] | None:
        """Give the next line; None when none came in time or the process is gone."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._waiting:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                return None
            piece = os.read(self._stream, 1 << 16)
            if not piece:
                return None
            self._waiting += piece
        line, _, self._waiting = self._waiting.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found


def _processor_time(process: int) -> tuple[float, bool]:
    """Seconds of processor time a process has taken, and whether it wants more; on systems without /proc, the clock."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return time.monotonic(), False
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), words[0] == "R"


def campaign(seed: int, numbers: Iterable[int], shared: Path | None = None, every: int = 0) -> Campaign:
    """Run the cases of these numbers.

    Parameters
    ----------
    shared : folder of development spectra to damage too.
    every : say how far it is after so many cases; 0 to say nothing.
    """
    worker = Worker(seed, shared)
    found = Campaign(seed, files=worker.facts["files"])
    try:
        for facts in _run(worker, numbers):
            found.count(facts)
            if facts["verdict"] in ("wrong", "crash", "hang", "died"):
                print(
                    f"seed {seed} case {facts['case']}: {facts['verdict']}: {facts['recipe']}: {facts['reason']}",
                    flush=True,
                )
            elif every and found.cases % every == 0:
                print(f"{found.cases:,} cases, {len(found.failures)} failures", flush=True)
    finally:
        worker.close()
    return found


def _run(worker: Worker, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield worker.run(number)
