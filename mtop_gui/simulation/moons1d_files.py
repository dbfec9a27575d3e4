"""Write spectra in the layout of MOONS1D 1.0.3: per band DATA, ERR, QUAL and Sky, told by the card NAME."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits
from astropy.stats import sigma_clip

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.instrument import load_instrument
from mtop_gui.simulation.noise import EXPOSURE_SECONDS
from mtop_gui.simulation.observing import EXPOSURE_HOURS, Observer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Band, Instrument
    from mtop_gui.simulation.survey import Survey

TRUTH_COLUMNS = ("file", "z", "logmass", "logsfr", "mag_h", "halpha", "hours", "quiescent")
_SKY_CLIP = 3.2  # sigma, the clipping that MOONS1D's interface asks for
_FLUX_UNIT = "erg Angstrom-1 s-1 cm-2"
_SKY_UNIT = "ph/s/cm2/AA/arcsec2"


def write_moons1d(
    path: Path,
    instrument: Instrument,
    flux: FloatArray,
    sigma: FloatArray,
    *,
    hours: float,
    name: str,
    mag_h: float,
) -> Path:
    """Write one observed spectrum as MOONS1D's ``Merge_fitsband`` does.

    Parameters
    ----------
    path : file to write; replaced if it exists.
    flux, sigma : (n_pix,) erg/s/cm²/Å on the Instrument's pixels.
    hours : exposure; the header holds its number of 300 s exposures.
    name : what the cards OBNAME and TEMPLATE say.
    mag_h : AB magnitude, for the card MAG.

    Returns
    -------
    `path`.

    Raises
    ------
    SimulationError : the arrays do not have the Instrument's pixels, or the file cannot be written.
    """
    if flux.shape != (instrument.pixels,) or sigma.shape != flux.shape:
        raise SimulationError(
            f"a spectrum of '{instrument.name}' has {instrument.pixels} pixels, not {flux.shape}"
        )
    hdus: list[fits.PrimaryHDU | fits.ImageHDU] = [_primary(instrument, hours, name, mag_h)]
    # The simulator multiplies its sky by the fibre's solid angle before it writes it.
    sky = instrument.sky_emission * np.pi * (instrument.fibre_diameter / 2) ** 2
    for band in instrument.bands:
        part = instrument.band_slices[band.name]
        hdus += [
            _image(flux[part].astype(np.float64), f"DATA_{band.name}", band, _FLUX_UNIT),
            _image(sigma[part].astype(np.float64), f"ERR_{band.name}", band, _FLUX_UNIT),
            _image(strong_sky(instrument.sky_emission[part]).astype(np.int64), f"QUAL_{band.name}", band, ""),
            _image(sky[part], "Sky", band, _SKY_UNIT),
        ]
    try:
        fits.HDUList(hdus).writeto(path, overwrite=True)
    except OSError as error:
        raise SimulationError(f"{path} cannot be written ({error}): check the disk and folder") from error
    return path


def export_fits(
    survey: Survey,
    folder: Path,
    rows: ArrayLike | None = None,
    hours: float | Sequence[float] = EXPOSURE_HOURS,
    seed: int = 0,
    report: Report = ignore,
) -> list[Path]:
    """Observe galaxies of a Survey and write one MOONS1D file each, with their labels in ``truth.csv``.

    Parameters
    ----------
    folder : made if missing.
    rows : galaxies to write; None for all.
    hours : one exposure time, or several of which each galaxy gets one at random.
    seed : of the noise (and of the choice of hours).

    Returns
    -------
    The files, in the order of `rows`; named ``mock_<row>.fits``.

    Raises
    ------
    SimulationError : a file cannot be written.
    """
    instrument = load_instrument(survey.instrument_name)
    observer = Observer(survey, instrument)
    chosen: IntArray = (
        np.arange(len(survey)) if rows is None else np.atleast_1d(np.asarray(rows, dtype=np.int64))
    )
    exposures = np.random.default_rng([seed, 2]).choice(np.atleast_1d(hours), chosen.size)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as stream:
            truth = csv.writer(stream, lineterminator="\n")
            truth.writerow(TRUTH_COLUMNS)
            for number, (row, length) in enumerate(zip(chosen, exposures, strict=True)):
                name = f"mock_{row:05d}"
                flux, sigma = (array[0] * survey.flux_scale for array in observer.fixed(row, length, seed))
                mag_h = float(survey.labels["mag_h"][row])
                path = folder / f"{name}.fits"
                paths.append(
                    write_moons1d(path, instrument, flux, sigma, hours=float(length), name=name, mag_h=mag_h)
                )
                truth.writerow(_truth_row(survey, int(row), path.name, float(length)))
                report(Advanced(number + 1, chosen.size, "writing FITS files"))
    except OSError as error:
        raise SimulationError(
            f"{folder} cannot be written to ({error}): check the disk and folder"
        ) from error
    return paths


def strong_sky(sky_emission: FloatArray) -> BoolArray:
    """Tell the pixels of one band that MOONS1D flags for their sky lines: (n,), clipped at 3.2 sigma."""
    return np.asarray(np.ma.getmaskarray(sigma_clip(sky_emission, sigma=_SKY_CLIP)))


def _truth_row(survey: Survey, row: int, file: str, hours: float) -> list[str]:
    label = {
        name: survey.labels[name][row] for name in ("z", "logmass", "logsfr", "mag_h", "halpha", "quiescent")
    }
    return [
        file,
        f"{label['z']:.6f}",
        f"{label['logmass']:.4f}",
        f"{label['logsfr']:.4f}",
        f"{label['mag_h']:.3f}",
        f"{label['halpha']:.3e}",
        f"{hours:.1f}",
        f"{int(label['quiescent'])}",
    ]


def _primary(instrument: Instrument, hours: float, name: str, mag_h: float) -> fits.PrimaryHDU:
    """Make the primary HDU; like the simulator's merged files it describes the detector of the first band."""
    band = instrument.bands[0]
    hdu = fits.PrimaryHDU()
    cards: dict[str, str | float] = {
        "INST": "MOONS_SIM",
        "R_MODE": "LR",
        "OBS_MODE": "XSWITCH",
        "OBNAME": name,
        "ATCORR": 1.2,
        "NDIT": float(round(hours * 3600 / EXPOSURE_SECONDS)),
        "DIT": EXPOSURE_SECONDS,
        "SEEING": 0.8,
        "TEMP": 11.5,
        "HUMIDITY": 14.5,
        "PRESSUR": 743.0,
        "RON": band.read_noise,
        "DARK": band.dark_per_hour / 3600,
        "GAIN": band.gain,
        "SATLEVEL": 58000.0,
        "PIXSIZE": 15.0,
        "R": band.resolution,
        "SAMPLING": 2.7,
        "SKY_AP": instrument.fibre_diameter,
        "TEL_AP": round(2 * np.sqrt(instrument.area_cm2 / np.pi) / 100, 6),
        "TEMPLATE": name,
        "TYPE": "point-source",
        "Z": 0.0,
        "MAG": mag_h,
        "MAGTYPE": "None",
        "WAVE": "H",
    }
    hdu.header.update(cards)
    return hdu


def _image(data: np.ndarray, name: str, band: Band, unit: str) -> fits.ImageHDU:
    hdu = fits.ImageHDU(data)
    cards: dict[str, str | float] = {
        "NAME": name,
        "CRVAL1": band.wavelength_min,
        "CDELT1": band.step,
        "CRPIX1": 1.0,
        "TUNIT1": "AA",
        "TUNIT2": unit,
        "R": band.resolution,
        "SAMPLING": 2.7,
    }
    hdu.header.update(cards)
    return hdu
