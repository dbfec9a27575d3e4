"""The files of DESI's visual inspection and of Marz: what a line says as a Decision, and a Decision as a line."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from mtop_gui.core.decision import ISSUES, SPECTRUM_CLASSES, Decision, check
from mtop_gui.core.errors import StoreError
from mtop_gui.store.vi_lines import Line, quoted, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class ViFile:
    """A file taken apart.

    Attributes
    ----------
    head : all before the rows, as it stands there.
    columns : their names.
    rows : every line after the head; blank ones and comments among them hold no row.
    """

    head: str
    columns: tuple[str, ...]
    rows: tuple[Line, ...]


class ViFormat(ABC):
    """One format."""

    name: ClassVar[str]
    scale: ClassVar[str]

    @abstractmethod
    def parse(self, text: str) -> ViFile:
        """Take a file apart; raises ValueError where it is of another kind."""

    @abstractmethod
    def decision(self, file: ViFile, line: Line) -> Decision | None:
        """Give what a line says, its content hash left empty; None where nobody decided.

        Raises
        ------
        ValueError : the line holds no valid Decision.
        """

    @abstractmethod
    def changed(self, file: ViFile, line: Line, decision: Decision) -> Line:
        """Give a line that says another Decision, and else what it said before."""

    @abstractmethod
    def new(self, decisions: Sequence[Decision], like: ViFile | None, head: str) -> str:
        """Write Decisions as a file of their own, or with `like` as rows to append to that file."""

    def refreshed(self, file: ViFile, lines: Sequence[Line]) -> str:
        """Give the head of a file whose rows have changed."""
        return file.head


def _number(text: str) -> float | None:
    return float(text) if text else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Desi(ViFormat):
    """``desi-vi_<set>_<initials>.csv`` as written by prospect; defaults as in its ``utilities.vi_file_fields``."""

    name = "desi"
    scale = "desi"
    DEFAULTS: ClassVar[dict[str, str]] = {
        "TARGETID": "-1",
        "EXPID": "-1",
        "NIGHT": "-1",
        "TILEID": "-1",
        "Spec_version": "-1",
        "Redrock_version": "-1",
        "Template_version": "-1",
        "Redrock_spectype": "",
        "Redrock_z": "-1",
        "Redrock_deltachi2": "-1",
        "VI_scanner": "",
        "VI_quality": "-1",
        "VI_issue": "",
        "VI_z": "",
        "VI_spectype": "",
        "VI_comment": "",
    }
    NEEDED = ("TARGETID", "VI_scanner", "VI_quality", "VI_z")

    def parse(self, text: str) -> ViFile:
        """Take a file apart."""
        lines = split_lines(text)
        columns = tuple(lines[0].values) if lines else ()
        columns = (columns[0].removeprefix("\ufeff"), *columns[1:]) if columns else ()
        missing = [name for name in self.NEEDED if name not in columns]
        if missing:
            raise ValueError(f"the column {missing[0]} is missing")
        return ViFile(lines[0].text, columns, tuple(lines[1:]))

    def decision(self, file: ViFile, line: Line) -> Decision | None:
        """Give what a line says: an empty VI_z or VI_spectype means that Redrock's was right."""
        if len(line.fields) != len(file.columns):
            if not line.text.strip():
                return None
            raise ValueError(f"it has {len(line.fields)} fields, not {len(file.columns)}")
        row = {**self.DEFAULTS, **dict(zip(file.columns, line.values, strict=True))}
        quality = row["VI_quality"]
        if not quality or int(float(quality)) < 0:
            return None
        redshift = _number(row["VI_z"])
        automatic = _number(row["Redrock_z"])
        origin = "typed"
        if redshift is None and automatic is not None and automatic >= 0:
            redshift, origin = automatic, "network"
        kind = row["VI_spectype"] or row["Redrock_spectype"]
        decision = Decision(
            content_hash="",
            file="",
            row=0,
            name=row["TARGETID"],
            redshift=redshift,
            redshift_origin=origin,
            quality=int(float(quality)),
            scale=self.scale,
            spectrum_class=kind if kind in SPECTRUM_CLASSES else "",
            issues="".join(letter for letter in row["VI_issue"] if letter in ISSUES),
            comment=row["VI_comment"],
            reviewer=row["VI_scanner"],
        )
        check(decision)
        return decision

    def _says(self, decision: Decision) -> dict[str, str]:
        return {
            "VI_scanner": decision.reviewer,
            "VI_quality": str(decision.quality),
            "VI_issue": decision.issues,
            "VI_z": "" if decision.redshift is None else repr(decision.redshift),
            "VI_spectype": decision.spectrum_class,
            "VI_comment": _one_line(decision.comment),
        }

    def changed(self, file: ViFile, line: Line, decision: Decision) -> Line:
        """Give a line with other VI columns."""
        says = self._says(decision)
        return line.changed({file.columns.index(k): v for k, v in says.items() if k in file.columns})

    def new(self, decisions: Sequence[Decision], like: ViFile | None, head: str) -> str:
        """Write Decisions; of what only DESI knows, prospect's defaults."""
        columns = tuple(self.DEFAULTS) if like is None else like.columns
        lines = [] if like is not None else [",".join(columns)]
        for decision in decisions:
            row = {**self.DEFAULTS, "TARGETID": decision.name or "-1", **self._says(decision)}
            lines.append(",".join(quoted(row.get(name, "")) for name in columns))
        return "".join(line + "\n" for line in lines)


