"""Which spectra of a survey are judged, what is known of them, and the noisy spectra themselves, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import SimulationError
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.simulation.observing import EXPOSURE_HOURS, make_observer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.survey import Split, Survey

CHUNK = 64
"""Spectra observed and judged together."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The spectra judged, every galaxy once for each exposure time.

    Attributes
    ----------
    survey, survey_seed : name of the file, and the seed it was made with.
    seed : of the choice of galaxies and of the noise.
    galaxies, hours : (n,) row in the survey and exposure time of each spectrum.
    labels : (n,) arrays by name: z, and logmass, logsfr, mag_h, halpha, sersic, quiescent … where the survey has them.
    """

    survey: str
    survey_seed: int
    seed: int
    galaxies: IntArray
    hours: FloatArray
    labels: Mapping[str, FloatArray]

    @property
    def redshift(self) -> FloatArray:
        """(n,) true redshifts."""
        return self.labels["z"]

    @property
    def count(self) -> int:
        """Number of galaxies."""
        return int(np.unique(self.galaxies).size)

    def __len__(self) -> int:
        """Count the spectra."""
        return int(self.galaxies.size)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some observed spectra of a Sample: `place` is where they stand in it; fluxes (n, n_pix) in `unit` erg/s/cm²/Å."""

    place: slice
    galaxies: IntArray
    hours: FloatArray
    redshift: FloatArray
    flux: Float32Array
    sigma: Float32Array
    unit: float
    wavelength: FloatArray

    @cached_property
    def spectra(self) -> list[Spectrum]:
        """The same as Spectra, as a reader would give them."""
        return [
            self._spectrum(number, galaxy, hours)
            for number, (galaxy, hours) in enumerate(zip(self.galaxies, self.hours, strict=True))
        ]

    def _spectrum(self, number: int, galaxy: int, hours: float) -> Spectrum:
        flux = self.flux[number].astype(np.float64) * self.unit
        sigma = self.sigma[number].astype(np.float64) * self.unit
        good: BoolArray = np.isfinite(flux) & np.isfinite(sigma) & (sigma > 0)
        return Spectrum(
            wavelength=self.wavelength.copy(),
            flux=np.where(good, flux, 0.0),
            ivar=np.where(good, np.where(good, sigma, 1.0) ** -2.0, 0.0),
            mask=~good,
            path=Path(f"mock_{galaxy}_{hours:g}h"),
            name=f"mock {galaxy} {hours:g} h",
            flux_unit=FLAM,
        )


def draw_sample(
    survey: Survey, galaxies: int | None = None, *, split: Split = "test", seed: int = 0
) -> Sample:
    """Choose galaxies of one split, all or the same `galaxies` of them for the same seed.

    Raises
    ------
    SimulationError : the split is empty.
    """
    rows = survey.rows(split)
    if rows.size == 0:
        raise SimulationError(
            f"the survey {survey.path.name} holds no {split} galaxies: simulate one with more galaxies"
        )
    if galaxies is not None and galaxies < rows.size:
        rows = np.sort(np.random.default_rng([seed, 7]).permutation(rows)[:galaxies])
    every = np.tile(rows, len(EXPOSURE_HOURS))
    labels = {
        name: np.asarray(values[every], dtype=np.float64)
        for name, values in survey.labels.items()
        if values.ndim == 1 and values.dtype.kind in "biuf"
    }
    return Sample(
        survey=survey.path.name,
        survey_seed=survey.seed,
        seed=seed,
        galaxies=every,
        hours=np.repeat(np.asarray(EXPOSURE_HOURS), rows.size),
        labels=labels,
    )


def observe(sample: Sample, survey: Survey, instrument: Instrument) -> Iterator[Chunk]:
    """Observe a Sample with its own fixed noise, CHUNK spectra at a time, in order.

    Raises
    ------
    SimulationError : the survey was made for another Instrument.
    """
    observer = make_observer(survey, instrument)
    for start in range(0, len(sample), CHUNK):
        place = slice(start, min(start + CHUNK, len(sample)))
        galaxies, hours = sample.galaxies[place], sample.hours[place]
        flux, sigma = observer.fixed(galaxies, hours, sample.seed)
        yield Chunk(
            place=place,
            galaxies=galaxies,
            hours=hours,
            redshift=sample.redshift[place],
            flux=flux,
            sigma=sigma,
            unit=survey.flux_scale,
            wavelength=instrument.wavelength,
        )
