"""Flux-conserving resampling of a spectrum onto the pixels of an Instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray

SAME_GRID = 1e-6
"""Grids that agree to this relative accuracy are the same grid."""

TOUCH = 1e-3
"""A pixel that overlaps another by less than this part of its width does not touch it (rounded wavelengths)."""

GAP = 2.5
"""A step this many times wider than the smaller of its neighbours is a gap, not a pixel."""


class Resampled(NamedTuple):
    """Arrays (n_out,) on the new grid; flux and ivar are 0 where `mask` is True."""

    flux: FloatArray
    ivar: FloatArray
    mask: BoolArray


def pixel_edges(wavelength: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give lower and upper edge of each pixel: half-way to its neighbours, but never into a gap.

    Parameters
    ----------
    wavelength : (n_pix,) strictly increasing pixel centres, any spacing; n_pix >= 2.

    Returns
    -------
    lower, upper : (n_pix,) each, in the unit of `wavelength`; neighbouring pixels never overlap.
    """
    step = np.diff(wavelength)
    before = np.concatenate([step[:1], step])
    after = np.concatenate([step, step[-1:]])
    # Towards a gap a pixel reaches only as far as on its other side; a pixel between two gaps reaches half the smaller.
    narrow = np.minimum(before, after)
    before = np.where(before > GAP * narrow, narrow, before)
    after = np.where(after > GAP * narrow, narrow, after)
    return wavelength - before / 2, wavelength + after / 2


def resample(
    wavelength: FloatArray,
    flux: FloatArray,
    ivar: FloatArray,
    mask: BoolArray,
    new_wavelength: FloatArray,
    new_step: FloatArray,
) -> Resampled:
    """Rebin a flux density onto other pixels by overlap, in O(n) with cumulative integrals.

    Parameters
    ----------
    wavelength : (n_pix,) strictly increasing Å.
    flux, ivar, mask : (n_pix,) flux density, its inverse variance, True where unusable.
    new_wavelength, new_step : (n_out,) centres and widths [Å] of the pixels wanted; gaps between them are fine.

    Returns
    -------
    Resampled : mean flux density over each new pixel. A new pixel is masked when it is not wholly covered or touches a
        masked pixel: masks only grow. The variance counts neighbours that share an input pixel as sharing its
        information, so that the summed inverse variance never exceeds that of the input.
    """
    same = wavelength.shape == new_wavelength.shape
    if same and np.allclose(wavelength, new_wavelength, rtol=SAME_GRID, atol=0.0):
        return Resampled(flux, ivar, mask)
    lower, upper = pixel_edges(wavelength)
    width = upper - lower
    good = ~mask & (ivar > 0)
    variance = np.divide(1.0, ivar, out=np.zeros(flux.shape), where=good)
    left, right = new_wavelength - new_step / 2, new_wavelength + new_step / 2

    knots = np.stack([lower, upper], axis=1).ravel()

    def overlapped(density: FloatArray) -> FloatArray:
        """Integrate a density that is constant in each input pixel over each new pixel."""
        total = np.cumsum(density * width)
        cumulative = np.stack([np.concatenate([[0.0], total[:-1]]), total], axis=1).ravel()
        integral: FloatArray = np.interp(right, knots, cumulative) - np.interp(left, knots, cumulative)
        return integral

    covered = overlapped(good.astype(np.float64))
    touched = overlapped((~good).astype(np.float64))
    bad = (covered < (1 - TOUCH) * new_step) | (touched > TOUCH * np.minimum(new_step, width.max()))
    length = np.where(bad, 1.0, covered)
    # The integrals of cumulative sums lose digits relative to the largest flux: take the sums about a typical value.
    centre = float(np.median(flux[good])) if good.any() else 0.0
    new_flux = overlapped(np.where(good, flux - centre, 0.0)) / length + centre
    new_variance = overlapped(variance * width) / length**2
    usable = ~bad & (new_variance > 0)
    return Resampled(
        flux=np.where(usable, new_flux, 0.0),
        ivar=np.divide(1.0, new_variance, out=np.zeros(new_flux.shape), where=usable),
        mask=~usable,
    )
