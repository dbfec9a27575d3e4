"""LogPreparation: from a Spectrum to signal-to-noise on a grid uniform in ln λ, where a redshift is a shift."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mtop_gui.core.prepared import PreparedSpectrum, checked_fields
from mtop_gui.core.rebinning import Rebinnings
from mtop_gui.core.units import flam_factor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum

REFERENCE_FLUX = 1e-18
"""Flux density [erg/s/cm²/Å] that the absolute scale is counted in."""

SCALE_INPUTS = ("flux", "noise", "unit known", "coverage")
_SOFT = 5.0  # signal-to-noise beyond which the network's input grows like a logarithm
_FEWEST_GOOD = 8  # pixels of a block whose median counts
_MOST_PIXELS = 100_000
_AT_ONCE = 8  # spectra whose arrays fit into the processor's cache


@dataclass(frozen=True)
class LogPreparation:
    """Parameters of the preparation; every number that training and inference must share.

    Attributes
    ----------
    first_wavelength : centre of the first pixel [vacuum Å].
    pixel_step : of ln λ.
    pixels : a multiple of `block` and of `median_block`.
    clip : signal-to-noise beyond which pixels are cut off.
    median_block, median_blocks : pixels per block median, and blocks of the running median over them (odd).
    block : pixels per mean of the broad input.
    scale_mean, scale_std : (2,) of log10 flux and log10 noise in the training set; empty before training.
    logmass_mean, logmass_std, logsfr_mean, logsfr_std : of the training set.
    """

    kind: ClassVar[str] = "log"

    first_wavelength: float = 6466.0
    pixel_step: float = 1.25e-4
    pixels: int = 8192
    clip: float = 30.0
    median_block: int = 64
    median_blocks: int = 11
    block: int = 16
    scale_mean: tuple[float, ...] = ()
    scale_std: tuple[float, ...] = ()
    logmass_mean: float = 0.0
    logmass_std: float = 1.0
    logsfr_mean: float = 0.0
    logsfr_std: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing can be prepared."""
        if not (
            0 < self.pixels <= _MOST_PIXELS and self.first_wavelength > 0 and 1e-6 < self.pixel_step < 0.1
        ):
            raise ValueError("the ln λ grid is not sensible")
        if min(self.block, self.median_block, self.median_blocks) < 1 or self.median_blocks % 2 == 0:
            raise ValueError("block sizes must be positive and median_blocks odd")
        if self.pixels % self.block or self.pixels % self.median_block:
            raise ValueError("pixels must be a multiple of block and of median_block")
        if len(self.scale_mean) not in (0, 2) or len(self.scale_std) != len(self.scale_mean):
            raise ValueError("scale_mean and scale_std need two numbers")
        if any(not std > 0 for std in (*self.scale_std, self.logmass_std, self.logsfr_std, self.clip)):
            raise ValueError("standard deviations and clip must be positive")

    def as_dict(self) -> dict[str, Any]:
        """Give the fields and the kind as plain JSON values."""
        values = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        return {"kind": self.kind, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LogPreparation:
        """Rebuild from `as_dict`.

        Raises
        ------
        ValueError : a field is unknown, of another type, or out of range.
        """
        return cls(**checked_fields(fields(cls), {k: v for k, v in values.items() if k != "kind"}))

    @cached_property
    def _wavelength(self) -> FloatArray:
        wavelength: FloatArray = self.first_wavelength * np.exp(self.pixel_step * np.arange(self.pixels))
        return wavelength

    @cached_property
    def rebinnings(self) -> Rebinnings:
        """From any grid onto this one."""
        numbers = np.arange(self.pixels + 1) - 0.5
        return Rebinnings(self.first_wavelength * np.exp(self.pixel_step * numbers))

    def wavelength(self, instrument: Instrument) -> FloatArray:
        """Give the grid (pixels,) [Å] of the network's line probabilities and of its saliency."""
        return self._wavelength

    def reachable(self, instrument: Instrument) -> BoolArray:
        """Tell the pixels (pixels,) that the Instrument covers."""
        return self.rebinnings.of(instrument.wavelength).covered

    def input_shapes(self, instrument: Instrument) -> dict[str, tuple[int, ...]]:
        """Give the shape of each input of one spectrum."""
        return {
            "spectrum": (self.pixels, 3),
            "broad": (self.pixels // self.block, 3),
            "scale": (len(SCALE_INPUTS),),
        }

    def fitted(
        self, scale: FloatArray, logmass: tuple[float, float], logsfr: tuple[float, float]
    ) -> LogPreparation:
        """Add the training set's statistics.

        Parameters
        ----------
        scale : (n, 2) `raw_scale` of training spectra.
        logmass, logsfr : mean and standard deviation.
        """
        spread = scale.std(axis=0)
        values = self.as_dict()
        values |= {
            "scale_mean": scale.mean(axis=0).tolist(),
            "scale_std": np.where(spread > 0, spread, 1.0).tolist(),
        }
        for name, (mean, std) in (("logmass", logmass), ("logsfr", logsfr)):
            values |= {f"{name}_mean": mean, f"{name}_std": std}
        return LogPreparation.from_dict(values)

    def prepare(self, spectra: Sequence[Spectrum], instrument: Instrument) -> list[PreparedSpectrum]:
        """Turn Spectra, on any grids and in any units, into what a network is fed.

        Parameters
        ----------
        spectra : as the readers give them.
        instrument : of the bundle: its coverage is what `coverage` is a share of.
        """
        prepared: list[PreparedSpectrum] = []
        for start in range(0, len(spectra), _AT_ONCE):
            prepared += self._prepare_few(spectra[start : start + _AT_ONCE], instrument)
        return prepared

    def _prepare_few(self, spectra: Sequence[Spectrum], instrument: Instrument) -> Iterator[PreparedSpectrum]:
        shape = (len(spectra), self.pixels)
        flux, sigma = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        good = np.zeros(shape, bool)
        known = np.zeros(len(spectra), bool)
        for row, spectrum in enumerate(spectra):
            flux[row], sigma[row], good[row], known[row] = self.on_grid(spectrum)
        lines, continuum, inputs = self.inputs(flux, sigma, good, known)
        reachable = max(1, int(np.count_nonzero(self.reachable(instrument))))
        for row in range(len(spectra)):
            strength = float(np.abs(lines[row]).max())
            yield PreparedSpectrum(
                inputs={name: array[row] for name, array in inputs.items()},
                structure=lines[row] / strength if strength > 0 else lines[row],
                mask=~good[row],
                coverage=int(np.count_nonzero(good[row])) / reachable,
                running_median=np.where(good[row], continuum[row], np.nan),
                unit_known=bool(known[row]),
                amplitude=strength if _varies(flux[row], good[row]) else 0.0,
            )

    def on_grid(self, spectrum: Spectrum) -> tuple[FloatArray, FloatArray, BoolArray, bool]:
        """Rebin one Spectrum: flux, sigma, good (pixels,), and whether its unit is known.

        The flux comes in units of `REFERENCE_FLUX` where its unit is known, else of its median size.
        """
        factor = flam_factor(spectrum.flux_unit, spectrum.wavelength)
        usable = ~spectrum.mask & (spectrum.ivar > 0)
        if factor is None:
            size = float(np.median(np.abs(spectrum.flux[usable]))) if usable.any() else 1.0
            scale = np.full(spectrum.wavelength.shape, 1.0 / size if size > 0 else 1.0)
        else:
            scale = factor / REFERENCE_FLUX
        variance = scale * scale
        if usable.all():
            variance /= spectrum.ivar
        else:
            variance = np.divide(variance, spectrum.ivar, out=np.zeros(scale.shape), where=usable)
        rebinning = self.rebinnings.of(spectrum.wavelength)
        flux, variance, good = rebinning(spectrum.flux * scale, variance, usable)
        return flux, np.sqrt(variance), good, factor is not None

    def inputs(
        self, flux: Float32Array, sigma: Float32Array, good: BoolArray, known: BoolArray
    ) -> tuple[Float32Array, Float32Array, dict[str, Float32Array]]:
        """Make network inputs of spectra on the ln λ grid.

        Parameters
        ----------
        flux, sigma : (n, pixels) in units of `REFERENCE_FLUX`; never looked at outside `good`.
        good : (n, pixels).
        known : (n,) False where the flux is not in known units.

        Returns
        -------
        lines : (n, pixels) signal-to-noise of flux minus continuum, clipped; 0 outside `good`.
        continuum : (n, pixels) running median in the unit of `flux`.
        inputs : ``spectrum`` (n, pixels, 3), ``broad`` (n, pixels // block, 3), ``scale`` (n, 4).
        """
        continuum = self.continuum(flux, good)
        safe = np.where(good & (sigma > 0), sigma, 1)
        lines = np.where(good, np.clip((flux - continuum) / safe, -self.clip, self.clip), 0).astype(
            np.float32
        )
        level = np.log10(safe)
        typical = _median_of_good(level, good)
        spectrum = np.empty((*flux.shape, 3), np.float32)
        spectrum[..., 0] = _SOFT * np.arcsinh(lines / _SOFT)
        spectrum[..., 1] = np.where(good, np.clip(level - typical[:, None], -2, 2), 0)
        spectrum[..., 2] = good
        # Relative to the typical noise: squares of the errors as they are would underflow.
        relative = (safe / 10 ** typical[:, None]).astype(np.float32)
        mean, error, share = self._block_means(flux, relative, good)
        covered = share > 0
        error = error * 10 ** typical[:, None]
        size = np.sqrt(
            np.sum(np.where(covered, mean, 0) ** 2, axis=1) / np.maximum(1, np.count_nonzero(covered, axis=1))
        )
        size = np.where(size > 0, size, 1).astype(np.float32)
        broad = np.empty((*mean.shape, 3), np.float32)
        broad[..., 0] = np.where(covered, np.arcsinh(mean / error / _SOFT), 0)
        broad[..., 1] = np.where(covered, np.arcsinh(mean / size[:, None]), 0)
        broad[..., 2] = share
        return (
            lines,
            continuum,
            {"spectrum": spectrum, "broad": broad, "scale": self._scale(size, typical, good, known)},
        )

    @staticmethod
    def raw_scale(size: Float32Array, typical: Float32Array) -> FloatArray:
        """Give log10 of the flux's size and of the noise: (n, 2)."""
        return np.stack([np.log10(np.maximum(size, 1e-6)), typical], axis=1).astype(np.float64)

    def _scale(
        self, size: Float32Array, typical: Float32Array, good: BoolArray, known: BoolArray
    ) -> Float32Array:
        """Standardise the absolute scale; before training it is given raw."""
        raw = self.raw_scale(size, typical)
        if self.scale_mean:
            raw = np.clip((raw - np.asarray(self.scale_mean)) / np.asarray(self.scale_std), -5, 5)
        raw = np.where(known[:, None], raw, 0.0)
        coverage = good.mean(axis=1, keepdims=True)
        return np.concatenate([raw, known[:, None], coverage], axis=1).astype(np.float32)

    def continuum(self, flux: Float32Array, good: BoolArray) -> Float32Array:
        """Estimate the continuum (n, pixels): running median over the medians of blocks, linear between their centres.

        A block with few good pixels is bridged; beyond the first and last good block their median goes on. Where nothing
        is good the continuum is 0.
        """
        n, blocks = flux.shape[0], self.pixels // self.median_block
        values = np.where(good, flux, np.inf).reshape(n, blocks, self.median_block)
        count = good.reshape(n, blocks, self.median_block).sum(axis=2)
        values.sort(axis=2)
        pick = np.maximum(count - 1, 0)
        low = np.take_along_axis(values, (pick // 2)[..., None], 2)[..., 0]
        high = np.take_along_axis(values, ((pick + 1) // 2)[..., None], 2)[..., 0]
        medians = np.where(count >= _FEWEST_GOOD, (low + high) / 2, np.nan)
        smooth = _running_median(medians, self.median_blocks)
        return _between_centres(smooth, self.median_block)

    def _block_means(
        self, flux: Float32Array, sigma: Float32Array, good: BoolArray
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Give inverse-variance weighted block means (n, pixels // block), their errors and the share of good pixels.

        `sigma` and the errors are in units of the typical sigma: its square may be beyond single precision.
        """
        shape = (flux.shape[0], self.pixels // self.block, self.block)
        # Sums over so few pixels are taken as products with ones, in a fifth of the time.
        ones = np.ones(self.block, np.float32)
        counted = good.astype(np.float32).reshape(shape)
        steady = 1 / np.maximum(sigma, np.float32(1e-6)).reshape(shape)
        weight = counted * (steady * steady)
        total = weight @ ones
        safe = np.where(total > 0, total, np.float32(1))
        mean = np.where(good, flux, np.float32(0)).reshape(shape)
        mean = (mean * weight) @ ones / safe
        error, share = 1 / np.sqrt(safe), counted @ ones / self.block
        return mean.astype(np.float32), error.astype(np.float32), share.astype(np.float32)


def unsoftened(lines: Float32Array) -> Float32Array:
    """Give the signal-to-noise of which the network sees the inverse hyperbolic sine."""
    strength: Float32Array = _SOFT * np.sinh(lines / np.float32(_SOFT))
    return strength


def log_preparation_for(instrument: Instrument) -> LogPreparation:
    """Lay the ln λ grid over an Instrument: its first pixel on the Instrument's, as many blocks of pixels as reach its end."""
    first, last = float(instrument.wavelength[0]), float(instrument.wavelength[-1])
    block = LogPreparation.median_block
    # Rounded, because the last pixel of a grid that has these very steps may lie a hair beyond a whole number of them.
    steps = math.ceil(round(math.log(last / first) / LogPreparation.pixel_step, 6))
    return LogPreparation(first_wavelength=first, pixels=-(-(steps + 1) // block) * block)


def _running_median(medians: FloatArray, width: int) -> Float32Array:
    """Bridge missing blocks (n, blocks), then take the median over `width` of them, mirrored at the ends."""
    from scipy.ndimage import median_filter

    filled, known = medians.astype(np.float32), np.isfinite(medians)
    numbers = np.arange(medians.shape[1])
    for row in np.flatnonzero(~known.all(axis=1)):
        there = known[row]
        filled[row] = np.interp(numbers, numbers[there], medians[row, there]) if there.any() else 0
    half = min(width // 2, medians.shape[1] - 1)
    smooth: Float32Array = median_filter(filled, size=(1, 2 * half + 1), mode="mirror")
    return smooth


def _between_centres(blocks: Float32Array, width: int) -> Float32Array:
    """Draw straight lines between the centres of blocks (n, blocks), level beyond the first and last: (n, blocks * width)."""
    first = width // 2  # the first pixel at or behind the centre of a block
    right = ((np.arange(width) + first + 0.5) / width - 0.5).astype(np.float32)
    lines = np.empty((blocks.shape[0], blocks.shape[1] * width), np.float32)
    middle = blocks[:, :-1, None] * (1 - right) + blocks[:, 1:, None] * right
    last = first + middle.shape[1] * width
    lines[:, :first], lines[:, last:] = blocks[:, :1], blocks[:, -1:]
    lines[:, first:last] = middle.reshape(len(blocks), -1)
    return lines


def _median_of_good(values: Float32Array, good: BoolArray) -> Float32Array:
    """Give the (n,) median of each row's good pixels; 0 without any. Every fourth pixel tells it well enough."""
    some, seen = values[:, ::4], good[:, ::4]
    medians = np.zeros(len(values), np.float32)
    for row in range(len(values)):
        chosen = some[row, seen[row]]
        if chosen.size == 0:
            chosen = values[row, good[row]]
        if chosen.size:
            # np.median takes five times as long for so few.
            middle = [(chosen.size - 1) // 2, chosen.size // 2]
            low, high = np.partition(chosen, middle)[middle]
            medians[row] = (low + high) / 2
    return medians


def _varies(flux: Float32Array, good: BoolArray) -> bool:
    """Tell whether there is anything but one constant: rounding alone leaves a few parts in 1e7."""
    chosen = flux[good]
    if chosen.size == 0:
        return False
    low, high = float(chosen.min()), float(chosen.max())
    return high - low > 1e-6 * max(abs(low), abs(high))
