"""The journal: an append-only file in which rows wait while their store is away."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from mtop_gui.core.decision import Decision
from mtop_gui.core.errors import StoreError
from mtop_gui.store.review_store import new_key

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One row on its way into a store.

    Attributes
    ----------
    key : the row's own, see `ReviewStore.record`.
    decision : without an id; its `retracts` is the id of a row in the store.
    retracts_key : key of the row taken back, where that is on its way too; else "".
    """

    key: str
    decision: Decision
    retracts_key: str = ""


class Journal:
    """The waiting rows of one store, on disk before `append` returns.

    Each running program writes a file of its own and holds a lock on it; files that nobody holds were left by programs
    that ended, and are taken over. A file goes only once all its rows are in the store.

    Parameters
    ----------
    folder : where the journals of all stores are.
    url : which store; it holds no password.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self._url = url
        self.folder = folder / hashlib.sha256(url.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        self._own: IO[bytes] | None = None
        self._own_path: Path | None = None
        self._taken: dict[Path, IO[bytes]] = {}

    def append(self, entry: Entry) -> None:
        """Write a row durably.

        Raises
        ------
        StoreError : it could not be written, and is not in the file.
        """
        line = _line(
            {"key": entry.key, "retracts_key": entry.retracts_key, "decision": _plain(entry.decision)}
        )
        try:
            file = self._file()
            length = file.seek(0, os.SEEK_END)
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                self._cut(length)
                raise
        except OSError as error:
            raise StoreError(
                f"the journal in {self.folder} cannot be written either ({error.strerror or error}): free some disk space."
            ) from error

    def _file(self) -> IO[bytes]:
        if self._own is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{new_key()}.jsonl"
            file = path.open("xb+", buffering=0)
            try:
                _lock(file)
                file.write(_line({"journal": _VERSION, "store": self._url}))
                os.fsync(file.fileno())
                _sync_folder(self.folder)
            except OSError:
                file.close()
                path.unlink(missing_ok=True)
                raise
            self._own, self._own_path = file, path
        return self._own

    def _cut(self, length: int) -> None:
        """Take a half-written row out again; where even that fails, a new file is begun."""
        assert self._own is not None
        assert self._own_path is not None
        try:
            self._own.truncate(length)
        except OSError:
            self._taken[self._own_path] = self._own
            self._own = None

    def take_over(self) -> list[Entry]:
        """Lock the files that programs left behind, and give their rows, oldest file first."""
        entries: list[Entry] = []
        try:
            paths = sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
        except OSError:
            return []
        for path in paths:
            if path in self._taken or path == self._own_path:
                continue
            with contextlib.suppress(OSError):
                file = path.open("rb+", buffering=0)
                try:
                    _lock(file)
                except OSError:
                    file.close()
                    continue
                self._taken[path] = file
                entries += _read(file)
        return entries

    def clear(self) -> None:
        """Remove the files: all their rows are in the store."""
        files = list(self._taken.items())
        if self._own is not None and self._own_path is not None:
            files.append((self._own_path, self._own))
        self._own = self._own_path = None
        self._taken = {}
        for path, file in files:
            # A lock on an unlinked file harms nobody; Windows wants the file closed first.
            with contextlib.suppress(OSError):
                if os.name == "nt":
                    file.close()
                path.unlink(missing_ok=True)
            file.close()

    def close(self) -> None:
        """Let go of the files; what waits in them waits for the next program."""
        for file in [*self._taken.values(), *([self._own] if self._own else [])]:
            file.close()
        self._own = self._own_path = None
        self._taken = {}


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=True).encode("ascii") + b"\n"


def _plain(decision: Decision) -> dict[str, Any]:
    return {**asdict(decision), "time": decision.time.isoformat()}


def _read(file: IO[bytes]) -> list[Entry]:
    """Read the rows; a line cut off by a crash was never shown as saved, and is left out."""
    file.seek(0)
    entries = []
    for line in file.read().splitlines(keepends=True):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            values = json.loads(line) if line.endswith(b"\n") else {}
            if "decision" in values:
                decision = Decision(**values["decision"])
                decision = replace(decision, time=datetime.fromisoformat(values["decision"]["time"]))
                entries.append(Entry(str(values["key"]), decision, str(values["retracts_key"])))
    return entries


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable too."""
    if os.name != "nt":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(file: IO[bytes]) -> None:
    """Take the lock that ends with the program.

    Raises
    ------
    OSError : another program holds it.
    """
    if os.name == "nt":
        import msvcrt

        # Far behind the end, since Windows keeps others from reading what is locked.
        file.seek(1 << 40)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        file.seek(0, os.SEEK_END)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
