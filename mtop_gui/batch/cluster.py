"""The same run on a Dask cluster: chunks of files go to the workers, rows come back in the order of the files."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mtop_gui.batch.chunks import Done, cut, predict_chunk
from mtop_gui.batch.predict import FILES_PER_CHUNK, Place, Rows
from mtop_gui.core.catalogue import failed_row
from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Advanced, Failed, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mtop_gui.batch.chunks import Chunk
    from mtop_gui.batch.predict import Asked
    from mtop_gui.core.events import Report

CHUNKS_PER_WORKER = 3
"""Chunks at a worker and on their way to it, so that none waits for the client."""

PATIENCE = 0.5  # seconds between two looks at whether the person cancelled


class Cluster:
    """A connection to a Dask scheduler; use it in a ``with`` statement.

    Parameters
    ----------
    address : of the scheduler, e.g. ``tcp://login1:8786``, or the file of its ``--scheduler-file``.

    Raises
    ------
    MtopError : Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str, *, timeout: float = 30.0) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MtopError(
                "--dask needs the package dask: install it with  pip install 'mtop-gui[dask]'  here and on the workers."
            ) from None
        try:
            where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
            self._client = Client(**where, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise MtopError(
                f"no Dask scheduler answers at {address} ({_first_line(error)}): check the address and that it runs."
            ) from error

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def predict_rows(
        self,
        paths: Sequence[Path],
        bundle: str,
        label: str,
        asked: Asked,
        *,
        begin: Place = Place(),  # noqa: B008 - a NamedTuple is immutable
        report: Report = ignore,
        files_per_chunk: int = FILES_PER_CHUNK,
    ) -> Iterator[Rows]:
        """Give the rows of the catalogue chunk by chunk, the same as `batch.predict_rows` gives.

        Parameters
        ----------
        paths : files, under these paths on the workers too.
        bundle, label : name or folder of the bundle there, and what its `ModelBundle.label` must be.
        asked : `jobs` are the reading threads of each worker.
        begin : the place in `paths` from which to go on.
        report : receives Failed for what could not be read or predicted, and Advanced(files done, files).

        Raises
        ------
        BundleError : a worker has another version of the bundle, or none.
        Cancelled : `report` asked for it.
        """
        ahead = cut(len(paths), begin, files_per_chunk)
        flying: deque[tuple[Chunk, Any]] = deque()
        done = begin

        def submit(chunk: Chunk) -> Any:
            first, last, spectra = chunk
            return self._client.submit(
                predict_chunk, list(paths[first:last]), bundle, label, asked, spectra, pure=False, retries=2
            )

        def waiting() -> None:
            report(
                Advanced(done.files, len(paths), "predicting" if self._workers() else "waiting for workers")
            )

        waiting()
        try:
            while True:
                while len(flying) < CHUNKS_PER_WORKER * max(1, self._workers()):
                    chunk = next(ahead, None)
                    if chunk is None:
                        break
                    flying.append((chunk, submit(chunk)))
                if not flying:
                    return
                chunk, future = flying[0]
                rows, events = self._done(chunk, future, paths, submit, waiting)
                flying.popleft()
                for event in events:
                    report(event)
                done = Place(chunk[1])
                waiting()
                yield Rows(rows, done)
        finally:
            self._client.cancel([future for _, future in flying])

    def _workers(self) -> int:
        return len(self._client.ncores())

    def _done(
        self,
        chunk: Chunk,
        future: Any,
        paths: Sequence[Path],
        submit: Callable[[Chunk], Any],
        waiting: Callable[[], None],
    ) -> Done:
        """Take what was made of a chunk; one that ends every worker it is given to is halved until the file is found."""
        from distributed import KilledWorker

        try:
            self._wait(future, waiting)
            done: Done = future.result()
        except KilledWorker:
            first, last, spectra = chunk
            if last - first == 1:
                reason = "cannot be predicted: it ends every worker that it is given to"
                return Done([failed_row(paths[first], reason)], [Failed(paths[first], reason)])
            middle = (first + last) // 2
            done = Done([], [])
            for half in ((first, middle, spectra), (middle, last, 0)):
                rows, events = self._done(half, submit(half), paths, submit, waiting)
                done = Done(done.rows + rows, done.events + events)
        return done

    def _wait(self, future: Any, waiting: Callable[[], None]) -> None:
        """Wait until a chunk is done or failed; `waiting` is called now and then."""
        from distributed import wait

        while True:
            try:
                with self._client.as_current():
                    wait([future], timeout=PATIENCE)
            except TimeoutError:
                waiting()
            else:
                return


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
