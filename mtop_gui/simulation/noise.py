"""What a fibre spectrograph makes of a noise-free spectrum: flux calibration and noise, per pixel.

The variance of the summed exposures is linear in the flux, so all physics is folded into three curves per
Instrument; drawing a batch then costs little more than its random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np

from mtop_gui.core.errors import SimulationError
from mtop_gui.simulation.fibre import point_source_fraction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.instrument import Instrument

FLUX_UNIT = 1e-19  # erg/s/cm²/Å: keeps fluxes and their squares inside the range of float32
EXPOSURE_SECONDS = 300.0  # one DIT
PLANCK_C = 1.9864458571489286e-08  # h c [erg Å]

Convention: TypeAlias = Literal["physical", "moons1d"]
_Float = TypeVar("_Float", np.float32, np.float64)


@dataclass(frozen=True)
class _Curves:
    """Per pixel and per single exposure, in flux units: variance = background + sky²·floor² + slope·flux."""

    background: FloatArray
    slope: FloatArray
    sky: FloatArray
    response: FloatArray


class NoiseModel:
    """Noise of the XSWITCH mode: N_DIT (object + 2 sky + 2 dark + 2 RON²) electrons, then flux-calibrated.

    Parameters
    ----------
    instrument : its efficiency, sky and fibre curves.
    convention : "physical" counts electrons, lets the whole sky of the fibre's aperture in, and corrects the flux for
        the light lost outside the fibre. "moons1d" repeats MOONS1D 1.0.3 with its point sources: Poisson noise
        of ADU (gain 0.6 in RI), the sky dimmed by the fibre loss too, photon energies of the band's centre, and a
        flux that is *not* corrected for the point source's fibre loss (5-32 %, most in the blue).
    unit : flux unit of everything that goes in and comes out [erg/s/cm²/Å].
    """

    def __init__(
        self, instrument: Instrument, *, convention: Convention = "physical", unit: float = FLUX_UNIT
    ) -> None:
        self.instrument = instrument
        self.convention = convention
        self.unit = unit
        make = _moons1d_curves if convention == "moons1d" else _physical_curves
        self._curves = make(instrument, unit)
        self._point = point_source_fraction(instrument.fibre_diameter)
        self._cast: dict[str, tuple[NDArray[np.floating], ...]] = {}

    @property
    def response(self) -> FloatArray:
        """(n_pix,) noise-free observed flux over true flux: 1, or the uncorrected fibre fraction of MOONS1D."""
        return self._curves.response

    def sigma(
        self,
        flux: NDArray[_Float],
        hours: ArrayLike,
        *,
        fibre_fraction: ArrayLike | None = None,
        sky_residual: ArrayLike = 0.0,
    ) -> NDArray[_Float]:
        """Give the standard deviation of each pixel of the observed flux.

        Parameters
        ----------
        flux : (n_pix,) or (n_spec, n_pix) noise-free flux density of the whole galaxy, in `unit`.
        hours : scalar or (n_spec,) exposure on the spectrum; 24 exposures of 300 s are 2 h.
        fibre_fraction : scalar or (n_spec,) share of the light inside the fibre at the seeing of
            `fibre.half_light_fraction`; None for a point source.
        sky_residual : scalar or (n_spec,) floor left by the sky subtraction, as a fraction of the sky.

        Returns
        -------
        The shape and dtype of `flux`, in `unit`.

        Raises
        ------
        SimulationError : hours or fibre fraction are not positive.
        """
        background, slope, sky, _ = self._curves_as(flux.dtype)
        exposures = np.asarray(hours, dtype=np.float64) * (3600.0 / EXPOSURE_SECONDS)
        share = np.asarray(1.0 if fibre_fraction is None else fibre_fraction, dtype=np.float64)
        if fibre_fraction is not None:
            share = share / self._point
        if np.any(exposures <= 0) or np.any(share <= 0):
            raise SimulationError("exposure times and fibre fractions must be positive numbers")
        floor = np.asarray(sky_residual, dtype=np.float64) / share
        # Flux received falls with the share, and the calibration that makes up for it scales the noise.
        weights = [
            _column(value, flux.dtype)
            for value in (1 / (share**2 * exposures), 1 / (share * exposures), floor**2)
        ]
        variance = np.maximum(flux, 0) * slope
        variance *= weights[1]
        variance += background * weights[0]
        if np.any(floor):
            variance += sky * weights[2]
        return np.sqrt(variance, out=variance)

    def observe(
        self,
        rng: np.random.Generator,
        flux: NDArray[_Float],
        hours: ArrayLike,
        *,
        fibre_fraction: ArrayLike | None = None,
        sky_residual: ArrayLike = 0.0,
    ) -> tuple[NDArray[_Float], NDArray[_Float]]:
        """Draw one noisy observation: (observed flux, sigma), both like `flux`; parameters as in `sigma`."""
        sigma = self.sigma(flux, hours, fibre_fraction=fibre_fraction, sky_residual=sky_residual)
        observed = rng.standard_normal(flux.shape, dtype=flux.dtype.type)
        observed *= sigma
        observed += flux if self.convention == "physical" else flux * self._curves_as(flux.dtype)[3]
        return observed, sigma

    def _curves_as(self, dtype: np.dtype[_Float]) -> tuple[NDArray[_Float], ...]:
        """Give (background, slope, sky², response) in the dtype of the flux, converted once."""
        if dtype.name not in self._cast:
            curves = self._curves
            columns = (curves.background, curves.slope, curves.sky**2, curves.response)
            self._cast[dtype.name] = tuple(column.astype(dtype) for column in columns)
        return self._cast[dtype.name]  # type: ignore[return-value]  # one dict holds both dtypes


def noise_sigma(
    instrument: Instrument,
    flux: FloatArray,
    hours: float,
    *,
    fibre_fraction: float | None = None,
    sky_residual: float = 0.0,
    convention: Convention = "physical",
) -> FloatArray:
    """Give the (n_pix,) standard deviation [erg/s/cm²/Å] of one spectrum; see `NoiseModel.sigma`."""
    model = NoiseModel(instrument, convention=convention, unit=1.0)
    return model.sigma(flux, hours, fibre_fraction=fibre_fraction, sky_residual=sky_residual)


def _column(value: FloatArray, dtype: np.dtype[_Float]) -> NDArray[_Float]:
    """Make a scalar or (n_spec,) array broadcast along pixels."""
    return value[..., None].astype(dtype) if value.ndim else value.astype(dtype)


def _detector(instrument: Instrument) -> FloatArray:
    """Variance [e-] of dark and read noise of object and sky exposure together."""
    dark = instrument.per_pixel([band.dark_per_hour * EXPOSURE_SECONDS / 3600.0 for band in instrument.bands])
    read = instrument.per_pixel([band.read_noise for band in instrument.bands])
    return 2 * dark + 2 * read**2


def _photons_to_counts(instrument: Instrument) -> FloatArray:
    """Electrons per exposure of 1 photon/s/cm²/Å through telescope, optics and detector."""
    return instrument.efficiency * instrument.step * instrument.area_cm2 * EXPOSURE_SECONDS


def _aperture(instrument: Instrument) -> float:
    """Solid angle of a fibre [arcsec²]."""
    return float(np.pi * (instrument.fibre_diameter / 2) ** 2)


def _physical_curves(instrument: Instrument, unit: float) -> _Curves:
    counts = _photons_to_counts(instrument)
    sky = instrument.sky_emission * _aperture(instrument) * counts
    energy = PLANCK_C / instrument.wavelength
    per_electron = energy / (counts * instrument.sky_transmission * instrument.point_fraction) / unit
    return _Curves(
        background=per_electron**2 * (2 * sky + _detector(instrument)),
        slope=per_electron,
        sky=per_electron * sky,
        response=np.ones(instrument.pixels),
    )


def _moons1d_curves(instrument: Instrument, unit: float) -> _Curves:
    counts = _photons_to_counts(instrument) * instrument.per_pixel([band.gain for band in instrument.bands])
    sky = instrument.sky_emission * _aperture(instrument) * counts * instrument.point_fraction
    centres = [(band.wavelength_min + band.wavelength_max) / 2 for band in instrument.bands]
    energy = PLANCK_C / instrument.per_pixel(centres)
    per_count = energy / (counts * instrument.sky_transmission) / unit
    return _Curves(
        background=per_count**2 * (2 * sky + _detector(instrument)),
        # The flux given is the whole galaxy's; what is counted is dimmed by the fibre.
        slope=per_count * instrument.point_fraction,
        sky=per_count * sky,
        response=np.broadcast_to(instrument.point_fraction, instrument.wavelength.shape).copy(),
    )
