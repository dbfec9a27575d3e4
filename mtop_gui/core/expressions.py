"""Filter expressions over columns: ``entropy > 2 and z between 1 and 2 and quality is missing``, as numpy masks.

A small language of its own, parsed here by recursive descent: nothing is ever handed to Python's ``eval``.

* columns hold numbers (NaN = missing), texts ("" = missing) or flags (true or false);
* ``< <= > >= = !=`` (also chained: ``1 < z < 2``), ``between … and …``, ``in (3, 4)``, ``is missing``,
  ``is not missing``; of texts also ``contains``; a flag stands for itself: ``flagged and not starred``;
* ``+ - * /``, ``abs()`` and ``log10()`` between numbers; ``and``, ``or``, ``not`` and brackets.

What is missing is neither smaller, nor greater, nor equal, nor different: no comparison holds for it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from mtop_gui.core.errors import MtopError
from mtop_gui.core.expression_tokens import END, Token, tokens_of
from mtop_gui.core.expression_values import all_of, any_of, containing, folded, known

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray

Kind: TypeAlias = Literal["number", "text", "flag"]
Lookup: TypeAlias = Callable[[str], Any]
"""Column name -> (n,) float array, bool array, or sequence of texts, by the column's kind."""

MOST_LETTERS = 2000
MOST_NESTED = 50
_WORDS = frozenset(("and", "or", "not", "between", "in", "is", "missing", "contains"))
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"abs": np.abs, "log10": np.log10}
_CONSTANTS = {"true": True, "yes": True, "false": False, "no": False}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class ExpressionError(MtopError):
    """What is wrong with an expression, and where.

    Attributes
    ----------
    start, stop : the letters of the expression it is about.
    """

    def __init__(self, sentence: str, start: int, stop: int) -> None:
        super().__init__(sentence)
        self.start, self.stop = start, max(stop, start + 1)

    def pointed(self, text: str) -> str:
        """Write the expression with carets under the place."""
        return f"{text}\n{' ' * self.start}{'^' * (self.stop - self.start)}"


@dataclass(frozen=True)
class _Part:
    """A piece of an expression: what kind of values it gives, how, and which letters it is."""

    kind: Kind
    values: Callable[[Lookup], Any]
    start: int
    stop: int


@dataclass(frozen=True)
class Expression:
    """A condition on the rows of a table.

    Attributes
    ----------
    text : as it was typed.
    columns : the columns it reads.
    """

    text: str
    columns: frozenset[str]
    _condition: Callable[[Lookup], Any]

    def mask(self, lookup: Lookup, size: int) -> BoolArray:
        """(size,) which rows it holds for.

        Parameters
        ----------
        lookup : column name -> its values over all rows.
        size : number of rows.
        """
        with np.errstate(all="ignore"):
            found = np.asarray(self._condition(lookup), dtype=bool)
        return np.broadcast_to(found, (size,)).copy()


def parse(text: str, columns: Mapping[str, Kind]) -> Expression:
    """Understand an expression.

    Parameters
    ----------
    text : the expression; upper and lower case are the same outside quotes.
    columns : names that may occur, in lower case, with the kind of their values.

    Raises
    ------
    ExpressionError : it cannot be understood; says what is wrong and where.
    """
    if len(text) > MOST_LETTERS:
        raise ExpressionError(
            f"This expression has more than {MOST_LETTERS} letters: shorten it.", 0, len(text)
        )
    parser = _Parser(text, columns)
    condition = parser.whole()
    return Expression(text.strip(), frozenset(parser.read), condition.values)


def looks_like_expression(text: str, columns: Mapping[str, Kind]) -> bool:
    """Tell whether a person typing this means an expression rather than words to search for."""
    if any(sign in text for sign in "<>=≤≥≠!("):
        return True
    words = text.lower().split()
    if any(word in ("between", "contains", "missing") for word in words):
        return True
    return bool(words) and all(word in columns or word in _WORDS for word in words)


