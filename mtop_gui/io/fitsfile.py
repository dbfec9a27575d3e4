"""A FITS file as the readers see it: opened without trusting what its headers claim.

The units are found and decoded here rather than by astropy, which takes four times as long over a MOONS1D file and
raises a different exception for each kind of damage. What is rare (tile-compressed images, ASCII tables) is left to it.
"""

from __future__ import annotations

import gzip
import os
import stat
import tempfile
import zlib
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.fitscards import BLOCK, CARD, Header, end_card, header_of, holds_cards, whole_header
from mtop_gui.io.hdu import LARGEST, TRUNCATED, Hdu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

T = TypeVar("T")

LARGEST_TEXT = 64 << 20

_IN_MEMORY = 32 << 20
_PIECE = 4 << 20
_LARGEST_HEADER = 4 << 20
_LOOK_AHEAD = 16 << 20
_BOMB = 200
"""No file of spectra shrinks to less than this fraction; what does is padding, or meant to fill the disk."""


class FitsFile:
    """A FITS file's units, and whether the file is cut short or damaged after some of them."""

    def __init__(self, path: Path, source: bytes | BinaryIO, size: int) -> None:
        self.path = path
        self.size = size
        self._source = source
        self._remembered: dict[str, Any] = {}
        self.hdus: list[Hdu] = []
        self.cards_after_end = False
        self.damaged = not self._find_units() or any(not unit.whole for unit in self.hdus)

    def read(self, offset: int, count: int) -> bytes:
        """Take `count` bytes at `offset`.

        Raises
        ------
        UnreadableSpectrumError : the file is shorter than that.
        """
        if isinstance(self._source, bytes):
            taken = self._source[offset : offset + count]
        else:
            self._source.seek(offset)
            taken = self._source.read(count)
        if len(taken) != count or offset < 0 or count < 0:
            raise UnreadableSpectrumError(TRUNCATED)
        return taken

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Give what `make` gave the first time under this key: files of a thousand units are searched once."""
        if key not in self._remembered:
            self._remembered[key] = make()
        found: T = self._remembered[key]
        return found

    @property
    def primary(self) -> Hdu:
        """The first unit."""
        return self.hdus[0]

    @property
    def stem(self) -> str:
        """File name without .fits, .fit, .gz, .fz."""
        return stem_of(self.path)

    def find(self, *names: str) -> Hdu | None:
        """Give the first unit whose EXTNAME is one of `names` (upper case), names in order of preference."""
        for name in names:
            for unit in self.hdus:
                if unit.name == name:
                    return unit
        return None

    def tables(self) -> list[Hdu]:
        """List the units that are tables."""
        return [unit for unit in self.hdus if unit.is_table]

    def images(self) -> list[Hdu]:
        """List the units that hold an image."""
        return [unit for unit in self.hdus if unit.size > 0]

    def demand_whole(self) -> None:
        """Refuse a damaged file: for layouts whose spectrum is spread over many units.

        Raises
        ------
        UnreadableSpectrumError : the file is truncated.
        """
        if self.damaged:
            raise UnreadableSpectrumError(TRUNCATED)

    def inventory(self) -> str:
        """Name the units and columns found, for an error message."""
        words = []
        for unit in self.hdus:
            label = f"HDU {unit.index}" + (f" {unit.name}" if unit.name else "")
            if unit.is_table:
                shown = list(unit.columns.values())
                more = f" … {len(shown) - 12} more" if len(shown) > 12 else ""
                words.append(f"{label} table with columns {', '.join(shown[:12])}{more}")
            elif unit.shape:
                words.append(f"{label} image {'x'.join(str(n) for n in unit.shape)}")
            else:
                words.append(f"{label} empty")
        return "; ".join(words)

    def _find_units(self) -> bool:
        """Find every unit; False when the file stops inside a header."""
        offset = 0
        while offset < self.size:
            found = self._header_at(offset)
            if found is None:
                # What follows the last unit may be padding or junk; a header that breaks off is damage. Of less than
                # a word nobody can tell: the length of the file, which no block fills, is noted.
                rest = self.read(offset, min(8, self.size - offset))
                return bool(self.hdus) and rest != b"XTENSION" and not self._goes_on(offset)
            unit = Hdu(self, len(self.hdus), *found)
            self.hdus.append(unit)
            offset = unit.stop
        return True

    def _goes_on(self, offset: int) -> bool:
        """Whether further units follow what is none: then the last one was longer than its header says."""
        last = min(self.size, offset + _LOOK_AHEAD)
        return any(self.read(place, 8) == b"XTENSION" for place in range(offset, last - BLOCK + 1, BLOCK))

    def _header_at(self, offset: int) -> tuple[Header, int] | None:
        """Give a header and where its data begin; None when there is none at `offset`."""
        expected = b"XTENSION" if self.hdus else b"SIMPLE  "
        header = b""
        while offset + BLOCK <= self.size and len(header) < _LARGEST_HEADER:
            block = self.read(offset, BLOCK)
            offset += BLOCK
            if not header:
                if block[:8] != expected:
                    return None
                if whole := whole_header(block):
                    self.cards_after_end |= whole.cards_after_end
                    return whole.header, offset
            header += block
            end = end_card(block)
            if end is not None:
                self.cards_after_end |= holds_cards(block[end + CARD :])
                return header_of(header[: len(header) - BLOCK + end]), offset
        return None


def stem_of(path: Path) -> str:
    """Give the file name without its suffixes .gz, .fz, .fits, .fit, .txt, …."""
    name = path.name
    for suffix in (".gz", ".fz", ".fits", ".fit", ".fts", ".txt", ".dat", ".ascii", ".csv", ".ecsv"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name or path.name


def unpack(stream: BinaryIO, most: int) -> bytes | BinaryIO:
    """Unpack a .gz into memory, or into a nameless temporary file when it is large.

    Raises
    ------
    UnreadableSpectrumError : the stream is damaged, or unpacks to more than `most` bytes.
    """
    try:
        with gzip.open(stream) as unpacked:
            content = unpacked.read(min(most, _IN_MEMORY) + 1)
            if len(content) <= min(most, _IN_MEMORY):
                return content
            if content[:6] != b"SIMPLE":
                most = min(most, LARGEST_TEXT)
            return _on_disk(content, cast("BinaryIO", unpacked), most, stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSpectrumError(
            "the compressed file is truncated or damaged: fetch it again"
        ) from error


def _on_disk(begun: bytes, unpacked: BinaryIO, most: int, packed: BinaryIO) -> BinaryIO:
    """Go on unpacking into a temporary file, so that memory does not grow with the spectra in a file."""
    with ExitStack() as on_failure:
        held = on_failure.enter_context(tempfile.TemporaryFile())
        piece, total = begun, 0
        while piece:
            total += len(piece)
            if total > most:
                raise UnreadableSpectrumError(
                    f"the compressed file unpacks to more than {most >> 20} MiB: unpack and split it first"
                )
            if total > _BOMB * packed.tell():
                raise UnreadableSpectrumError(
                    f"the compressed file unpacks to more than {_BOMB} times its size: it holds nothing but padding"
                )
            try:
                held.write(piece)
            except OSError as error:
                raise UnreadableSpectrumError(
                    f"the compressed file cannot be unpacked into {tempfile.gettempdir()} ({error.strerror}): "
                    "unpack it yourself"
                ) from error
            piece = unpacked.read(_PIECE)
        on_failure.pop_all()
    return cast("BinaryIO", held)


@contextmanager
def open_file(path: Path, *, at_once: bool = True) -> Iterator[FitsFile | bytes]:
    """Open a file, plain or gzipped.

    Parameters
    ----------
    path : the file.
    at_once : read a small file in one go, for who wants its data; else only what is asked for.

    Yields
    ------
    A FitsFile, or the bytes of a file that does not begin as FITS does and may be text.

    Raises
    ------
    UnreadableSpectrumError : empty, damaged, or called .fits without being one.
    """
    # A pipe or a device would keep its reader waiting for ever.
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        raise UnreadableSpectrumError("this is a pipe or a device, not a file")
    with ExitStack() as held:
        stream = held.enter_context(path.open("rb"))
        size = os.fstat(stream.fileno()).st_size
        content: bytes | BinaryIO = stream.read() if at_once and size <= _IN_MEMORY else stream
        head = content[:BLOCK] if isinstance(content, bytes) else stream.read(BLOCK)
        size = len(content) if isinstance(content, bytes) else size
        stream.seek(0)
        if not head:
            raise UnreadableSpectrumError("the file is empty")
        if head[:2] == b"\x1f\x8b":
            content = unpack(stream, LARGEST)
            if isinstance(content, bytes):
                size, head = len(content), content[:BLOCK]
            else:
                held.enter_context(content)
                size = content.seek(0, 2)
                content.seek(0)
                head = content.read(BLOCK)
                content.seek(0)
        if head[:6] == b"SIMPLE":
            file = FitsFile(path, content, size)
            if not file.hdus:
                raise UnreadableSpectrumError(TRUNCATED)
            yield file
            return
        if path.name.lower().removesuffix(".gz").endswith((".fits", ".fit", ".fts", ".fz")):
            raise UnreadableSpectrumError(
                "the file is named .fits but does not begin as FITS does: fetch it again"
            )
        if size > LARGEST_TEXT:
            raise UnreadableSpectrumError("the text file is larger than 64 MiB: no spectrum is that long")
        yield content if isinstance(content, bytes) else content.read()
