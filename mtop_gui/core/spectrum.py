"""Spectrum: one observed spectrum, frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import BoolArray, FloatArray

FLAM = "erg / (s cm2 Angstrom)"
"""The flux-density unit of bundles and mocks, in astropy's spelling."""


class SpectrumId(NamedTuple):
    """Where a Spectrum came from: its file, and its place in that file (0 for a file of one)."""

    path: Path
    row: int


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One observed spectrum.

    Parameters
    ----------
    wavelength : (n_pix,) vacuum Å, strictly increasing.
    flux : (n_pix,) flux density in `flux_unit`; finite everywhere (0 where masked).
    ivar : (n_pix,) inverse variance in `flux_unit`**-2; 0 where masked.
    mask : (n_pix,) True where the pixel is unusable.
    path, row : where it came from.
    name : the identity a person knows it by (target id, object name, else the file's stem).
    flux_unit : astropy unit string; "" when the file names none.
    ra, dec : degrees (J2000), None when unknown.
    metadata : header facts worth showing (instrument, exposure time, class and redshift of the file's own pipeline, …).
    notes : what the reader had to assume, in words ("noise estimated from the data", "air wavelengths converted").
    noise_estimated : True when the file held no errors.

    Raises
    ------
    UnreadableSpectrumError : arrays of different length, wavelengths not increasing, or no usable pixel.
    """

    wavelength: FloatArray = field(repr=False)
    flux: FloatArray = field(repr=False)
    ivar: FloatArray = field(repr=False)
    mask: BoolArray = field(repr=False)
    path: Path = Path()
    row: int = 0
    name: str = ""
    flux_unit: str = ""
    ra: float | None = None
    dec: float | None = None
    metadata: Mapping[str, str | float | int] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    notes: tuple[str, ...] = ()
    noise_estimated: bool = False

    def __post_init__(self) -> None:
        """Check the invariants that every later step relies on, and freeze the arrays."""
        shape = self.wavelength.shape
        if len(shape) != 1 or any(a.shape != shape for a in (self.flux, self.ivar, self.mask)):
            raise UnreadableSpectrumError(
                "wavelength, flux, ivar and mask differ in length: the file is damaged"
            )
        if shape[0] < 2 or not (self.wavelength[1:] > self.wavelength[:-1]).all():
            raise UnreadableSpectrumError(
                "the wavelengths do not increase from pixel to pixel: the file is damaged"
            )
        if self.mask.all():
            raise UnreadableSpectrumError(
                "every pixel is masked or without a finite value: there is nothing to show"
            )
        if not (np.isfinite(self.flux).all() and np.isfinite(self.ivar).all() and (self.ivar >= 0).all()):
            raise UnreadableSpectrumError(
                "flux or inverse variance is not finite outside the mask: the file is damaged"
            )
        for array in (self.wavelength, self.flux, self.ivar, self.mask):
            array.flags.writeable = False

    @property
    def id(self) -> SpectrumId:
        """Its file and row."""
        return SpectrumId(self.path, self.row)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the arrays: the key under which Predictions and Decisions are kept, whatever the path."""
        digest = hashlib.sha256()
        for array in (self.wavelength, self.flux, self.ivar):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        digest.update(np.packbits(self.mask).tobytes())
        digest.update(self.flux_unit.encode())
        return digest.hexdigest()

    @cached_property
    def error(self) -> FloatArray:
        """(n_pix,) standard deviation in `flux_unit`; NaN where masked."""
        with np.errstate(divide="ignore"):
            sigma = 1.0 / np.sqrt(self.ivar)
        return np.where(self.mask | (self.ivar <= 0), np.nan, sigma)

    @cached_property
    def median_snr(self) -> float:
        """Median signal-to-noise per usable pixel."""
        good = ~self.mask & (self.ivar > 0)
        if not good.any():
            return float("nan")
        with np.errstate(over="ignore"):
            return float(np.median(self.flux[good] * np.sqrt(self.ivar[good])))