class Marz(ViFormat):
    """``.mz`` as written by Marz: three lines that begin with #, then columns padded with blanks."""

    name = "marz"
    scale = "ozdes"
    COLUMNS = (
        *("ID", "Name", "RA", "DEC", "Mag", "Type", "AutoTID", "AutoTN", "AutoZ", "AutoXCor"),
        *("FinTID", "FinTN", "FinZ", "QOP", "Comment"),
    )
    NEEDED = ("Name", "QOP")
    FIRST = re.compile(r"# Results generated by (?P<who>.*?) for file \[\[(?P<file>.*?)\]\]")
    WHEN = re.compile(r'\(JSON: "(?P<time>[^"]+)"\)')
    RATE = re.compile(r"# Redshift quality > 2 for \d+ out of \d+ targets, a success rate of +[\d.]+%")

    def parse(self, text: str) -> ViFile:
        """Take a file apart."""
        lines = split_lines(text, quotes=False)
        for number, line in enumerate(lines):
            values = line.values
            columns = (values[0].lstrip("# "), *values[1:])
            if not line.text.startswith("#"):
                break
            if all(name in columns for name in self.NEEDED):
                head = "".join(each.text for each in lines[: number + 1])
                return ViFile(head, columns, tuple(lines[number + 1 :]))
        raise ValueError("the line of column names that begins with #ID is missing")

    def decision(self, file: ViFile, line: Line) -> Decision | None:
        """Give what a line says; QOP 0 means that nobody has decided."""
        if len(line.fields) != len(file.columns):
            if not line.text.strip() or line.text.startswith("#"):
                return None
            raise ValueError(f"it has {len(line.fields)} fields, not {len(file.columns)}")
        row = dict(zip(file.columns, line.values, strict=True))
        quality = int(row["QOP"] or 0)
        if quality == 0:
            return None
        first, when = self.FIRST.search(file.head), self.WHEN.search(file.head)
        decision = Decision(
            content_hash="",
            file=first["file"] if first else "",
            row=max(0, int(row["ID"]) - 1) if row.get("ID", "").isdigit() else 0,
            name=row["Name"],
            redshift=_number(row.get("FinZ", "") or row.get("AutoZ", "")),
            redshift_origin="typed" if row.get("FinZ") != row.get("AutoZ") else "network",
            quality=quality,
            scale=self.scale,
            spectrum_class=_class_of(row.get("FinTN", "") or row.get("AutoTN", "")),
            comment=row.get("Comment", ""),
            reviewer=first["who"].strip() if first else "",
            time=datetime.fromisoformat(when["time"]) if when else datetime.now(UTC),
        )
        if decision.time.tzinfo is None:
            decision = replace(decision, time=decision.time.replace(tzinfo=UTC))
        check(decision)
        return decision

    def _says(self, decision: Decision) -> dict[str, str]:
        return {
            "FinZ": "" if decision.redshift is None else _five_decimals(decision.redshift),
            "QOP": str(decision.quality),
            "Comment": _one_line(decision.comment.replace(",", " ")),
        }

    def changed(self, file: ViFile, line: Line, decision: Decision) -> Line:
        """Give a line with another redshift, quality, comment, and template where the class is another."""
        says = self._says(decision)
        row = dict(zip(file.columns, line.values, strict=True))
        if decision.spectrum_class != _class_of(row.get("FinTN", "")):
            says |= {"FinTID": "0", "FinTN": decision.spectrum_class}
        return line.changed({file.columns.index(k): v for k, v in says.items() if k in file.columns})

    def new(self, decisions: Sequence[Decision], like: ViFile | None, head: str) -> str:
        """Write Decisions; of what only Marz knows, nothing."""
        columns = self.COLUMNS if like is None else like.columns
        rows = [self._row(decision, columns) for decision in decisions]
        widths = [max([len(name), *(len(row[k]) for row in rows)]) for k, name in enumerate(columns)]
        if like is not None and like.rows and len(like.rows[0].fields) == len(columns):
            # As wide as the rows it is appended to: two blanks before every value but the first, which has one.
            present = [len(field) - (1 if k == 0 else 2) for k, field in enumerate(like.rows[0].fields)]
            widths = [max(pair) for pair in zip(widths, present, strict=True)]
        lines = [
            " " + ",  ".join(value.ljust(w) for value, w in zip(row, widths, strict=True)) for row in rows
        ]
        if like is None:
            names = "#" + ",  ".join(name.ljust(w) for name, w in zip(columns, widths, strict=True))
            good = sum(decision.quality > 2 for decision in decisions)
            lines = [head, _success(good, len(decisions)), names, *lines]
        return "".join(line + "\n" for line in lines)

    def _row(self, decision: Decision, columns: Sequence[str]) -> list[str]:
        row = {
            "ID": f"{decision.row + 1:04d}",
            "Name": _one_line(decision.name.replace(",", "")),
            "AutoTID": "0",
            "FinTID": "0",
            "FinTN": decision.spectrum_class,
            **self._says(decision),
        }
        return [row.get(name, "") for name in columns]

    def refreshed(self, file: ViFile, lines: Sequence[Line]) -> str:
        """Give the head with the success rate of the new rows."""
        number = file.columns.index("QOP")
        qualities = [line.values[number] for line in lines if len(line.fields) == len(file.columns)]
        good = sum(quality.isdigit() and int(quality) > 2 for quality in qualities)
        return self.RATE.sub(_success(good, len(qualities)), file.head)


