"""Characters that a format cannot hold, spelt with backslashes as Python does, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Columns = Mapping[str, Sequence[Any]]

_LOST = "\0-\x08\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufffe\uffff"
"""Controls but tab and line feed, and spaces but the usual one: readers of .ecsv end lines there (U+0085, U+2028) or
strip them, XML has no controls, and makes a line feed of a carriage return."""
_IS_LOST = re.compile(f"[{_LOST}]")
_ESCAPED = re.compile(rf"[\\{_LOST}]")


def escape(text: str) -> str:
    """Spell a text in printable ASCII."""
    return text.encode("unicode_escape").decode("ascii")


def unescape(text: str) -> str:
    """Give the text that was escaped, in whole or in part."""
    return text.encode("ascii", "backslashreplace").decode("unicode_escape")


def needs_ascii(columns: Columns, kinds: Mapping[str, type]) -> bool:
    """Tell whether any text cannot stand in a FITS column as it is."""
    return any(not (text.isascii() and text.isprintable()) for text in _texts(columns, kinds))


def breaks_text(columns: Columns, kinds: Mapping[str, type]) -> bool:
    """Tell whether any text holds what is lost in .ecsv or .vot, or ends a line there."""
    return any(not text.isprintable() and _IS_LOST.search(text) for text in _texts(columns, kinds))


def escape_lost(columns: Columns) -> dict[str, list[Any]]:
    """Escape backslashes and what is lost in .ecsv and .vot, in all texts."""
    return {name: [_escape_lost(value) for value in values] for name, values in columns.items()}


def unescape_all(columns: Columns) -> dict[str, list[Any]]:
    """Give all texts as they were before."""
    return {
        name: [unescape(value) if isinstance(value, str) else value for value in values]
        for name, values in columns.items()
    }


def _escape_lost(value: Any) -> Any:
    return _ESCAPED.sub(lambda found: escape(found[0]), value) if isinstance(value, str) else value


def _texts(columns: Columns, kinds: Mapping[str, type]) -> Any:
    return (text for name, kind in kinds.items() if kind is str for text in columns[name] if text)
