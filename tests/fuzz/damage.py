"""Ways to damage a file: each takes a Seed and a random generator, and gives the bytes and the recipe."""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.corpus import Seed, Unit

BLOCK = 2880
CARD = 80


class Kind(Enum):
    """What a damaged file may still give; `judge` says in detail."""

    HARMLESS = "harmless"
    """The same spectra."""
    SEALED = "sealed"
    """The same spectra or a refusal: a checksum covers every byte."""
    LOST = "lost"
    """Something is gone (the end, a unit, a card, a byte)."""
    DATA = "data"
    """Numbers were changed, and only those."""
    HEADER = "header"
    """Cards were changed, and perhaps more."""
    LIE = "lie"
    """A card claims sizes that are not there."""


@dataclass(frozen=True)
class Damaged:
    """A damaged file."""

    content: bytes
    recipe: str
    kind: Kind
    touched: int = 0
    """Numbers that the damage can have reached, where it changed numbers."""
    suffix: str = ""


def damage(seed: Seed, rng: np.random.Generator) -> Damaged:
    """Damage a file in a way drawn by `rng`."""
    if rng.integers(BOMB_EVERY) == 0:
        return bomb(seed, rng)
    ways = (_FITS_WAYS if seed.is_fits else ()) + _ANY_WAYS
    return ways[int(rng.integers(len(ways)))](seed, rng)


def truncations(seed: Seed) -> list[int]:
    """List the lengths at which a file is cut at a block of a header: the first block and the last of each."""
    return sorted({place for unit in seed.units for place in range(unit.header, unit.data + 1, BLOCK)})


# -- any file ---------------------------------------------------------------------------------------------------


def cut_anywhere(seed: Seed, rng: np.random.Generator) -> Damaged:
    length = int(rng.integers(len(seed.content)))
    return Damaged(seed.content[:length], f"cut to {length} bytes", Kind.LOST)


def flip_anywhere(seed: Seed, rng: np.random.Generator) -> Damaged:
    content = bytearray(seed.content)
    places = sorted(int(rng.integers(len(content))) for _ in range(int(rng.integers(1, 9))))
    for place in places:
        content[place] ^= 1 << int(rng.integers(8))
    return Damaged(bytes(content), f"bits flipped in bytes {places}", Kind.HEADER, len(places))


def delete_bytes(seed: Seed, rng: np.random.Generator) -> Damaged:
    start, count = int(rng.integers(len(seed.content))), int(rng.choice([1, 2, 80, 512, 2880, 4096]))
    content = seed.content[:start] + seed.content[start + count :]
    return Damaged(content, f"{count} bytes deleted at {start}", Kind.LOST)


def insert_bytes(seed: Seed, rng: np.random.Generator) -> Damaged:
    start, count = int(rng.integers(len(seed.content))), int(rng.choice([1, 2, 80, 512, 2880]))
    content = seed.content[:start] + rng.bytes(count) + seed.content[start:]
    return Damaged(content, f"{count} bytes inserted at {start}", Kind.LOST)


def bad_sector(seed: Seed, rng: np.random.Generator) -> Damaged:
    count = int(rng.choice([16, 80, 512, 2880, 4096]))
    start = int(rng.integers(len(seed.content)))
    count = min(count, len(seed.content) - start)
    filler = [b"\0" * count, b"\xff" * count, rng.bytes(count), b" " * count][int(rng.integers(4))]
    content = seed.content[:start] + filler + seed.content[start + count :]
    return Damaged(
        content,
        f"{count} bytes overwritten at {start} by {filler[:2]!r}…",
        Kind.HEADER,
        count // _size(seed) + 1,
    )


def _size(seed: Seed) -> int:
    """Bytes of the smallest number in the file; of a line, in a text."""
    return min((unit.itemsize for unit in seed.units if unit.stop > unit.data), default=8)


def packed(seed: Seed, rng: np.random.Generator) -> Damaged:
    return Damaged(gzip.compress(seed.content, 1), "gzipped", Kind.HARMLESS, suffix=f"{seed.suffix}.gz")


def packed_in_pieces(seed: Seed, rng: np.random.Generator) -> Damaged:
    half = int(rng.integers(len(seed.content)))
    content = gzip.compress(seed.content[:half], 1) + gzip.compress(seed.content[half:], 9)
    return Damaged(content, f"gzipped in two members at {half}", Kind.HARMLESS, suffix=f"{seed.suffix}.gz")


def packed_and_hurt(seed: Seed, rng: np.random.Generator) -> Damaged:
    content = bytearray(gzip.compress(seed.content, 1))
    if rng.random() < 0.5:
        length = int(rng.integers(len(content)))
        return Damaged(
            bytes(content[:length]), f"gzipped, cut to {length}", Kind.LOST, suffix=f"{seed.suffix}.gz"
        )
    place = int(rng.integers(10, len(content)))
    content[place] ^= 1 << int(rng.integers(8))
    return Damaged(
        bytes(content), f"gzipped, bit flipped in byte {place}", Kind.SEALED, suffix=f"{seed.suffix}.gz"
    )