class _Parser:
    def __init__(self, text: str, columns: Mapping[str, Kind]) -> None:
        try:
            self._tokens = tokens_of(text)
        except ValueError as error:
            sentence, start, stop = error.args
            raise ExpressionError(sentence, start, stop) from None
        self._columns = columns
        self._place = 0
        self._depth = 0
        self.read: set[str] = set()

    # -- tokens -----------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        if token.kind != END:
            self._place += 1
        return token

    def _takes(self, *texts: str) -> Token | None:
        return self._take() if self._next.kind in ("word", "sign") and self._next.low in texts else None

    def _expect(self, text: str, after: str) -> None:
        if self._takes(text) is None:
            self._fail(f'"{text}" is missing after {after}.')

    def _fail(self, sentence: str, start: int | None = None, stop: int | None = None) -> None:
        token = self._next
        raise ExpressionError(
            sentence, token.start if start is None else start, token.stop if stop is None else stop
        )

    # -- conditions -------------------------------------------------------------------------------------------

    def whole(self) -> _Part:
        if self._next.kind == END:
            self._fail("The expression is empty: write for example entropy > 2.")
        part = self._flag(self._either())
        if self._next.kind != END:
            self._fail(f'"{self._next.text}" is not expected here: join conditions with "and" or "or".')
        return part

    def _either(self) -> _Part:
        self._depth += 1
        if self._depth > MOST_NESTED:
            self._fail("Brackets are nested too deeply: write the expression more simply.")
        left = self._both()
        while self._takes("or"):
            left = self._joined(left, self._both(), np.logical_or)
        self._depth -= 1
        return left

    def _both(self) -> _Part:
        left = self._negated()
        while self._takes("and"):
            left = self._joined(left, self._negated(), np.logical_and)
        return left

    def _joined(self, left: _Part, right: _Part, join: Callable[[Any, Any], Any]) -> _Part:
        a, b = self._flag(left).values, self._flag(right).values
        return _Part("flag", lambda rows: join(a(rows), b(rows)), left.start, right.stop)

    def _negated(self) -> _Part:
        turns = []
        while (token := self._takes("not")) is not None:
            turns.append(token)
        part = self._condition()
        if not turns:
            return part
        values = self._flag(part).values
        if len(turns) % 2 == 0:
            return part
        return _Part("flag", lambda rows: np.logical_not(values(rows)), turns[0].start, part.stop)

    def _condition(self) -> _Part:
        left = self._sum()
        if self._next.low in _COMPARISONS and self._next.kind == "sign":
            return self._comparisons(left)
        if self._takes("is"):
            return self._missing(left)
        turned = self._takes("not")
        if self._takes("between"):
            part = self._between(left)
        elif self._takes("in"):
            part = self._among(left)
        elif self._takes("contains"):
            part = self._contains(left)
        else:
            if turned is not None:
                self._fail('After "not", write between, in or contains.')
            return left
        values = part.values
        return (
            part
            if turned is None
            else _Part("flag", lambda rows: np.logical_not(values(rows)), left.start, part.stop)
        )

    def _comparisons(self, left: _Part) -> _Part:
        steps: list[Callable[[Lookup], Any]] = []
        first = left
        while self._next.kind == "sign" and self._next.low in _COMPARISONS:
            sign = self._take()
            right = self._sum()
            steps.append(self._compared(left, sign, right))
            left = right
        return _Part("flag", lambda rows: all_of([step(rows) for step in steps]), first.start, left.stop)

    def _compared(self, left: _Part, sign: Token, right: _Part) -> Callable[[Lookup], Any]:
        if left.kind != right.kind:
            self._fail(
                f"A {left.kind} cannot be compared with a {right.kind}"
                + (': put texts in quotes, "…".' if "text" in (left.kind, right.kind) else "."),
                left.start,
                right.stop,
            )
        if left.kind != "number" and sign.low not in ("=", "!="):
            self._fail(f'A {left.kind} cannot be smaller or greater: use "=" or "!=".', sign.start, sign.stop)
        a, b, compare = left.values, right.values, _COMPARISONS[sign.low]
        if left.kind == "number":
            # NaN differs from everything in numpy; what is missing shall not.
            return lambda rows: known(compare, a(rows), b(rows))
        if left.kind == "text":
            return lambda rows: compare(folded(a(rows)), folded(b(rows)))
        return lambda rows: compare(a(rows), b(rows))

    def _missing(self, left: _Part) -> _Part:
        turned = self._takes("not") is not None
        token = self._takes("missing")
        if token is None:
            self._fail('After "is", write missing or not missing.')
            raise AssertionError
        values = left.values
        if left.kind == "flag":
            self._fail("A flag is true or false, never missing.", left.start, token.stop)
        if left.kind == "number":
            return _Part("flag", lambda rows: np.isnan(values(rows)) != turned, left.start, token.stop)
        return _Part("flag", lambda rows: (folded(values(rows)) == "") != turned, left.start, token.stop)

    def _between(self, left: _Part) -> _Part:
        low = self._number(self._sum())
        self._expect("and", '"between" and its first value')
        high = self._number(self._sum())
        values, a, b = self._number(left).values, low.values, high.values
        return _Part(
            "flag",
            lambda rows: np.logical_and(values(rows) >= a(rows), values(rows) <= b(rows)),
            left.start,
            high.stop,
        )

    def _among(self, left: _Part) -> _Part:
        self._expect("(", '"in"')
        choices = [self._sum()]
        while self._takes(","):
            choices.append(self._sum())
        stop = self._next.stop
        self._expect(")", "the list")
        sign = Token("sign", "=", left.start, stop)
        steps = [self._compared(left, sign, choice) for choice in choices]
        return _Part("flag", lambda rows: any_of([step(rows) for step in steps]), left.start, stop)

    def _contains(self, left: _Part) -> _Part:
        if left.kind != "text":
            self._fail("Only texts contain something.", left.start, left.stop)
        right = self._sum()
        if right.kind != "text":
            self._fail('After "contains", write a text in quotes.', right.start, right.stop)
        values, needle = left.values, right.values
        return _Part("flag", lambda rows: containing(values(rows), needle(rows)), left.start, right.stop)

    # -- values -----------------------------------------------------------------------------------------------

    def _sum(self) -> _Part:
        left = self._product()
        while (sign := self._takes("+", "-")) is not None:
            left = self._reckoned(left, sign, self._product())
        return left

    def _product(self) -> _Part:
        left = self._factor()
        while (sign := self._takes("*", "/")) is not None:
            left = self._reckoned(left, sign, self._factor())
        return left

    def _reckoned(self, left: _Part, sign: Token, right: _Part) -> _Part:
        a, b, reckon = self._number(left).values, self._number(right).values, _SUMS[sign.low]
        return _Part("number", lambda rows: reckon(a(rows), b(rows)), left.start, right.stop)

    def _factor(self) -> _Part:
        minus = None
        while (token := self._takes("-", "+")) is not None:
            minus = (token if minus is None else None) if token.low == "-" else minus
        part = self._value()
        if minus is None:
            return part
        values = self._number(part).values
        return _Part("number", lambda rows: -values(rows), minus.start, part.stop)

    def _value(self) -> _Part:
        token = self._next
        if self._takes("("):
            inner = self._either()
            stop = self._next.stop
            self._expect(")", f'"{token.text}…"')
            return _Part(inner.kind, inner.values, token.start, stop)
        if token.kind == "number":
            number = float(self._take().text)
            return _Part("number", lambda rows: np.float64(number), token.start, token.stop)
        if token.kind == "text":
            words = self._take().text
            return _Part("text", lambda rows: words, token.start, token.stop)
        if token.kind == "word" and token.low not in _WORDS:
            return self._named(self._take())
        what = f'not "{token.text}"' if token.kind != END else "but the expression ends"
        self._fail(f"A column, a number or a text is expected here, {what}.")
        raise AssertionError

    def _named(self, token: Token) -> _Part:
        if token.low in _FUNCTIONS and self._takes("("):
            inner = self._number(self._either())
            stop = self._next.stop
            self._expect(")", f'"{token.text}(…"')
            function, values = _FUNCTIONS[token.low], inner.values
            return _Part("number", lambda rows: function(values(rows)), token.start, stop)
        if token.low in _CONSTANTS:
            constant = _CONSTANTS[token.low]
            return _Part("flag", lambda rows: np.bool_(constant), token.start, token.stop)
        name = token.low
        if name not in self._columns:
            near = get_close_matches(name, self._columns, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self._columns))}."
            self._fail(f'There is no column "{token.text}": {hint}', token.start, token.stop)
        self.read.add(name)
        return _Part(self._columns[name], lambda rows: rows(name), token.start, token.stop)

    def _number(self, part: _Part) -> _Part:
        if part.kind != "number":
            self._fail(f"A number is expected here, not a {part.kind}.", part.start, part.stop)
        return part

    def _flag(self, part: _Part) -> _Part:
        if part.kind != "flag":
            self._fail(
                f"A {part.kind} is no condition: compare it with something, or write is missing.",
                part.start,
                part.stop,
            )
        return part
