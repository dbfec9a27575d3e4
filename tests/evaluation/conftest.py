"""A small survey of faint galaxies, and a tiny bundle with fresh weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.network.conftest import tiny_bundle  # noqa: F401
from tests.support.tiny import tiny_flux, tiny_instrument

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.instrument import Instrument
    from mtop_gui.network.bundle import ModelBundle

GALAXIES = 180
LINE_NAMES = ["[O II] 3727", "[O II] 3730", "Hβ 4863", "[O III] 5008", "Hα 6565", "no such line"]


def write_faint_survey(path: Path, galaxies: int = GALAXIES) -> Path:
    """Write a survey on the tiny Instrument whose faint half cannot be measured in 2 h."""
    import h5py

    rng = np.random.default_rng(11)
    wavelength = tiny_instrument().wavelength
    redshift = rng.uniform(0.75, 1.25, galaxies)
    strength = 10 ** rng.uniform(-0.6, 1.3, galaxies)
    split = np.zeros(galaxies, np.int8)
    split[int(0.6 * galaxies) :] = 1
    split[int(0.65 * galaxies) :] = 2
    labels = {
        "z": redshift,
        "logmass": rng.uniform(9, 11, galaxies),
        "logsfr": rng.uniform(0, 2, galaxies),
        "mag_h": 25 - np.log10(strength),
        "halpha": strength * 4e-18,
        "sersic": rng.choice([1.0, 4.0], galaxies),
        "quiescent": rng.random(galaxies) < 0.2,
        "gas_sigma": rng.uniform(40, 200, galaxies),
        "fibre_fraction": np.full(galaxies, 0.6),
    }
    with h5py.File(path, "w") as file:
        file.attrs.update(format=1, instrument="tiny", seed=11)
        flux = np.stack([tiny_flux(z, wavelength, s) for z, s in zip(redshift, strength, strict=True)])
        data = file.create_dataset("flux", data=flux.astype(np.float32))
        data.attrs["flux_scale"] = 1e-19
        group = file.create_group("labels")
        for name, values in labels.items():
            group[name] = values
        group["line_fluxes"] = strength[:, None] * np.array([[1.2, 1.6, 1.6, 2.8, 4.0, 1.0]]) * 1e-18
        group["line_fluxes"].attrs["line_names"] = LINE_NAMES
        file["split"] = split
        _write_interlopers(file, wavelength)
    return path


def _write_interlopers(file: Any, wavelength: np.ndarray, count: int = 12) -> None:
    """Add flat spectra that are called stars and nothing."""
    group = file.create_group("interlopers")
    data = group.create_dataset("flux", data=np.ones((count, wavelength.size), np.float32))
    data.attrs["flux_scale"] = 1e-19
    labels = group.create_group("labels")
    labels["kind"] = np.arange(count, dtype=np.int8) % 2 * 2 + 1
    labels["sort"] = np.full(count, b"flat")
    labels["z"] = np.full(count, np.nan)
    labels["fibre_fraction"] = np.full(count, 0.6)
    labels["line_fluxes"] = np.zeros((count, 1))
    labels["line_fluxes"].attrs["line_names"] = ["none"]
    group["split"] = np.full(count, 2, np.int8)


@pytest.fixture(scope="session")
def instrument() -> Instrument:
    return tiny_instrument()


@pytest.fixture(scope="session")
def faint_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faint_survey(tmp_path_factory.mktemp("survey") / "faint.h5")


@pytest.fixture(scope="session")
def bundle_folder(
    tiny_bundle: ModelBundle,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    from mtop_gui.network.bundle import save_bundle

    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    save_bundle(tiny_bundle, folder)
    return folder