def bomb(seed: Seed, rng: np.random.Generator) -> Damaged:
    """A .gz of a megabyte that unpacks to two gigabytes: the file itself, then zeros, blanks or empty lines."""
    filler = [b"\0", b" ", b"\n"][int(rng.integers(3))]
    content = (gzip.compress(seed.content, 1) if rng.random() < 0.5 else b"") + 1900 * gzip.compress(
        filler * (1 << 20), 9
    )
    return Damaged(content, f"gzip bomb of 1.9 GiB of {filler!r}", Kind.LOST, suffix=f"{seed.suffix}.gz")


# -- FITS -------------------------------------------------------------------------------------------------------


def _unit(seed: Seed, rng: np.random.Generator, *, with_data: bool = False) -> Unit:
    units = [unit for unit in seed.units if unit.stop > unit.data] if with_data else seed.units
    return units[int(rng.integers(len(units)))]


def cut_at_block(seed: Seed, rng: np.random.Generator) -> Damaged:
    places = truncations(seed)
    length = places[int(rng.integers(len(places)))] + int(rng.choice([0, 0, 0, 1, 79, 80, -1, 1440]))
    length = min(max(length, 0), len(seed.content) - 1)
    return Damaged(seed.content[:length], f"cut at a header block, to {length} bytes", Kind.LOST)


def trailing_junk(seed: Seed, rng: np.random.Generator) -> Damaged:
    count = int(rng.choice([1, 80, 2880, 5000]))
    junk = b"\0" * count if rng.random() < 0.5 else rng.bytes(count)
    return Damaged(seed.content + junk, f"{count} bytes of junk behind the end", Kind.HARMLESS)


def flip_data(seed: Seed, rng: np.random.Generator) -> Damaged:
    content = bytearray(seed.content)
    unit = _unit(seed, rng, with_data=True)
    places = sorted({int(rng.integers(unit.data, unit.stop)) for _ in range(int(rng.integers(1, 9)))})
    for place in places:
        content[place] ^= 1 << int(rng.integers(8))
    return Damaged(bytes(content), f"data bits flipped in bytes {places}", Kind.DATA, len(places))


