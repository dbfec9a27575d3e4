"""What a mock survey of each Instrument is made of: its redshift grid and how bright its spectra are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mtop_gui.core.errors import SimulationError
from mtop_gui.simulation.galaxies import H_BAND, I_BAND, draw_galaxies
from mtop_gui.simulation.optical_galaxies import draw_optical_galaxies

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.simulation.galaxies import Galaxies


@dataclass(frozen=True)
class SurveyDesign:
    """The facts that differ between the surveys of different Instruments.

    Attributes
    ----------
    redshift_grid : lowest and highest redshift that bundles of this Instrument can find.
    draw_galaxies : draws so many galaxies inside that grid, from a ``numpy.random.Generator``.
    magnitude_band : observed Å over which the AB magnitude label is taken (top hat).
    magnitude_range : of interlopers.
    """

    redshift_grid: tuple[float, float]
    draw_galaxies: Callable[..., Galaxies]
    magnitude_band: tuple[float, float]
    magnitude_range: tuple[float, float] = (17.0, 25.0)


_DESIGNS: Final = {
    "moons-lr": SurveyDesign((0.6, 3.0), draw_galaxies, H_BAND),
    "optical": SurveyDesign((0.0, 1.7), draw_optical_galaxies, I_BAND, (16.0, 24.0)),
}


def survey_design(instrument_name: str) -> SurveyDesign:
    """Give the design for an Instrument.

    Raises
    ------
    SimulationError : no mock survey is designed for it.
    """
    if instrument_name not in _DESIGNS:
        raise SimulationError(
            f"no mock survey is designed for the instrument '{instrument_name}': "
            f"take one of {', '.join(sorted(_DESIGNS))}"
        )
    return _DESIGNS[instrument_name]
