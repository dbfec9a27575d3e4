"""The only threads: two lanes of tasks, cancellation by a Report, errors that cross once as a Failure."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Cancelled
from mtop_gui.ui.garbage import collect_here

if TYPE_CHECKING:
    from collections.abc import Callable

Work: TypeAlias = "Callable[[Callable[[Any], None]], Any]"
"""Called with a Report; besides Events it may report whatever its `events` callback understands."""
POST_INTERVAL = 0.04
"""Events of one task reach the window at most this often [s]; 300 spectra/s would otherwise flood its loop."""


_kept = threading.local()


def _keep_thread_state() -> None:
    """Let the calling pool thread keep one Python thread state for as long as it lives.

    PySide makes a thread state for each QRunnable and frees it afterwards. pybind11, in TensorFlow and in parts of
    SciPy, remembers the one in which it was first used; a later task of the same thread would use it freed, and crash.
    """
    if not getattr(_kept, "yes", False):
        ctypes.pythonapi.PyGILState_Ensure()
        _kept.yes = True


def _library_loading() -> bool:
    """Whether some thread imports the network's library: for seconds it hears nothing, and cannot be hurried."""
    modules = (sys.modules.get(name) for name in ("keras", "tensorflow"))
    return any(getattr(getattr(module, "__spec__", None), "_initializing", False) for module in modules)


class Lane(Enum):
    """Which pool a task runs in."""

    INFERENCE = "inference"
    FILES = "files"


@dataclass(frozen=True)
class Failure:
    """An error on its way to a person: what was being done, one sentence, and the traceback to copy."""

    what: str
    message: str
    traceback: str
    expected: bool = False


def describe(error: BaseException, what: str) -> Failure:
    """Turn an exception into a Failure; an MtopError is its own sentence."""
    expected = isinstance(error, MtopError)
    message = str(error) if expected else f"{type(error).__name__}: {error}"
    return Failure(what, message, "".join(traceback.format_exception(error)), expected)


def _nothing(report: Callable[[Any], None]) -> None:
    pass


class Task:
    """One piece of work in a lane. Its callbacks run in the window's thread, and never after `cancel`."""

    def __init__(
        self,
        lanes: Lanes,
        lane: Lane,
        work: Work,
        what: str,
        done: Callable[[Any], None] | None,
        failed: Callable[[Failure], None] | None,
        events: Callable[[list[Any]], None] | None,
        ended: Callable[[], None] | None,
    ) -> None:
        self.lane, self.what = lane, what
        self.done, self.failed, self.events, self.ended = done, failed, events, ended
        self._lanes, self._work = lanes, work
        self._cancelled = threading.Event()
        self.started = False
        """Whether a thread has taken it up."""
        self._buffer: list[Any] = []
        self._last_post = 0.0

    def cancel(self) -> None:
        """Ask the work to stop at its next report; its answer is dropped from now on."""
        self._cancelled.set()

    def release(self) -> None:
        """Let go of the work and whom to tell, and of all they refer to, whoever still holds the task."""
        self.done = self.failed = self.events = self.ended = None
        self._work = _nothing

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self._cancelled.is_set()

    def report(self, event: Any) -> None:
        """Pass an Event to the window and let urgent tasks of the lane go first; raises `Cancelled`."""
        self._check()
        self._buffer.append(event)
        if time.monotonic() - self._last_post >= POST_INTERVAL:
            self._flush()
        if self.lane is Lane.INFERENCE:
            self._lanes.run_urgent()
        self._check()

    def run(self) -> None:
        """Do the work in the lane's thread."""
        self.started = True
        try:
            self._check()
            answer = self._work(self.report)
        except Cancelled:
            self._finish("ended", None)
        except BaseException as error:  # a worker thread has nobody above it to tell
            self._flush()
            self._finish("failed", describe(error, self.what))
        else:
            self._flush()
            self._finish("done", answer)

    def _check(self) -> None:
        if self.cancelled:
            raise Cancelled

    def _flush(self) -> None:
        if self._buffer:
            self._lanes.post(self, "events", self._buffer)
            self._buffer = []
        self._last_post = time.monotonic()

    def _finish(self, kind: str, payload: object) -> None:
        self._lanes.post(self, kind, payload)


class _Waiting:
    """The tasks that wait in one lane, urgent ones first, and the runners that have nothing to do.

    Patient ones come last, and not at all while `held`.
    """

    def __init__(self, threads: int) -> None:
        self._lock = threading.Lock()
        self._urgent: deque[Task] = deque()
        self._others: deque[Task] = deque()
        self._patient: deque[Task] = deque()
        self._held = False
        self._idle = [_Runner(self) for _ in range(threads)]

    def put(self, task: Task, *, urgent: bool, patient: bool) -> _Runner | None:
        """Add a task; gives the runner to start for it, None when one that is running will come to it."""
        with self._lock:
            (self._urgent if urgent else self._patient if patient else self._others).append(task)
            return self._idle.pop() if self._idle and self._next() else None

    def _next(self) -> deque[Task]:
        """Give where the next task is taken from; it is empty when there is none to be taken."""
        return self._urgent or self._others or (deque() if self._held else self._patient)

    def take(self, runner: _Runner) -> Task | None:
        """Give a runner its next task; None when there is none: from then on it is idle, and must return."""
        with self._lock:
            if ready := self._next():
                return ready.popleft()
            self._idle.append(runner)
            return None

    def hold(self) -> None:
        """Start no patient task from now on."""
        with self._lock:
            self._held = True

    def let_go(self) -> list[_Runner]:
        """Take patient tasks again; gives the runners to start for them."""
        with self._lock:
            self._held = False
            count = min(len(self._idle), len(self._patient))
            return [self._idle.pop() for _ in range(count)]

    def take_urgent(self) -> Task | None:
        """Give the next urgent task, if there is one."""
        with self._lock:
            return self._urgent.popleft() if self._urgent else None

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            for tasks in (self._urgent, self._others, self._patient):
                tasks.clear()


