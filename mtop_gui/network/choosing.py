"""Which bundle reads which spectrum: the one whose wavelengths and the spectrum's have most in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mtop_gui.network.bundle import AUTO, available_bundles, load_bundle
from mtop_gui.network.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum


def open_predictor(bundle: str) -> Predictor | BundleChoice:
    """Make the Predictor of a bundle, or the choice among all shipped ones.

    Parameters
    ----------
    bundle : a shipped bundle's name, a folder, or `AUTO`.

    Raises
    ------
    BundleError, InstrumentError : a bundle, or the Instrument it names, cannot be used.
    """
    names = available_bundles() if bundle == AUTO else [bundle]
    predictors = [Predictor(name) for name in names]
    return predictors[0] if len(predictors) == 1 else BundleChoice(predictors)


def label_of(bundle: str) -> str:
    """Give the name that `open_predictor` would write into catalogues, without loading a network.

    Raises
    ------
    BundleError : a bundle cannot be read.
    """
    names = available_bundles() if bundle == AUTO else [bundle]
    return _joined([load_bundle(name).label for name in names])


class BundleChoice:
    """Several Predictors behind one (satisfies `core.prediction.Predicts`); each Prediction names the bundle that made it.

    Parameters
    ----------
    predictors : at least one; the first is asked where none has anything in common with a spectrum.
    """

    def __init__(self, predictors: Sequence[Predictor]) -> None:
        self.predictors = tuple(predictors)
        self._ranges = [(float(one.wavelength[0]), float(one.wavelength[-1])) for one in self.predictors]

    @property
    def bundle_name(self) -> str:
        """The names of all bundles: where one of them changes, so may every answer."""
        return _joined([one.bundle_name for one in self.predictors])

    def warm_up(self) -> None:
        """Load TensorFlow and compile all networks."""
        for one in self.predictors:
            one.warm_up()

    def choose(self, spectrum: Spectrum) -> Predictor:
        """Give the Predictor of this Spectrum."""
        low, high = float(spectrum.wavelength[0]), float(spectrum.wavelength[-1])
        shared = [in_common((low, high), covered) for covered in self._ranges]
        return self.predictors[shared.index(max(shared))]

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        """Predict every Spectrum with its bundle, in order."""
        chosen = [self.choose(spectrum) for spectrum in spectra]
        found: dict[int, Prediction] = {}
        for predictor in self.predictors:
            places = [place for place, one in enumerate(chosen) if one is predictor]
            answers = predictor.predict([spectra[place] for place in places], mc_passes=mc_passes)
            found.update(zip(places, answers, strict=True))
        return [found[place] for place in range(len(spectra))]

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        """Gradient saliency on the grid of the Spectrum's bundle."""
        return self.choose(spectrum).saliency(spectrum, redshift)


def in_common(spectrum: tuple[float, float], bundle: tuple[float, float]) -> float:
    """Add the shares that two wavelength ranges [Å] have in common of one and of the other, counted in ln λ: 0 to 2.

    The spectrum's share alone would give a short spectrum to any bundle that covers it, the bundle's alone a long one.
    """
    low, high = max(spectrum[0], bundle[0]), min(spectrum[1], bundle[1])
    if high <= low:
        return 0.0
    overlap = math.log(high / low)
    return overlap / math.log(spectrum[1] / spectrum[0]) + overlap / math.log(bundle[1] / bundle[0])


def _joined(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{AUTO}: {', '.join(labels)}"
