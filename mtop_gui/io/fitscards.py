"""FITS headers, read leniently: cards are kept as bytes and understood when asked for."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

CARD = 80
BLOCK = 2880
BLANKS, ZEROS = b" " * BLOCK, b"\0" * BLOCK
"""What fills the last block of a header, and of data. Comparing with them takes a tenth of the time of stripping."""

_SHORT = 2 * BLOCK
"""Longer headers are rarely the same twice, and a thousand of them remembered would take memory."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?$")
_STRING = re.compile(r"'((?:[^']|'')*)'")
_SOUND = re.compile(
    rb"(?:[A-Z0-9_-]+ *)= *(?:'(?:[^']|'')*'|[TF]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?|\([^)]*\))? *(?:/.*)?"
    rb"|(?:COMMENT|HISTORY|CONTINUE|HIERARCH| {8}|END     ).*",
    re.DOTALL,
)
_OF_COLUMN = re.compile(r"T(?:TYPE|FORM|UNIT|UCD)(\d+)")
_TYPES = {8, 16, 32, 64, -32, -64}
_MOST_AXES = 999
_MOST_FIELDS = 999
_TEXTS = ("EXTNAME", "BUNIT", "CTYPE1", "CUNIT1", "TELESCOP", "INSTRUME")
_EXTENSIONS = {"IMAGE", "IUEIMAGE", "BINTABLE", "A3DTABLE", "TABLE", "FOREIGN", "DUMP"}


