"""The same run on a Dask cluster: chunks of files go to the workers, rows come back in the order of the files."""

from __future__ import annotations

import threading
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mtop_gui.batch import predict
from mtop_gui.batch.predict import FILES_PER_CHUNK, Asked, Place, Rows
from mtop_gui.core.catalogue import failed_row
from mtop_gui.core.errors import BundleError, MtopError
from mtop_gui.core.events import Advanced, Failed, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.core.events import Report
    from mtop_gui.core.prediction import Predicts

CHUNKS_PER_WORKER = 3
"""Chunks at a worker and on their way to it, so that none waits for the client."""

PATIENCE = 0.5  # seconds between two looks at whether the person cancelled

_ONE_AT_A_TIME = threading.Lock()


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
        ahead = _chunks(len(paths), begin, files_per_chunk)
        flying: deque[tuple[_Chunk, Any]] = deque()
        done = begin

        def submit(chunk: _Chunk) -> Any:
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
                rows = self._rows(chunk, future, paths, submit, waiting)
                flying.popleft()
                for row in rows:
                    if row.error:
                        report(Failed(_path_of(row, paths, chunk), row.error, row.row))
                done = Place(chunk[1])
                waiting()
                yield Rows(rows, done)
        finally:
            self._client.cancel([future for _, future in flying])

    def _workers(self) -> int:
        return len(self._client.ncores())

    def _rows(
        self,
        chunk: _Chunk,
        future: Any,
        paths: Sequence[Path],
        submit: Callable[[_Chunk], Any],
        waiting: Callable[[], None],
    ) -> list[CatalogueRow]:
        """Take the rows of a chunk; one that ends every worker it is given to is halved until the file is found."""
        from distributed import KilledWorker

        try:
            self._wait(future, waiting)
            rows: list[CatalogueRow] = future.result()
        except KilledWorker:
            first, last, spectra = chunk
            if last - first == 1:
                return [
                    failed_row(paths[first], "cannot be predicted: it ends every worker that it is given to")
                ]
            middle = (first + last) // 2
            rows = []
            for half in ((first, middle, spectra), (middle, last, 0)):
                rows += self._rows(half, submit(half), paths, submit, waiting)
        return rows

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


_Chunk = tuple[int, int, int]
"""First file, file behind the last one, and how many spectra of the first one are done already."""


def _chunks(files: int, begin: Place, files_per_chunk: int) -> Iterator[_Chunk]:
    """Cut the list of files at multiples of `files_per_chunk`, wherever it is begun."""
    first, spectra = begin
    while first < files:
        last = min(files, (first // files_per_chunk + 1) * files_per_chunk)
        yield first, last, spectra
        first, spectra = last, 0


def _path_of(row: CatalogueRow, paths: Sequence[Path], chunk: _Chunk) -> Path:
    return next((path for path in paths[chunk[0] : chunk[1]] if str(path) == row.file), paths[chunk[0]])


def predict_chunk(
    paths: list[Path], bundle: str, label: str, asked: Asked, spectra: int = 0
) -> list[CatalogueRow]:
    """Predict a chunk of files on a worker; its process loads the bundle at the first call."""
    with _ONE_AT_A_TIME:
        predictor = _predictor(bundle)
        if predictor.bundle_name != label:
            raise BundleError(
                f"a worker has bundle {predictor.bundle_name}, not {label}: install the same one there, or name a folder "
                "that all machines see."
            )
        made = predict.predict_rows(paths, predictor, asked, begin=Place(0, spectra))
        return [row for some in made for row in some.rows]


@lru_cache(maxsize=1)
def _predictor(bundle: str) -> Predicts:
    from mtop_gui.network.choosing import open_predictor

    predictor = open_predictor(bundle)
    predictor.warm_up()
    return predictor


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
