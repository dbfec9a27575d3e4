"""A process that reviews: run by the durability tests and the long runs, never collected.

``python -m tests.store.reviewing_process PATH_OR_URL REVIEWER COUNT`` records COUNT Decisions, takes some back, lets
some stand again, and prints each id once the store has said that it is durable.
"""

from __future__ import annotations

import os
import sys

from mtop_gui.store.review_store import open_store
from tests.store.records import decision, prediction


def review(place: str, reviewer: str, count: int) -> None:
    with open_store(place) as store:
        for number in range(count):
            show(store.record(decision(f"{number:064d}", reviewer=reviewer, comment="word " * 40)))
            if number % 5 == 4:
                show(store.undo(reviewer))
                store.save_prediction(f"{number:064d}", "one", 1, prediction())
            if number % 10 == 9:
                show(store.redo(reviewer))


def show(row) -> None:
    os.write(1, f"{row.id} {row.retracts or 0} {row.reviewer}\n".encode())


if __name__ == "__main__":
    review(sys.argv[1], sys.argv[2], int(sys.argv[3]))
