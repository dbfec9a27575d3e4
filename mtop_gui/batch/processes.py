"""The same run in several processes of this machine, each with a network of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections import deque
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TYPE_CHECKING

from mtop_gui.batch.chunks import Done, cut, loaded, predict_chunk
from mtop_gui.batch.predict import FILES_PER_CHUNK, Asked, Place, Rows
from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Advanced, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mtop_gui.batch.chunks import Chunk

LEAST_FILES = 4 * FILES_PER_CHUNK
"""With fewer files the processes' start takes longer than they gain."""

LARGEST = 64_000_000
"""Bytes. The rows of a chunk come all at once: files of thousands of spectra are better read by one process, in pieces."""

LOOKED_AT = 1000
CHUNKS_AHEAD = 3
PATIENCE = 0.5  # seconds between two looks at whether the person cancelled


def worth_processes(files: Sequence[Path]) -> bool:
    """Tell whether many small files are to be predicted, going by the first thousand."""
    return len(files) >= LEAST_FILES and all(_size(path) <= LARGEST for path in files[:LOOKED_AT])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it gets a row that says so


class Processes:
    """Processes that predict chunks of files; use it in a ``with`` statement.

    Parameters
    ----------
    bundle, label : name or folder of the bundle, and its `ModelBundle.label`.
    asked : `jobs` is the number of processes. Each does one thing after the other: it has a processor of its own, and a
        thread that reads for it would only take turns with it.
    """

    def __init__(self, bundle: str, label: str, asked: Asked) -> None:
        self._bundle, self._label = bundle, label
        self._jobs, self._asked = asked.jobs, replace(asked, jobs=0)
        # A fork would share the locks of this process's threads.
        self._pool = ProcessPoolExecutor(
            asked.jobs, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(bundle,)
        )

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def predict_rows(self, paths: Sequence[Path], begin: Place, report: Report) -> Iterator[Rows]:
        """Give the rows of the catalogue chunk by chunk, the same as `batch.predict_rows` gives.

        Parameters
        ----------
        begin : the place in `paths` from which to go on.
        report : receives Failed for what could not be read or predicted, and Advanced(files done, files).

        Raises
        ------
        MtopError : a process was ended from outside.
        Cancelled : `report` asked for it.
        """
        ahead = cut(len(paths), begin, FILES_PER_CHUNK)
        flying: deque[tuple[Chunk, Future[Done]]] = deque()
        done = begin
        report(Advanced(done.files, len(paths), "predicting"))
        try:
            while True:
                while len(flying) < CHUNKS_AHEAD * self._jobs and (chunk := next(ahead, None)):
                    flying.append((chunk, self._submit(paths, chunk)))
                if not flying:
                    return
                chunk, future = flying[0]
                while not wait([future], timeout=PATIENCE).done:
                    report(Advanced(done.files, len(paths), "predicting"))
                rows, events = future.result()
                flying.popleft()
                for event in events:
                    report(event)
                done = Place(chunk[1])
                report(Advanced(done.files, len(paths), "predicting"))
                yield Rows(rows, done)
        except BrokenProcessPool:
            raise MtopError(
                "a process that predicts was ended from outside, perhaps for want of memory: go on with --resume, "
                "and with --jobs 1 if it happens again."
            ) from None
        finally:
            for _, future in flying:
                future.cancel()

    def _submit(self, paths: Sequence[Path], chunk: Chunk) -> Future[Done]:
        first, last, spectra = chunk
        return self._pool.submit(
            predict_chunk, list(paths[first:last]), self._bundle, self._label, self._asked, spectra
        )


def _begin(bundle: str) -> None:
    """Load the bundle, without what C++ libraries print on stderr meanwhile; Ctrl-C is the business of the asking process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    screen = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), 2)
        loaded(bundle)
    except MtopError:
        pass  # it is raised again, and told, when the first chunk is asked for
    finally:
        os.dup2(screen, 2)
        os.close(screen)
