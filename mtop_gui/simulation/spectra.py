"""Noise-free spectra of mock galaxies on an Instrument's pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.special import erf

from mtop_gui.simulation.dust import transmission
from mtop_gui.simulation.emission import L_SUN, emission_lines, outflow_lines
from mtop_gui.simulation.population import luminosity_distance_cm
from mtop_gui.simulation.templates import (
    LIGHT_SPEED,
    PIXEL_VELOCITY,
    TEMPLATE_SIGMA,
    bin_means,
    load_templates,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.galaxies import Galaxies
    from mtop_gui.simulation.templates import Templates

_FWHM = 2 * np.sqrt(2 * np.log(2))
_REACH = 6.0  # σ to which a line is drawn
_CHUNK = 32
_DEEPEST = 0.9  # largest central absorption of the outflow


def galaxy_spectra(
    galaxies: Galaxies,
    indices: IntArray,
    instrument: Instrument,
    *,
    grid: Path | None = None,
    wide: bool = False,
) -> FloatArray:
    """Give the noise-free spectra of some galaxies, whole light (no fibre loss, no atmosphere).

    Parameters
    ----------
    galaxies, indices : the population and the (n,) galaxies wanted.
    instrument : its pixels, and its resolution per band (FWHM = central wavelength / R).
    grid, wide : which stellar templates, see `load_templates`.

    Returns
    -------
    (n, n_pix) erg/s/cm²/Å.

    Raises
    ------
    SimulationError : the stellar templates are missing.
    """
    templates = load_templates(grid, wide=wide)
    indices = np.asarray(indices)
    spectra = np.zeros((indices.size, instrument.wavelength.size))
    for start in range(0, indices.size, _CHUNK):
        chunk = indices[start : start + _CHUNK]
        stars = templates.combine(galaxies.formed_mass[chunk], galaxies.log_metallicity[chunk])
        stars *= transmission(galaxies.attenuation[chunk], templates.wavelength)
        for row, index, starlight in zip(spectra[start:], chunk, stars, strict=False):
            _observe(row, galaxies, int(index), starlight, templates, instrument)
    return spectra


def pixel_edges(wavelength: FloatArray) -> FloatArray:
    """Give the (n + 1,) edges of pixels from their (n,) centres: halfway, and as far outside the ends."""
    middle = 0.5 * (wavelength[1:] + wavelength[:-1])
    return np.concatenate([[2 * wavelength[0] - middle[0]], middle, [2 * wavelength[-1] - middle[-1]]])


def add_lines(
    flux: FloatArray, edges: FloatArray, centres: FloatArray, sigmas: FloatArray, fluxes: FloatArray
) -> None:
    """Add Gaussian lines to one band in place, each integrated over the pixels.

    Parameters
    ----------
    flux, edges : (n,) flux density to add to, (n + 1,) pixel edges [Å].
    centres, sigmas, fluxes : (n_lines,) observed Å, Å, flux.
    """
    reach = _REACH * sigmas
    visible = (centres + reach > edges[0]) & (centres - reach < edges[-1]) & (fluxes > 0)
    for centre, sigma, line_flux in zip(centres[visible], sigmas[visible], fluxes[visible], strict=True):
        first = max(int(np.searchsorted(edges, centre - _REACH * sigma)) - 1, 0)
        last = min(int(np.searchsorted(edges, centre + _REACH * sigma)) + 1, edges.size)
        window = edges[first:last]
        share = 0.5 * np.diff(erf((window - centre) / (np.sqrt(2) * sigma)))
        flux[first : last - 1] += line_flux * share / np.diff(window)


def _observe(
    row: FloatArray,
    galaxies: Galaxies,
    index: int,
    starlight: FloatArray,
    templates: Templates,
    instrument: Instrument,
) -> None:
    """Fill one spectrum: starlight behind its outflow, redshifted, broadened, with emission lines."""
    redshift = float(galaxies.redshift[index])
    sphere = 4 * np.pi * float(luminosity_distance_cm(np.array([redshift]))[0]) ** 2
    rest = np.array([line.wavelength for line in emission_lines()])
    observed_lines = rest * (1 + redshift)
    observed = templates.wavelength * (1 + redshift)
    scale = L_SUN / (sphere * (1 + redshift))
    for band in instrument.bands:
        part = instrument.band_slices[band.name]
        wavelength = instrument.wavelength[part]
        centre = 0.5 * (band.wavelength_min + band.wavelength_max)
        lsf = centre / band.resolution / _FWHM
        edges = pixel_edges(wavelength)
        first, last = np.searchsorted(observed, [edges[0] * 0.99, edges[-1] * 1.01])
        rest_part = templates.wavelength[first:last]
        if rest_part.size < 2:
            continue
        velocity_lsf = lsf / centre * LIGHT_SPEED
        kinematic = float(np.hypot(galaxies.stellar_sigma[index], velocity_lsf))
        light = _broaden(starlight[first:last], kinematic)
        light = light * _outflow_transmission(galaxies, index, rest_part, velocity_lsf)
        row[part] = scale * bin_means(observed[first:last], light, edges)
        sigmas = np.hypot(observed_lines * galaxies.gas_sigma[index] / LIGHT_SPEED, lsf)
        add_lines(row[part], edges, observed_lines, sigmas, galaxies.line_fluxes[index])


def _broaden(light: FloatArray, sigma: float) -> FloatArray:
    """Broaden to `sigma` [km/s] in total, the templates' own resolution counted in."""
    missing = np.sqrt(max(sigma**2 - TEMPLATE_SIGMA**2, 0.0)) / PIXEL_VELOCITY
    return gaussian_filter1d(light, missing, mode="nearest") if missing > 0.3 else light


def _outflow_transmission(
    galaxies: Galaxies, index: int, wavelength: FloatArray, velocity_lsf: float
) -> FloatArray:
    """Give what the outflow lets through, at rest wavelengths [Å]."""
    left = np.ones(wavelength.size)
    sigma_velocity = float(np.hypot(galaxies.outflow_sigma[index], velocity_lsf))
    for line, width in zip(outflow_lines(), galaxies.outflow_widths[index], strict=True):
        centre = line.wavelength * (1 + galaxies.outflow_velocity[index] / LIGHT_SPEED)
        sigma = centre * sigma_velocity / LIGHT_SPEED
        first, last = np.searchsorted(wavelength, [centre - 5 * sigma, centre + 5 * sigma])
        if width <= 0 or first == last:
            continue
        depth = min(width / (sigma * np.sqrt(2 * np.pi)), _DEEPEST)
        left[first:last] *= 1 - depth * np.exp(-0.5 * ((wavelength[first:last] - centre) / sigma) ** 2)
    return left
