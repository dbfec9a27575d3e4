"""Each spectrum goes to the bundle that shares most of its wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.spectrum import Spectrum
from mtop_gui.network.bundle import AUTO
from mtop_gui.network.choosing import BundleChoice, in_common, label_of, open_predictor

if TYPE_CHECKING:
    from collections.abc import Sequence

MOONS, OPTICAL = (6470.0, 18000.0), (3600.0, 9824.0)


class FakePredictor:
    """Answers with its own name."""

    def __init__(self, name: str, covered: tuple[float, float]) -> None:
        self.bundle_name = name
        self.wavelength = np.linspace(*covered, 100)
        self.asked: list[int] = []

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Any]:
        self.asked.append(mc_passes)
        return [f"{self.bundle_name} {spectrum.name}" for spectrum in spectra]

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> Any:
        return f"{self.bundle_name} {redshift}"


def spectrum(name: str, low: float, high: float) -> Spectrum:
    wavelength = np.linspace(low, high, 50)
    return Spectrum(
        wavelength=wavelength, flux=np.ones(50), ivar=np.ones(50), mask=np.zeros(50, bool), name=name
    )


@pytest.fixture
def choice() -> BundleChoice:
    return BundleChoice([FakePredictor("moons", MOONS), FakePredictor("optical", OPTICAL)])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("low", "high", "chosen"),
    [
        (6470, 18000, "moons"),
        (3800, 9200, "optical"),  # SDSS
        (3600, 9824, "optical"),  # DESI
        (4550, 7430, "optical"),  # FORS2
        (5500, 10200, "optical"),  # X-shooter VIS
        (6500, 9300, "optical"),  # covered by both: the larger part of the smaller range
        (10000, 13500, "moons"),  # YJ alone
        (6000, 53000, "moons"),  # NIRSpec prism
        (20000, 24000, "moons"),  # neither: the first says so
    ],
)
def test_real_instruments_find_their_bundle(
    choice: BundleChoice, low: float, high: float, chosen: str
) -> None:
    assert choice.choose(spectrum("one", low, high)).bundle_name == chosen


def test_answers_keep_the_order(choice: BundleChoice) -> None:
    ranges = [MOONS, OPTICAL, MOONS, OPTICAL, OPTICAL]
    spectra = [spectrum(str(number), *covered) for number, covered in enumerate(ranges)]
    assert choice.predict(spectra, mc_passes=7) == [
        "moons 0",
        "optical 1",
        "moons 2",
        "optical 3",
        "optical 4",
    ]
    assert [one.asked for one in choice.predictors] == [[7], [7]]  # type: ignore[attr-defined]
    assert choice.saliency(spectra[1], 0.5) == "optical 0.5"


def test_the_name_changes_with_any_bundle(choice: BundleChoice) -> None:
    assert choice.bundle_name == "auto: moons, optical"


def test_ranges_in_common() -> None:
    assert in_common(MOONS, MOONS) == pytest.approx(2.0)
    assert in_common((1000, 2000), MOONS) == 0
    assert 0 < in_common(OPTICAL, MOONS) < 1


@pytest.mark.bundle
def test_the_label_is_the_predictor_s_name() -> None:
    assert label_of(AUTO) == open_predictor(AUTO).bundle_name