class _Runner(QRunnable):
    """Does one waiting task of a lane after the other, in a thread of its pool.

    PySide never frees a QRunnable that was started, so there is one for each thread, and it is started again and again.
    """

    def __init__(self, waiting: _Waiting) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self._waiting = waiting

    def run(self) -> None:
        """Go on until nothing waits."""
        _keep_thread_state()
        while (task := self._waiting.take(self)) is not None:
            task.run()


class Lanes(QObject):
    """The *inference* lane (one thread for life: TensorFlow lives there) and the *files* lane (FITS and store)."""

    failed = Signal(object)
    """A Failure nobody else took."""
    _posted = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None, file_threads: int = 3) -> None:
        super().__init__(parent)
        collect_here()
        threads = {Lane.INFERENCE: 1, Lane.FILES: file_threads}
        self._pools = {lane: QThreadPool(self) for lane in Lane}
        self._pools[Lane.INFERENCE].setExpiryTimeout(-1)
        for lane, pool in self._pools.items():
            pool.setMaxThreadCount(threads[lane])
        self._waiting = {lane: _Waiting(threads[lane]) for lane in Lane}
        self._tasks: set[Task] = set()
        self._closed = False
        # Queued, so that whatever thread posts, the callbacks run in the thread this object lives in.
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        lane: Lane,
        work: Work,
        what: str,
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Failure], None] | None = None,
        events: Callable[[list[Any]], None] | None = None,
        ended: Callable[[], None] | None = None,
        urgent: bool = False,
        patient: bool = False,
    ) -> Task:
        """Queue `work(report)` in a lane.

        Parameters
        ----------
        what : what is being done, for a person ("reading spectra").
        done : called with what `work` returned, unless cancelled.
        failed : called with the Failure instead of the common error dialog.
        events : called with lists of reported Events, at most every `POST_INTERVAL` seconds.
        ended : called last in any case, also after a cancellation.
        urgent : goes before what is queued, and in between the steps of a running batch.
        patient : goes after what is queued, and waits while the lanes are on `hold`.
        """
        task = Task(self, lane, work, what, done, failed, events, ended)
        if self._closed:
            task.cancel()
            return task
        self._tasks.add(task)
        runner = self._waiting[lane].put(task, urgent=urgent, patient=patient)
        if runner is not None:
            self._pools[lane].start(runner)
        return task

    def hold(self) -> None:
        """Let patient tasks wait until `let_go`: somebody waits for something else, which needs the processor."""
        for waiting in self._waiting.values():
            waiting.hold()

    def let_go(self) -> None:
        """Take up the patient tasks."""
        for lane, waiting in self._waiting.items():
            for runner in waiting.let_go():
                self._pools[lane].start(runner)

    def run_urgent(self) -> None:
        """Run, in the calling inference thread, the urgent tasks still waiting behind the current one."""
        while (task := self._waiting[Lane.INFERENCE].take_urgent()) is not None:
            task.run()

    def post(self, task: Task, kind: str, payload: object) -> None:
        """Hand a message of a task to the window's thread; called in the task's thread."""
        # A signal on an object Qt already destroyed raises: the program is ending, nobody listens.
        if not self._closed:
            self._posted.emit(task, kind, payload)

    @Slot(object, str, object)
    def _deliver(self, task: Task, kind: str, payload: Any) -> None:
        if self._closed:
            return
        if kind == "events":
            if task.events is not None and not task.cancelled:
                task.events(payload)
            return
        self._tasks.discard(task)
        if not task.cancelled:
            if kind == "done" and task.done is not None:
                task.done(payload)
            elif kind == "failed":
                (task.failed or self.failed.emit)(payload)
        if task.ended is not None:
            task.ended()
        task.release()

    @property
    def busy(self) -> bool:
        """Whether any task is queued or running, or its answer is not delivered yet."""
        return bool(self._tasks)

    def finish(self, lane: Lane) -> None:
        """Wait for what a lane is at, however long it takes."""
        self._pools[lane].waitForDone(-1)

    def close(self, timeout_ms: int = 1000) -> bool:
        """Cancel everything and wait, but for no library that loads; returns whether all threads came home in time."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        for waiting in self._waiting.values():
            waiting.clear()
        deadline = time.monotonic() + timeout_ms / 1000
        home = True
        for lane, pool in self._pools.items():
            hopeless = lane is Lane.INFERENCE and _library_loading()
            left = 0 if hopeless else max(0, int((deadline - time.monotonic()) * 1000))
            home = pool.waitForDone(left) and home
        if home:
            self._tasks.clear()
        return home
