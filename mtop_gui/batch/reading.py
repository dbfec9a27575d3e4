"""Read files ahead of the network: a few threads, a bounded shelf, the order of the paths kept."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
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

ReadRows: TypeAlias = Callable[[Path], Iterable[Spectrum | UnreadableRow]]
PATIENCE = 0.2  # seconds between two looks at whether the person cancelled while a file is being read
PIECE = 16
"""Spectra that a reading thread hands over at a time: a file of thousands is never in memory as a whole."""


@dataclass(frozen=True)
class Piece:
    """Some spectra of one file, in its order, and the rows that could not be read.

    `last` says that no more will come; then `error` may say why the file, or what is left of it, cannot be read.
    """

    path: Path
    spectra: tuple[Spectrum | UnreadableRow, ...] = ()
    last: bool = False
    error: str = ""


class ReadAhead:
    """Reads files in threads and hands them out in the order of the paths; use it in a ``with`` statement.

    Parameters
    ----------
    paths : files to read.
    read : called in the reading threads; may give the spectra one by one; raises MtopError or any other error for a
        file it cannot read.
    jobs : number of threads; 0: files are read where the pieces are asked for, one after the other.
    most : so many spectra wait on the shelf at most, and so many files are begun, so that memory stays constant.
    also : done with every Spectrum in the reading thread, e.g. take its content hash.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: ReadRows,
        *,
        jobs: int,
        most: int,
        also: Callable[[Spectrum], object] | None = None,
    ) -> None:
        self._paths = paths
        self._read = read
        self._most = most
        self._also = also
        self._changed = threading.Condition()
        self._shelf: dict[int, deque[Piece]] = {}
        self._on_shelf = 0
        self._next = 0
        self._wanted = 0
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"read-{number}", daemon=True)
            for number in range(min(jobs, len(paths)))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Begin no other file and wait for the few under way."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def pieces(self, waiting: Callable[[], None]) -> Iterator[Piece]:
        """Give every file in order, in pieces; `waiting` is called now and then while one takes long."""
        if not self._threads:
            for path in self._paths:
                waiting()
                yield from self._read_one(path)
            return
        while self._wanted < len(self._paths):
            piece = self._take(time.monotonic() + PATIENCE)
            if piece is None:
                waiting()
                continue
            yield piece

    def _take(self, until: float) -> Piece | None:
        """Take the next piece from the shelf; None when there is none yet."""
        with self._changed:
            while not self._shelf.get(self._wanted):
                if not self._changed.wait(max(0.0, until - time.monotonic())):
                    return None
            piece = self._shelf[self._wanted].popleft()
            self._on_shelf -= len(piece.spectra)
            if piece.last:
                del self._shelf[self._wanted]
                self._wanted += 1
            self._changed.notify_all()
            return piece

    def _work(self) -> None:
        """Read one file after the other, as long as there is room for it."""
        while (number := self._begin()) is not None:
            for piece in self._read_one(self._paths[number]):
                if not self._put(number, piece):
                    return

    def _begin(self) -> int | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._next >= len(self._paths) or self._room(self._next)
            )
            if self._closing or self._next >= len(self._paths):
                return None
            number = self._next
            self._next += 1
            self._shelf[number] = deque()
            return number

    def _put(self, number: int, piece: Piece) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._room(number))
            if self._closing:
                return False
            self._shelf[number].append(piece)
            self._on_shelf += len(piece.spectra)
            self._changed.notify_all()
            return True

    def _room(self, number: int) -> bool:
        """Whether a file may go on: the one the network waits for always may, however full the shelf is."""
        if number == self._wanted:
            return self._on_shelf < self._most or not self._shelf.get(number)
        return self._on_shelf < self._most and number - self._wanted < self._most

    def _read_one(self, path: Path) -> Iterator[Piece]:
        """Give a file in pieces, one behind: whether a piece is the last is known when the next one is asked for."""
        error, held = "", Piece(path)
        try:
            rows = iter(self._read(path))
            while spectra := tuple(itertools.islice(rows, PIECE)):
                if held.spectra:
                    yield held
                for spectrum in spectra:
                    if self._also is not None and not isinstance(spectrum, UnreadableRow):
                        self._also(spectrum)
                held = Piece(path, spectra)
        except MtopError as trouble:
            error = str(trouble)
        except Exception as trouble:
            error = f"cannot be read: {type(trouble).__name__}: {trouble}"
        yield Piece(path, held.spectra, last=True, error=error)