class Header:
    """Keyword -> value of one unit; a card that breaks the standard counts as text or as absent, never as an error."""

    def __init__(self, block: bytes) -> None:
        self._cards: dict[str, bytes] = {}
        self._values: dict[str, Any] = {}
        last = ""
        for start in range(0, len(block), CARD):
            card = block[start : start + CARD]
            key = card[:8].rstrip().decode("latin-1")
            if key == "CONTINUE" and last:
                self._cards[last] += b"\0" + card[8:]
            elif key == "HIERARCH" and b"=" in card:
                name, _, value = card[8:].partition(b"=")
                last = name.strip().decode("latin-1").upper()
                self._cards.setdefault(last, b"= " + value)
            elif card[8:10] == b"= " or (card[8:9] == b"=" and key not in {"COMMENT", "HISTORY", ""}):
                last = key.upper()
                self._cards.setdefault(last, card[8:])
            else:
                last = ""
        self.faults = _faults(block)
        self.complete = self._complete()

    def _complete(self) -> bool:
        """Whether the cards that say where the data end are there and mean something."""
        axes = self.get("NAXIS")
        if self.get("BITPIX") not in _TYPES or not isinstance(axes, int) or not 0 <= axes <= _MOST_AXES:
            return False
        if "XTENSION" in self and self.get("XTENSION") not in _EXTENSIONS:
            return False
        wanted = [f"NAXIS{axis}" for axis in range(1, axes + 1)]
        if str(self.get("XTENSION")).endswith("TABLE"):
            wanted.append("TFIELDS")
        sizes = [self.get(key) for key in wanted]
        return all(isinstance(size, int) and size >= 0 for size in sizes)

    def __contains__(self, key: str) -> bool:
        """Whether the header has the card."""
        return key in self._cards

    def get(self, key: str, default: Any = None) -> Any:
        """Value of a card: str, int, float or bool; `default` when absent or empty."""
        if key not in self._values:
            card = self._cards.get(key)
            self._values[key] = None if card is None else _value(card)
        value = self._values[key]
        return default if value is None else value

    def integer(self, key: str, default: int = 0) -> int:
        """Whole number of a card; `default` when it is none."""
        value = self.get(key)
        return int(value) if isinstance(value, int | float) and float(value).is_integer() else default

    def text(self, key: str) -> str:
        """Value of a card as text without blanks around it; "" when absent."""
        value = self.get(key)
        return "" if value is None else str(value).strip()

    def unquoted(self, key: str) -> bool:
        """Whether a card has a value, and it does not stand in quotes, as a text must."""
        value = self._cards.get(key, b"")[1:].lstrip(b" \0")
        return bool(value) and not value.startswith((b"'", b"/"))

    @cached_property
    def strays(self) -> tuple[str, ...]:
        """Cards about columns that a table of TFIELDS columns does not have."""
        numbers = ((key, _OF_COLUMN.fullmatch(key)) for key in self._cards)
        last = self.integer("TFIELDS")
        return tuple(key for key, found in numbers if found and not 1 <= int(found[1]) <= last)

    @cached_property
    def misfits(self) -> tuple[str, ...]:
        """Cards that must hold a text in quotes, or one number alone, and do not; and those of columns that are not there."""
        if not self.is_table:
            return (*(key for key in _TEXTS if self.unquoted(key)), *self._counts)
        numbers = range(1, min(self.integer("TFIELDS"), _MOST_FIELDS) + 1)
        keys = (*_TEXTS, *(f"{key}{number}" for number in numbers for key in ("TTYPE", "TFORM", "TUNIT")))
        return (*(key for key in keys if self.unquoted(key)), *self.strays, *self._counts)

    @property
    def _counts(self) -> tuple[str, ...]:
        """Cards of an extension that must say 1 and 0 (FITS 4.0, Sect. 7): others would stretch its data over the next unit."""
        wanted = {"GCOUNT": 1, "PCOUNT": 0} if self.extension == "IMAGE" else {"GCOUNT": 1}
        return tuple(key for key, value in wanted.items() if self.extension and self.get(key, value) != value)

    @cached_property
    def is_table(self) -> bool:
        """Whether the unit is a table, and no image in one."""
        return self.extension in {"BINTABLE", "A3DTABLE", "TABLE"} and self.get("ZIMAGE") is not True

    @cached_property
    def most_rows(self) -> int:
        """Rows of the table, or the longest axis of the image across which spectra may be counted."""
        return max(self.integer("NAXIS2"), 0) if self.is_table else max(self.image_shape[:-1], default=0)

    @cached_property
    def name(self) -> str:
        """EXTNAME in upper case, "" when absent."""
        return self.text("EXTNAME").upper()

    @cached_property
    def extension(self) -> str:
        """Kind of the unit in upper case, "" for the first one."""
        return self.text("XTENSION").upper()

    @cached_property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of the image, slowest axis first; of the one inside, where it is tile-compressed."""
        prefix = "Z" if self.get("ZIMAGE") is True else ""
        naxis = min(self.integer(f"{prefix}NAXIS"), 999)
        return tuple(self.integer(f"{prefix}NAXIS{axis}") for axis in range(naxis, 0, -1))

    @cached_property
    def data_bytes(self) -> int:
        """Bytes of data the header announces, in exact integers."""
        naxis = min(self.integer("NAXIS"), _MOST_AXES)
        if naxis <= 0:
            return 0
        total = 1
        for axis in range(1, naxis + 1):
            total *= max(self.integer(f"NAXIS{axis}"), 0)
        total = (total + max(self.integer("PCOUNT"), 0)) * max(self.integer("GCOUNT", 1), 0)
        return abs(self.integer("BITPIX", 8)) // 8 * total


def _faults(block: bytes) -> tuple[str, ...]:
    """Name the cards that break the standard as damaged ones do: no text, no value, mandatory ones out of their order."""
    names = []
    for start in range(0, len(block), CARD):
        card = block[start : start + CARD]
        if not _SOUND.fullmatch(card) or not card.isascii() or not card.decode("ascii").isprintable():
            names.append(card[:8])
    for number, key in enumerate((b"BITPIX  ", b"NAXIS   "), start=1):
        if block[number * CARD : number * CARD + 8] != key:
            names.append(key)
    word = block[2 * CARD + 10 : 2 * CARD + 30].strip()
    axes = int(word) if word.isdigit() and len(word) < 4 else 0
    for axis in range(1, axes + 1):
        start = (2 + axis) * CARD
        if block[start : start + 8].rstrip() != b"NAXIS%d" % axis:
            names.append(b"NAXIS%d" % axis)
    return tuple(name.decode("ascii", "replace").strip() or "?" for name in names)


class WholeHeader(NamedTuple):
    """A header that ends within its first block."""

    header: Header
    cards_after_end: bool


@lru_cache(maxsize=1024)
def whole_header(block: bytes) -> WholeHeader | None:
    """Understand a first block; None when the header goes on behind it. The files of a survey repeat theirs."""
    end = end_card(block)
    return None if end is None else WholeHeader(Header(block[:end]), holds_cards(block[end + CARD :]))


def end_card(block: bytes) -> int | None:
    """Find the END card; None when the header goes on."""
    place = block.find(b"END     ")
    while place >= 0:
        if place % CARD == 0:
            return place
        place = block.find(b"END     ", place + 1)
    return None


def holds_cards(rest: bytes) -> bool:
    """Whether what follows an END card is no padding."""
    return rest != BLANKS[: len(rest)] and bool(rest.strip(b" \0"))


def header_of(block: bytes) -> Header:
    """Give the Header of these bytes; the files of a survey repeat theirs, so short ones are understood once."""
    return _remembered(block) if len(block) <= _SHORT else Header(block)


@lru_cache(maxsize=1024)
def _remembered(block: bytes) -> Header:
    return Header(block)


def _value(card: bytes) -> Any:
    parts = [part.decode("latin-1") for part in card.split(b"\0")]
    first = parts[0][1:].strip()
    if first.startswith("'"):
        text = _string(first)
        for part in parts[1:]:
            if not text.endswith("&"):
                break
            text = text[:-1] + _string(part.strip())
        return text.rstrip()
    word = first.partition("/")[0].strip()
    if word in {"T", "F"}:
        return word == "T"
    if not word:
        return None
    if _NUMBER.match(word):
        if re.fullmatch(r"[+-]?\d+", word):
            return int(word)
        return float(word.replace("D", "E").replace("d", "e"))
    return word


def _string(text: str) -> str:
    found = _STRING.match(text)
    return found[1].replace("''", "'") if found else text.strip("' ")
