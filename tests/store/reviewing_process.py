"""Processes that review: run by the durability tests, never collected.

``python -m tests.store.reviewing_process PATH REVIEWER COUNT`` records COUNT Decisions and prints each id once
`record` has returned; ``... PATH --killed ROUNDS SEED`` starts ROUNDS such reviewers one after the other and
kills each with SIGKILL at a random moment.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from mtop_gui.store import sql_store  # noqa: F401 - imported once, before forking
from mtop_gui.store.review_store import open_store
from tests.store.records import decision, prediction


def review(path: str, reviewer: str, count: int) -> None:
    with open_store(path) as store:
        for number in range(count):
            recorded = store.record(decision(f"{number:064d}", reviewer=reviewer, comment="word " * 40))
            os.write(1, f"{recorded.id} {reviewer}\n".encode())
            if number % 5 == 4:
                store.undo(reviewer)
                store.save_prediction(f"{number:064d}", "one", 1, prediction())


def killed(path: str, rounds: int, seed: int) -> None:
    moments = random.Random(seed)
    for turn in range(rounds):
        child = os.fork()
        if child == 0:
            try:
                review(path, f"reviewer {turn}", 100_000)
            finally:
                os._exit(1)
        time.sleep(moments.uniform(0.03, 0.15))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.write(1, b"killed\n" if os.WIFSIGNALED(status) else b"ended by itself\n")


if __name__ == "__main__":
    if sys.argv[2] == "--killed":
        killed(sys.argv[1], int(sys.argv[3]), int(sys.argv[4]))
    else:
        review(sys.argv[1], sys.argv[2], int(sys.argv[3]))
