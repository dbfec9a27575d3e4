"""Choose and write the demo spectra: ``python -m mtop_gui.simulation.demo SURVEY.h5 resources/demo``."""

from __future__ import annotations

import csv
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mtop_gui.core.errors import SimulationError
from mtop_gui.simulation.moons1d_files import export_fits
from mtop_gui.simulation.survey import Survey

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray

SEED = 42


@dataclass(frozen=True)
class Kind:
    """One kind of galaxy the demo shows: ranges of its labels, and how long it was observed."""

    name: str
    hours: float
    redshift: tuple[float, float]
    halpha: tuple[float, float] = (0.0, np.inf)
    mag_h: tuple[float, float] = (0.0, 99.0)
    quiescent: bool = False

    def among(self, survey: Survey) -> BoolArray:
        """Tell which galaxies of a Survey are of this kind: (n_galaxies,)."""
        labels = survey.labels
        wanted = labels["quiescent"].astype(bool) == self.quiescent
        for label, (low, high) in (("z", self.redshift), ("halpha", self.halpha), ("mag_h", self.mag_h)):
            wanted &= (labels[label] >= low) & (labels[label] < high)
        return np.asarray(wanted, dtype=bool)


KINDS = (
    Kind("bright_1", 2, (0.75, 0.85), halpha=(2e-16, 9e-16)),
    Kind("bright_2", 2, (1.30, 1.50), halpha=(1e-16, 5e-16)),
    Kind("typical_1", 4, (0.95, 1.05), halpha=(2e-17, 4e-17)),
    Kind("typical_2", 8, (1.55, 1.70), halpha=(1e-17, 2e-17)),
    Kind("faint_1", 2, (1.10, 1.30), halpha=(3e-18, 6e-18)),
    Kind("faint_2", 4, (2.10, 2.30), halpha=(4e-18, 8e-18)),
    Kind("halpha_in_gap", 4, (1.08, 1.18), halpha=(3e-17, 8e-17)),
    Kind("passive_bright", 8, (0.80, 1.00), mag_h=(18, 20.5), quiescent=True),
    Kind("passive_faint", 8, (1.50, 1.90), mag_h=(21.5, 23), quiescent=True),
    Kind("high_redshift_bright", 8, (2.72, 2.92), halpha=(5e-17, 2e-16)),
    Kind("high_redshift_faint", 2, (2.72, 2.92), halpha=(5e-18, 2e-17)),
)
"""Eleven galaxies; a damaged file is the twelfth."""


def make_demo(survey: Survey, folder: Path) -> list[Path]:
    """Write the demo spectra, their truth.csv, and one file cut off in the middle.

    Only galaxies of the test split are taken, which no shipped network has seen.

    Parameters
    ----------
    survey : a mock survey large enough to hold every kind.
    folder : made if missing.

    Returns
    -------
    The files written, in the order of `KINDS`, the damaged one last.

    Raises
    ------
    SimulationError : the survey holds no galaxy of some kind.
    """
    tested = np.zeros(len(survey), dtype=bool)
    tested[survey.rows("test")] = True
    files: list[Path] = []
    truth: list[list[str]] = []
    for kind in KINDS:
        rows = np.flatnonzero(kind.among(survey) & tested)
        if rows.size == 0:
            raise SimulationError(
                f"the survey holds no galaxy like '{kind.name}': simulate one with more galaxies"
            )
        [written] = export_fits(survey, folder, rows=[rows[0]], hours=kind.hours, seed=SEED)
        path = written.rename(folder / f"demo_{kind.name}.fits")
        _shrink(path, path.stem)
        files.append(path)
        with (folder / "truth.csv").open(encoding="utf-8", newline="") as stream:
            header, row = csv.reader(stream)
        truth.append([path.name, *row[1:]])
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *truth])
    damaged = folder / "demo_damaged.fits"
    damaged.write_bytes(files[0].read_bytes())
    _shrink(damaged, damaged.stem)
    damaged.write_bytes(damaged.read_bytes()[:50_000])
    return [*files, damaged]


def _shrink(path: Path, name: str) -> None:
    """Store single precision: noise needs no more, and every clone carries these files."""
    with fits.open(path, memmap=False) as hdus:
        hdus[0].header["OBNAME"] = name
        hdus[0].header["TEMPLATE"] = name
        for hdu in hdus[1:]:
            hdu.data = hdu.data.astype(np.int16 if hdu.data.dtype.kind == "i" else np.float32)
        content = fits.HDUList([hdu.copy() for hdu in hdus])
    content.writeto(path, overwrite=True)


if __name__ == "__main__":
    with closing(Survey(Path(sys.argv[1]))) as opened:
        for file in make_demo(opened, Path(sys.argv[2])):
            print(file)
