"""Fuzzy search: the letters typed, in order, somewhere in the text; hits at the beginnings of words count most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD_START, ADJACENT, WHOLE_WORD = 4, 5, 20


def score(wanted: str, text: str) -> int | None:
    """Tell how well a text matches what was typed.

    Parameters
    ----------
    wanted : words, each of which must be found; case is ignored.

    Returns
    -------
    The higher the better; None when a word is not in the text.
    """
    total = 0
    low = text.lower()
    for word in wanted.lower().split():
        found = _score_word(word, low)
        if found is None:
            return None
        total += found
    return total


def rank(wanted: str, texts: Sequence[tuple[str, str]]) -> list[int]:
    """Give the places of the texts that match, best first, equal ones in their order.

    Parameters
    ----------
    texts : (title, further words); the title itself goes before a match in it, and that before any other.
    """
    if not wanted.strip():
        return list(range(len(texts)))
    scored = []
    for place, (title, more) in enumerate(texts):
        titled = score(wanted, title)
        found = score(wanted, f"{title} {more}")
        if found is not None:
            exact = title.lower() == wanted.strip().lower()
            scored.append((not exact, titled is None, -(found if titled is None else titled), place))
    return [place for *_, place in sorted(scored)]


def _score_word(word: str, text: str) -> int | None:
    whole = text.find(word)
    if whole >= 0:
        starts = any(at == 0 or not text[at - 1].isalnum() for at in _places(word, text))
        first = WORD_START if whole == 0 else 0
        return len(word) * ADJACENT + WHOLE_WORD + (WORD_START if starts else 0) + first
    initials = "".join(part[0] for part in text.split())
    if _is_within(word, initials):
        return len(word) * WORD_START
    return len(word) if _is_within(word, text) else None


def _is_within(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def _places(word: str, text: str) -> list[int]:
    places, at = [], text.find(word)
    while at >= 0:
        places.append(at)
        at = text.find(word, at + 1)
    return places
