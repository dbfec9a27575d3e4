"""The lanes: answers in the window's thread, cancellation by report, errors that cross once."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import pytest

from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Advanced
from mtop_gui.ui.tasks import Failure, Lane, Lanes


@pytest.fixture
def lanes(qtbot: Any) -> Any:
    made = Lanes()
    yield made
    made.close()


def test_answers_arrive_in_the_window_s_thread(qtbot: Any, lanes: Lanes) -> None:
    seen: list[Any] = []
    lanes.submit(
        Lane.FILES,
        lambda report: threading.get_ident(),
        "testing",
        done=lambda answer: seen.extend([answer, threading.get_ident()]),
    )
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen[0] != seen[1] == threading.get_ident()
    assert not lanes.busy


def test_garbage_is_collected_in_the_window_s_thread(qtbot: Any, lanes: Lanes) -> None:
    """A cycle of Qt objects that a reading thread destroys, while the window paints, breaks the heap."""
    collected: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            collected.append(threading.get_ident())

    lanes.submit(Lane.FILES, lambda report: [Cycle() for _ in range(5000)] and None, "making garbage")
    qtbot.waitUntil(lambda: len(collected) == 5000)
    assert set(collected) == {threading.get_ident()}


def test_the_inference_lane_is_one_thread_for_life(qtbot: Any, lanes: Lanes) -> None:
    threads: list[int] = []
    for _ in range(5):
        lanes.submit(Lane.INFERENCE, lambda report: threading.get_ident(), "testing", done=threads.append)
    qtbot.waitUntil(lambda: len(threads) == 5)
    assert len(set(threads)) == 1


def test_a_cancelled_task_stops_at_its_next_report_and_answers_nothing(qtbot: Any, lanes: Lanes) -> None:
    steps: list[int] = []
    told: list[str] = []

    def work(report: Any) -> str:
        for step in range(1000):
            steps.append(step)
            report(Advanced(step, 1000))
            time.sleep(0.002)
        return "done"

    task = lanes.submit(Lane.FILES, work, "testing", done=told.append, ended=lambda: told.append("ended"))
    qtbot.waitUntil(lambda: len(steps) > 3)
    task.cancel()
    qtbot.waitUntil(lambda: told == ["ended"])
    assert len(steps) < 1000


def test_events_arrive_in_order_and_before_the_answer(qtbot: Any, lanes: Lanes) -> None:
    told: list[Any] = []

    def work(report: Any) -> str:
        for step in range(50):
            report(Advanced(step, 50))
        return "answer"

    lanes.submit(
        Lane.FILES,
        work,
        "testing",
        events=lambda events: told.extend(event.done for event in events),
        done=told.append,
    )
    qtbot.waitUntil(lambda: "answer" in told)
    assert told == [*range(50), "answer"]


@pytest.mark.parametrize(("error", "expected"), [(MtopError("do this"), True), (KeyError("surprise"), False)])
def test_an_error_crosses_once_with_its_traceback(
    qtbot: Any, lanes: Lanes, error: Exception, expected: bool
) -> None:
    failures: list[Failure] = []
    lanes.failed.connect(failures.append)

    def work(report: Any) -> None:
        raise error

    lanes.submit(Lane.FILES, work, "testing errors")
    qtbot.waitUntil(lambda: not lanes.busy)
    assert len(failures) == 1
    assert failures[0].what == "testing errors"
    assert failures[0].expected is expected
    assert "in work" in failures[0].traceback


def test_an_urgent_task_goes_between_the_steps_of_a_long_one(qtbot: Any, lanes: Lanes) -> None:
    order: list[str] = []
    started = threading.Event()
    go_on = threading.Event()

    def long_work(report: Any) -> None:
        started.set()
        go_on.wait(5)
        report(Advanced(1, 2))
        order.append("long")

    lanes.submit(Lane.INFERENCE, long_work, "long")
    lanes.submit(Lane.INFERENCE, lambda report: order.append("later"), "later")
    assert started.wait(5)
    lanes.submit(Lane.INFERENCE, lambda report: order.append("urgent"), "urgent", urgent=True)
    go_on.set()
    qtbot.waitUntil(lambda: not lanes.busy)
    assert order == ["urgent", "long", "later"]


def test_closing_waits_for_what_reports_and_gives_up_on_what_does_not(qtbot: Any) -> None:
    lanes = Lanes()
    stop = threading.Event()
    lanes.submit(Lane.INFERENCE, lambda report: stop.wait(10), "deaf")
    time.sleep(0.05)
    began = time.monotonic()
    assert not lanes.close(timeout_ms=200)
    assert time.monotonic() - began < 10
    stop.set()
    assert lanes.close()


def test_nothing_is_delivered_after_closing(qtbot: Any) -> None:
    lanes = Lanes()
    told: list[Any] = []
    lanes.submit(Lane.FILES, lambda report: 1, "testing", done=told.append)
    lanes.close()
    lanes.submit(Lane.FILES, lambda report: 2, "testing", done=told.append)
    qtbot.wait(50)
    assert told == []


def test_no_task_is_left_once_it_is_done_and_its_lane_goes_on(qtbot: Any, lanes: Lanes) -> None:
    told: list[int] = []
    left: weakref.WeakSet[Any] = weakref.WeakSet()
    for number in range(50):
        for lane in Lane:
            left.add(lanes.submit(lane, lambda report, n=number: n, "testing", done=told.append))
        if number % 10 == 0:  # lets the lanes come to rest and begin anew
            qtbot.waitUntil(lambda: not lanes.busy)
    qtbot.waitUntil(lambda: not lanes.busy)
    assert sorted(told) == sorted([*range(50), *range(50)])
    gc.collect()
    assert len(left) == 0


def test_a_patient_task_waits_while_the_lanes_are_on_hold(qtbot: Any, lanes: Lanes) -> None:
    order: list[str] = []
    lanes.hold()
    for lane in Lane:
        lanes.submit(lane, lambda report: order.append("patient"), "patient", patient=True)
        lanes.submit(lane, lambda report: order.append("other"), "other")
    qtbot.waitUntil(lambda: len(order) == len(Lane))
    qtbot.wait(30)
    assert order == ["other"] * len(Lane)
    assert lanes.busy
    lanes.let_go()
    qtbot.waitUntil(lambda: not lanes.busy)
    assert order == ["other"] * len(Lane) + ["patient"] * len(Lane)
    lanes.submit(Lane.FILES, lambda report: order.append("later"), "later", patient=True)
    qtbot.waitUntil(lambda: not lanes.busy)
    assert order[-1] == "later"
