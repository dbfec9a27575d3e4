"""Many reviewers write at once: every Decision is there, in order, and a follower sees each once.

``python -m tests.long.multiwriter [--short] [--processes N] [--decisions N]`` runs on a SQLite file and on a PostgreSQL
server that it starts (left out, and said, where none is installed): one line of summary, exit code 1 on any loss.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from mtop_gui.store.review_store import open_store
from tests.store.postgres_server import PostgresServer, find_programs

ROOT = Path(__file__).parents[2]
LONG, SHORT = (8, 500), (4, 40)


def run(place: str, processes: int, count: int) -> list[str]:
    """Let `processes` reviewers record `count` Decisions each into one store; gives what is wrong with it."""
    open_store(place).close()
    names = [f"reviewer {number}" for number in range(processes)]
    command = [sys.executable, "-m", "tests.store.reviewing_process", place]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with ExitStack() as stack:
        writers = []
        for name in names:
            output = stack.enter_context(tempfile.TemporaryFile("w+"))
            arguments = [*command, name, str(count)]
            writers.append((subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=output), output))
        followed = _follow(place, [writer for writer, _ in writers])
        wrong = [
            f"{name} failed" for name, (writer, _) in zip(names, writers, strict=True) if writer.returncode
        ]
        shown = {}
        for name, (_, output) in zip(names, writers, strict=True):
            output.seek(0)
            shown[name] = output.read().splitlines()
    with open_store(place) as store:
        rows = store.decisions()
    if [row.id for row in rows] != followed:
        wrong.append("the follower missed rows, or saw some twice")
    for name in names:
        mine = [row for row in rows if row.reviewer == name]
        if [f"{row.id} {row.retracts or 0} {name}" for row in mine] != shown[name]:
            wrong.append(f"{name}: not what was shown as saved")
        made = [row.content_hash for row in mine if row.retracts is None]
        if made != [f"{number:064d}" for number in range(count)]:
            wrong.append(f"{name}: {len(made)} decisions, or not in order")
    return wrong


def _follow(place: str, writers: list[subprocess.Popen[bytes]]) -> list[int | None]:
    """Read what is new while the writers write, as a window does."""
    seen: list[int | None] = []
    cursor = 0
    with open_store(place) as store:
        while True:
            ended = all(writer.poll() is not None for writer in writers)
            rows, cursor = store.decisions_since(cursor)
            seen += [row.id for row in rows]
            if ended and not rows:
                return seen
            time.sleep(0.05)


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/test.py --multiwriter")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--decisions", type=int)
    options = parser.parse_args(arguments)
    processes, count = SHORT if options.short else LONG
    processes, count = options.processes or processes, options.decisions or count
    parts, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        wrong += run(str(Path(folder) / "reviews.sqlite"), processes, count)
        parts.append(f"SQLite file {time.monotonic() - started:.0f} s")
    programs = find_programs()
    if programs is None:
        parts.append("PostgreSQL left out: its server programs are not installed")
    else:
        server = PostgresServer(programs, durable=True)
        try:
            os.environ["PGPASSWORD"] = server.password
            started = time.monotonic()
            wrong += run(server.url(server.new_database()), processes, count)
            parts.append(f"PostgreSQL {time.monotonic() - started:.0f} s")
        finally:
            server.remove()
    verdict = "; ".join(wrong) if wrong else "all there, in order per reviewer, each seen once by a follower"
    print(f"multi-writer: {processes} processes x {count} decisions ({', '.join(parts)}): {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
