"""Stand-ins for files, network and cache, so that the batch is tested by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.prediction import Prediction, rejected
from mtop_gui.core.spectrum import Spectrum

if TYPE_CHECKING:
    from pathlib import Path

GRID = np.arange(0.6, 3.0, 0.003)
WAVELENGTH = np.linspace(6500.0, 18000.0, 60)


def make_spectrum(path: Path, row: int = 0, redshift: float = 1.0) -> Spectrum:
    """A Spectrum that carries its redshift as its level, for `FakePredictor` to read."""
    n = WAVELENGTH.size
    return Spectrum(
        WAVELENGTH.copy(), np.full(n, redshift), np.ones(n), np.zeros(n, dtype=bool), path=path, row=row
    )


class FakeFiles:
    """Reads "files": each path has as many spectra as its stem says, e.g. ``a-3.fits``; "bad" in it raises."""

    def __init__(self) -> None:
        self.read_paths: list[Path] = []

    def __call__(self, path: Path) -> list[Spectrum]:
        self.read_paths.append(path)
        if "bad" in path.name:
            raise UnreadableSpectrumError("no flux column was found")
        if "broken" in path.name:
            raise IndexError("list index out of range")
        count = int(path.stem.split("-")[-1])
        number = int(path.stem.split("-")[0])
        return [make_spectrum(path, row, 0.7 + 0.01 * number + 0.001 * row) for row in range(count)]


class FakePredictor:
    """Predicts the level of a Spectrum as its redshift; refuses a level above 2.5, breaks at one below 0.65."""

    bundle_name = "fake 1"

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.passes: set[int] = set()

    def predict(self, spectra: list[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        self.batches.append(len(spectra))
        self.passes.add(mc_passes)
        if any(spectrum.flux[0] < 0.65 for spectrum in spectra):
            raise FloatingPointError("the flux is not a flux")
        return [self._one(spectrum) for spectrum in spectra]

    def warm_up(self) -> None:
        pass

    def _one(self, spectrum: Spectrum) -> Prediction:
        level = float(spectrum.flux[0])
        if level > 2.5:
            return rejected(
                "outside the range of the bundle",
                redshift_grid=GRID,
                line_wavelength=WAVELENGTH,
                bundle=self.bundle_name,
                coverage=0.0,
            )
        pdf = np.exp(-0.5 * ((GRID - level) / 0.004) ** 2)
        return Prediction(
            redshift_grid=GRID,
            redshift_pdf=pdf / pdf.sum(),
            line_wavelength=WAVELENGTH,
            line_probability=np.zeros(WAVELENGTH.size),
            logmass=10.0,
            logmass_err=0.1,
            logsfr=1.0,
            logsfr_err=0.2,
            bundle=self.bundle_name,
        )

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> np.ndarray:
        return np.ones(WAVELENGTH.size)


class FakeCache:
    """Keeps Predictions in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, int], Prediction] = {}

    def load_predictions(self, content_hashes, bundle_name, mc_passes=1):
        keys = {content: (content, bundle_name, mc_passes) for content in content_hashes}
        return {content: self.kept[key] for content, key in keys.items() if key in self.kept}

    def save_predictions(self, entries):
        for content, bundle_name, mc_passes, prediction in entries:
            self.kept[content, bundle_name, mc_passes] = prediction
