"""The shipped bundle through the real commands: no fakes, no shortcuts."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.catalogue import COLUMNS
from mtop_gui.core.resources import resource_path
from mtop_gui.io import read_catalogue
from mtop_gui.network.bundle import load_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.catalogue import CatalogueRow

pytestmark = pytest.mark.bundle
RIGHT = 0.01


def run(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")  # as on a machine reached over the network
    environment = {
        **{name: value for name, value in os.environ.items() if name not in screens},
        "MTOP_STORE": str(home / "reviews.sqlite"),
        "MTOP_SETTINGS": str(home / "settings.toml"),
    }
    command = [sys.executable, "-m", "mtop_gui", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, check=False)


def predict(folder: Path, home: Path) -> tuple[int, dict[str, CatalogueRow]]:
    catalogue = home / "catalogue.ecsv"
    done = run("predict", folder, "-o", catalogue, home=home)
    assert "Traceback" not in done.stderr
    return done.returncode, {os.path.basename(row.file): row for row in read_catalogue(catalogue)}  # noqa: PTH119


def truth(folder: Path) -> dict[str, float]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as stream:
        return {row["file"]: float(row["z"]) for row in csv.DictReader(stream)}


def judge(rows: dict[str, CatalogueRow], known: dict[str, float]) -> tuple[int, list[bool]]:
    """Count the right ones; for each wrong one, whether it is flagged."""
    right = {name: abs(rows[name].z - redshift) < RIGHT for name, redshift in known.items()}
    return sum(right.values()), [bool(rows[name].flagged) for name, ok in right.items() if not ok]


def test_bundle_was_trained_on_enough_and_is_small_enough() -> None:
    bundle = load_bundle("moons-lr")
    galaxies = bundle.training["recipe"]["survey"][1]
    assert galaxies >= 10_000
    folder = resource_path("bundles", "moons-lr")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 15e6
    assert bundle.ood
    assert bundle.temperature > 0


def test_demo_is_read_by_the_shipped_bundle(tmp_path: Path) -> None:
    code, rows = predict(resource_path("demo"), tmp_path)
    assert code == 1  # one file is damaged on purpose
    assert len(rows) == 12
    assert "truncated" in rows["demo_damaged.fits"].error
    known = truth(resource_path("demo"))
    right, wrong_flagged = judge(rows, known)
    assert right >= 5
    assert all(wrong_flagged)
    assert not rows["demo_bright_1.fits"].flagged


def test_moons1d_spectra_are_right_or_flagged(shared_spectra: Path, tmp_path: Path) -> None:
    folder = shared_spectra / "moons1d"
    code, rows = predict(folder, tmp_path)
    assert code == 0
    known = truth(folder)
    assert len(rows) == len(known) == 24
    right, wrong_flagged = judge(rows, known)
    assert right >= 17
    assert np.mean(wrong_flagged or [True]) >= 0.8


def test_sdss_galaxies_are_right_or_flagged_and_quasars_flagged(shared_spectra: Path, tmp_path: Path) -> None:
    with (shared_spectra / "INDEX.tsv").open(encoding="utf-8", newline="") as stream:
        wanted = [
            line
            for line in csv.DictReader(stream, delimiter="\t")
            if line["file"].startswith("vetted/sdss_spec/")
        ]
    code, rows = predict(shared_spectra / "vetted" / "sdss_spec", tmp_path)
    assert code == 0
    assert len(rows) == len(wanted)
    galaxies, quasars = [], []
    for line in wanted:
        row = rows[line["file"].rsplit("/", 1)[-1]]
        assert row.bundle.startswith("optical")
        if line["class"] == "GALAXY":
            galaxies.append(row.flagged or abs(row.z - float(line["z_true"])) < RIGHT)
        else:
            quasars.append(row.flagged)
        assert bool(row.flag_reason) == row.flagged
    assert all(galaxies)
    assert np.mean(quasars) >= 0.9


def test_window_with_the_shipped_bundle_fills_every_panel(tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    done = run("gui", resource_path("demo"), "--screenshot", picture, home=tmp_path)
    assert done.returncode == 0, done.stderr
    from PySide6.QtGui import QImage

    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1440, 900)
    assert "Fatal" not in done.stderr


def test_window_without_a_display_says_so(tmp_path: Path) -> None:
    done = run("gui", home=tmp_path)
    assert done.returncode == 2
    assert "there is no display" in done.stderr
    assert "Traceback" not in done.stderr


def test_documented_columns_are_written(tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    done = run("predict", resource_path("demo", "demo_bright_1.fits"), "-o", table, home=tmp_path)
    assert done.returncode == 0
    assert table.read_text(encoding="utf-8").splitlines()[0].split(",") == list(COLUMNS)
