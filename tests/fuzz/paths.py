"""Paths that surprise: odd names, links, closed files, things that are no files, files of terabytes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui import io
from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from tests.fuzz.judge import Wrong, check_sentence
from tests.io.hand_made import primary, save, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fuzz.corpus import Seed

NOBODY = 65534
_LETTERS = [b"a", b"\xff", b"\xc3", b"\n", b"\r", b"\t", b" ", b'"', b"'", b"%", b"$", b"\\", b"\x1b[31m", b"\xe2\x80\xae", b"=", b"-", b"*"]  # fmt: skip


def draw(rng: np.random.Generator, file: Seed) -> tuple[str, Callable[[Path], str]]:
    """Draw one; give its recipe and the function that makes and judges it in a folder."""
    ways = (_odd_name, _links, _closed, _no_file, _terabytes, _vanished)
    way = ways[int(rng.integers(len(ways)))]
    number = int(rng.integers(2**31))
    return f"{way.__name__.strip('_')} {number}", lambda folder: _in(folder, way, file, number)


def _in(folder: Path, way: Callable[[Path, Seed, np.random.Generator], str], file: Seed, number: int) -> str:
    import shutil

    place = folder / "paths"
    place.mkdir()
    try:
        return way(place, file, np.random.default_rng(number))
    finally:
        shutil.rmtree(place)


def _refused(path: Path) -> str:
    try:
        io.read_rows(path)
    except UnreadableSpectrumError as error:
        check_sentence(error)
        return "refused"
    raise Wrong(f"{path!r} was read")


def _odd_name(place: Path, file: Seed, rng: np.random.Generator) -> str:
    stem = b"".join(_LETTERS[int(rng.integers(len(_LETTERS)))] for _ in range(int(rng.integers(1, 40))))
    path = place / os.fsdecode(stem[:200] + file.suffix.encode())
    plain = place.parent / f"plain{file.suffix}"
    plain.write_bytes(file.content)
    path.write_bytes(file.content)
    try:
        expected = io.read_rows(plain)
    except NotASpectrumError:
        return _refused(path)
    finally:
        plain.unlink()
    hidden = path.name.startswith(".")
    if io.find_files([place]) != ([] if hidden else [path]):
        raise Wrong(f"{path.name!r} was not found")
    found = io.read_rows(path)
    hashes = [[getattr(row, "content_hash", row.row) for row in rows] for rows in (expected, found)]
    if hashes[0] != hashes[1]:
        raise Wrong(f"{path.name!r} is read as something else")
    try:
        io.read_rows(path.with_name(f"absent{path.name}"))
    except UnreadableSpectrumError as error:
        check_sentence(ValueError(str(error).replace("\n", "")))
    return "equal"


def _links(place: Path, file: Seed, rng: np.random.Generator) -> str:
    (place / "self.fits").symlink_to("self.fits")
    (place / "one.fits").symlink_to("two.fits")
    (place / "two.fits").symlink_to("one.fits")
    (place / "dangling.fits").symlink_to("nowhere.fits")
    (place / "sub").mkdir()
    (place / "sub" / "up").symlink_to(place)
    (place / "sub" / "deep").symlink_to(place / "sub")
    found = io.find_files([place])
    if len(found) > 8:
        raise Wrong(f"{len(found)} files found among four links")
    for path in found:
        _refused(path)
    return "refused"


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Permissions bind nobody, where root runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _closed(place: Path, file: Seed, rng: np.random.Generator) -> str:
    path = place / f"closed{file.suffix}"
    path.write_bytes(file.content)
    path.chmod(0)
    folder = place / "folder"
    folder.mkdir()
    (folder / "inside.fits").write_bytes(file.content)
    folder.chmod(0)
    for above in (place, place.parent):
        above.chmod(0o755)
    try:
        with _as_nobody():
            verdicts = [_refused(path), _refused(folder / "inside.fits"), _refused(folder)]
            io.find_files([place])
    finally:
        folder.chmod(0o700)
    return verdicts[0]


def _no_file(place: Path, file: Seed, rng: np.random.Generator) -> str:
    (place / "folder.fits").mkdir()
    os.mkfifo(place / "pipe.fits")
    (place / "empty.fits").touch()
    (place / "device.fits").symlink_to("/dev/zero")
    for path in place.iterdir():
        _refused(path)
    return "refused"


def _vanished(place: Path, file: Seed, rng: np.random.Generator) -> str:
    path = place / f"gone{file.suffix}"
    path.write_bytes(file.content)
    found = io.find_files([path])
    path.unlink()
    return _refused(found[0])


def _terabytes(place: Path, file: Seed, rng: np.random.Generator) -> str:
    """A sparse file that really is as long as its header says: no lie, and still more than memory."""
    path = place / "sparse.fits"
    rows, cells = int(rng.choice([1, 10**5, 10**9, 10**10])), int(rng.choice([1, 10, 10**6, 10**9]))
    columns = [(name, "2D", np.ones((1, 2))) for name in ("WAVE", "FLUX", "IVAR")]
    if cells == 1:
        columns = [(name, "D", np.ones(1)) for name in ("WAVE", "FLUX", "IVAR")]
    save(path, primary(), table(columns))
    content = path.read_bytes()
    for key, number in (("NAXIS1", 24 * cells), ("NAXIS2", rows)):
        start = content.rindex(f"{key:8}= ".encode())
        content = content[:start] + f"{key:8}= {number:>20}".ljust(80).encode() + content[start + 80 :]
    for key in ("TFORM1", "TFORM2", "TFORM3"):
        start = content.rindex(f"{key:8}= ".encode())
        content = content[:start] + f"{key:8}= '{cells}D'".ljust(80).encode() + content[start + 80 :]
    path.write_bytes(content)
    length = 5760 + 24 * cells * rows
    try:
        os.truncate(path, min(length, 15 << 40))
    except OSError:
        return "excused"  # this file system holds no such file
    # Really as long as it says: it may be listed where the list is not absurd, and nothing in it can be read.
    try:
        io.index(path)
        io.read_one(path)
    except UnreadableSpectrumError as error:
        check_sentence(error)
        return "refused"
    raise Wrong(f"{length:,} bytes of nothing were read")
