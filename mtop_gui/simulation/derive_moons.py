"""Derive the Instrument ``moons-lr`` from the tables inside the ``moons1d`` wheel.

``python -m mtop_gui.simulation.derive_moons WHEEL OUT_DIR`` writes ``moons-lr.json`` (bands and provenance) and
``moons-lr.npz`` (one value per pixel). The recipe repeats MOONS1D 1.0.3 (M. Rodrigues et al., MIT licence), so that
mocks and MOONS1D files share one instrument: the "worst" throughput its mode file names, SkyCalc sky at airmass 1.2
smoothed to the band's resolution and binned with flux conserved, image quality and atmospheric dispersion after the
ESO exposure-time calculator.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units
from astropy.io import fits
from scipy.ndimage import gaussian_filter1d
from scipy.stats import ncx2

from mtop_gui.core.instrument import Band
from mtop_gui.simulation.spectra import pixel_edges

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

TABLES = "moons1d/models/Instrument/"
SKY_TABLE = "moons1d/models/Skymodel/SkyTemplate_ESO_a1.2.fits"
AIRMASS = 1.2
SEEING = 0.8  # arcsec at 0.5 µm and zenith
FIBRE_DIAMETER = 1.1  # arcsec
TELESCOPE_DIAMETER = 8.2  # m
DISPERSION_REFERENCE = 1.2  # µm: where the fibre is centred on the refracted image
PIXELS_PER_FWHM = 2.7
FWHM_TO_SIGMA = 1 / 2.355
SKY_STEP = 0.1  # Å

# name, wavelength limits [µm], resolution, read noise [e-], dark [e-/h], gain [ADU/e-], quantum efficiency
_MODES = (
    ("RI", 0.647, 0.934, 4200.0, 5.0, 2.0, 0.6, "QE_LBNL.txt"),
    ("YJ", 0.934, 1.350, 4300.0, 6.0, 30.0, 1.0, "QE_4RG.txt"),
    ("H", 1.452, 1.800, 6700.0, 6.0, 30.0, 1.0, "QE_4RG.txt"),
)

CREDIT = (
    "Throughput, quantum efficiency, telescope efficiency and mode parameters: MOONS1D 1.0.3 "
    "(M. Rodrigues and the MOONS consortium; MIT licence). Sky emission and transmission: ESO SkyCalc "
    "(Noll et al. 2012, A&A 543, A92; Jones et al. 2013, A&A 560, A91)."
)


def rebin(wavelength: FloatArray, table_wavelength: FloatArray, table: FloatArray) -> FloatArray:
    """Average a table, constant within its bins, over new bins (what SpectRes does; Carnall 2017)."""
    edges = pixel_edges(table_wavelength)
    integral = np.concatenate([[0.0], np.cumsum(table * np.diff(edges))])
    new_edges = pixel_edges(wavelength)
    return np.asarray(np.diff(np.interp(new_edges, edges, integral)) / np.diff(new_edges))


def image_quality(wavelength_um: FloatArray) -> FloatArray:
    """Give the FWHM [arcsec] of a point source at the airmass and seeing above (ESO ETC, FORS help page)."""
    wavelength_nm = 1e3 * wavelength_um
    fried = 0.100 / SEEING * (wavelength_nm / 500) ** 1.2 * AIRMASS**-0.6
    outer_scale = np.sqrt(1 - 0.981644 * 2.183 * (fried / 46.0) ** 0.356)
    atmosphere = SEEING * AIRMASS**0.6 * (wavelength_nm / 500) ** -0.2 * outer_scale
    return np.asarray(np.hypot(atmosphere, 0.000212 * wavelength_nm / TELESCOPE_DIAMETER))


def atmospheric_shift(wavelength_um: FloatArray) -> FloatArray:
    """Give the differential refraction [arcsec] from the reference wavelength (Filippenko 1982, as in MOONS1D)."""
    temperature, humidity, pressure = 11.5 + 273.15, 0.145, 743.0
    saturation = -10474.0 + 116.43 * temperature - 0.43284 * temperature**2 + 0.00053840 * temperature**3
    vapour = humidity * saturation
    dry = pressure - vapour
    dry_density = (
        (1 + dry * (57.90e-8 - 0.0009325 / temperature + 0.25844 / temperature**2)) * dry / temperature
    )
    vapour_density = (
        (1 + vapour * (1 + 3.7e-4 * vapour) * (-2.37321e-3 + 2.23366 / temperature - 710.792 / temperature**2
                                               + 77514.1 / temperature**3)) * vapour / temperature
    )  # fmt: skip

    def refractivity(wave: FloatArray) -> FloatArray:
        s2 = wave**-2
        dry_part = (2371.34 + 683939.7 / (130.0 - s2) + 4547.3 / (38.9 - s2)) * dry_density
        wet_part = (6487.31 + 58.058 * s2 - 0.71150 * s2**2 + 0.08851 * s2**3) * vapour_density
        return np.asarray(1e-8 * (dry_part + wet_part))

    bending = refractivity(np.array(DISPERSION_REFERENCE)) - refractivity(wavelength_um)
    return np.asarray(np.rad2deg(np.tan(np.arccos(1 / AIRMASS)) * bending) * 3600)


def point_source_fraction(band: Band, wavelength: FloatArray) -> FloatArray:
    """Give the fraction of a point source's light in the fibre, 20 nodes per band as MOONS1D takes."""
    nodes: FloatArray = np.linspace(band.wavelength_min, band.wavelength_max, 20)
    sigma = image_quality(nodes / 1e4) * FWHM_TO_SIGMA
    offset = atmospheric_shift(nodes / 1e4)
    fraction = np.asarray(ncx2.cdf((FIBRE_DIAMETER / 2 / sigma) ** 2, 2, (offset / sigma) ** 2))
    return rebin(wavelength, nodes, fraction)


