"""Galaxies that need no stellar templates: a flat continuum and one Hα line each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.simulation.design import SurveyDesign, survey_design
from mtop_gui.simulation.galaxies import Galaxies

if TYPE_CHECKING:
    from mtop_gui.core.arrays import Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument

HALPHA = 6564.61


def fake_draw(rng: np.random.Generator, n: int) -> Galaxies:
    def column(low: float, high: float) -> FloatArray:
        return rng.uniform(low, high, n)

    halpha = 10 ** column(-17.5, -16)
    return Galaxies(
        redshift=column(0.7, 1.7),
        logmass=column(9, 11),
        logsfr=column(-1, 2),
        mag_h=column(22, 25),
        mag_i=column(23, 26),
        halpha_flux=halpha,
        radius_arcsec=column(0.1, 0.9),
        sersic=rng.choice([1.0, 4.0], n),
        quiescent=rng.random(n) < 0.2,
        active=np.zeros(n, dtype=bool),
        line_fluxes=np.stack([halpha, 0.3 * halpha], axis=1),
        gas_sigma=column(50, 150),
        stellar_sigma=column(50, 250),
        attenuation=column(0, 2),
        log_metallicity=column(-1, 0),
        formed_mass=np.ones((n, 3)),
        outflow_widths=np.zeros((n, 2)),
        outflow_velocity=np.zeros(n),
        outflow_sigma=np.full(n, 100.0),
        line_names=("Hα 6565", "[N II] 6585"),
    )


def fake_spectra(
    galaxies: Galaxies, indices: IntArray, instrument: Instrument, *, grid: Path | None = None
) -> FloatArray:
    del grid
    centre = HALPHA * (1 + galaxies.redshift[indices, None])
    line = np.exp(-0.5 * ((instrument.wavelength - centre) / 3.0) ** 2) / (3.0 * np.sqrt(2 * np.pi))
    return np.asarray(1e-19 * (1 + np.asarray(indices)[:, None]) + galaxies.halpha_flux[indices, None] * line)


def fake_design(instrument_name: str) -> SurveyDesign:
    return replace(survey_design(instrument_name), draw_galaxies=fake_draw)


class FakeSurvey:
    """A survey in memory: noise-free spectra and nothing else."""

    seed = 0
    flux_scale = 1e-19
    path = Path("fake.h5")

    def __init__(self, flux: Float32Array, instrument_name: str) -> None:
        self._flux = flux
        self.instrument_name = instrument_name
        self.pixels = flux.shape[1]
        self.labels = {"fibre_fraction": np.full(flux.shape[0], 0.7)}

    def __len__(self) -> int:
        return int(self._flux.shape[0])

    def flux(self, indices: IntArray) -> Float32Array:
        return self._flux[np.asarray(indices)].copy()
