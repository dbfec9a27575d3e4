"""Spectra without a galaxy to find: nothing at all, featureless light, and what an instrument adds by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.instrument import Instrument

EMPTY_TYPES: Final = (
    "sky", "featureless", "sky residuals", "wrong sky", "fringes", "steps", "spikes", "saturated", "waves"
)  # fmt: skip
_SHARES: Final = (0.36, 0.20, 0.12, 0.06, 0.06, 0.06, 0.06, 0.03, 0.05)
_FAINTER: Final = 0.03  # of the level: the light of an "empty" spectrum whose artefacts count


def draw_empty(rng: np.random.Generator, instrument: Instrument, level: float) -> tuple[FloatArray, str]:
    """Draw one.

    Parameters
    ----------
    level : flux density that a typical spectrum of this Instrument has.

    Returns
    -------
    (n_pix,) flux density in the unit of `level`; the type, of `EMPTY_TYPES`.
    """
    kind = str(rng.choice(EMPTY_TYPES, p=_SHARES))
    x = np.linspace(-1.0, 1.0, instrument.pixels)
    amplitude = level * 10 ** rng.uniform(-1.0, 0.7)
    light = np.zeros(instrument.pixels)
    if kind != "sky":
        light = _featureless(
            rng, instrument.wavelength, x, amplitude * (1.0 if kind == "featureless" else _FAINTER)
        )
    if kind == "sky residuals":
        light += amplitude * _residuals(rng, instrument, x)
    elif kind == "wrong sky":
        light += (
            amplitude * rng.choice([-1.0, 1.0]) * _relative_sky(instrument) * (1 + 0.3 * x * rng.normal())
        )
    elif kind in _ARTEFACTS:
        light += amplitude * _ARTEFACTS[kind](rng, instrument, x)
    return light, kind


def _featureless(rng: np.random.Generator, wavelength: FloatArray, x: FloatArray, level: float) -> FloatArray:
    """Draw a power law (a blazar) or a smooth wiggle (scattered light)."""
    if rng.random() < 0.6:
        return np.asarray(level * (wavelength / np.median(wavelength)) ** rng.normal(-1.0, 1.0))
    curve = np.polynomial.legendre.legval(x, np.concatenate([[1.0], rng.normal(0.0, 0.35, 5)]))
    return np.asarray(level * curve)


def _relative_sky(instrument: Instrument) -> FloatArray:
    """Sky emission over its median, its strongest lines held at a hundred times that."""
    sky = instrument.sky_emission / np.median(instrument.sky_emission)
    return np.asarray(np.minimum(sky, 100.0) / 10.0)


def _residuals(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Sky lines subtracted at a wrong wavelength or width: the comb of their derivatives, drifting in strength."""
    sky = _relative_sky(instrument)
    comb = np.gradient(sky) if rng.random() < 0.6 else np.gradient(np.gradient(sky))
    drift = np.polynomial.legendre.legval(x, rng.normal(0.0, 1.0, 5))
    return np.asarray(comb * drift)


def _fringes(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Interference in the detector: a chirp that grows to the red within each band."""
    phase = rng.uniform(5e5, 3e6) / instrument.wavelength
    growth = np.exp(rng.uniform(0.0, 3.0) * (x - 1))
    return np.asarray(growth * np.sin(2 * np.pi * phase + rng.uniform(0, 2 * np.pi)))


def _steps(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Bands or detector halves at different levels."""
    del instrument
    steps = np.zeros(x.size)
    for place in rng.uniform(-1, 1, int(rng.integers(1, 4))):
        steps += rng.normal(0.0, 1.0) * (x > place)
    return steps


def _spikes(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Many cosmic rays and hot pixels, one to four pixels wide."""
    del instrument
    spikes = np.zeros(x.size)
    count = int(rng.integers(3, 60))
    for place, height in zip(rng.integers(0, x.size - 4, count), rng.pareto(1.2, count), strict=True):
        spikes[place : place + int(rng.integers(1, 5))] += min(height, 100.0) * rng.choice(
            [1.0, 1.0, 1.0, -1.0]
        )
    return spikes


def _saturated(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Draw a plateau: a neighbour's light over part of the detector, cut off at a ceiling."""
    del instrument
    bump = np.exp(-0.5 * ((x - rng.uniform(-1, 1)) / rng.uniform(0.05, 0.5)) ** 2)
    return np.asarray(np.minimum(bump * rng.uniform(3.0, 30.0), rng.uniform(2.0, 4.0)))


def _waves(rng: np.random.Generator, instrument: Instrument, x: FloatArray) -> FloatArray:
    """Periodic pickup of a few pixels to a few hundred, over part of the detector."""
    del instrument
    period = 10 ** rng.uniform(-2.3, -0.5)
    window = np.abs(x - rng.uniform(-1, 1)) < rng.uniform(0.2, 2.0)
    return np.asarray(window * np.sin(2 * np.pi * x / period + rng.uniform(0, 2 * np.pi)))


_ARTEFACTS: Final = {
    "fringes": _fringes, "steps": _steps, "spikes": _spikes, "saturated": _saturated, "waves": _waves
}  # fmt: skip
