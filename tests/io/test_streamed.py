"""Catalogues written in parts are those written at once."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mtop_gui import io
from mtop_gui.core.catalogue import COLUMN_TYPES, CatalogueRow
from mtop_gui.core.errors import ExportError

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_CELL = {
    "str": _TEXT | st.sampled_from(["", "#a", '"', "a b", "=1", "a\nb", "\\x", "spät"]),
    "int": st.integers(-(2**62), 2**62),
    "float": st.floats(allow_nan=True),
    "bool | None": st.none() | st.booleans(),
}
_ROW = st.builds(
    CatalogueRow, **{column.name: _CELL[str(column.type)] for column in dataclasses.fields(CatalogueRow)}
)


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".csv"])
@settings(
    deadline=None,
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(_ROW, max_size=9), size=st.integers(1, 4))
def test_parts_make_the_same_file(tmp_path, suffix, rows, size):
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    at_once = io.write_catalogue(rows, tmp_path / f"whole{suffix}", meta={"mc_passes": "5"})
    in_parts = io.stream_catalogue(lambda: iter(parts), tmp_path / f"parts{suffix}", meta={"mc_passes": "5"})
    assert in_parts.read_bytes() == at_once.read_bytes()


def test_parquet_parts_hold_the_same_rows(tmp_path):
    rows = [CatalogueRow(file=f"{n}.fits", row=n, z=0.1 * n, flagged=bool(n % 2)) for n in range(7)]
    path = io.stream_catalogue(lambda: iter([rows[:4], rows[4:]]), tmp_path / "c.parquet", meta={"a": "b"})
    whole = io.write_catalogue(rows, tmp_path / "whole.parquet", meta={"a": "b"})
    from pyarrow import parquet

    assert parquet.read_table(path).equals(parquet.read_table(whole), check_metadata=True)


def test_a_folder_of_parts_is_a_catalogue(tmp_path):
    rows = [CatalogueRow(file=f"{n}.fits", row=n, z=0.1 * n, flagged=True) for n in range(7)]
    io.write_catalogue(rows[:4], tmp_path / "part-000000.parquet")
    io.write_catalogue(rows[4:], tmp_path / "part-000001.parquet")
    assert [row.file for row in io.read_catalogue(tmp_path)] == [row.file for row in rows]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match="no predicted catalogue"):
        io.read_catalogue(tmp_path / "empty")


def test_what_cannot_be_written_is_one_sentence(tmp_path):
    for name in ("out.xlsx", "absent/out.csv"):
        with pytest.raises(ExportError, match="cannot be written"):
            io.stream_catalogue(lambda: iter([]), tmp_path / name)
    assert len(COLUMN_TYPES) == 24
