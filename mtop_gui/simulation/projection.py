"""Light on a fine grid, uniform in ln λ, brought to an Instrument's resolution and pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtop_gui.simulation.spectra import pixel_edges
from mtop_gui.simulation.templates import LIGHT_SPEED, bin_means

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.instrument import Instrument

STEP = 30.0  # km/s
_MARGIN = 0.03  # of the wavelength: the instrument's profile reaches beyond its last pixel
_FWHM = 2 * np.sqrt(2 * np.log(2))


def fine_wavelengths(instrument: Instrument) -> FloatArray:
    """Give a grid uniform in ln λ [vacuum Å, `STEP` apart] that covers all of an Instrument."""
    low = instrument.wavelength[0] * (1 - _MARGIN)
    high = instrument.wavelength[-1] * (1 + _MARGIN)
    return np.exp(np.arange(np.log(low), np.log(high), STEP / LIGHT_SPEED))


def project(light: FloatArray, wavelength: FloatArray, instrument: Instrument) -> FloatArray:
    """Observe one spectrum without noise.

    Parameters
    ----------
    light : (n_fine,) flux density.
    wavelength : (n_fine,) of `fine_wavelengths`.
    instrument : FWHM = central wavelength / R in each band.

    Returns
    -------
    (n_pix,) flux density in the unit of `light`.
    """
    spectrum = np.empty(instrument.pixels)
    for band in instrument.bands:
        part = instrument.band_slices[band.name]
        edges = pixel_edges(instrument.wavelength[part])
        first, last = np.searchsorted(wavelength, [edges[0] * (1 - _MARGIN), edges[-1] * (1 + _MARGIN)])
        sigma = LIGHT_SPEED / band.resolution / _FWHM / STEP
        seen = gaussian_filter1d(light[first:last], sigma, mode="nearest")
        spectrum[part] = bin_means(wavelength[first:last], seen, edges)
    return spectrum