def overwrite_data(seed: Seed, rng: np.random.Generator) -> Damaged:
    """A run of numbers becomes NaN, infinite, zero, negative, huge, tiny or noise."""
    unit = _unit(seed, rng, with_data=True)
    size = unit.itemsize if unit.itemsize in (4, 8) else 4
    first = int(rng.integers(max(1, (unit.stop - unit.data) // size)))
    count = int(rng.integers(1, 12))
    start = unit.data + first * size
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1e300, -1e300, 5e-324, 1e-40]
    value = values[int(rng.integers(len(values)))]
    with np.errstate(over="ignore"):
        number = struct.pack(">d", value) if size == 8 else np.array(value, dtype=">f4").tobytes()
    filler = (number * count)[: unit.stop - start]
    content = seed.content[:start] + filler + seed.content[start + len(filler) :]
    touched = -(-len(filler) // unit.itemsize) + 1
    return Damaged(content, f"{count} numbers at byte {start} become {value}", Kind.DATA, touched)


def _cards(seed: Seed, unit: Unit) -> list[int]:
    """Places of the cards of a unit that say something."""
    return [
        place
        for place in range(unit.header, unit.data, CARD)
        if seed.content[place : place + 8].strip() not in (b"", b"COMMENT", b"HISTORY")
    ]


def flip_header(seed: Seed, rng: np.random.Generator) -> Damaged:
    content = bytearray(seed.content)
    cards = _cards(seed, _unit(seed, rng))
    places = []
    for _ in range(int(rng.integers(1, 4))):
        # Keyword and value come first in a card, its comment matters to nobody.
        place = cards[int(rng.integers(len(cards)))] + int(rng.integers(32))
        content[place] ^= 1 << int(rng.integers(8))
        places.append(place)
    return Damaged(bytes(content), f"header bits flipped in bytes {places}", Kind.HEADER)


def flip_comment(seed: Seed, rng: np.random.Generator) -> Damaged:
    """Only the words behind a number are changed, to other letters."""
    places = [
        place
        for unit in seed.units
        for place in _cards(seed, unit)
        if seed.content[place + 10 : place + 30].strip().lstrip(b"-").isdigit()
        and b"/" in seed.content[place + 30 : place + CARD]
    ]
    if not places:
        return trailing_junk(seed, rng)
    place = places[int(rng.integers(len(places)))]
    start = seed.content.index(b"/", place + 30) + 1
    content = seed.content[:start] + b"x" * (place + CARD - start) + seed.content[place + CARD :]
    return Damaged(content, f"comment of the card at {place} changed", Kind.HARMLESS)


_SIZES = ("NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP")
_WORDS = [
    b"0", b"1", b"2", b"3", b"7", b"-1", b"-32", b"-64", b"8", b"16", b"99", b"999", b"1000", b"2147483648", b"1000000000000",
    b"9223372036854775807", b"18446744073709551616", b"1E400", b"-1E400", b"NAN", b"INF", b"3.5", b"T", b"F", b"''", b"'text'", b"",
    b"1E-300", b"0.0", b"(1,2)", b"'9" * 30,
]  # fmt: skip


def lie(seed: Seed, rng: np.random.Generator) -> Damaged:
    """A card that says how large something is, or where, says something else."""
    unit = _unit(seed, rng)
    cards = _cards(seed, unit)
    sizes = [p for p in cards if seed.content[p : p + 8].strip().decode("latin-1") in _SIZES]
    cards = sizes if sizes and rng.random() < 0.6 else cards
    place = cards[int(rng.integers(len(cards)))]
    word = _WORDS[int(rng.integers(len(_WORDS)))]
    key = seed.content[place : place + 8]
    card = (key + b"= " + word.rjust(20)).ljust(CARD)[:CARD]
    content = seed.content[:place] + card + seed.content[place + CARD :]
    return Damaged(content, f"{key.decode('latin-1').strip()} at byte {place} says {word!r}", Kind.LIE)


def huge(seed: Seed, rng: np.random.Generator) -> Damaged:
    """Sizes of 1e12 and more, in one unit."""
    unit = _unit(seed, rng, with_data=True)
    content = seed.content
    said = []
    for place in _cards(seed, unit):
        key = content[place : place + 8].strip().decode("latin-1")
        if key in ("NAXIS1", "NAXIS2", "PCOUNT", "TFIELDS") and rng.random() < 0.5:
            number = int(rng.choice([10**6, 10**9, 10**12, 10**15]))
            card = f"{key:8}= {number:>20}".ljust(CARD).encode()
            content = content[:place] + card + content[place + CARD :]
            said.append(f"{key}={number:g}")
    if not said:
        return lie(seed, rng)
    return Damaged(content, f"unit at {unit.header} claims {', '.join(said)}", Kind.LIE)


def card_gone(seed: Seed, rng: np.random.Generator) -> Damaged:
    cards = _cards(seed, _unit(seed, rng))
    place = cards[int(rng.integers(len(cards)))]
    content = seed.content[:place] + b" " * CARD + seed.content[place + CARD :]
    return Damaged(content, f"card {seed.content[place : place + 8]!r} at {place} blanked", Kind.HEADER)


def cards_exchanged(seed: Seed, rng: np.random.Generator) -> Damaged:
    cards = _cards(seed, _unit(seed, rng))
    one, two = (cards[int(rng.integers(len(cards)))] for _ in range(2))
    content = bytearray(seed.content)
    content[one : one + CARD], content[two : two + CARD] = (
        content[two : two + CARD],
        content[one : one + CARD],
    )
    return Damaged(bytes(content), f"cards at {one} and {two} exchanged", Kind.HEADER)


def unit_gone(seed: Seed, rng: np.random.Generator) -> Damaged:
    if len(seed.units) < 3:
        return card_gone(seed, rng)
    gone = int(rng.integers(1, len(seed.units)))
    unit = seed.units[gone]
    content = seed.content[: unit.header] + seed.content[unit.end :]
    return Damaged(content, f"unit {gone} taken out", Kind.HEADER)


def unit_twice(seed: Seed, rng: np.random.Generator) -> Damaged:
    if len(seed.units) < 2:
        return card_gone(seed, rng)
    twice = int(rng.integers(1, len(seed.units)))
    unit = seed.units[twice]
    content = seed.content[: unit.end] + seed.content[unit.header : unit.end] + seed.content[unit.end :]
    return Damaged(content, f"unit {twice} is there twice", Kind.HEADER)


_ANY_WAYS: tuple[Callable[[Seed, np.random.Generator], Damaged], ...] = (
    cut_anywhere,
    flip_anywhere,
    delete_bytes,
    insert_bytes,
    bad_sector,
    packed,
    packed_in_pieces,
    packed_and_hurt,
)
BOMB_EVERY = 400

_FITS_WAYS: tuple[Callable[[Seed, np.random.Generator], Damaged], ...] = (
    cut_at_block,
    cut_at_block,
    trailing_junk,
    flip_data,
    flip_data,
    overwrite_data,
    overwrite_data,
    flip_header,
    flip_header,
    flip_header,
    flip_comment,
    lie,
    lie,
    lie,
    huge,
    card_gone,
    cards_exchanged,
    unit_gone,
    unit_twice,
)
