"""Catalogues: what is written comes back, masked cells stay masked, formulas are disarmed, old files survive."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict

import pytest
from astropy.table import Table

from mtop_gui import io
from mtop_gui.core.catalogue import COLUMNS, CatalogueRow
from mtop_gui.core.errors import ExportError

FULL = CatalogueRow(
    file="a/b.fits", row=3, name="39633297352951412", ra=150.123456789012, dec=-2.5, z=1.23456789012345, z_err=1e-4,
    z_lo=1.2, z_hi=1.3, entropy=0.5, skewness=20.0, pdf_rms=0.1, peak_probability=0.9, z_second=2.0,
    second_probability=0.05, logmass=10.5, logmass_err=0.1, logsfr=-1.0, logsfr_err=0.2, ood=0.3, flagged=True,
    flag_reason="entropy 2.1", bundle="moons-lr 1",
)  # fmt: skip
FAILED = CatalogueRow(file="bad.fits", row=0, error="the file is truncated")
UNFLAGGED = CatalogueRow(file="c.fits", row=0, name="=1+1", z=0.5, flagged=False)
ROWS = [FULL, FAILED, UNFLAGGED]
SUFFIXES = (".ecsv", ".fits", ".csv", ".parquet", ".vot")


def _same(ours, theirs):
    for name, value in asdict(ours).items():
        other = getattr(theirs, name)
        if isinstance(value, float) and math.isnan(value):
            assert math.isnan(other), name
        else:
            assert other == value, name


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip(tmp_path, suffix):
    path = io.write_catalogue(ROWS, tmp_path / f"out{suffix}")
    for ours, theirs in zip(ROWS, io.read_catalogue(path), strict=True):
        if suffix == ".fits" and ours.flagged is None:
            assert theirs.flagged in (
                None,
                False,
            )  # FITS tables as astropy writes them know no masked logical
            theirs = CatalogueRow(**{**asdict(theirs), "flagged": None})
        _same(ours, theirs)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_rows(tmp_path, suffix):
    assert io.read_catalogue(io.write_catalogue([], tmp_path / f"out{suffix}")) == []


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".vot"])
def test_astropy_reads_masked_cells(tmp_path, suffix):
    table = Table.read(io.write_catalogue(ROWS, tmp_path / f"out{suffix}"))
    assert tuple(table.colnames) == COLUMNS
    assert table["z"].mask.tolist() == [False, True, False]
    assert table["ra"].unit == "deg"
    assert table["flagged"].dtype.kind == "b"


def test_formulas_are_disarmed_in_csv_and_numbers_are_not_touched(tmp_path):
    path = io.write_catalogue([UNFLAGGED, FULL], tmp_path / "out.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert lines[0]["name"] == "'=1+1"
    assert lines[1]["dec"] == "-2.5"
    assert lines[1]["z"] == "1.23456789012345"


def test_extra_columns(tmp_path):
    path = io.write_catalogue(ROWS, tmp_path / "out.ecsv", extra={"quality": [4, None, 2]})
    assert Table.read(path)["quality"].tolist() == [4, None, 2]
    for wrong in ({"z": [1, 2, 3]}, {"quality": [1]}):
        with pytest.raises(ExportError, match="extra column"):
            io.write_catalogue(ROWS, tmp_path / "out.ecsv", extra=wrong)


def test_unknown_suffix_and_missing_folder(tmp_path):
    with pytest.raises(ExportError, match=r"\.ecsv"):
        io.write_catalogue(ROWS, tmp_path / "out.xlsx")
    with pytest.raises(ExportError, match="folder"):
        io.write_catalogue(ROWS, tmp_path / "absent" / "out.ecsv")
    with pytest.raises(ExportError):
        io.read_catalogue(tmp_path / "absent.ecsv")


def test_a_full_disk_leaves_the_old_catalogue(tmp_path, monkeypatch):
    path = io.write_catalogue([FULL], tmp_path / "out.csv")
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mtop_gui.io.table_files.os.fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        io.write_catalogue(ROWS, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]
