"""Preparation: the steps from a Spectrum to network inputs (Ginolfi+25, Sect. 3.1), saved inside the bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from mtop_gui.core.prepared import PreparedSpectrum, checked_fields
from mtop_gui.core.resample import resample
from mtop_gui.core.units import flam_factor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mtop_gui.core.arrays import BoolArray, Float32Array, FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum

_Float = TypeVar("_Float", np.float32, np.float64)

STANDARD_LIMIT = 30.0
"""Standardised continuum points are clipped here: a unit mistaken by 1e10 must not become infinite in half precision."""


@dataclass(frozen=True)
class Preparation:
    """Parameters of the preparation; every number that training and inference must share.

    Attributes
    ----------
    sky_threshold : pixels whose log10 sky emission [ph/s/cm²/Å/arcsec²] exceeds it are ignored.
    min_throughput : pixels that see less than this fraction of their band's median throughput (telescope, instrument and
        atmosphere) are ignored: a dozen of them at a dichroic's edge would set the maximum of every spectrum.
    median_window : pixels of the running median, odd.
    continuum_points : how many points of the continuum the network sees.
    continuum_mean, continuum_std : (continuum_points,) of the training set [erg/s/cm²/Å]; empty before training.
    logmass_mean, logmass_std, logsfr_mean, logsfr_std : of the training set; the network's numbers are standardised.
    """

    kind: ClassVar[str] = "paper"

    sky_threshold: float = -4.5
    min_throughput: float = 0.1
    median_window: int = 1001
    continuum_points: int = 10
    continuum_mean: tuple[float, ...] = ()
    continuum_std: tuple[float, ...] = ()
    logmass_mean: float = 0.0
    logmass_std: float = 1.0
    logsfr_mean: float = 0.0
    logsfr_std: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing can be prepared."""
        if self.median_window < 3 or self.median_window % 2 == 0:
            raise ValueError("median_window must be an odd number of pixels, at least 3")
        if self.continuum_points < 2:
            raise ValueError("continuum_points must be at least 2")
        for values in (self.continuum_mean, self.continuum_std):
            if len(values) not in (0, self.continuum_points):
                raise ValueError("continuum_mean and continuum_std need one number per continuum point")
        if any(not std > 0 for std in (*self.continuum_std, self.logmass_std, self.logsfr_std)):
            raise ValueError("standard deviations must be positive")

    def as_dict(self) -> dict[str, Any]:
        """Give the fields as plain JSON values."""
        values = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        return {"kind": self.kind, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """Rebuild from `as_dict`.

        Raises
        ------
        ValueError : a field is unknown, of another type, or out of range.
        """
        return cls(**checked_fields(fields(cls), {k: v for k, v in values.items() if k != "kind"}))

    def usable(self, instrument: Instrument) -> BoolArray:
        """Tell the pixels (n_pix,) that are looked at: outside bright sky lines and dark edges."""
        return _usable(self, instrument)

    def wavelength(self, instrument: Instrument) -> FloatArray:
        """Give the grid (n_pix,) [Å] of the network's line probabilities and of its saliency: the Instrument's."""
        return instrument.wavelength

    def reachable(self, instrument: Instrument) -> BoolArray:
        """Tell the pixels (n_pix,) of `wavelength` that a complete spectrum fills."""
        return self.usable(instrument)

    def input_shapes(self, instrument: Instrument) -> dict[str, tuple[int, ...]]:
        """Give the shape of each input of one spectrum."""
        return {"spectrum": (instrument.pixels, 1), "continuum": (self.continuum_points,)}

    def prepare(self, spectra: Sequence[Spectrum], instrument: Instrument) -> list[PreparedSpectrum]:
        """Turn Spectra, on any grids and in any units, into what a network is fed."""
        return [prepare(spectrum, self, instrument) for spectrum in spectra]


@lru_cache(maxsize=16)
def _usable(preparation: Preparation, instrument: Instrument) -> BoolArray:
    """Find the usable pixels, once for all spectra."""
    throughput = instrument.efficiency * instrument.sky_transmission
    medians = [float(np.median(throughput[pixels])) for pixels in instrument.band_slices.values()]
    dark = throughput < preparation.min_throughput * instrument.per_pixel(medians)
    usable: BoolArray = ~(instrument.sky_mask(preparation.sky_threshold) | dark)
    usable.flags.writeable = False
    return usable


def running_median(flux: NDArray[_Float], window: int) -> NDArray[_Float]:
    """Estimate the continuum as a running median (Ginolfi+25, Sect. 3.1).

    Parameters
    ----------
    flux : (n_pix,) finite, any flux-density unit.
    window : odd number of pixels, >= 3; narrower spectra use the widest odd window that fits.

    Returns
    -------
    (n_pix,) continuum in the unit and type of `flux`; beyond the edges the end pixels' mirror image counts.
    """
    from scipy.ndimage import median_filter  # not before the window is up, which imports this module

    fitting = min(window, flux.size if flux.size % 2 else flux.size - 1)
    if fitting < 3:
        return np.full_like(flux, np.median(flux))
    return np.asarray(median_filter(flux, fitting, mode="reflect"))


def split_continuum(
    flux: NDArray[_Float], good: BoolArray, window: int
) -> tuple[Float32Array, FloatArray, float]:
    """Split one spectrum into its normalised lines and its continuum; training and inference both come here.

    Parameters
    ----------
    flux : (n_pix,) flux density on the Instrument's grid, any unit; values outside `good` are never looked at.
    good : (n_pix,) True where the pixel counts; the median runs over these pixels only.
    window : odd number of good pixels of the running median.

    Returns
    -------
    lines : (n_pix,) flux minus continuum, divided by its maximum; 0 outside `good`, all 0 without structure.
    continuum : (n_pix,) running median in the unit of `flux`, linearly interpolated over bad pixels.
    scale : maximum of flux minus continuum in the unit of `flux`; 0 without structure.
    """
    where = np.flatnonzero(good)
    if where.size == 0:
        return np.zeros(flux.shape, np.float32), np.zeros(flux.shape), 0.0
    values: NDArray[Any] = flux[where]
    median = running_median(values, window)
    residual = values - median
    scale = float(residual.max())
    # Rounding alone leaves a constant spectrum with a residual of a few parts in 1e7.
    if not scale > 1e-6 * float(np.abs(values).max()):
        scale = 0.0
    lines = np.zeros(flux.shape, np.float32)
    if scale > 0:
        lines[where] = residual / scale
    continuum = np.interp(np.arange(flux.size), where, median)
    return lines, continuum, scale


def continuum_positions(preparation: Preparation, instrument: Instrument) -> FloatArray:
    """Give the wavelengths (n_points,) [Å] of the continuum points: evenly spaced over the Instrument, ends included."""
    wavelength = instrument.wavelength
    return np.linspace(wavelength[0], wavelength[-1], preparation.continuum_points)


def standardise_continuum(points: FloatArray, preparation: Preparation) -> Float32Array:
    """Standardise continuum points (..., n_points) in erg/s/cm²/Å with the training set's mean and std."""
    mean, std = np.asarray(preparation.continuum_mean), np.asarray(preparation.continuum_std)
    standard: FloatArray = np.clip((points - mean) / std, -STANDARD_LIMIT, STANDARD_LIMIT)
    return standard.astype(np.float32)


def prepare_batch(
    flux: Float32Array, good: BoolArray, preparation: Preparation, instrument: Instrument
) -> tuple[Float32Array, FloatArray]:
    """Prepare spectra that are on the Instrument's grid already, in erg/s/cm²/Å (mocks).

    Parameters
    ----------
    flux : (n, n_pix) flux density.
    good : (n_pix,) or (n, n_pix) usable pixels: `Preparation.usable` and, where known, the spectra's own masks.

    Returns
    -------
    lines : (n, n_pix) as `split_continuum` gives them.
    points : (n, n_points) continuum in erg/s/cm²/Å, not standardised (`standardise_continuum`).
    """
    lines = np.empty(flux.shape, np.float32)
    points = np.empty((flux.shape[0], preparation.continuum_points))
    positions = continuum_positions(preparation, instrument)
    good = np.broadcast_to(good, flux.shape)
    for index in range(flux.shape[0]):
        lines[index], continuum, _ = split_continuum(flux[index], good[index], preparation.median_window)
        points[index] = np.interp(positions, instrument.wavelength, continuum)
    return lines, points


def prepare(spectrum: Spectrum, preparation: Preparation, instrument: Instrument) -> PreparedSpectrum:
    """Turn one Spectrum, on any grid and in any unit, into what a network is fed.

    Parameters
    ----------
    spectrum : as the readers give it.
    preparation : of the bundle, with the training set's statistics.
    instrument : of the bundle.
    """
    on_grid = resample(
        spectrum.wavelength,
        spectrum.flux,
        spectrum.ivar,
        spectrum.mask,
        instrument.wavelength,
        instrument.step,
    )
    usable = preparation.usable(instrument)
    good = usable & ~on_grid.mask
    coverage = int(np.count_nonzero(good)) / max(1, int(np.count_nonzero(usable)))
    factor = flam_factor(spectrum.flux_unit, instrument.wavelength)
    flux = on_grid.flux if factor is None else on_grid.flux * factor
    lines, continuum, scale = split_continuum(flux, good, preparation.median_window)
    if factor is None:
        points = np.zeros(preparation.continuum_points, np.float32)
    else:
        positions = continuum_positions(preparation, instrument)
        points = standardise_continuum(np.interp(positions, instrument.wavelength, continuum), preparation)
    own_unit = continuum if factor is None else continuum / factor
    return PreparedSpectrum(
        inputs={"spectrum": lines[:, None], "continuum": points},
        structure=lines,
        mask=~good,
        coverage=coverage,
        running_median=np.where(good, own_unit, np.nan),
        unit_known=factor is not None,
        amplitude=scale,
    )
