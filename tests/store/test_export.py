"""Reviewed catalogues: written with every Decision, read back, taken over by another store."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from mtop_gui.core.catalogue import COLUMNS, CatalogueRow
from mtop_gui.core.errors import ExportError, StoreError
from mtop_gui.io.table_files import read_table, write_table
from mtop_gui.store.export import DECISION_TYPES
from mtop_gui.store.review_store import KnownFile, ReviewStore, open_store
from tests.store.records import decision

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = [".ecsv", ".fits", ".parquet", ".vot"]
ROWS = [
    CatalogueRow("f.fits", 0, "first", z=1 / 3, flagged=True, bundle="one"),
    CatalogueRow("f.fits", 1, "=second", z=0.1 + 0.2, flagged=False, bundle="one"),
    CatalogueRow("broken.fits", 0, error="no spectrum"),
]
HASHES = {("f.fits", 0): "a" * 64, ("f.fits", 1): "b" * 64}


@pytest.fixture
def reviewed(store: ReviewStore) -> ReviewStore:
    """Give a store in which two people have reviewed the first of `ROWS`, and nobody the second."""
    store.record(decision(quality=2, redshift=0.5))
    store.record(decision(quality=3, redshift=1.2345678901234567, comment="=1+1", issues="RS", starred=True))
    store.record(decision(quality=1, redshift=None, reviewer="bob"))
    store.record(decision("b" * 64, reviewer="bob"))
    store.undo("bob")
    return store


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_column_and_row_is_there(reviewed: ReviewStore, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    reviewed.export(path, ROWS, HASHES, reviewer="ada")
    table = read_table(path)
    assert list(table) == [*COLUMNS, *DECISION_TYPES]
    assert table["z_final"] == [1.2345678901234567, None, None]
    assert table["z"] == [1 / 3, 0.1 + 0.2, None]
    assert table["quality"] == [3, None, None]
    assert table["n_decisions"] == [2, None, None]
    assert table["comment"][0] == "=1+1"
    assert table["issues"][0] == "RS"
    assert table["error"][2] == "no spectrum"
    assert table["content_hash"] == ["a" * 64, "b" * 64, None]
    if suffix != ".fits":  # FITS as astropy reads it knows no masked boolean
        assert table["starred"] == [True, None, None]
        assert table["flagged"] == [True, False, None]


def test_without_a_reviewer_the_last_word_is_written(reviewed: ReviewStore, tmp_path: Path) -> None:
    reviewed.export(tmp_path / "out.ecsv", ROWS, HASHES)
    table = read_table(tmp_path / "out.ecsv")
    assert [table[name][0] for name in ("reviewer", "quality", "z_final", "n_decisions")] == [
        "bob",
        1,
        None,
        3,
    ]


def test_csv_never_runs_as_a_formula(reviewed: ReviewStore, tmp_path: Path) -> None:
    reviewed.export(tmp_path / "out.csv", ROWS, HASHES, reviewer="ada")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["first", "'=second", ""]
    assert rows[0]["comment"] == "'=1+1"
    assert float(rows[0]["z_final"]) == 1.2345678901234567
    assert rows[1]["quality"] == ""


def test_a_catalogue_nobody_has_reviewed(store: ReviewStore, tmp_path: Path) -> None:
    for suffix in [*FORMATS, ".csv"]:
        store.export(tmp_path / f"out{suffix}", ROWS, HASHES)
        store.export(tmp_path / f"empty{suffix}", [], {})
    assert read_table(tmp_path / "out.fits")["quality"] == [None, None, None]
    assert read_table(tmp_path / "empty.fits")["quality"] == []


def test_hashes_of_unchanged_files_are_remembered(reviewed: ReviewStore, tmp_path: Path) -> None:
    kept, changed = tmp_path / "kept.fits", tmp_path / "changed.fits"
    for file in (kept, changed):
        file.write_bytes(b"123")
        status = file.stat()
        reviewed.remember_files(
            [KnownFile(str(file), 0, status.st_size, status.st_mtime_ns, "a" * 64, "name")]
        )
    changed.write_bytes(b"1234")
    rows = [CatalogueRow(str(file), 0) for file in (kept, changed, tmp_path / "unknown.fits")]
    reviewed.export(tmp_path / "out.ecsv", rows, reviewer="ada")
    assert read_table(tmp_path / "out.ecsv")["quality"] == [3, None, None]


def test_where_nothing_can_be_written(store: ReviewStore, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"must end in \.ecsv, \.fits, \.csv, \.parquet, \.vot"):
        store.export(tmp_path / "out.docx", ROWS, HASHES)
    with pytest.raises(ExportError, match="folder is not there"):
        store.export(tmp_path / "nowhere" / "out.ecsv", ROWS, HASHES)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_catalogue_comes_back_into_another_store(
    reviewed: ReviewStore, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"out{suffix}"
    reviewed.export(path, ROWS, HASHES, reviewer="ada")
    given = reviewed.current("a" * 64, "ada")
    assert given is not None
    with open_store(":memory:") as other:
        assert other.import_decisions(path) == 1
        assert other.import_decisions(path) == 0
        taken = other.current("a" * 64, "ada")
        assert taken is not None
        for name in (
            "redshift",
            "quality",
            "scale",
            "issues",
            "comment",
            "time",
            "starred",
            "redshift_origin",
        ):
            assert getattr(taken, name) == getattr(given, name)
        assert (taken.file, taken.name, taken.bundle) == ("f.fits", "first", "one")
        assert other.import_decisions(path, "eve") == 1
        assert other.reviewers() == ["ada", "eve"]


def test_what_cannot_be_imported(store: ReviewStore, tmp_path: Path) -> None:
    path = tmp_path / "in.ecsv"
    with pytest.raises(ExportError, match="is not there"):
        store.import_decisions(path)
    path.write_text("this is no table")
    with pytest.raises(ExportError, match="cannot be read as a table"):
        store.import_decisions(path)
    write_table({"z": [1.0], "quality": [1]}, path)
    with pytest.raises(StoreError, match="is no reviewed catalogue: the column file is missing"):
        store.import_decisions(path)
    columns: dict[str, list[object]] = {
        "file": ["f", "g"],
        "row": [0, 0],
        "z_final": [1.0, 2.0],
        "quality": [4, 77],
        "quality_scale": ["desi", "desi"],
        "content_hash": ["a" * 64, "b" * 64],
    }
    write_table(columns, path)
    with pytest.raises(StoreError, match=r"row 2 of .* quality 77 is not on the desi scale"):
        store.import_decisions(path)
    assert store.decisions() == []
