"""A synthetic 12,217-pixel spectrum with gaps, masks and lines, and a Prediction of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtop_gui.core.instrument import Instrument, load_instrument
from mtop_gui.core.lines import load_lines
from mtop_gui.core.prediction import Prediction
from mtop_gui.core.spectrum import FLAM, Spectrum


def moons() -> Instrument:
    return load_instrument("moons-lr")


def make_spectrum(instrument: Instrument, seed: int = 1, redshift: float = 1.5) -> Spectrum:
    random = np.random.default_rng(seed)
    wavelength = instrument.wavelength.copy()
    sigma = 2e-19 * (1.0 + 30.0 * np.sqrt(instrument.sky_emission))
    flux = np.full(wavelength.size, 3e-19)
    for line in load_lines():
        if line.kind != "absorption":
            flux = flux + 2e-18 * np.exp(-0.5 * ((wavelength / (1 + redshift) - line.wavelength) / 1.5) ** 2)
    flux = flux + sigma * random.normal(size=wavelength.size)
    mask = random.random(wavelength.size) < 0.01
    return Spectrum(
        wavelength,
        np.where(mask, 0.0, flux),
        np.where(mask, 0.0, sigma**-2.0),
        mask,
        path=Path(f"synthetic_{seed}.fits"),
        name=f"synthetic {seed}",
        flux_unit=FLAM,
    )


def make_prediction(instrument: Instrument, redshift: float = 1.5, rejection: str = "") -> Prediction:
    grid = np.asarray(0.6015 + 0.003 * np.arange(800), dtype=np.float64)
    pdf = 0.7 * np.exp(-0.5 * ((grid - redshift) / 0.004) ** 2)
    pdf = pdf + 0.3 * np.exp(-0.5 * ((grid - redshift - 0.6) / 0.004) ** 2) + 1e-6
    pdf /= pdf.sum()
    probability = 0.1 * np.abs(np.sin(instrument.wavelength / 300.0))
    return Prediction(
        redshift_grid=grid,
        redshift_pdf=pdf,
        line_wavelength=instrument.wavelength,
        line_probability=probability,
        logmass=10.0,
        logmass_err=0.1,
        logsfr=1.0,
        logsfr_err=0.2,
        bundle="fake 1",
        redshift_pdf_std=0.2 * pdf,
        rejection=rejection,
    )
