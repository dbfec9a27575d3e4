"""Take Decisions over from files of DESI's visual inspection and of Marz, and give them back in the same form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mtop_gui.core.decision import is_settlement
from mtop_gui.core.errors import ExportError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtop_gui.core.decision import Decision
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.store.vi_formats import ViFormat
    from mtop_gui.store.vi_lines import Line


class Origin(NamedTuple):
    """Which row of the store a line of a file became; None for a line that says nothing."""

    content_hash: str
    reviewer: str
    id: int


class ExchangeFile(NamedTuple):
    """A file taken over, as it was; `rows` has one Origin or None for each line after its head."""

    format: str
    name: str
    content: bytes
    rows: list[Origin | None]


@dataclass(frozen=True)
class Taken:
    """How many Decisions were taken over, and how many of them are on Spectra that the store does not know."""

    recorded: int
    unknown: int


def import_vi_file(store: ReviewStore, path: Path, form: ViFormat, reviewer: str | None = None) -> Taken:
    """Record the Decisions of a file, and keep the file so that it can be given back.

    Spectra are known by their names (DESI: TARGETID). A name that the store does not know, or knows of several
    Spectra, gets a content hash made of the name.

    Raises
    ------
    StoreError : the file cannot be read, or holds a Decision that is none; nothing is recorded then.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8", "surrogateescape")
        file = form.parse(text)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise StoreError(f"{path} is no file of the {form.name} format: {error}.") from error
    said: list[Decision | None] = []
    for number, line in enumerate(file.rows, start=1):
        try:
            decision = form.decision(file, line)
        except (ValueError, TypeError) as error:
            raise StoreError(f"row {number} of {path} holds no valid decision: {error}.") from error
        said.append(
            decision if decision is None or reviewer is None else replace(decision, reviewer=reviewer)
        )
    known = store.spectra_named({each.name for each in said if each is not None})
    before, recorded, unknown = store.newest_id(), 0, 0
    rows: list[Origin | None] = []
    for number, decision in enumerate(said):
        if decision is None:
            rows.append(None)
            continue
        place = known.get(decision.name)
        unknown += place is None
        if place is None:
            decision = replace(decision, content_hash=hash_of_name(decision.name))
        else:
            decision = replace(decision, content_hash=place.content_hash, file=place.file, row=place.row)
        line = file.rows[number]
        present = store.current(decision.content_hash, decision.reviewer)
        if present is not None and form.changed(file, line, present) == line:
            kept = present
        else:
            kept = store.record(decision, _key(form, line, decision))
        recorded += (kept.id or 0) > before
        rows.append(Origin(kept.content_hash, kept.reviewer, kept.id or 0))
    store.keep_exchange_file(ExchangeFile(form.name, path.name, content, rows))
    return Taken(recorded, unknown)


def hash_of_name(name: str) -> str:
    """Give the content hash that stands for a Spectrum of which only the name is known."""
    return hashlib.sha256(f"name:{name}".encode("utf-8", "surrogateescape")).hexdigest()


def _key(form: ViFormat, line: Line, decision: Decision) -> str:
    """Name the act of deciding what a line says, so that taking a file over twice does no harm."""
    facts = (form.name, line.text.strip(), decision.reviewer, decision.content_hash)
    return hashlib.md5("\0".join(facts).encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def export_vi_file(
    store: ReviewStore,
    path: Path,
    form: ViFormat,
    *,
    reviewer: str | None = None,
    any_scale: bool = False,
) -> tuple[int, int]:
    """Write the standing Decisions of every reviewer, or of one, in the format of another program.

    Lines that were taken over and still say what stands are written as they were; a line whose Decision has changed
    keeps all other columns. Quality is written as it is on the format's own scale and never converted.

    Parameters
    ----------
    any_scale : write the values of other quality scales too, as they are.

    Returns
    -------
    How many Decisions were written, and how many were left out because they are on another quality scale.

    Raises
    ------
    StoreError, ExportError : the store cannot be read, the file cannot be written.
    """
    standing: dict[tuple[str, str], Decision] = {}
    left_out = 0
    for decisions in store.opinions().values():
        for decision in decisions:
            if is_settlement(decision) or reviewer not in (None, decision.reviewer):
                continue
            if decision.scale != form.scale and not any_scale:
                left_out += 1
                continue
            standing[decision.content_hash, decision.reviewer] = decision
    names = sorted({name for _, name in standing})
    if form.name == "marz" and len(names) > 1:
        raise StoreError(f"a .mz file holds one reviewer's decisions: choose one of {', '.join(names)}.")
    text, written = _text(form, store.exchange_files(form.name), standing, reviewer)
    _write(path, text.encode("utf-8", "surrogateescape"))
    return written, left_out


def _write(path: Path, content: bytes) -> None:
    from mtop_gui.io.table_files import write_atomically  # astropy: every start opens the store, few export

    if not path.absolute().parent.is_dir():
        raise ExportError(f"{path} cannot be written: its folder is not there.")
    try:
        write_atomically(path, partial(_put, content))
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror or error}).") from error


