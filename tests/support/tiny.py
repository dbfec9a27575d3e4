"""A tiny Instrument, Survey, network and Spectrum with which everything about training runs in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.instrument import Band, Instrument
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.network.bundle import RedshiftGrid

if TYPE_CHECKING:
    from pathlib import Path

TINY_GRID = RedshiftGrid(lower=0.7, upper=1.3, bins=60)
TINY_CONFIG: dict[str, Any] = {
    "filters": [4, 8],
    "line_units": [8, 16],
    "continuum_units": 8,
    "redshift_units": [16, 16],
    "mass_units": [8, 8],
}


def tiny_instrument() -> Instrument:
    """Two bands of 300 and 200 pixels with a gap between them, ten bright sky pixels, one dead edge."""
    bands = (
        Band("A", 6000.0, 8990.0, 10.0, 300, 1500.0, 5.0, 2.0),
        Band("B", 11000.0, 13985.0, 15.0, 200, 1500.0, 6.0, 30.0),
    )
    wavelength = np.concatenate([b.wavelength_min + b.step * np.arange(b.pixels) for b in bands])
    sky = np.full(500, 1e-6)
    sky[100:110] = 1e-3
    efficiency = np.full(500, 0.2)
    efficiency[300] = 0.001
    return Instrument(
        name="tiny",
        bands=bands,
        wavelength=wavelength,
        sky_emission=sky,
        sky_transmission=np.ones(500),
        efficiency=efficiency,
        area_cm2=5e5,
        fibre_diameter=1.1,
        point_fraction=np.full(500, 0.7),
    )


def tiny_flux(redshift: float, wavelength: np.ndarray, strength: float = 60.0) -> np.ndarray:
    """A sloping continuum with [O II], Hβ, [O III] and Hα, in units of 1e-19 erg/s/cm²/Å."""
    flux = 5.0 * (wavelength / 9000.0) ** -0.5
    for rest, part in ((3728.5, 0.8), (4862.7, 0.4), (5008.2, 0.7), (6564.6, 1.0)):
        flux = flux + strength * part * np.exp(-0.5 * ((wavelength - rest * (1 + redshift)) / 15.0) ** 2)
    return flux


def tiny_spectrum(redshift: float = 1.0, seed: int = 0, **changes: Any) -> Spectrum:
    """An observed galaxy on the tiny Instrument's grid."""
    wavelength = tiny_instrument().wavelength
    noise = np.random.default_rng(seed).normal(0, 3.0, wavelength.size)
    values: dict[str, Any] = {
        "wavelength": wavelength,
        "flux": 1e-19 * (tiny_flux(redshift, wavelength) + noise),
        "ivar": np.full(wavelength.size, (3e-19) ** -2),
        "mask": np.zeros(wavelength.size, bool),
        "flux_unit": FLAM,
        **changes,
    }
    return Spectrum(**values)


def write_tiny_survey(path: Path, galaxies: int = 60, instrument: Instrument | None = None) -> Path:
    """A survey file as `simulation.survey` reads it, of the tiny Instrument unless another is given."""
    import h5py

    rng = np.random.default_rng(5)
    redshift = rng.uniform(0.75, 1.25, galaxies)
    instrument = instrument or tiny_instrument()
    wavelength = instrument.wavelength
    split = np.zeros(galaxies, np.int8)
    split[int(0.6 * galaxies) :] = 1
    split[int(0.8 * galaxies) :] = 2
    with h5py.File(path, "w") as file:
        file.attrs.update(format=1, instrument=instrument.name, seed=5)
        flux = np.stack([tiny_flux(z, wavelength) for z in redshift]).astype(np.float32)
        data = file.create_dataset("flux", data=flux)
        data.attrs["flux_scale"] = 1e-19
        labels = file.create_group("labels")
        labels["z"] = redshift
        labels["logmass"] = rng.uniform(9, 11, galaxies)
        labels["logsfr"] = rng.uniform(0, 2, galaxies)
        labels["fibre_fraction"] = np.full(galaxies, 0.6)
        labels["line_fluxes"] = np.zeros((galaxies, 1))
        labels["line_fluxes"].attrs["line_names"] = ["Hα"]
        file["split"] = split
    return path
