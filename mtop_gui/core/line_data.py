"""A Spectrum made ready for measuring lines: less its local continuum, with errors that own up to what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.segments import find_segments

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.spectrum import Spectrum

LIGHT_SPEED = 299_792.458
"""km/s."""
WINDOW = 8000.0
"""Width of the running median that is the continuum [km/s]: many times that of a line."""
LEAST_WINDOW = 41
"""Pixels; a prism's are thousands of km/s wide."""
CLIP = 4.0
"""Pixels further than this many sigma from the first continuum belong to lines and do not shape the second."""
LINE_CORE = 120.0
"""Pixels this near to each other [km/s] are also taken together, so that faint lines are found, too."""
MOST_LINES = 0.5
"""Where lines hold more than this share of the window, they are not left out."""
LINE_REACH = 360.0
"""Pixels this near to those that stand out belong to the same line [km/s]."""
MAD = 1.4826


@dataclass(frozen=True, eq=False)
class LineData:
    """What is fitted by lines.

    Attributes
    ----------
    wavelength : (n_pix,) vacuum Å.
    residual, continuum : (n_pix,) in units of `scale`, so that 1e-19 does not underflow when squared.
    ivar : (n_pix,) inverse variance of `residual`, 0 where the pixel takes no part. Where the continuum leaves more scatter
        than the errors allow (stellar absorption, sky residuals), the errors are raised to that scatter.
    pixel : (n_pix,) width of each pixel [km/s].
    scale : `flux_unit` per unit of `residual`.
    """

    wavelength: FloatArray = field(repr=False)
    residual: FloatArray = field(repr=False)
    continuum: FloatArray = field(repr=False)
    ivar: FloatArray = field(repr=False)
    pixel: FloatArray = field(repr=False)
    scale: float = 1.0


@lru_cache(maxsize=48)
def line_data(spectrum: Spectrum) -> LineData:
    """Take a running median off a Spectrum, 8,000 km/s wide, and check its errors against what is left.

    Pixels that are masked or without inverse variance take no part. The last few are remembered: every redshift step
    asks again.
    """
    ivar = np.where(spectrum.mask, 0.0, spectrum.ivar)
    scale = float(np.max(np.abs(spectrum.flux[ivar > 0]), initial=0.0)) or 1.0
    flux, ivar = spectrum.flux / scale, ivar * scale * scale
    wavelength = spectrum.wavelength
    continuum, inflation = np.zeros(flux.size), np.ones(flux.size)
    pixel = np.empty(flux.size)
    for part in find_segments(wavelength):
        grid = wavelength[part]
        pixel[part] = LIGHT_SPEED * (np.gradient(grid) / grid if grid.size > 1 else 1e-3)
        good = np.flatnonzero(ivar[part] > 0) + part.start
        if good.size:
            window = max(LEAST_WINDOW, round(WINDOW / float(np.median(pixel[part]))))
            level, excess = _baseline(flux[good], np.sqrt(ivar[good]), window, float(np.median(pixel[part])))
            continuum[part] = np.interp(grid, wavelength[good], level)
            inflation[part] = np.interp(grid, wavelength[good], excess)
    return LineData(
        wavelength=wavelength,
        residual=np.where(ivar > 0, flux - continuum, 0.0),
        continuum=continuum,
        ivar=ivar / inflation**2,
        pixel=pixel,
        scale=scale,
    )


def _baseline(
    flux: FloatArray, weight: FloatArray, window: int, pixel: float
) -> tuple[FloatArray, FloatArray]:
    """Give continuum and error inflation (≥ 1) of good pixels; `weight` is 1/sigma, `pixel` their width [km/s]."""
    from scipy.ndimage import (
        median_filter,
        uniform_filter1d,
    )  # a third of a second: not before the window is up

    size = min(window, flux.size)
    first = median_filter(flux, size=size, mode="nearest")
    lines = _line_pixels((flux - first) * weight, pixel)
    # The first level is too high where there are emission lines: their pixels are left out. In lines as wide as the
    # window, and where all is lines to these eyes, nothing would be left: there it stands in for them.
    crowded = uniform_filter1d(lines.astype(np.float64), size, mode="nearest") > MOST_LINES
    kept = np.flatnonzero(~lines | crowded)
    second = median_filter(np.where(lines, first, flux)[kept], size=min(size, kept.size), mode="nearest")
    level = np.interp(np.arange(flux.size), kept, second)
    scatter = MAD * median_filter(np.abs(flux - level) * weight, size=size, mode="nearest")
    return level, np.maximum(scatter, 1.0)


def _line_pixels(snr: FloatArray, pixel: float) -> BoolArray:
    """Tell the pixels of lines, their wings and those of faint lines included, of which no pixel stands out by itself."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    core, reach = (2 * round(width / pixel) + 1 for width in (LINE_CORE, LINE_REACH))
    together = uniform_filter1d(snr, core, mode="nearest") * np.sqrt(core)
    found = (np.abs(snr) > CLIP) | (np.abs(together) > CLIP)
    pixels: BoolArray = maximum_filter1d(found.view(np.uint8), reach, mode="nearest").astype(np.bool_)
    return pixels
