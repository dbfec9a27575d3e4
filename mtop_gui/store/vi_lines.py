"""Lines of the files that other vetting programs exchange: split without losing a byte, and changed field by field."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r'"(?:[^"]|"")*"|[^,"]*')


@dataclass(frozen=True)
class Line:
    """One row of a comma-separated file, as it stands there.

    Attributes
    ----------
    fields : the raw texts between the commas, padding and quotes included.
    end : the line end, "" at the end of a file without one.
    """

    fields: tuple[str, ...]
    end: str = "\n"

    @property
    def text(self) -> str:
        """The line as it stands in the file."""
        return ",".join(self.fields) + self.end

    @property
    def values(self) -> list[str]:
        """The fields without padding and quotes."""
        return [plain(field) for field in self.fields]

    def changed(self, values: dict[int, str]) -> Line:
        """Give the line with other values in some fields, padded as wide as before."""
        fields = list(self.fields)
        for number, value in values.items():
            if plain(fields[number]) != value:
                fields[number] = _in_place_of(fields[number], value)
        return Line(tuple(fields), self.end)


def plain(field: str) -> str:
    """Give a field without padding and quotes."""
    text = field.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text


def quoted(value: str) -> str:
    """Quote a value where a comma-separated file needs it."""
    if value != value.strip() or any(character in value for character in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def _in_place_of(field: str, value: str) -> str:
    if field != field.strip():
        begin = field[: len(field) - len(field.lstrip())] if field.strip() else "  "[: len(field)]
        return (begin + value).ljust(len(field))
    return quoted(value)


def split_lines(text: str, quotes: bool = True) -> list[Line]:
    """Split a file into lines; a line end inside quotes belongs to its field.

    Parameters
    ----------
    quotes : whether quotes mean anything (in Marz files they do not).
    """
    lines = []
    start = 0
    while start < len(text):
        stop = start
        inside = False
        while stop < len(text) and (inside or text[stop] != "\n"):
            inside ^= quotes and text[stop] == '"'
            stop += 1
        if inside:  # a quote that is never closed is a character like others
            stop = text.find("\n", start)
            stop = len(text) if stop < 0 else stop
        raw = text[start : stop + 1]
        body = raw.rstrip("\n").removesuffix("\r")
        lines.append(Line(_split_fields(body, quotes), raw[len(body) :]))
        start = stop + 1
    return lines


def _split_fields(body: str, quotes: bool) -> tuple[str, ...]:
    if not quotes or '"' not in body:
        return tuple(body.split(","))
    fields, start = [], 0
    while True:
        match = _FIELD.match(body, start)
        assert match is not None
        stop = body.find(",", match.end())
        stop = len(body) if stop < 0 else stop
        fields.append(body[start:stop])
        if stop == len(body):
            return tuple(fields)
        start = stop + 1
