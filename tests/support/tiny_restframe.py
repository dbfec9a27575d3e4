"""A tiny `restframe` bundle with fresh weights, and observed spectra of the tiny Instrument as files with a table of labels."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from mtop_gui.core.log_preparation import LogPreparation
from mtop_gui.network.architectures import build, make_config
from mtop_gui.network.bundle import ModelBundle, RedshiftGrid
from mtop_gui.network.restframe import restframe_config
from tests.support.tiny import tiny_spectrum

if TYPE_CHECKING:
    from pathlib import Path

STRIDE, STEP = 3, 1e-3
PREPARATION = LogPreparation(
    first_wavelength=6000.0,
    pixel_step=STEP,
    pixels=864,
    median_block=16,
    scale_mean=(0.0, 0.0),
    scale_std=(1.0, 1.0),
    logmass_mean=10.0,
    logsfr_mean=1.0,
)
BINS = 101
GRID = RedshiftGrid(0.7, 1.7 * math.exp(BINS * STRIDE * STEP) - 1, BINS, "log")
SIZES = {
    "stride": STRIDE,
    "filters": 4,
    "deep_filters": 4,
    "broad_filters": 4,
    "blocks": 1,
    "deep_blocks": 1,
    "units": [8, 8],
    "broad_units": 8,
    "head_units": [16, 8],
    "prior_nodes": 8,
    "view": 2,
    "broad_view": 2,
}


def tiny_restframe(*, fresh: bool = True) -> ModelBundle:
    """Give a bundle that knows nothing yet; without `fresh` weights where no network is needed."""
    config = make_config("restframe", {**restframe_config(PREPARATION, GRID), **SIZES})
    weights = {}
    if fresh:
        import keras

        keras.utils.set_random_seed(1)
        weights = {v.path: np.asarray(v) for v in build("restframe", config).weights}
    return ModelBundle(
        name="tiny",
        version="1",
        architecture="restframe",
        config=config,
        instrument="tiny",
        grid=GRID,
        lines=(("[O III] 5008", 5008.24), ("Hα 6565", 6564.61)),
        preparation=PREPARATION,
        weights=weights,
        logmass_sigma=0.1,
        logsfr_sigma=0.2,
        min_coverage=0.15,
        digest="0123456789abcdef",
    )


def write_spectrum(path: Path, redshift: float, seed: int) -> None:
    """Write one observed galaxy as a plain table."""
    spectrum = tiny_spectrum(redshift, seed)
    columns = {"WAVELENGTH": spectrum.wavelength, "FLUX": spectrum.flux, "IVAR": spectrum.ivar}
    table = Table(columns)
    table["WAVELENGTH"].unit = "Angstrom"
    table["FLUX"].unit = spectrum.flux_unit
    table.write(path)


def write_catalogue(folder: Path, galaxies: int = 12) -> Path:
    """Write galaxies, one star and one empty spectrum with a table of labels; mass of the first galaxy alone is known."""
    rng = np.random.default_rng(8)
    rows = []
    for number in range(galaxies + 2):
        redshift = round(float(rng.uniform(0.75, 1.25)), 4)
        write_spectrum(folder / f"s{number}.fits", redshift, number)
        kind = {galaxies: "STAR", galaxies + 1: "sky"}.get(number, "GALAXY")
        mass = 10.5 if number == 0 else ""
        rows.append([f"s{number}.fits", 0, redshift if kind == "GALAXY" else "", kind, mass])
    path = folder / "labels.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["file", "row", "z", "class", "logmass"], *rows])
    return path