def _success(good: int, total: int) -> str:
    rate = 100.0 * good / total if total else 0.0
    return f"# Redshift quality > 2 for {good} out of {total} targets, a success rate of  {rate:.1f}%"


def _five_decimals(redshift: float) -> str:
    """Write a redshift with five decimals as Marz does, with more where they are needed to keep it."""
    short = f"{redshift:.5f}"
    return short if float(short) == redshift else repr(redshift)


def _class_of(template: str) -> str:
    """Give the class of one of Marz's templates by its name."""
    words = template.lower()
    for word, kind in (("galaxy", "GALAXY"), ("quasar", "QSO"), ("qso", "QSO"), ("star", "STAR")):
        if word in words:
            return kind
    return ""


FORMATS: dict[str, ViFormat] = {each.name: each for each in (Desi(), Marz())}


def format_of_text(path: Path, text: str) -> ViFormat | None:
    """Tell the format of a file by its content; None when it is none of these."""
    if path.suffix.lower() == ".mz":
        return FORMATS["marz"]
    first = text.split("\n", 1)[0]
    return FORMATS["desi"] if "VI_quality" in first and "TARGETID" in first else None


def format_of_name(path: Path, name: str | None) -> ViFormat | None:
    """Give the format to write: the named one, or the one that the file's name tells; None for a catalogue.

    Raises
    ------
    StoreError : there is no such format.
    """
    if name is not None and name not in (*FORMATS, "catalogue"):
        raise StoreError(f'"{name}" is no format: use one of {", ".join(FORMATS)}, catalogue.')
    if name is not None:
        return FORMATS.get(name)
    if path.suffix.lower() == ".mz":
        return FORMATS["marz"]
    return FORMATS["desi"] if path.name.startswith("desi-vi") and path.suffix.lower() == ".csv" else None
