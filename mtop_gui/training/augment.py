"""Variations of observed spectra: so few labelled ones must not be learned by heart.

Nothing is invented: noise is added with the errors to match, pixels go missing, calibration and errors are a little off,
and a spectrum moves along ln λ, which is another redshift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.training.placed import Shown

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

_LEAST_LEFT = 32  # good pixels that a spectrum keeps


@dataclass(frozen=True)
class Augmentation:
    """How often and how strongly spectra are varied.

    Attributes
    ----------
    noisier_share, most_noise : of the spectra that get more noise; largest added variance in units of their own.
    cut_share, least_kept : of the spectra that lose one end or a stretch in the middle; least part of the pixels kept.
    error_scale, tilt : standard deviation of ln(stated error / true error) and of the calibration from middle to ends.
    moved_share, most_moved : of the spectra that are moved; by at most so many pixels, each way (0: never).
    """

    noisier_share: float = 0.6
    most_noise: float = 2.0
    cut_share: float = 0.25
    least_kept: float = 0.6
    error_scale: float = 0.05
    tilt: float = 0.05
    moved_share: float = 0.5
    most_moved: int = 80

    def draw(self, shown: Shown, rng: np.random.Generator) -> tuple[Shown, FloatArray]:
        """Vary spectra.

        Parameters
        ----------
        shown : left as it is.

        Returns
        -------
        Varied copies, the same for the same state of `rng`; and by how many pixels each was moved redwards (n,).
        """
        flux, sigma, good = shown.flux.copy(), shown.sigma.copy(), shown.good.copy()
        n, pixels = flux.shape
        added = np.where(rng.random(n) < self.noisier_share, rng.uniform(0, self.most_noise, n), 0.0)
        root = np.sqrt(added).astype(np.float32)[:, None]
        flux += root * sigma * rng.standard_normal(flux.shape, dtype=np.float32)
        wrong = np.exp(rng.normal(0.0, self.error_scale, n)) * np.sqrt(1 + added)
        sigma *= wrong.astype(np.float32)[:, None]
        tilt = np.clip(rng.normal(0.0, self.tilt, n), -0.3, 0.3).astype(np.float32)[:, None]
        gain = 1 + tilt * np.linspace(-1, 1, pixels, dtype=np.float32)
        flux *= gain
        sigma *= gain
        moved = np.where(
            rng.random(n) < self.moved_share, rng.integers(-self.most_moved, self.most_moved + 1, n), 0
        )
        for row in range(n):
            if rng.random() < self.cut_share:
                _cut(good[row], float(rng.uniform(0, 1 - self.least_kept)), rng)
            if moved[row]:
                for array in (flux, sigma, good):
                    _move(array[row], int(moved[row]))
        flux[~good] = 0
        sigma[~good] = 0
        return Shown(flux, sigma, good, shown.known), moved.astype(float)


def _cut(good: np.ndarray, part: float, rng: np.random.Generator) -> None:
    """Mask a part of the good pixels in place: at the blue end, at the red end, or in between."""
    where = np.flatnonzero(good)
    length = min(int(part * where.size), where.size - _LEAST_LEFT)
    if length > 0:
        first = int(rng.choice([0, where.size - length, int(rng.integers(where.size - length + 1))]))
        good[where[first : first + length]] = False


def _move(values: np.ndarray, pixels: int) -> None:
    """Move along the pixels in place; what comes in at the end is 0."""
    rolled = np.roll(values, pixels)
    edge = slice(0, pixels) if pixels > 0 else slice(pixels, None)
    rolled[edge] = 0
    values[:] = rolled
