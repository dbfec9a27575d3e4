"""Tables come back as they were written, or nothing was written at all."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import example, given
from hypothesis import strategies as st

from mtop_gui.core.errors import ExportError
from mtop_gui.io import table_files
from mtop_gui.io.table_files import read_table, write_table

if TYPE_CHECKING:
    from pathlib import Path

WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8).map(str.strip)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: text.strip(" \t\n"))
KEPT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]) | st.sampled_from(" \t\n"), max_size=8
)


def tables(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Draw rows of a float, an integer, a boolean and a text, each possibly masked."""
    cell = st.tuples(
        st.none() | st.floats(allow_nan=False),
        st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
        st.none() | st.booleans(),
        st.none() | texts,
    )
    return st.lists(cell, max_size=6)


def round_trip(rows: list[tuple[Any, ...]], path: Path) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    columns = {name: [row[i] for row in rows] for i, name in enumerate("fibs")}
    write_table(columns, path, types={"f": float, "i": int, "b": bool, "s": str})
    return columns, read_table(path)


def same(given_columns: dict[str, list[Any]], read: dict[str, list[Any]]) -> None:
    # No format but Parquet tells an empty text from a masked one.
    for columns in (given_columns, read):
        columns["s"] = [text or None for text in columns["s"]]
    assert read == given_columns


@given(tables(TEXTS))
@example([(1.0, 2, True, "a\x85b"), (None, None, None, "\\x85 or C:\\new")])
@example([(1.0, 2, True, "a\rb \x1f \u2028 \0")])
def test_ecsv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    same(*round_trip(rows, tmp_path_factory.getbasetemp() / "table.ecsv"))


@given(tables(TEXTS))
@example([(1.0, 2, None, "a\x85b"), (None, None, None, "\\x85 or C:\\new")])
@example([(1.0, 2, None, "a\rb \x1f \u2028 \0")])
def test_votable_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    rows = [(number, integer, None, text) for number, integer, _, text in rows]
    same(*round_trip(rows, tmp_path_factory.getbasetemp() / "table.vot"))


@given(tables(KEPT))
@example([(1.0, 2, True, '#"a" b\n'), (None, None, None, " x\t"), (float("inf"), 0, False, "\\")])
def test_ecsv_is_byte_for_byte_what_astropy_writes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    columns = {name: [row[i] for row in rows] for i, name in enumerate("fibs")}
    kinds = {"f": float, "i": int, "b": bool, "s": str}
    write_table(columns, folder / "ours.ecsv", types=kinds)
    table_files._astropy(columns, kinds, table_files.Facts({}, {})).write(
        folder / "astropy.ecsv", overwrite=True
    )
    assert (folder / "ours.ecsv").read_bytes() == (folder / "astropy.ecsv").read_bytes()


@given(tables(TEXTS))
def test_parquet_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    same(*round_trip(rows, tmp_path_factory.getbasetemp() / "table.parquet"))


@given(tables(WORDS))
def test_fits_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    given_columns, read = round_trip(rows, tmp_path_factory.getbasetemp() / "table.fits")
    given_columns["b"] = [bool(value) for value in given_columns["b"]]
    same(given_columns, read)


def test_votable_round_trip_with_units(tmp_path: Path) -> None:
    columns = {"ra": [1 / 3, None], "i": [None, 2], "b": [True, None], "s": ["λ", None]}
    write_table(columns, tmp_path / "t.vot", units={"ra": "deg"})
    assert read_table(tmp_path / "t.vot") == columns
    for suffix in (".ecsv", ".fits", ".vot"):
        write_table(columns, tmp_path / f"t{suffix}", units={"ra": "deg"})
        assert str(Table.read(tmp_path / f"t{suffix}")["ra"].unit) == "deg"


def test_votables_of_any_width_leave_the_heap_whole(tmp_path: Path) -> None:
    """With debugging allocators, as a character behind a buffer is seen only then (astropy, issue 20419)."""
    program = """
import subprocess
import sys
from mtop_gui.io.table_files import write_table
for width in range(60, 320):
    write_table({"name": ["x" * width]}, sys.argv[1])
"""
    environment = os.environ | {"PYTHONMALLOC": "debug"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "t.vot")], env=environment, check=True)


def test_types_follow_the_values_where_none_are_given(tmp_path: Path) -> None:
    columns = {
        "whole": [1, np.int32(2)],
        "mixed": [1, 2.5],
        "yes": [True, None],
        "text": ["a", 1],
        "nothing": [None, float("nan")],
    }
    write_table(columns, tmp_path / "t.ecsv", meta={"by": "ada"})
    table = Table.read(tmp_path / "t.ecsv")
    assert [table[name].dtype.kind for name in columns] == ["i", "f", "b", "U", "f"]
    assert table.meta["by"] == "ada"


def test_fits_escapes_what_is_not_ascii(tmp_path: Path) -> None:
    write_table({"s": ["λ\nb", "plain"]}, tmp_path / "t.fits", meta={"reviewer": "Zoë"})
    assert Table.read(tmp_path / "t.fits")["s"].tolist() == ["\\u03bb\\nb", "plain"]
    assert read_table(tmp_path / "t.fits") == {"s": ["λ\nb", "plain"]}
    assert Table.read(tmp_path / "t.fits").meta["REVIEWER"] == "Zo\\xeb"


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".csv", ".parquet"])
def test_file_names_that_are_no_text(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table({"file": ["bad \udcff.fits"]}, path)
    assert path.stat().st_size > 0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_neutralises_formulas(tmp_path: Path, start: str) -> None:
    write_table({"s": [f"{start}1", "1" + start], "f": [-1.5, None]}, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        text = file.read()
    assert f"'{start}1" in text
    assert f"'1{start}" not in text
    assert "-1.5" in text
    assert "'-1.5" not in text


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    write_table({"a": [1]}, path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match=r"cannot be written \(No space left on device\)\.$"):
        write_table({"a": [2]}, path)
    assert path.read_text().split() == ["a", "1"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    path = tmp_path / "t.csv"
    write_table({"a": [1]}, path)
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    write_table({"a": [2]}, path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="must end in"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(ExportError, match="is not there"):
        read_table(tmp_path / "t.fits")
    (tmp_path / "t.fits").write_bytes(b"junk")
    with pytest.raises(ExportError, match="cannot be read as a table"):
        read_table(tmp_path / "t.fits")
