"""Reviews killed with SIGKILL at random moments: nothing that was shown as saved may be missing.

``python -m tests.long.kill9 [--short] [--rounds N] [--seed S] [--folder DIR]``: one line of summary, exit code 1 when a
row is missing or the database is damaged. Every third round the store is away, and the journal has to keep the rows.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtop_gui.store import sql_store  # noqa: F401 - imported once, before forking
from mtop_gui.store.review_store import ReviewStore, open_journaled_store, open_store
from tests.store.records import decision, prediction

ROUNDS, SHORT_ROUNDS = 200, 15


@dataclass
class Outcome:
    """What a series of killed reviews left behind."""

    killed: int = 0
    shown: int = 0
    in_journal: int = 0
    missing: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.shown > 0 and not self.missing and not self.damage

    def __str__(self) -> str:
        found = "; ".join([*self.missing[:3], *self.damage[:3]])
        return (
            f"kill -9: {self.killed} killed, {self.shown} rows shown as saved ({self.in_journal} of them in the journal), "
            f"{len(self.missing)} missing, integrity {'damaged' if self.damage else 'ok'}"
            f"{': ' + found if found else ''}"
        )


def review(store: ReviewStore, reviewer: str, random_acts: random.Random) -> None:
    """Record, take back and restore without end; each act is shown once the store says that it is durable."""
    number = 0
    while True:
        act = random_acts.random()
        if act < 0.7 or number == 0:
            number += 1
            row = store.record(
                decision(f"{number:064d}", reviewer=reviewer, comment=f"{number} " + "word " * 40)
            )
        else:
            row = (store.undo if act < 0.87 else store.redo)(reviewer)
        if row is not None:
            kind = "retraction" if row.retracts is not None else "decision"
            os.write(1, f"{kind} {row.time.isoformat()} {row.content_hash}\n".encode())
        if random_acts.random() < 0.1:
            store.save_prediction(f"{number:064d}", "one", 1, prediction())


def run(folder: Path, rounds: int, seed: int) -> Outcome:
    """Kill `rounds` reviews in `folder` and look what is there."""
    path, journals = folder / "reviews.sqlite", folder / "journals"
    open_store(path).close()
    moments, outcome = random.Random(seed), Outcome()
    shown: dict[str, list[tuple[str, str, str]]] = {}
    for turn in range(rounds):
        reviewer, away = f"reviewer {turn}", turn % 3 == 2
        lines = _killed(path, journals, reviewer, moments, away)
        outcome.killed += 1
        outcome.shown += len(lines)
        outcome.in_journal += len(lines) if away else 0
        shown[reviewer] = [tuple(line.split()) for line in lines]  # type: ignore[misc]
    with open_journaled_store(path, journals) as store:
        store.reconnect()
        if store.state().waiting:
            outcome.missing.append(f"{store.state().waiting} rows still wait")
        rows: dict[str, list[tuple[str, str, str]]] = {}
        for row in store.decisions():
            kind = "decision" if row.retracts is None else "retraction"
            rows.setdefault(row.reviewer, []).append((kind, row.time.isoformat(), row.content_hash))
    for reviewer, lines in shown.items():
        kept = rows.get(reviewer, [])
        # In this order, once; of what was not shown any more there may be one row.
        if kept[: len(lines)] != lines or len(kept) > len(lines) + 1 or len(set(kept)) != len(kept):
            gone = [line for line in lines if line not in kept]
            outcome.missing += [f"{reviewer}: {line}" for line in gone] or [f"{reviewer}: order or number"]
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("integrity_check", "foreign_key_check"):
            answer = connection.execute(f"PRAGMA {pragma}").fetchall()
            if answer not in ([("ok",)], []):
                outcome.damage.append(str(answer))
    return outcome


def _killed(path: Path, journals: Path, reviewer: str, moments: random.Random, away: bool) -> list[str]:
    """Start one review and kill it after some rows and a random moment more; give the lines it showed."""
    reading, writing = os.pipe()
    seed = moments.random()
    with contextlib.ExitStack() as stack:
        if away:
            other = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            other.execute("BEGIN IMMEDIATE")
        child = os.fork()
        if child == 0:
            _child(path, journals, reviewer, random.Random(seed), writing, away)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            lines = [stream.readline() for _ in range(moments.randint(1, 12))]
            time.sleep(moments.uniform(0.0, 0.02))
            os.kill(child, signal.SIGKILL)
            lines += stream.readlines()
        _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("a review ended by itself")
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


def _child(path: Path, journals: Path, reviewer: str, acts: random.Random, writing: int, away: bool) -> Any:
    try:
        os.dup2(writing, 1)
        if away:
            from mtop_gui.store import opening

            opening.JOURNALED_BUSY_SECONDS = 0.05
        review(open_journaled_store(path, journals), reviewer, acts)
    finally:
        os._exit(1)


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/test.py --kill9")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the store is made; default a temporary folder")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (SHORT_ROUNDS if options.short else ROUNDS)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        outcome = run(Path(folder), rounds, options.seed)
    print(f"{outcome} ({time.monotonic() - started:.0f} s)")
    return 0 if outcome.good and outcome.killed == rounds else 1


if __name__ == "__main__":
    sys.exit(main())
