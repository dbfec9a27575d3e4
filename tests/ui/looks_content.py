"""What the pictures show: spectra, a network and reviewers' decisions, all invented and always the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from astropy.io import fits

from mtop_gui.core.decision import Decision
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.prediction import Prediction
from mtop_gui.io import read
from mtop_gui.store.assignments import ToReview
from tests.support.fakes import FakePredictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.spectrum import Spectrum

NIGHT = datetime(2026, 5, 17, 22, 14, tzinfo=UTC)
REAL, INVENTED = 14, 226
"""Spectra that are files, and rows of the tables beside them that were never read."""
DAMAGED = "cosmos_06_cut.fits"
"""One more file, cut off in the middle."""
LINES = {
    3728.5: 0.7,
    4341.7: 0.15,
    4862.7: 0.35,
    4960.3: 0.3,
    5008.2: 0.9,
    6549.9: 0.15,
    6564.6: 1.0,
    6585.3: 0.4,
}
"""Vacuum wavelength [Å] and relative strength."""
DOUBTFUL = (3, 4, 9)


def redshift_of(number: int) -> float:
    """Give the true redshift of a spectrum, as the invented network finds it."""
    return 0.84 + 0.137 * number % 1.6


def write_folder(folder: Path) -> None:
    """Write the spectra: emission lines on a continuum, noisier where the sky shines."""
    instrument = load_instrument("moons-lr")
    folder.mkdir(parents=True)
    for number in range(REAL):
        random = np.random.default_rng(100 + number)
        wavelength, z = instrument.wavelength, redshift_of(number)
        sigma = 2.2e-19 * (1.0 + 25.0 * np.sqrt(instrument.sky_emission))
        flux = 6e-19 * (wavelength / 1.2e4) ** -0.8
        for rest, strength in LINES.items():
            flux = flux + 5e-18 * strength * np.exp(-0.5 * ((wavelength / (1 + z) - rest) / 2.0) ** 2)
        flux = flux + sigma * random.normal(size=wavelength.size)
        columns = [
            fits.Column("WAVELENGTH", "D", unit="Angstrom", array=wavelength),
            fits.Column("FLUX", "D", unit="erg/s/cm2/Angstrom", array=flux),
            fits.Column("IVAR", "D", array=sigma**-2.0),
        ]
        table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
        table.header["OBJECT"] = f"COSMOS-{1201 + 7 * number}"
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / f"cosmos_{number:02d}.fits")
        if number == 6:
            table.header["OBJECT"] = "COSMOS-1244"
            fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / DAMAGED)
            whole = (folder / DAMAGED).read_bytes()
            (folder / DAMAGED).write_bytes(whole[: len(whole) // 2])


class Seer(FakePredictor):
    """A network that knows the answer by the file's name, and doubts where it shall."""

    def __init__(self) -> None:
        super().__init__(name="moons-lr 2 (example)")
        self.instrument = load_instrument("moons-lr")

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        """Predict."""
        return [self._predict(spectrum) for spectrum in spectra]

    def _predict(self, spectrum: Spectrum) -> Prediction:
        number = _number(spectrum)
        z, doubtful = redshift_of(number), number in DOUBTFUL
        grid = np.arange(0.6, 3.0, 0.003) + 0.0015
        # The second peak takes Hα for [O III].
        second = (1 + z) * 6564.6 / 5008.2 - 1 if z < 1.2 else (1 + z) * 5008.2 / 6564.6 - 1
        width = 0.012 if doubtful else 0.003
        pdf = np.exp(-0.5 * ((grid - z) / width) ** 2) + 1e-5
        pdf += (0.8 if doubtful else 0.06) * np.exp(-0.5 * ((grid - second) / width) ** 2)
        pdf /= pdf.sum()
        wavelength = self.instrument.wavelength
        return Prediction(
            redshift_grid=grid,
            redshift_pdf=pdf,
            line_wavelength=wavelength,
            line_probability=0.85 * _bumps(wavelength, z),
            logmass=10.1 + 0.05 * number,
            logmass_err=0.12,
            logsfr=1.0 + 0.04 * number,
            logsfr_err=0.21,
            bundle=self.name,
            redshift_pdf_std=0.25 * pdf,
        )

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        """High where the lines are."""
        z = redshift_of(_number(spectrum)) if redshift is None else redshift
        return _bumps(self.instrument.wavelength, z)


def _number(spectrum: Spectrum) -> int:
    return int(spectrum.path.stem.rpartition("_")[2])


def _bumps(wavelength: FloatArray, z: float) -> FloatArray:
    made = np.zeros(wavelength.shape)
    for rest, strength in LINES.items():
        made = np.maximum(made, strength * np.exp(-0.5 * ((wavelength / (1 + z) - rest) / 5.0) ** 2))
    return made


class _Frozen(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """Give the time of the last undo."""
        return NIGHT + timedelta(minutes=12)


def record_decisions(store: Any, folder: Path) -> None:
    """Record what three reviewers said some nights ago."""
    said = (
        ("Ada", 0, 4, 0.0, ""), ("Ada", 1, 3, 0.0, ""), ("Bob", 2, 4, 0.0, "Hα and [O III], no doubt"),
        ("Ada", 3, 2, 0.0, "faint; is it Hα?"), ("Cai", 2, 2, 0.31, "could be [O III]"), ("Bob", 0, 4, 0.0, ""),
        ("Ada", 2, 4, 0.0, "three lines"), ("Ada", 5, 1, 0.0, ""), ("Cai", 6, 4, 0.0, ""),
    )  # fmt: skip
    contents = {}
    for minute, (who, number, quality, off, comment) in enumerate(said):
        path = folder / f"cosmos_{number:02d}.fits"
        spectrum = read(path)[0]
        contents[number] = ToReview(spectrum.content_hash, str(path), 0, spectrum.name)
        store.record(
            Decision(
                content_hash=spectrum.content_hash,
                file=str(path),
                row=0,
                name=spectrum.name,
                redshift=redshift_of(number) + off,
                quality=quality,
                comment=comment,
                issues="R" if off else "",
                reviewer=who,
                redshift_origin="typed" if off else "network",
                time=NIGHT + timedelta(minutes=minute),
                bundle="moons-lr 2 (example)",
                starred=number == 3,
            )
        )
    with mock.patch("mtop_gui.store.decision_rows.datetime", _Frozen):
        store.undo("Ada")
    store.assign(list(contents.values()), ["Ada", "Bob", "Cai"], 2, seed=1)
