"""Filter expressions: what they mean, and where they say that something is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.core.expressions import ExpressionError, Kind, looks_like_expression, parse

COLUMNS: dict[str, Kind] = {
    "entropy": "number",
    "z": "number",
    "quality": "number",
    "name": "text",
    "flagged": "flag",
}
ROWS = {
    "entropy": np.array([1.0, 2.5, np.nan]),
    "z": np.array([1.5, 1.2, 0.5]),
    "quality": np.array([np.nan, np.nan, 3.0]),
    "name": ["GAL-a", "QSO-B", ""],
    "flagged": np.array([True, False, True]),
}


def holds(text: str) -> list[int]:
    """The rows an expression holds for."""
    return np.flatnonzero(parse(text, COLUMNS).mask(ROWS.__getitem__, 3)).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("entropy > 2 and z between 1 and 2 and quality is missing", [1]),
        ("quality is not missing", [2]),
        ("not flagged", [1]),
        ("not not flagged", [0, 2]),
        ("flagged = no", [1]),
        ("1 < z < 1.5", [1]),
        ("1 < z ≤ 1.5", [0, 1]),
        ("z not between 1 and 2", [2]),
        ("quality in (3, 4)", [2]),
        ("name not in ('gal-a')", [1, 2]),
        ("NAME Contains 'qso'", [1]),
        ("name is missing", [2]),
        ("name = 'gal-a' or z < 1 and flagged", [0, 2]),
        ("(name = 'gal-a' or z < 1) and not flagged", []),
        ("abs(z - 1) * 2 < .5", [1]),
        ("log10(z) > 0", [0, 1]),
        ("-z < -1.2 - .1", [0]),
        ("entropy != 1", [1]),  # what is missing does not differ either
        ("z / 0 > 1", [0, 1, 2]),
        ("1 < 2", [0, 1, 2]),
    ],
)
def test_what_an_expression_holds_for(text: str, rows: list[int]) -> None:
    assert holds(text) == rows


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("z > 1 and entrpy > 2", "entrpy", "did you mean entropy"),
        ("nothing_like_it", "nothing_like_it", "there are entropy, flagged"),
        ("z > ", None, "the expression ends"),
        ("(z > 1", None, '")" is missing'),
        ("z > 1)", ")", "not expected here"),
        ("z between 1 or 2", "or", '"and" is missing'),
        ("name > 2", "name > 2", "quotes"),
        ("name > 'a'", ">", "smaller or greater"),
        ("z and flagged", "z", "no condition"),
        ("flagged is missing", "flagged is missing", "never missing"),
        ("z is 3", "3", "missing or not missing"),
        ("z contains '3'", "z", "Only texts"),
        ("z not 3", "3", "between, in or contains"),
        ("flagged + 1 > 2", "flagged", "A number is expected"),
        ("name = 'a", "'a", "never closed"),
        ("z # 1", "#", "means nothing"),
        ("", None, "empty"),
        ("(" * 200 + "z" + ")" * 200, "(", "nested too deeply"),
        ("z > 1 " * 400, None, "letters"),
    ],
)
def test_an_error_points_at_its_place(text: str, place: str | None, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, COLUMNS)
    error = caught.value
    assert says in str(error)
    if place is not None:
        assert text[error.start : error.stop] == place
    assert error.pointed(text).splitlines()[-1].strip(" ") == "^" * (error.stop - error.start)


def test_attributes_and_calls_of_python_are_nothing_here() -> None:
    for text in ("__import__('os')", "z.__class__ = 1", "name[0] = 'a'", "lambda: z", "z if flagged else 1"):
        with pytest.raises(ExpressionError):
            parse(text, COLUMNS)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "z",
                "entropy",
                "name",
                "flagged",
                "and",
                "or",
                "not",
                "between",
                "in",
                "is",
                "missing",
                "contains",
                "(",
                ")",
                "<",
                "=",
                "1",
                "'a'",
                "-",
                "+",
                ",",
                "abs",
            ]
        )
    ).map(" ".join)
)
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        shape = parse(text, COLUMNS).mask(ROWS.__getitem__, 3).shape
    except ExpressionError as error:
        fault: ExpressionError | None = error
    else:
        fault = None
        assert shape == (3,)
    if fault is not None:
        assert 0 <= fault.start < fault.stop <= len(text) + 1
        assert str(fault).endswith((".", "?"))


@given(
    low=st.floats(-5, 5),
    high=st.floats(-5, 5),
    values=st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=1),
)
def test_between_is_two_comparisons(low: float, high: float, values: list[float]) -> None:
    rows = np.array(values)
    between = parse(f"z between {low!r} and {high!r}", COLUMNS).mask(lambda _: rows, rows.size)
    compared = parse(f"z >= {low!r} and not z > {high!r}", COLUMNS).mask(lambda _: rows, rows.size)
    assert between.tolist() == compared.tolist()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("gal 12", False),
        ("z > 1", True),
        ("flagged", True),
        ("flagged and not gal", False),
        ("name contains 'x'", True),
        ("quality is missing", True),
        ("", False),
    ],
)
def test_words_are_told_from_expressions(text: str, meant: bool) -> None:
    assert looks_like_expression(text, COLUMNS) is meant
