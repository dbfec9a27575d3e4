"""An Instrument: the wavelength grid every bundle and every mock survey is tied to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import InstrumentError
from mtop_gui.core.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Band:
    """One arm of an Instrument: wavelength limits [Å], step [Å], resolution, detector noise."""

    name: str
    wavelength_min: float
    wavelength_max: float
    step: float
    pixels: int
    resolution: float
    read_noise: float
    dark_per_hour: float


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
    """

    name: str
    bands: tuple[Band, ...]
    wavelength: FloatArray
    sky_emission: FloatArray
    sky_transmission: FloatArray
    efficiency: FloatArray
    area_cm2: float
    fibre_diameter: float

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
        return self.sky_emission > 10.0**threshold


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
    except (OSError, ValueError, KeyError) as error:
        raise InstrumentError(
            f"instrument '{name}' cannot be read ({error}): reinstall mtop-gui, or name one of the instruments it ships"
        ) from error
    bands = tuple(Band(**band) for band in facts["bands"])
    pixels = sum(band.pixels for band in bands)
    if any(array.shape != (pixels,) for array in arrays.values()):
        raise InstrumentError(f"the tables of instrument '{name}' do not have the {pixels} pixels its bands add up to")
    return Instrument(
        name=name,
        bands=bands,
        wavelength=arrays["wavelength"],
        sky_emission=arrays["sky_emission"],
        sky_transmission=arrays["sky_transmission"],
        efficiency=arrays["efficiency"],
        area_cm2=float(facts["area_cm2"]),
        fibre_diameter=float(facts["fibre_diameter"]),
    )
