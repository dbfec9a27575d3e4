"""Observe the galaxies of an ``optical`` Survey as one of many surveys would have.

Each draw chooses a `Mode` with its coverage, pixels, resolution and signal-to-noise ratio; the noise is drawn on that mode's
own pixels and both are then resampled to the Instrument's grid by the rules of `core.resample`, so that mocks and
files show the network the same correlated noise and the same errors.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft

from mtop_gui.core.errors import SimulationError
from mtop_gui.simulation.optical_modes import MODES
from mtop_gui.simulation.optical_pixels import NativePixels, draw_pixels, molecular_transmission
from mtop_gui.simulation.templates import LIGHT_SPEED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mtop_gui.core.arrays import Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.optical_modes import Mode
    from mtop_gui.simulation.survey import Survey

VARIANTS: Final = 24  # fixed choices of coverage and pixel phase per mode
HOURS: Final = (2.0, 4.0, 8.0)  # stand for depth: S/N grows with the root of hours / 4
_FWHM: Final = 2.355
_PADDED: Final = 8640
_BLOCK: Final = 100  # pixels over which files without errors have theirs estimated
_SIGNAL_RANGE: Final = (-0.6, 2.1)
# airglow and sodium [Å]: badly subtracted or cut out in most surveys' spectra
_AIRGLOW: Final = (5578.9, 5894.0, 6302.0, 6365.5)
_CUT_SHARE: Final = 0.2
_FAINTEST: Final = 0.2  # of the label's level: the least that sets the noise where a spectrum is dark


class OpticalObserver:
    """Turns rows of an ``optical`` Survey into observed spectra; has the methods of `Observer`.

    Parameters
    ----------
    survey, instrument : they must belong together.

    Raises
    ------
    SimulationError : the survey was made for another Instrument.
    """

    def __init__(self, survey: Survey, instrument: Instrument) -> None:
        if survey.instrument_name != instrument.name or survey.pixels != instrument.pixels:
            raise SimulationError(
                f"the survey {survey.path.name} was made for '{survey.instrument_name}', "
                f"not for '{instrument.name}': simulate one for this instrument"
            )
        self.survey = survey
        self.instrument = instrument
        self._shares = np.array([mode.share for mode in MODES]) / sum(mode.share for mode in MODES)
        step = float(np.log(instrument.wavelength[1] / instrument.wavelength[0]))
        self._pixel_velocity = step * LIGHT_SPEED
        level = survey.labels.get("level")
        self._level: FloatArray = np.zeros(len(survey)) if level is None else level / survey.flux_scale
        self._telluric = molecular_transmission(instrument).astype(np.float32)

    @cached_property
    def pixels(self) -> tuple[tuple[NativePixels, ...], ...]:
        """The variants of each mode, in the order of `MODES`."""
        rng = np.random.default_rng(20)
        return tuple(
            tuple(
                draw_pixels(rng, mode, self.instrument, whole=number % 4 != 3) for number in range(VARIANTS)
            )
            for mode in MODES
        )

    def draw(
        self, rng: np.random.Generator, indices: ArrayLike, hours: ArrayLike | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Observe galaxies anew, each by a survey of its own.

        Parameters
        ----------
        indices : (n,) rows of the survey.
        hours : depth, scalar or (n,); at random of `HOURS` where None.

        Returns
        -------
        (n, n_pix) flux and sigma in units of the survey's `flux_scale`; sigma is infinite outside the coverage.
        """
        rows = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        depth = rng.choice(HOURS, rows.size) if hours is None else np.broadcast_to(hours, rows.shape)
        return self._observe(self.survey.flux(rows), self._level[rows], depth, rng)

    def fixed(self, indices: ArrayLike, hours: ArrayLike, seed: int) -> tuple[Float32Array, Float32Array]:
        """Observe galaxies with mode and noise that depend on `seed`, galaxy and depth alone; else as `draw`."""
        rows = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        depth = np.broadcast_to(np.asarray(hours, dtype=np.float64), rows.shape)
        flux = self.survey.flux(rows)
        sigma = np.empty_like(flux)
        for number, (row, length) in enumerate(zip(rows, depth, strict=True)):
            rng = np.random.default_rng([seed, int(row), round(60 * float(length))])
            one = slice(number, number + 1)
            flux[one], sigma[one] = self._observe(flux[one], self._level[row : row + 1], depth[one], rng)
        return flux, sigma

    def _observe(
        self, flux: Float32Array, level: FloatArray, depth: NDArray[np.floating], rng: np.random.Generator
    ) -> tuple[Float32Array, Float32Array]:
        n = flux.shape[0]
        mode = np.asarray(rng.choice(len(MODES), size=(n,), p=self._shares), dtype=np.int64)
        # one variant per mode and call: spectra that share their pixels are exposed together
        variant = rng.integers(VARIANTS, size=len(MODES))[mode]
        resolution = np.array([np.exp(rng.uniform(*np.log(MODES[m].resolution))) for m in mode])
        signal = np.array([rng.normal(*MODES[m].signal) for m in mode]) + 0.5 * np.log10(depth / 4.0)
        blurred = self._degrade(self._absorb(flux, rng), resolution)
        seen = np.zeros_like(flux)
        sigma = np.full_like(flux, np.inf)
        for key in np.unique(mode * VARIANTS + variant):
            rows = np.flatnonzero(mode * VARIANTS + variant == key)
            pixels = self.pixels[key // VARIANTS][key % VARIANTS]
            noisy, error = self._expose(
                pixels, blurred[rows], level[rows], signal[rows], MODES[key // VARIANTS], rng
            )
            seen[rows], sigma[rows] = pixels.to_grid(noisy, error)
        self._calibrate(seen, sigma, mode, rng)
        self._cut(seen, sigma, rng)
        return seen, sigma

    def _absorb(self, flux: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Leave some of the telluric absorption in: none, a few per cent, or nearly all of it."""
        n = flux.shape[0]
        fate = rng.random(n)
        left = np.where(
            fate < 0.55, 0.0, np.where(fate < 0.8, 0.1 * rng.standard_normal(n), rng.uniform(0.4, 1.0, n))
        )
        for row in np.flatnonzero(left != 0):
            flux[row] = flux[row] * self._telluric ** np.float32(left[row])
        return flux

    def _degrade(self, flux: Float32Array, resolution: FloatArray) -> Float32Array:
        """Blur each spectrum to its own R, by a Gaussian in Fourier space; the ends are joined by a ramp."""
        n, size = flux.shape
        stored = self.instrument.bands[0].resolution
        excess = np.maximum(resolution**-2.0 - stored**-2.0, 0.0)
        width = (LIGHT_SPEED / _FWHM / self._pixel_velocity) * np.sqrt(excess)
        padded = np.empty((n, _PADDED), dtype=np.float32)
        padded[:, :size] = flux
        ramp = np.linspace(0, 1, _PADDED - size, dtype=np.float32)
        padded[:, size:] = flux[:, -1:] + (flux[:, :1] - flux[:, -1:]) * ramp
        scale = np.abs(padded).max(axis=1, keepdims=True) + np.float32(1e-30)
        spectrum = scipy.fft.rfft(padded / scale, axis=1)
        frequency = np.arange(spectrum.shape[1]) / _PADDED
        exponent = -2 * (np.pi * width[:, None]) ** 2 * frequency**2
        spectrum *= np.exp(np.maximum(exponent, -80.0)).astype(np.float32)
        return np.asarray(scipy.fft.irfft(spectrum, n=_PADDED, axis=1)[:, :size] * scale, dtype=np.float32)

    def _expose(
        self,
        pixels: NativePixels,
        flux: Float32Array,
        level: FloatArray,
        signal: FloatArray,
        mode: Mode,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, FloatArray]:
        """Draw noise on native pixels: observed flux and the errors the file states."""
        clean = pixels.from_grid(flux)
        n, size = clean.shape
        typical = np.maximum(np.abs(np.median(clean, axis=1)), _FAINTEST * level)[:, None]
        ratio = 10 ** np.clip(signal, *_SIGNAL_RANGE)[:, None]
        scale = np.maximum(typical, 1e-30) / ratio
        # bright spectra are limited by their own photons, faint ones by the sky
        own = np.minimum(0.9, ratio / 40.0)
        photons = np.clip(clean / np.maximum(typical, 1e-30), 0.0, 100.0) * pixels.gain
        error = scale * np.sqrt((1 - own) * pixels.shape**2 + own * photons)
        noise = rng.standard_normal((n, size), dtype=np.float32)
        # what extraction and rebinning of the raw frames share out between neighbours
        share = np.asarray(2 * mode.smoothed * rng.random((n, 1)), dtype=np.float32)
        noise[:, 1:-1] = (noise[:, 1:-1] + share * (noise[:, :-2] + noise[:, 2:])) / np.sqrt(1 + 2 * share**2)
        observed = clean + error * noise
        observed += scale * _additive(pixels, n, rng)
        estimated = np.flatnonzero(rng.random(n) < mode.estimated)
        if estimated.size:
            error[estimated] = _blockwise(error[estimated]) * _bend(rng, estimated.size, size, 0.2)
        return observed, error

    def _calibrate(
        self, flux: Float32Array, sigma: Float32Array, mode: IntArray, rng: np.random.Generator
    ) -> None:
        """Bend the flux calibration, in place: slightly as a rule, wildly where there is none."""
        n = flux.shape[0]
        raw = rng.random(n) < np.array([MODES[m].unfluxed for m in mode])
        gain = _bend(rng, n, flux.shape[1], np.where(raw, 0.4, 0.05))
        for row in np.flatnonzero(raw):
            response = np.interp(self.instrument.wavelength, *MODES[mode[row]].response)
            gain[row] *= response.astype(np.float32)
        flux *= gain
        sigma *= gain

    def _cut(self, flux: Float32Array, sigma: Float32Array, rng: np.random.Generator) -> None:
        """Cut out airglow lines, and in some the telluric A band, in place."""
        wavelength = self.instrument.wavelength
        for row in np.flatnonzero(rng.random(flux.shape[0]) < _CUT_SHARE):
            reach = rng.uniform(8.0, 35.0)
            gaps = [(line - reach, line + reach) for line in _AIRGLOW if rng.random() < 0.6]
            if rng.random() < 0.3:
                gaps.append((7580.0, rng.uniform(7640.0, 7720.0)))
            for low, high in gaps:
                first, last = np.searchsorted(wavelength, [low, high])
                flux[row, first:last] = 0.0
                sigma[row, first:last] = np.inf


def _bend(rng: np.random.Generator, n: int, size: int, strength: FloatArray | float) -> Float32Array:
    """Draw smooth positive curves around 1: (n, size), exponentials of Legendre series of four terms."""
    terms = rng.standard_normal((n, 4)) * np.broadcast_to(strength, (n,))[:, None]
    return np.asarray(np.exp(np.clip(terms.astype(np.float32) @ _bending(size), -3.0, 3.0)))


@lru_cache(maxsize=1024)
def _bending(size: int) -> Float32Array:
    """Give the Legendre polynomials P1 to P4: (4, size)."""
    series = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, size), 4)
    return np.ascontiguousarray(series[:, 1:].T.astype(np.float32))


def _additive(pixels: NativePixels, n: int, rng: np.random.Generator) -> FloatArray:
    """Give what the stated errors do not know of, in units of the noise: sky residuals, fringes, a wrong zero level."""
    size = pixels.shape.size
    total = np.zeros((n, size))
    x = np.linspace(-1.0, 1.0, size)
    for row in np.flatnonzero(rng.random(n) < 0.4):
        total[row] += rng.uniform(0.0, 0.35) * pixels.lines * rng.standard_t(3, size)
    for row in np.flatnonzero(rng.random(n) < 0.5):
        for line in _AIRGLOW:
            at = int(np.searchsorted(pixels.wavelength, line))
            if 0 < at < size - 3 and rng.random() < 0.6:
                total[row, at : at + int(rng.integers(1, 4))] += rng.normal(2.0, 8.0) * 10 ** rng.uniform(
                    -0.5, 0.7
                )
    for row in np.flatnonzero(rng.random(n) < 0.12):
        edge = np.exp(-np.arange(size) / rng.uniform(2.0, 12.0)) * rng.normal(0.0, 12.0)
        total[row] += edge if rng.random() < 0.5 else edge[::-1]
    for row in np.flatnonzero(rng.random(n) < 0.3):
        total[row] += np.polynomial.legendre.legval(x, rng.normal(0.0, 0.2, 4))
    for row in np.flatnonzero(rng.random(n) < 0.15):
        phase = rng.uniform(5e5, 2e6) / pixels.wavelength
        red = 1 / (1 + np.exp(-(pixels.wavelength - 8000.0) / 150.0))
        total[row] += rng.uniform(0.0, 1.5) * red * np.sin(2 * np.pi * phase)
    return total


def _blockwise(error: FloatArray) -> FloatArray:
    """Give errors as an estimate from the scatter sees them: one median per block, interpolated between."""
    n, size = error.shape
    pieces = max(1, size // _BLOCK)
    length = size // pieces
    blocks = np.partition(error[:, : pieces * length].reshape(n, pieces, length), length // 2, axis=2)
    medians = blocks[:, :, length // 2]
    place = np.clip((np.arange(size) + 0.5) / length - 0.5, 0.0, pieces - 1.0)
    lower = np.minimum(place.astype(np.int64), max(pieces - 2, 0))
    upper = np.minimum(lower + 1, pieces - 1)
    return np.asarray(medians[:, lower] + (place - lower) * (medians[:, upper] - medians[:, lower]))
