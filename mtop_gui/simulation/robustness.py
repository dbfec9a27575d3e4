"""What goes wrong between a spectrum and its file: bands missing, hits, wrong errors, calibration, wavelength shifts.

Drawn anew for every training spectrum, so that a network learns to live with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray
    from mtop_gui.core.instrument import Instrument

_HIT_LENGTH = 3  # pixels, at most


class Disturbed(NamedTuple):
    """Arrays (n, n_pix); where `mask` is True the flux is 0 and sigma infinite."""

    flux: Float32Array
    sigma: Float32Array
    mask: BoolArray


@dataclass(frozen=True)
class Robustness:
    """How often and how strongly spectra are disturbed.

    Attributes
    ----------
    instrument : its bands are what goes missing and what calibration moves apart.
    missing_share : of the spectra that lack one or two bands (never all).
    hit_share, hits : of the spectra with cosmic-ray hits; mean number in them.
    hit_masked : share of the hits that the file masks.
    error_scale : standard deviation of ln(stated error / true error), for a whole spectrum and again for each band.
    tilt, band_offset : standard deviations of the calibration error: from the middle to the ends, and between bands.
    shift : largest shift of the wavelengths [pixels], each way.
    dead_share : of the spectra with a dead stretch of up to 5 % of their pixels.
    """

    instrument: Instrument
    missing_share: float = 0.15
    hit_share: float = 0.3
    hits: float = 3.0
    hit_masked: float = 0.5
    error_scale: float = 0.07
    tilt: float = 0.05
    band_offset: float = 0.03
    shift: float = 0.1
    dead_share: float = 0.05

    @classmethod
    def of(cls, instrument: Instrument) -> Self:
        """Give what suits an Instrument: files of many pipelines have worse errors and lack bands less often."""
        if instrument.name == "optical":
            return cls(instrument, missing_share=0.08, error_scale=0.12, tilt=0.03, band_offset=0.02)
        return cls(instrument)

    def draw(self, flux: Float32Array, sigma: Float32Array, rng: np.random.Generator) -> Disturbed:
        """Disturb observed spectra.

        Parameters
        ----------
        flux, sigma : (n, n_pix) with noise, and its standard deviation; sigma infinite (or not positive) marks pixels
            without data. Both are left as they are.

        Returns
        -------
        Disturbed copies; the same for the same state of `rng`.
        """
        mask = ~(np.isfinite(sigma) & (sigma > 0))
        flux = self._shifted(flux, mask, rng)
        sigma = sigma.copy()
        self._miscalibrate(flux, sigma, rng)
        self._hit(flux, sigma, mask, rng)
        self._kill(mask, rng)
        self._lose_bands(mask, rng)
        flux[mask] = 0.0
        sigma[mask] = np.inf
        return Disturbed(flux, sigma, mask)

    def _shifted(self, flux: Float32Array, mask: BoolArray, rng: np.random.Generator) -> Float32Array:
        """Move spectra by a fraction of a pixel, to first order (exact to 0.5 % for the largest shift)."""
        shift = _column(rng.uniform(-self.shift, self.shift, size=flux.shape[:1]))
        moved = np.where(mask, np.float32(0), flux)
        step = 0.5 * shift * (moved[:, 2:] - moved[:, :-2])
        step[mask[:, 2:] | mask[:, :-2]] = 0.0
        moved[:, 1:-1] -= step
        return moved

    def _miscalibrate(self, flux: Float32Array, sigma: Float32Array, rng: np.random.Generator) -> None:
        """Tilt the fluxes, move the bands apart, and state wrong errors, in place."""
        n = flux.shape[0]
        tilt = np.clip(rng.normal(0.0, self.tilt, n), -0.3, 0.3)
        overall = rng.normal(0.0, self.error_scale, n)
        x = np.linspace(-1.0, 1.0, flux.shape[1], dtype=np.float32)
        for part in self.instrument.band_slices.values():
            offset = 1 + np.clip(rng.normal(0.0, self.band_offset, n), -0.2, 0.2)
            wrong = np.exp(overall + rng.normal(0.0, self.error_scale, n))
            gain = _column(offset) + _column(tilt) * x[part]
            flux[:, part] *= gain
            gain *= _column(wrong)
            sigma[:, part] *= gain

    def _hit(
        self, flux: Float32Array, sigma: Float32Array, mask: BoolArray, rng: np.random.Generator
    ) -> None:
        """Add cosmic-ray hits of 5 to 200 σ, some of them masked, in place."""
        struck = rng.random(flux.shape[0]) < self.hit_share
        count = np.where(struck, rng.poisson(self.hits, flux.shape[0]), 0)
        row = np.repeat(np.arange(flux.shape[0]), count)
        pixel = rng.integers(0, flux.shape[1] - _HIT_LENGTH, row.size)
        height = 10 ** rng.uniform(0.7, 2.3, row.size)
        length = rng.integers(1, _HIT_LENGTH + 1, row.size)
        seen = rng.random(row.size) < self.hit_masked
        for step in range(_HIT_LENGTH):
            on = (length > step) & ~mask[row, pixel + step]
            where = (row[on], pixel[on] + step)
            flux[where] += (height[on] * sigma[where] * 0.6**step).astype(np.float32)
            mask[row[on & seen], pixel[on & seen] + step] = True

    def _kill(self, mask: BoolArray, rng: np.random.Generator) -> None:
        """Mask a dead stretch of some spectra, in place."""
        for row in np.flatnonzero(rng.random(mask.shape[0]) < self.dead_share):
            start = int(rng.integers(mask.shape[1]))
            mask[row, start : start + int(rng.uniform(0.002, 0.05) * mask.shape[1])] = True

    def _lose_bands(self, mask: BoolArray, rng: np.random.Generator) -> None:
        """Mask one or two whole bands of some spectra, in place; at least one band keeps its data."""
        parts = list(self.instrument.band_slices.values())
        if len(parts) < 2:
            return
        for row in np.flatnonzero(rng.random(mask.shape[0]) < self.missing_share):
            most = min(2, len(parts) - 1)
            lost = rng.permutation(len(parts))[: int(rng.integers(1, most + 1))]
            kept = [part for number, part in enumerate(parts) if number not in lost]
            if all(mask[row, part].all() for part in kept):
                continue
            for number in lost:
                mask[row, parts[number]] = True


def _column(values: FloatArray) -> Float32Array:
    return values.astype(np.float32)[:, None]
