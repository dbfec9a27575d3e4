"""Read files ahead of the network: a few threads, a bounded shelf, the order of the paths kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mtop_gui.core.errors import MtopError
from mtop_gui.core.spectrum import Spectrum
from mtop_gui.io import UnreadableRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

ReadRows: TypeAlias = Callable[[Path], Sequence[Spectrum | UnreadableRow]]
PATIENCE = 0.2  # seconds between two looks at whether the person cancelled while a file is being read


@dataclass(frozen=True)
class ReadFile:
    """One file: its spectra and the rows that could not be read, or the reason why there are none at all."""

    path: Path
    spectra: tuple[Spectrum | UnreadableRow, ...] = ()
    error: str = ""


class ReadAhead:
    """Reads files in threads and hands them out in the order of the paths; use it in a ``with`` statement.

    Parameters
    ----------
    paths : files to read.
    read : called in the reading threads; raises MtopError or any other error for a file it cannot read.
    jobs : number of threads.
    most : about this many spectra (or files) wait on the shelf at most, so that memory stays constant.
    hashing : also take every Spectrum's content hash in the reading thread.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: ReadRows,
        *,
        jobs: int,
        most: int,
        hashing: bool,
    ) -> None:
        self._paths = paths
        self._read = read
        self._most = most
        self._hashing = hashing
        self._shelf: deque[Future[ReadFile]] = deque()
        self._next = 0
        self._pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="read")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drop what nobody started to read and wait for the few files under way."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def files(self, waiting: Callable[[], None]) -> Iterator[ReadFile]:
        """Give every file in order; `waiting` is called now and then while one takes long."""
        self._fill()
        while self._shelf:
            first = self._shelf[0]
            try:
                found = first.result(timeout=PATIENCE)
            except NotYet:
                waiting()
                continue
            self._shelf.popleft()
            self._fill()
            yield found

    def _fill(self) -> None:
        on_shelf = sum(len(future.result().spectra) for future in self._shelf if future.done())
        while self._next < len(self._paths) and len(self._shelf) < self._most and on_shelf < self._most:
            self._shelf.append(self._pool.submit(self._read_one, self._paths[self._next]))
            self._next += 1

    def _read_one(self, path: Path) -> ReadFile:
        try:
            spectra = tuple(self._read(path))
            if self._hashing:
                for spectrum in spectra:
                    if not isinstance(spectrum, UnreadableRow):
                        _ = spectrum.content_hash
        except MtopError as error:
            return ReadFile(path, error=str(error))
        except Exception as error:
            return ReadFile(path, error=f"cannot be read: {type(error).__name__}: {error}")
        return ReadFile(path, spectra)
