"""What a survey observes besides the galaxies it looks for: stars, quasars, nothing, galaxies beyond its redshifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mtop_gui.simulation.beyond import beyond_spectra
from mtop_gui.simulation.design import survey_design
from mtop_gui.simulation.empty import draw_empty
from mtop_gui.simulation.fibre import point_source_fraction
from mtop_gui.simulation.noise import FLUX_UNIT
from mtop_gui.simulation.projection import fine_wavelengths, project
from mtop_gui.simulation.quasars import draw_quasar
from mtop_gui.simulation.stars import draw_star

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtop_gui.core.arrays import Float32Array, FloatArray
    from mtop_gui.core.instrument import Instrument

KINDS: Final = ("galaxy", "star", "quasar", "nothing", "beyond")
"""The kinds of spectra; the label ``kind`` counts along them."""

SHARES: Final = {"star": 0.33, "quasar": 0.25, "nothing": 0.25, "beyond": 0.17}
_LIGHT_SPEED = 2.99792458e18  # Å/s
_BRIGHTEST_LEVEL = 20.0  # AB magnitude of the level that "nothing" is measured by


@dataclass(frozen=True, eq=False)
class Interlopers:
    """Drawn spectra that no redshift of the grid explains; every array has them along its first axis.

    Attributes
    ----------
    flux : (n, n_pix) noise-free, in `FLUX_UNIT`.
    kind : (n,) index into `KINDS`.
    sort : (n,) what it is within its kind (a star's type, an empty spectrum's artefact), in words.
    redshift : (n,) of quasars and galaxies, radial velocity / c of stars, NaN for nothing.
    magnitude : (n,) AB in the design's band; for nothing the brightness that its artefacts are measured by.
    level : (n,) flux density [erg/s/cm²/Å] of that magnitude.
    fibre_fraction : (n,) share of the light inside the fibre.
    """

    flux: Float32Array
    kind: NDArray[np.int8]
    sort: NDArray[np.str_]
    redshift: FloatArray
    magnitude: FloatArray
    level: FloatArray
    fibre_fraction: FloatArray

    def __len__(self) -> int:
        """Count the spectra."""
        return int(self.kind.size)


def magnitude_level(magnitude: FloatArray, band: tuple[float, float]) -> FloatArray:
    """Give the mean flux density [erg/s/cm²/Å] of AB magnitudes in a top hat [Å]."""
    return np.asarray(10 ** (-0.4 * (magnitude + 48.6)) * _LIGHT_SPEED / (band[0] * band[1]))


def draw_interlopers(rng: np.random.Generator, n: int, instrument: Instrument) -> Interlopers:
    """Draw `n` interlopers of all kinds in random order.

    Raises
    ------
    SimulationError : the stellar templates are missing, or no survey is designed for the Instrument.
    """
    design = survey_design(instrument.name)
    names = tuple(SHARES)
    drawn = rng.choice([KINDS.index(name) for name in names], size=n, p=list(SHARES.values())).astype(np.int8)
    magnitude = rng.uniform(*design.magnitude_range, size=n)
    nothing = drawn == KINDS.index("nothing")
    magnitude[nothing] = rng.uniform(_BRIGHTEST_LEVEL, design.magnitude_range[1], int(nothing.sum()))
    level = magnitude_level(magnitude, design.magnitude_band)
    flux = np.empty((n, instrument.pixels), dtype=np.float32)
    sort = np.full(n, "", dtype="<U16")
    redshift = np.full(n, np.nan)
    inside = (instrument.wavelength >= design.magnitude_band[0]) & (
        instrument.wavelength <= design.magnitude_band[1]
    )
    fine = fine_wavelengths(instrument)
    beyond = np.flatnonzero(drawn == KINDS.index("beyond"))
    galaxies, redshift[beyond] = beyond_spectra(rng, beyond.size, instrument, design.redshift_grid)
    places = dict(zip(beyond.tolist(), range(beyond.size), strict=True))
    for row in range(n):
        if nothing[row]:
            spectrum, sort[row] = draw_empty(rng, instrument, float(level[row]))
            flux[row] = spectrum / FLUX_UNIT
            continue
        if row in places:
            spectrum, sort[row] = galaxies[places[row]], "galaxy"
        elif KINDS[drawn[row]] == "star":
            light, sort[row], redshift[row] = draw_star(rng, fine)
            spectrum = project(light, fine, instrument)
        else:
            light, redshift[row] = draw_quasar(rng, fine)
            sort[row], spectrum = "quasar", project(light, fine, instrument)
        flux[row] = spectrum * (level[row] / _brightness(spectrum, inside) / FLUX_UNIT)
    return Interlopers(
        flux=flux,
        kind=drawn,
        sort=sort,
        redshift=redshift,
        magnitude=magnitude,
        level=level,
        fibre_fraction=np.full(n, point_source_fraction(instrument.fibre_diameter)),
    )


def _brightness(spectrum: FloatArray, inside: NDArray[np.bool_]) -> float:
    """Give the mean within the magnitude's band, or over everything where the band is dark (far quasars)."""
    return max(float(spectrum[inside].mean()), 0.05 * float(spectrum.mean()), 1e-300)
