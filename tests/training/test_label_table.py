"""Tables of labels: what is trusted, what is left out and why, what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from mtop_gui.core.errors import ExportError, TrainingError
from mtop_gui.io.table_files import write_table
from mtop_gui.training.label_table import GALAXY, NOTHING, QUASAR, STAR, read_labels

if TYPE_CHECKING:
    from pathlib import Path

DECIDED: dict[str, list[Any]] = {
    "file": ["a.fits", "b.fits", "c.fits", "d.fits", "e.fits"],
    "row": [0, 3, 0, 0, 0],
    "z": [9.0, 9.0, 9.0, 9.0, 9.0],
    "z_final": [1.1, 1.2, None, 1.4, None],
    "quality": [4, 2, 0, 3, None],
    "quality_scale": ["desi", "desi", "desi", "desi", None],
    "class": ["GALAXY", "GALAXY", "GALAXY", "QSO", None],
    "logmass": [10.0] * 5,
    "entropy": [0.1] * 5,
    "flag_reason": [""] * 5,
    "bundle": ["x"] * 5,
}


@pytest.mark.parametrize("suffix", [".ecsv", ".csv", ".fits"])
def test_exported_decisions_teach_what_is_secure(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"reviewed{suffix}"
    write_table(DECIDED, path)
    table = read_labels(path)
    assert [label.kind for label in table.labels] == [GALAXY, NOTHING, QUASAR]
    first = table.labels[0]
    assert (first.redshift, first.row) == (1.1, 0)  # the reviewer's, not the network's 9.0
    assert math.isnan(first.logmass)  # the network's own: nobody measured it
    assert dict(table.left_out) == {"not secure": 1, "without a quality": 1}


def test_a_table_made_by_hand_needs_file_and_redshift_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "Path,Z_spec,Class,logmass\nx.fits,1.25,,10.5\ny.fits,,star,\nz.fits,,,\nw.fits,1.0,wug,\n,1.0,,\n",
        encoding="utf-8",
    )
    (tmp_path / "x.fits").touch()
    table = read_labels(path)
    assert [(label.kind, label.row) for label in table.labels] == [(GALAXY, None), (STAR, None)]
    assert table.labels[0].file == tmp_path / "x.fits"  # beside the table
    assert table.labels[0].logmass == 10.5
    assert dict(table.left_out) == {"without a redshift": 1, "of an unknown class": 1, "without a file": 1}


def test_quality_6_of_ozdes_is_a_star(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        "file,z_final,quality,quality_scale\na,0,6,ozdes\nb,1,3,ozdes\nc,1,13,vimos\n", encoding="utf-8"
    )
    assert [label.kind for label in read_labels(path).labels] == [STAR, GALAXY, GALAXY]


def test_predictions_nobody_reviewed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "predicted.csv"
    write_table({key: DECIDED[key] for key in ("file", "z", "entropy", "flag_reason", "bundle")}, path)
    with pytest.raises(TrainingError, match="review export"):
        read_labels(path)


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,magnitude\na,20\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="needs the columns 'file' and 'z'"):
        read_labels(path)
    with pytest.raises((TrainingError, ExportError)):
        read_labels(tmp_path / "none.ecsv")
