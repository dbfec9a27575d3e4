"""The words of a filter expression: numbers, texts in quotes, names and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

TokenKind: TypeAlias = Literal["number", "text", "word", "sign", "end"]
END: TokenKind = "end"

_PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<word>[^\W\d]\w*)
    |(?P<sign><=|>=|<>|!=|==|&&|\|\||[<>=≤≥≠!&|()+\-*/,−×])""",
    re.VERBOSE,
)
_SPELLINGS = {
    "==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">=", "−": "-", "×": "*",
    "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """One word of an expression: its kind, what it says (texts without their quotes), and its letters."""

    kind: TokenKind
    text: str
    start: int
    stop: int

    @property
    def low(self) -> str:
        """What it means: lower case, signs in one spelling."""
        return _SPELLINGS.get(self.text, self.text.lower()) if self.kind in ("word", "sign") else ""


def tokens_of(text: str) -> list[Token]:
    """Cut an expression into words, with one of kind END behind the last.

    Raises
    ------
    ValueError : (sentence, start, stop) of what is no word.
    """
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            letter = text[place]
            if letter in "\"'":
                raise ValueError("The quote that opens this text is never closed.", place, len(text))
            raise ValueError(f'"{letter}" means nothing in an expression.', place, place + 1)
        kind, word = match.lastgroup, match.group()
        if kind == "number":
            found.append(Token("number", word, place, match.end()))
        elif kind == "text":
            found.append(Token("text", word[1:-1], place, match.end()))
        elif kind == "word":
            found.append(Token("word", word, place, match.end()))
        elif kind == "sign":
            found.append(Token("sign", word, place, match.end()))
        place = match.end()
    found.append(Token(END, "", len(text), len(text) + 1))
    return found
