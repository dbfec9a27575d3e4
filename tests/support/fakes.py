"""Stand-ins for a network and for observed spectra: small, deterministic, without TensorFlow."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mtop_gui.core.prediction import Prediction, rejected
from mtop_gui.core.spectrum import FLAM, Spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray

WAVELENGTH = np.linspace(6500.0, 18000.0, 1200)
REDSHIFT_GRID = np.arange(0.6, 3.0, 0.003) + 0.0015
LINES = (3728.5, 4862.7, 4960.3, 5008.2, 6564.6)


def make_spectrum(
    seed: int = 0,
    *,
    redshift: float | None = None,
    pixels: int | None = None,
    path: Path = Path("fake.fits"),
    row: int = 0,
    name: str = "",
    metadata: dict[str, str | float | int] | None = None,
) -> Spectrum:
    """Give a noisy galaxy with a few emission lines; `seed` decides everything that is not given."""
    random = np.random.default_rng(seed)
    z = random.uniform(0.8, 2.4) if redshift is None else redshift
    wavelength = WAVELENGTH if pixels is None else np.linspace(6500.0, 18000.0, pixels)
    continuum = 2e-18 * (wavelength / 1e4) ** random.uniform(-1.5, 0.5)
    flux = continuum + random.normal(0, 3e-19, wavelength.size)
    for line in LINES:
        flux += 6e-18 * random.uniform(0.4, 1) * np.exp(-0.5 * ((wavelength - line * (1 + z)) / 12.0) ** 2)
    mask = (wavelength > 13450) & (wavelength < 14600)
    return Spectrum(
        wavelength=wavelength.copy(),
        flux=np.where(mask, 0.0, flux),
        ivar=np.where(mask, 0.0, 1 / 3e-19**2),
        mask=mask,
        path=path,
        row=row,
        name=name or f"GAL-{seed:04d}",
        flux_unit=FLAM,
        metadata=metadata or {},
    )


def write_spectrum(path: Path, seed: int, redshift: float | None = None) -> Path:
    """Write a plain FITS table that every reader of plain tables understands."""
    spectrum = make_spectrum(seed, redshift=redshift)
    columns = [
        fits.Column("WAVELENGTH", "D", unit="Angstrom", array=spectrum.wavelength),
        fits.Column(
            "FLUX",
            "D",
            unit=FLAM.replace(" / ", "/").replace("erg/(s cm2 Angstrom)", "erg/s/cm2/Angstrom"),
            array=spectrum.flux,
        ),
        fits.Column("IVAR", "D", array=spectrum.ivar),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    table.header["OBJECT"] = spectrum.name
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, overwrite=True)
    return path


def write_demo_folder(folder: Path, n: int = 6) -> list[Path]:
    """Write `n` files of one spectrum each, GAL-0000 to GAL-000n, of a name that sorts in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_spectrum(folder / f"gal_{seed:04d}.fits", seed) for seed in range(n)]


class FakePredictor:
    """Predicts: a PDF of one or two peaks that follows from the content hash.

    Parameters
    ----------
    delay : seconds per spectrum, to have time to cancel.
    broken : raise this instead of predicting.
    name : bundle name.
    """

    def __init__(
        self, *, delay: float = 0.0, broken: Exception | None = None, name: str = "fake 1 (abc)"
    ) -> None:
        self.delay, self.broken, self.name = delay, broken, name
        self.calls = 0
        self.predicted = 0
        self.threads: set[int] = set()

    @property
    def bundle_name(self) -> str:
        """Name."""
        return self.name

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        """Predict."""
        self.calls += 1
        self.threads.add(threading.get_ident())
        if self.broken is not None:
            raise self.broken
        made = []
        for spectrum in spectra:
            time.sleep(self.delay)
            made.append(fake_prediction(spectrum, self.name, mc_passes))
        self.predicted += len(made)
        return made

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        """High where the lines are at `redshift`."""
        self.threads.add(threading.get_ident())
        if self.broken is not None:
            raise self.broken
        time.sleep(self.delay)
        return _bumps(fake_redshift(spectrum) if redshift is None else redshift)


def _number(spectrum: Spectrum) -> int:
    return int(spectrum.content_hash[:8], 16)


def fake_redshift(spectrum: Spectrum) -> float:
    """Give the redshift of the fake's best peak."""
    return 0.8 + 2.0 * (_number(spectrum) % 9973) / 9973


def fake_is_doubtful(spectrum: Spectrum) -> bool:
    """Whether the fake's PDF is wide: about every third spectrum."""
    return _number(spectrum) % 3 == 0


def fake_prediction(spectrum: Spectrum, bundle: str, mc_passes: int = 1) -> Prediction:
    """Make the Prediction of a Spectrum."""
    number, z = _number(spectrum), fake_redshift(spectrum)
    if spectrum.metadata.get("REJECT"):
        return rejected(
            "outside the bundle's range",
            redshift_grid=REDSHIFT_GRID,
            line_wavelength=WAVELENGTH,
            bundle=bundle,
            coverage=0.1,
        )
    doubtful = fake_is_doubtful(spectrum)
    width = 0.03 if doubtful else 0.0015
    second = 0.6 + (z - 0.6 + 0.9) % 2.4
    pdf = np.exp(-0.5 * ((REDSHIFT_GRID - z) / width) ** 2)
    pdf += (0.7 if doubtful else 0.05) * np.exp(-0.5 * ((REDSHIFT_GRID - second) / width) ** 2)
    pdf /= pdf.sum()
    return Prediction(
        redshift_grid=REDSHIFT_GRID,
        redshift_pdf=pdf,
        line_wavelength=WAVELENGTH,
        line_probability=_bumps(z),
        logmass=9.0 + number % 200 / 100,
        logmass_err=0.15,
        logsfr=0.2 + number % 90 / 100,
        logsfr_err=0.2,
        bundle=bundle,
        redshift_pdf_std=pdf * 0.2 if mc_passes > 1 else None,
    )


def _bumps(redshift: float) -> FloatArray:
    made = np.zeros(WAVELENGTH.shape)
    for line in LINES:
        made = np.maximum(made, np.exp(-0.5 * ((WAVELENGTH - line * (1 + redshift)) / 15.0) ** 2))
    return made
