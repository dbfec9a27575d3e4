"""What a person could measure: galaxies with two detected lines (Ginolfi+25, Fig. 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.lines import load_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.instrument import Instrument

BRIGHT, FAINT = 7.0, 5.0
"""Signal-to-noise ratios that the two lines must exceed."""

TOGETHER = {"[O II] 3730": "[O II] 3727"}
"""Doublets that count as one line, as they are blended in most galaxies."""

_REACH = 4.0
_FWHM = 2 * np.sqrt(2 * np.log(2))


class LineSignals:
    """Signal-to-noise ratios of the emission lines of mock galaxies, optimally extracted (Horne 86).

    Parameters
    ----------
    instrument, usable : of the spectra; (n_pix,) pixels that are looked at.
    line_names : the survey's, in the order of the fluxes given later.
    """

    def __init__(self, instrument: Instrument, usable: BoolArray, line_names: Sequence[str]) -> None:
        table = {line.name: line.wavelength for line in load_lines()}
        self._known = [name in table for name in line_names]
        self._rest = np.array([table.get(name, 1.0) for name in line_names])
        self._parent = [
            line_names.index(TOGETHER[name]) if TOGETHER.get(name) in line_names else number
            for number, name in enumerate(line_names)
        ]
        self._usable = usable
        self._bands = [
            (
                pixels.start,
                instrument.wavelength[pixels],
                band.step,
                (band.wavelength_min + band.wavelength_max) / 2 / band.resolution / _FWHM,
            )
            for band, pixels in zip(instrument.bands, instrument.band_slices.values(), strict=True)
        ]

    def __call__(
        self, sigma: FloatArray, redshift: float, fluxes: FloatArray, velocity_sigma: float
    ) -> FloatArray:
        """Give the signal-to-noise ratio (n_lines,) of each line; 0 where it is not observed or counted elsewhere.

        Parameters
        ----------
        sigma : (n_pix,) noise [erg/s/cm²/Å].
        fluxes : (n_lines,) line fluxes [erg/s/cm²], >= 0.
        velocity_sigma : of the gas [km/s].
        """
        squares = np.zeros(self._rest.size)
        for number, (rest, flux) in enumerate(zip(self._rest, fluxes, strict=True)):
            if self._known[number] and flux > 0:
                best = self._square(sigma, rest * (1 + redshift), flux, velocity_sigma)
                squares[self._parent[number]] += best
        return np.sqrt(squares)

    def _square(self, sigma: FloatArray, centre: float, flux: float, velocity_sigma: float) -> float:
        best = 0.0
        for start, wavelength, step, lsf in self._bands:
            width = float(np.hypot(centre * velocity_sigma / LIGHT_SPEED, lsf))
            first = int(np.ceil((centre - _REACH * width - wavelength[0]) / step))
            last = int(np.floor((centre + _REACH * width - wavelength[0]) / step)) + 1
            first, last = max(first, 0), min(last, wavelength.size)
            if first >= last:
                continue
            edges = wavelength[0] + step * (np.arange(first, last + 1) - 0.5)
            profile = np.diff(ndtr((edges - centre) / width)) / step
            noise, seen = sigma[start + first : start + last], self._usable[start + first : start + last]
            good = seen & (noise > 0) & np.isfinite(noise)
            best = max(best, flux**2 * float(np.sum((profile[good] / noise[good]) ** 2)))
        return best


def has_two_lines(signals: FloatArray) -> bool:
    """Tell whether one line exceeds BRIGHT and another one FAINT."""
    ordered = np.sort(signals)[::-1]
    return bool(ordered.size > 1 and ordered[0] > BRIGHT and ordered[1] > FAINT)