def _put(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _text(
    form: ViFormat,
    files: Sequence[ExchangeFile],
    standing: dict[tuple[str, str], Decision],
    reviewer: str | None,
) -> tuple[str, int]:
    left = dict(standing)
    parts: list[str] = []
    first = None
    seen: set[int] = set()
    for kept in files:
        file = form.parse(kept.content.decode("utf-8", "surrogateescape"))
        if first is not None and file.columns != first.columns:
            continue  # its Decisions are written as new rows, since one file has one set of columns
        lines, changed = _lines(form, kept, standing, left, seen)
        if not any(each and (each.content_hash, each.reviewer) in standing for each in kept.rows):
            continue
        if first is None:
            first = file
            parts.append(form.refreshed(file, lines) if changed else file.head)
        elif parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        parts += [line.text for line in lines]
    new = sorted(left.values(), key=lambda each: (each.reviewer, each.file, each.row, each.name))
    if new or first is None:
        if parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        parts.append(form.new(new, first, _head(new, reviewer)))
    return "".join(parts), len(standing)


def _lines(
    form: ViFormat,
    kept: ExchangeFile,
    standing: dict[tuple[str, str], Decision],
    left: dict[tuple[str, str], Decision],
    seen: set[int],
) -> tuple[list[Line], bool]:
    """Give the lines of a file as they are now, and whether any of them has changed.

    Parameters
    ----------
    left : what no line says yet; what these lines say is taken out.
    seen : rows of the store that lines of earlier files came from; those of this file are added.
    """
    file = form.parse(kept.content.decode("utf-8", "surrogateescape"))
    imported = {origin.id for origin in kept.rows if origin is not None} - seen
    seen |= imported
    lines: list[Line] = []
    changed = False
    for line, origin in zip(file.rows, kept.rows, strict=True):
        if origin is None:
            lines.append(line)
            continue
        place = (origin.content_hash, origin.reviewer)
        now = standing.get(place)
        if now is None or origin.id not in imported:
            changed = True  # taken back, of another reviewer, or said by an earlier file already
            continue
        if now.id in imported:
            left.pop(place, None)
            lines.append(line)
        elif left.pop(place, None) is not None:
            changed = True
            lines.append(form.changed(file, line, now))
        else:
            changed = True
    return lines, changed


def _head(decisions: Sequence[Decision], reviewer: str | None) -> str:
    """Write Marz's first line; the time is that of the last Decision, so that the same Decisions give the same file."""
    names = sorted({decision.reviewer for decision in decisions})
    who = reviewer or " ".join(names)
    files = {decision.file.replace("\\", "/").rpartition("/")[2] for decision in decisions}
    where = files.pop() if len(files) == 1 else ""
    last = max((decision.time for decision in decisions), default=None)
    when = "" if last is None else last.strftime("%d/%m/%Y, %H:%M:%S")
    stamp = "" if last is None else last.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f'# Results generated by {who} for file [[{where}]] at {when} (JSON: "{stamp}") at version {{{{mtop-gui}}}}'
