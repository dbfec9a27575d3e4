"""An Instrument: the wavelength grid every bundle and every mock survey is tied to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import InstrumentError
from mtop_gui.core.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Band:
    """One arm of an Instrument.

    Wavelength limits and step (the mean where pixels are not linear) are in vacuum Å, `read_noise` in e-, `dark_per_hour` in e-/h; `gain` is the ADU per
    electron that MOONS1D counts photons with.
    """

    name: str
    wavelength_min: float
    wavelength_max: float
    step: float
    pixels: int
    resolution: float
    read_noise: float
    dark_per_hour: float
    gain: float = 1.0


@dataclass(frozen=True, eq=False)
class Instrument:
    """A wavelength grid with its bands, resolution, sky emission and efficiency.

    Attributes
    ----------
    name : key in ``resources/instruments``.
    bands : in order of wavelength; their pixels follow one another in the arrays below.
    wavelength : (n_pix,) vacuum Å.
    sky_emission : (n_pix,) ph/s/cm²/Å/arcsec².
    sky_transmission : (n_pix,) fraction at the tables' airmass.
    efficiency : (n_pix,) photon-to-electron efficiency of telescope, instrument and detector (no sky, no fibre loss).
    area_cm2 : collecting area of the telescope.
    fibre_diameter : arcsec on the sky.
    point_fraction : (n_pix,) fraction of a point source's light that enters the fibre; all ones unless known.
    """

    name: str
    bands: tuple[Band, ...]
    wavelength: FloatArray
    sky_emission: FloatArray
    sky_transmission: FloatArray
    efficiency: FloatArray
    area_cm2: float
    fibre_diameter: float
    point_fraction: FloatArray = field(default_factory=lambda: np.ones(1))

    @property
    def pixels(self) -> int:
        """Number of pixels of all bands together."""
        return sum(band.pixels for band in self.bands)

    @cached_property
    def step(self) -> FloatArray:
        """(n_pix,) width of each pixel [Å]; where a table gives the wavelengths, half-way between the neighbours."""
        if np.array_equal(self.wavelength, _linear_wavelength(self.bands)):
            return self.per_pixel([band.step for band in self.bands])
        return np.concatenate([np.gradient(self.wavelength[part]) for part in self.band_slices.values()])

    @property
    def resolution(self) -> FloatArray:
        """(n_pix,) resolving power λ/FWHM; each band keeps the FWHM of its centre, as MOONS1D does."""
        centres = self.per_pixel([(band.wavelength_min + band.wavelength_max) / 2 for band in self.bands])
        return self.per_pixel([band.resolution for band in self.bands]) * self.wavelength / centres

    def per_pixel(self, values: Sequence[float]) -> FloatArray:
        """Repeat one value per band over that band's pixels: (n_pix,)."""
        return np.repeat(np.asarray(values, dtype=np.float64), [band.pixels for band in self.bands])

    @property
    def band_slices(self) -> dict[str, slice]:
        """Pixel range of each band in the concatenated arrays."""
        stops = np.cumsum([band.pixels for band in self.bands])
        return {
            band.name: slice(int(stop) - band.pixels, int(stop))
            for band, stop in zip(self.bands, stops, strict=True)
        }

    def sky_mask(self, threshold: float) -> BoolArray:
        """Tell the pixels whose sky emission exceeds 10**threshold (Ginolfi+25, Sect. 3.1)."""
        return np.asarray(self.sky_emission > 10.0**threshold)


def load_instrument(name: str, folder: Path | None = None) -> Instrument:
    """Read an Instrument from ``resources/instruments/<name>.{json,npz}``.

    Raises
    ------
    InstrumentError : no such instrument, or its tables do not fit its bands.
    """
    root = folder if folder is not None else resource_path("instruments")
    try:
        facts = json.loads((root / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(root / f"{name}.npz", allow_pickle=False) as tables:
            arrays = {key: np.asarray(tables[key], dtype=np.float64) for key in tables.files}
        bands = tuple(Band(**band) for band in facts["bands"])
        # A grid that is linear within each band needs no table of its own, and keeps its last digit without one.
        arrays.setdefault("wavelength", _linear_wavelength(bands))
        instrument = Instrument(
            name=name,
            bands=bands,
            area_cm2=float(facts["area_cm2"]),
            fibre_diameter=float(facts["fibre_diameter"]),
            **arrays,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstrumentError(
            f"instrument '{name}' cannot be read ({error}): reinstall mtop-gui, or name one of the instruments it ships"
        ) from error
    _check(instrument, arrays)
    return instrument


def _linear_wavelength(bands: tuple[Band, ...]) -> FloatArray:
    return np.concatenate([band.wavelength_min + band.step * np.arange(band.pixels) for band in bands])


def _check(instrument: Instrument, arrays: dict[str, FloatArray]) -> None:
    """Refuse tables that do not fit the bands or wavelengths that run backwards."""
    pixels = instrument.pixels
    if any(array.shape != (pixels,) for array in arrays.values()):
        raise InstrumentError(
            f"the tables of instrument '{instrument.name}' do not have the {pixels} pixels its bands add up to: "
            "reinstall mtop-gui"
        )
    if np.any(np.diff(instrument.wavelength) < 0):
        raise InstrumentError(
            f"the wavelengths of instrument '{instrument.name}' run backwards: reinstall mtop-gui"
        )
