"""Observe the galaxies of a Survey: anew at every draw for training, always alike for validation and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import SimulationError
from mtop_gui.simulation.noise import NoiseModel
from mtop_gui.simulation.optical_observing import OpticalObserver

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mtop_gui.core.arrays import Float32Array, FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.survey import Survey

EXPOSURE_HOURS = (2.0, 4.0, 8.0)
SKY_RESIDUAL = (0.001, 0.005)  # range of the sky-subtraction floor, as a fraction of the sky


def observe_rows(
    model: NoiseModel,
    flux: Float32Array,
    hours: ArrayLike,
    rng: np.random.Generator,
    *,
    fibre_fraction: ArrayLike | None = None,
    sky_residual: tuple[float, float] = SKY_RESIDUAL,
) -> tuple[Float32Array, Float32Array]:
    """Draw noise for noise-free spectra, each with its own sky-subtraction floor.

    Parameters
    ----------
    model : the Instrument's noise, in the unit of `flux`.
    flux : (n, n_pix) noise-free.
    hours : scalar or (n,).
    fibre_fraction : (n,) or None for point sources.
    sky_residual : the floors are drawn evenly between these.

    Returns
    -------
    (n, n_pix) observed flux, (n, n_pix) sigma.
    """
    floor = rng.uniform(*sky_residual, size=flux.shape[0])
    return model.observe(rng, flux, hours, fibre_fraction=fibre_fraction, sky_residual=floor)


class Observer:
    """Turns rows of a Survey into observed spectra.

    Parameters
    ----------
    survey, instrument : they must belong together.
    point_source_share : share of the *drawn* spectra that are observed as MOONS1D observes its point sources: fluxes
        not corrected for the fibre, so that a network learns not to lean on the calibration.

    Raises
    ------
    SimulationError : the survey was made for another Instrument.
    """

    def __init__(self, survey: Survey, instrument: Instrument, *, point_source_share: float = 0.0) -> None:
        if survey.instrument_name != instrument.name or survey.pixels != instrument.pixels:
            raise SimulationError(
                f"the survey {survey.path.name} was made for '{survey.instrument_name}', "
                f"not for '{instrument.name}': simulate one for this instrument"
            )
        self.survey = survey
        self.point_source_share = point_source_share
        self._fraction: FloatArray = survey.labels["fibre_fraction"]
        self._physical = NoiseModel(instrument, unit=survey.flux_scale)
        self._moons1d = NoiseModel(instrument, convention="moons1d", unit=survey.flux_scale)

    def draw(
        self, rng: np.random.Generator, indices: ArrayLike, hours: ArrayLike | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Observe galaxies with fresh noise, for 2, 4 or 8 h at random unless `hours` says otherwise.

        Returns
        -------
        (n, n_pix) flux and (n, n_pix) sigma in units of the survey's `flux_scale`.
        """
        rows = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        exposure = (
            rng.choice(EXPOSURE_HOURS, rows.size) if hours is None else np.broadcast_to(hours, rows.shape)
        )
        flux = self.survey.flux(rows)
        sigma = np.empty_like(flux)
        point = rng.random(rows.size) < self.point_source_share
        for model, chosen, fraction in (
            (self._physical, ~point, self._fraction[rows]),
            (self._moons1d, point, None),
        ):
            if chosen.all():
                return observe_rows(model, flux, exposure, rng, fibre_fraction=fraction)
            if chosen.any():
                share = None if fraction is None else fraction[chosen]
                flux[chosen], sigma[chosen] = observe_rows(
                    model, flux[chosen], exposure[chosen], rng, fibre_fraction=share
                )
        return flux, sigma

    def fixed(self, indices: ArrayLike, hours: ArrayLike, seed: int) -> tuple[Float32Array, Float32Array]:
        """Observe galaxies with noise that depends on `seed`, galaxy and exposure time alone, not on the batch.

        Parameters
        ----------
        indices : (n,) rows of the survey.
        hours : scalar or (n,).

        Returns
        -------
        (n, n_pix) flux and (n, n_pix) sigma in units of the survey's `flux_scale`.
        """
        rows = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        exposure = np.broadcast_to(np.asarray(hours, dtype=np.float64), rows.shape)
        flux = self.survey.flux(rows)
        sigma = np.empty_like(flux)
        for number, (row, length) in enumerate(zip(rows, exposure, strict=True)):
            rng = np.random.default_rng([seed, int(row), round(60 * float(length))])
            one = slice(number, number + 1)
            flux[one], sigma[one] = observe_rows(
                self._physical, flux[one], length, rng, fibre_fraction=self._fraction[row : row + 1]
            )
        return flux, sigma


def make_observer(
    survey: Survey, instrument: Instrument, *, point_source_share: float = 0.0
) -> Observer | OpticalObserver:
    """Give the observer that suits the Instrument; both have the same methods.

    Raises
    ------
    SimulationError : the survey was made for another Instrument.
    """
    if instrument.name == "optical":
        return OpticalObserver(survey, instrument)
    return Observer(survey, instrument, point_source_share=point_source_share)
