"""Joining pixels that sit at the same wavelength, and arms that overlap; never by interleaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray

SAME = 1e-3
"""Two wavelengths closer than this fraction of a pixel are the same pixel seen twice."""


class Arm(NamedTuple):
    """One arm of a spectrograph: arrays of equal length, wavelengths increasing, ivar 0 where unusable."""

    wavelength: FloatArray
    flux: FloatArray
    ivar: FloatArray


def merge_duplicates(
    wavelength: FloatArray, flux: FloatArray, bad: BoolArray, ivar: FloatArray | None
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray | None]:
    """Join neighbouring pixels at (nearly) equal wavelengths into one.

    Parameters
    ----------
    wavelength : (n_pix,) not decreasing.
    flux, bad, ivar : (n_pix,); without `ivar` usable pixels count alike.

    Returns
    -------
    The four arrays, wavelengths strictly increasing; flux is the inverse-variance mean of the usable pixels.
    """
    step = np.diff(wavelength)
    typical = float(np.median(step[step > 0])) if (step > 0).any() else 1.0
    # The median step is the honest pixel width unless most pixels are doubled; then the larger steps are.
    large = step[step > SAME * typical]
    width = float(np.median(large)) if large.size else typical
    group = np.concatenate([[0], np.cumsum(step > SAME * width)])
    count = int(group[-1]) + 1
    if count == wavelength.size:
        return wavelength, flux, bad, ivar
    weight = np.where(bad, 0.0, 1.0 if ivar is None else ivar)
    first = np.searchsorted(group, np.arange(count))
    # Weights relative to the largest of their group: ivar of fluxes near 1e-19 reaches 1e38, and none may underflow
    # beside a far pixel's.
    largest = np.maximum.reduceat(weight, first)
    usable = largest > 0
    scale = np.where(usable, largest, 1.0)
    relative = weight / scale[group]
    total = np.bincount(group, relative, count)
    mean = np.bincount(group, relative * np.where(bad, 0.0, flux), count) / np.where(usable, total, 1.0)
    # A pixel that is alone keeps its flux to the last digit, and its (masked) value too.
    members = np.bincount(group, minlength=count)
    joined = np.where(members == 1, flux[first], mean)
    lone = np.where(members == 1, weight[first], total * scale)
    return wavelength[first], joined, ~usable, None if ivar is None else lone


def merge_arms(arms: Sequence[Arm]) -> Arm:
    """Join the arms of one spectrum into one increasing wavelength array.

    Where two arms overlap on the same grid, their pixels are averaged by inverse variance (the DESI coadd's own
    recipe); on different grids the overlap is cut at its middle.

    Parameters
    ----------
    arms : at least one, in any order.

    Returns
    -------
    One Arm with strictly increasing wavelengths.
    """
    ordered = sorted(arms, key=lambda arm: float(arm.wavelength[0]))
    apart = [ordered[0]]
    for arm in ordered[1:]:
        start = int(np.searchsorted(apart[-1].wavelength, arm.wavelength[0] - 1e-3))
        if start >= apart[-1].wavelength.size:
            apart.append(arm)
        else:
            apart[-1] = _join(apart[-1], arm, start)
    return Arm(*(np.concatenate(arrays) for arrays in zip(*apart, strict=True)))


def _join(blue: Arm, red: Arm, start: int) -> Arm:
    """Join two arms of which the red one begins at the blue one's pixel `start`."""
    overlap = min(blue.wavelength.size - start, red.wavelength.size)
    step = float(np.median(np.diff(red.wavelength)))
    same = np.abs(blue.wavelength[start : start + overlap] - red.wavelength[:overlap]).max() < 0.01 * step
    if not same:
        return _cut(blue, red)
    ivar_blue, ivar_red = blue.ivar[start : start + overlap], red.ivar[:overlap]
    scale = max(float(ivar_blue.max()), float(ivar_red.max())) or 1.0
    weight_blue, weight_red = ivar_blue / scale, ivar_red / scale
    total = weight_blue + weight_red
    mean = (weight_blue * blue.flux[start : start + overlap] + weight_red * red.flux[:overlap]) / np.where(
        total > 0, total, 1.0
    )
    tail = slice(start + overlap, None)
    return Arm(
        np.concatenate([blue.wavelength[: start + overlap], red.wavelength[overlap:], blue.wavelength[tail]]),
        np.concatenate([blue.flux[:start], mean, red.flux[overlap:], blue.flux[tail]]),
        np.concatenate([blue.ivar[:start], total * scale, red.ivar[overlap:], blue.ivar[tail]]),
    )


def _cut(blue: Arm, red: Arm) -> Arm:
    """Keep the blue arm up to the middle of the overlap and the red one beyond."""
    end = min(float(blue.wavelength[-1]), float(red.wavelength[-1]))
    middle = 0.5 * (float(red.wavelength[0]) + end)
    left = blue.wavelength <= middle
    right = red.wavelength > middle
    return Arm(*(np.concatenate([b[left], r[right]]) for b, r in zip(blue, red, strict=True)))