def make_band(mode: tuple[str, float, float, float, float, float, float, str]) -> Band:
    """Lay out one band's pixels: step = central wavelength / R / 2.7, pixels truncated."""
    name, start, stop, resolution, read_noise, dark, gain, _ = mode
    # The conversion MOONS1D itself uses, so that CRVAL1 agrees to the last bit.
    first, last = float(units.micron.to(units.angstrom, start)), float(units.micron.to(units.angstrom, stop))
    step = (first + last) / 2 / resolution / PIXELS_PER_FWHM
    pixels = int(np.round(last - first) / step)
    return Band(name, first, last, step, pixels, resolution, read_noise, dark, gain)


def read_text_table(wheel: zipfile.ZipFile, name: str) -> FloatArray:
    """Read a whitespace table of the wheel."""
    return np.loadtxt(wheel.read(TABLES + name).decode("utf-8").splitlines())


def derive_band(
    wheel: zipfile.ZipFile, band: Band, quantum_file: str, sky: FloatArray
) -> dict[str, FloatArray]:
    """Bin every table onto one band; `sky` is (3, n): wavelength [Å], emission, transmission."""
    wavelength = band.wavelength_min + band.step * np.arange(band.pixels, dtype=np.float64)
    near = sky[:, (sky[0] >= 0.9 * band.wavelength_min) & (sky[0] <= 1.1 * band.wavelength_max)]
    fwhm = (band.wavelength_min + band.wavelength_max) / 2 / band.resolution
    kernel = np.sqrt(fwhm**2 - (2 * SKY_STEP) ** 2) * FWHM_TO_SIGMA / SKY_STEP
    emission, transmission = (
        rebin(wavelength, near[0], gaussian_filter1d(row, kernel, mode="constant", truncate=4.0))
        for row in near[1:]
    )
    optics = read_text_table(wheel, f"throughput_{band.name}_worst.txt")
    detector = read_text_table(wheel, quantum_file)
    telescope = read_text_table(wheel, "telescope_eff.txt")
    efficiency = (
        rebin(wavelength, 10 * optics[:, 0], optics[:, 1])
        * rebin(wavelength, 1e4 * detector[:, 0], detector[:, 1] / 100)
        * rebin(wavelength, 1e4 * telescope[:, 0], telescope[:, 1])
    )
    return {
        "sky_emission": emission,
        "sky_transmission": transmission,
        "efficiency": efficiency,
        "point_fraction": point_source_fraction(band, wavelength),
    }


def read_sky(wheel: zipfile.ZipFile) -> FloatArray:
    """Read the SkyCalc table: (3, n) vacuum Å, ph/s/cm²/Å/arcsec², transmission."""
    with fits.open(io.BytesIO(wheel.read(SKY_TABLE))) as hdus:
        header = hdus[0].header
        wavelength = header["CRVAL1"] + header["CDELT1"] * np.arange(header["NAXIS1"])
        return np.stack([wavelength, hdus[0].data, hdus[1].data]).astype(np.float64)


def derive(wheel_path: Path, folder: Path) -> None:
    """Write ``moons-lr.json`` and ``moons-lr.npz`` into `folder`."""
    bands = [make_band(mode) for mode in _MODES]
    with zipfile.ZipFile(wheel_path) as wheel:
        sky = read_sky(wheel)
        parts = [derive_band(wheel, band, mode[-1], sky) for band, mode in zip(bands, _MODES, strict=True)]
    tables = {key: np.concatenate([part[key] for part in parts]).astype(np.float32) for key in parts[0]}
    facts = {
        "name": "moons-lr",
        "description": "MOONS at the VLT, low-resolution mode: three bands, vacuum wavelengths",
        "bands": [asdict(band) for band in bands],
        "area_cm2": float(np.pi * (50 * TELESCOPE_DIAMETER) ** 2),
        "fibre_diameter": FIBRE_DIAMETER,
        "seeing": SEEING,
        "airmass": AIRMASS,
        "band_edges": (
            "RI ends at 9339.2 Å and YJ starts at 9340.0 Å: the bands touch without overlapping, "
            "so the wavelengths of all pixels increase strictly; no data between 1.350 and 1.452 µm"
        ),
        "credit": CREDIT,
        "source": f"{wheel_path.name} ({SKY_TABLE}, {TABLES}*_worst.txt), by mtop_gui.simulation.derive_moons",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "moons-lr.json").write_text(
        json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    np.savez_compressed(folder / "moons-lr.npz", **tables)  # type: ignore[arg-type]  # stub takes bool first


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="moons1d-1.0.3-py3-none-any.whl")
    parser.add_argument("folder", type=Path, help="where to write moons-lr.json and moons-lr.npz")
    arguments = parser.parse_args()
    derive(arguments.wheel, arguments.folder)


if __name__ == "__main__":
    main()
