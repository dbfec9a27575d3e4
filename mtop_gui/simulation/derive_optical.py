"""Derive the Instrument ``optical``: ``python -m mtop_gui.simulation.derive_optical MOONS1D_WHEEL resources/instruments``.

A grid uniform in ln λ that spans what SDSS/BOSS, DESI, AAOmega, LEGA-C, VIMOS and FORS2 observe, with the night sky's
emission and transmission. From 6000 Å these are ESO SkyCalc's, as in ``derive_moons``; bluewards a smooth sky (the
colours of a dark one: U 22.3, B 22.7, V 21.8) and extinction, with the airglow and street-lamp lines below.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtop_gui.core.instrument import Band
from mtop_gui.simulation.derive_moons import AIRMASS, CREDIT, SKY_TABLE, read_sky, rebin

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

FIRST, LAST = 3600.0, 9824.0
LOG_STEP: Final = 1.25e-4  # 37.5 km/s
RESOLUTION: Final = 5000.0
_ARMS: Final = (("B", 3600.0, 5800.0), ("R", 5800.0, 7600.0), ("Z", 7600.0, 9824.0))
_SKY_START: Final = 6000.0
_RAYLEIGH: Final = 1.87e-6  # ph/s/cm²/arcsec²
# vacuum Å and Rayleigh
_BLUE_LINES: Final = (
    (4047.8, 4.0), (4359.6, 8.0), (5199.5, 2.0), (5462.3, 6.0), (5578.9, 190.0), (5771.2, 3.0), (5891.6, 20.0),
    (5897.6, 10.0),
)  # fmt: skip
# relative brightness of the sky between the lines, joined to SkyCalc's
_BLUE_CONTINUUM: Final = (
    (3500.0, 3600.0, 4000.0, 4400.0, 5000.0, 5500.0, 6000.0),
    (0.76, 0.71, 0.57, 0.52, 0.67, 0.86, 1.0),
)
# extinction [mag per airmass]
_BLUE_EXTINCTION: Final = ((3500.0, 4000.0, 4500.0, 5000.0, 6000.0), (0.57, 0.33, 0.22, 0.17, 0.12))


def grid() -> FloatArray:
    """Give the vacuum wavelengths: uniform in ln λ from `FIRST` to at most `LAST`."""
    return np.asarray(FIRST * np.exp(LOG_STEP * np.arange(int(np.log(LAST / FIRST) / LOG_STEP) + 1)))


def blue_sky(wavelength: FloatArray, at_start: float) -> FloatArray:
    """Give the sky's emission below 6000 Å on (n,) wavelengths [ph/s/cm²/Å/arcsec²], lines 0.5 Å wide.

    `at_start` : the continuum at 6000 Å.
    """
    emission = at_start * np.interp(wavelength, *_BLUE_CONTINUUM)
    for centre, rayleigh in _BLUE_LINES:
        profile = np.exp(-0.5 * ((wavelength - centre) / 0.5) ** 2) / (0.5 * np.sqrt(2 * np.pi))
        emission = emission + rayleigh * _RAYLEIGH * profile
    return emission


def derive(wheel_path: Path, folder: Path) -> None:
    """Write ``optical.json`` and ``optical.npz`` into `folder`."""
    with zipfile.ZipFile(wheel_path) as wheel:
        table = read_sky(wheel)
    step = table[0, 1] - table[0, 0]
    blue = np.arange(3400.0, _SKY_START - step / 2, step)
    fine = np.concatenate([blue, table[0]])
    continuum = float(np.median(table[1, :200]))
    through = 10 ** (-0.4 * AIRMASS * np.interp(blue, *_BLUE_EXTINCTION))
    columns = (
        np.concatenate([blue_sky(blue, continuum), table[1]]),
        np.concatenate([through, table[2]]),
    )
    wavelength = grid()
    sigma = 7000.0 / RESOLUTION / 2.355 / step
    emission, transmission = (rebin(wavelength, fine, gaussian_filter1d(column, sigma)) for column in columns)
    bands = [_band(name, wavelength, low, high) for name, low, high in _ARMS]
    facts = {
        "name": "optical",
        "description": "optical fibre and slit spectra: one grid uniform in ln λ (vacuum), arms as DESI's",
        "bands": [asdict(band) for band in bands],
        "area_cm2": 1e5,
        "fibre_diameter": 1.5,
        "credit": CREDIT,
        "source": f"{wheel_path.name} ({SKY_TABLE}) from 6000 Å, a smooth dark sky below, by mtop_gui.simulation.derive_optical",
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (folder / "optical.json").write_text(text, encoding="utf-8")
    np.savez_compressed(
        folder / "optical.npz",
        wavelength=wavelength,
        sky_emission=emission.astype(np.float32),
        sky_transmission=transmission.astype(np.float32),
        efficiency=np.full(wavelength.size, 0.2, dtype=np.float32),
    )


def _band(name: str, wavelength: FloatArray, low: float, high: float) -> Band:
    inside = wavelength[(wavelength >= low) & (wavelength < high)]
    return Band(
        name=name,
        wavelength_min=float(inside[0]),
        wavelength_max=float(inside[-1]),
        step=float(np.diff(inside).mean()),
        pixels=int(inside.size),
        resolution=RESOLUTION,
        read_noise=3.0,
        dark_per_hour=3.0,
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="moons1d-1.0.3-py3-none-any.whl")
    parser.add_argument("folder", type=Path, help="where to write optical.json and optical.npz")
    arguments = parser.parse_args()
    derive(arguments.wheel, arguments.folder)


if __name__ == "__main__":
    main()
