"""Mock galaxies: a drawn population with its labels, and their noise-free spectra on an Instrument."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.simulation.dust import draw_attenuation, draw_line_excess, transmission
from mtop_gui.simulation.emission import (
    L_SUN,
    draw_gas_sigma,
    draw_outflows,
    emission_lines,
    line_luminosities,
)
from mtop_gui.simulation.histories import draw_histories
from mtop_gui.simulation.population import draw_candidates, draw_sizes, luminosity_distance_cm
from mtop_gui.simulation.spectra import galaxy_spectra
from mtop_gui.simulation.templates import LIGHT_SPEED, load_templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.simulation.population import Candidates
    from mtop_gui.simulation.templates import Templates

__all__ = ["Galaxies", "draw_galaxies", "galaxy_spectra", "select"]

H_BAND = (14900.0, 17800.0)  # Å, top hat
I_BAND = (6900.0, 8200.0)
REDSHIFT_RANGE = (0.7, 2.95)
MAG_LIMIT = 25.0
MASS_LIMIT = 9.0  # log M⊙
FAINTEST = 27.0
_BATCH = 4096


@dataclass(frozen=True, eq=False)
class Galaxies:
    """A drawn population; every array has the galaxies along its first axis.

    Attributes
    ----------
    redshift, logmass, logsfr : labels (log M⊙, log M⊙/yr).
    mag_h, mag_i : AB magnitudes of the noise-free spectrum in H (1.49-1.78 µm) and i (0.69-0.82 µm), lines included.
    halpha_flux : erg/s/cm², after dust, before fibre loss.
    radius_arcsec, sersic : half-light radius and Sérsic index (1 or 4).
    quiescent, active : drawn from the quiescent mass function; has a narrow-line nucleus.
    line_fluxes : (n, n_lines) erg/s/cm², after dust.
    gas_sigma, stellar_sigma : km/s.
    attenuation : A(V) of the stars, mag.
    log_metallicity : log Z/Z⊙ of the stars.
    formed_mass : (n, n_age) M⊙ per age bin of the templates.
    outflow_widths, outflow_velocity, outflow_sigma : (n, n_outflow_lines) rest Å; km/s; km/s.
    line_names : names of the columns of `line_fluxes`.
    """

    redshift: FloatArray
    logmass: FloatArray
    logsfr: FloatArray
    mag_h: FloatArray
    mag_i: FloatArray
    halpha_flux: FloatArray
    radius_arcsec: FloatArray
    sersic: FloatArray
    quiescent: BoolArray
    active: BoolArray
    line_fluxes: FloatArray
    gas_sigma: FloatArray
    stellar_sigma: FloatArray
    attenuation: FloatArray
    log_metallicity: FloatArray
    formed_mass: FloatArray
    outflow_widths: FloatArray
    outflow_velocity: FloatArray
    outflow_sigma: FloatArray
    line_names: tuple[str, ...]

    def __len__(self) -> int:
        """Count the galaxies."""
        return int(self.redshift.size)


def draw_galaxies(
    rng: np.random.Generator,
    n: int,
    *,
    redshift_range: tuple[float, float] = REDSHIFT_RANGE,
    mag_limit: float = MAG_LIMIT,
    mass_limit: float = MASS_LIMIT,
    grid: Path | None = None,
) -> Galaxies:
    """Draw `n` galaxies with m_H < `mag_limit` or log M* > `mass_limit` (Ginolfi+25, Sect. 2).

    Raises
    ------
    SimulationError : the stellar templates are missing.
    """

    def candidates() -> Candidates:
        return draw_candidates(rng, _BATCH, redshift_range)

    def wanted(batch: Galaxies) -> BoolArray:
        bright = (batch.mag_h < mag_limit) | (batch.logmass > mass_limit)
        return np.asarray(bright & (batch.mag_h < FAINTEST))

    return draw_selected(rng, n, candidates, wanted, grid=grid)


def draw_selected(
    rng: np.random.Generator,
    n: int,
    candidates: Callable[[], Candidates],
    wanted: Callable[[Galaxies], BoolArray],
    *,
    grid: Path | None = None,
) -> Galaxies:
    """Draw until `n` galaxies pass a selection on their light.

    Parameters
    ----------
    candidates : draws a batch of galaxies to choose from.
    wanted : tells which of a completed batch to keep.

    Raises
    ------
    SimulationError : the stellar templates are missing.
    """
    templates = load_templates(grid)
    batches: list[Galaxies] = []
    missing = n
    while missing > 0:
        batch = _complete(rng, candidates(), templates)
        kept = np.flatnonzero(wanted(batch))[:missing]
        batches.append(select(batch, kept))
        missing -= kept.size
    return concatenate(batches)


def select(galaxies: Galaxies, indices: np.ndarray) -> Galaxies:
    """Give the galaxies at `indices`, in that order."""
    values = {field.name: getattr(galaxies, field.name) for field in fields(galaxies)}
    return Galaxies(**{k: v if k == "line_names" else v[indices] for k, v in values.items()})


def concatenate(batches: list[Galaxies]) -> Galaxies:
    """Join populations in order."""
    names = [field.name for field in fields(Galaxies) if field.name != "line_names"]
    joined = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
    return Galaxies(**joined, line_names=batches[0].line_names)


def _complete(rng: np.random.Generator, drawn: Candidates, templates: Templates) -> Galaxies:
    """Give candidates their stars, dust, gas, size and magnitude."""
    log_metallicity = _draw_stellar_metallicity(rng, drawn)
    formed = draw_histories(rng, drawn, templates, log_metallicity)
    attenuation = draw_attenuation(rng, drawn.logmass, drawn.main_sequence_offset, drawn.quiescent)
    excess = draw_line_excess(rng, drawn.redshift)
    luminosities, active = line_luminosities(rng, drawn)
    lines = emission_lines()
    rest = np.array([line.wavelength for line in lines])
    escaping = luminosities * transmission(attenuation * excess, rest)
    line_fluxes = escaping / _sphere(drawn.redshift)[:, None]
    radius, sersic = draw_sizes(rng, drawn)
    widths, velocity, sigma = draw_outflows(rng, drawn)
    names = tuple(line.name for line in lines)
    stars = templates.combine_coarse(formed, log_metallicity)

    def magnitude(band: tuple[float, float]) -> FloatArray:
        return _magnitude(band, drawn.redshift, stars, attenuation, line_fluxes, templates.coarse_edges)

    return Galaxies(
        redshift=drawn.redshift,
        logmass=drawn.logmass,
        logsfr=drawn.logsfr,
        mag_h=magnitude(H_BAND),
        mag_i=magnitude(I_BAND),
        halpha_flux=line_fluxes[:, names.index("Hα 6565")],
        radius_arcsec=radius,
        sersic=sersic,
        quiescent=drawn.quiescent,
        active=active,
        line_fluxes=line_fluxes,
        gas_sigma=draw_gas_sigma(rng, drawn.logmass),
        stellar_sigma=_draw_stellar_sigma(rng, drawn),
        attenuation=attenuation,
        log_metallicity=log_metallicity,
        formed_mass=formed,
        outflow_widths=widths,
        outflow_velocity=velocity,
        outflow_sigma=sigma,
        line_names=names,
    )


def _draw_stellar_metallicity(rng: np.random.Generator, drawn: Candidates) -> FloatArray:
    """Follow Gallazzi+05 with mass, 0.1 dex lower per unit redshift, 0.15 dex scatter."""
    mean = np.interp(
        drawn.logmass, [8.0, 9.0, 9.5, 10.0, 10.5, 11.0, 11.5], [-1.0, -0.6, -0.5, -0.3, -0.05, 0.1, 0.15]
    )
    scatter = 0.15 * rng.standard_normal(drawn.logmass.size)
    return np.clip(mean - 0.1 * (drawn.redshift - 0.2) + scatter, -1.7, 0.4)


def _draw_stellar_sigma(rng: np.random.Generator, drawn: Candidates) -> FloatArray:
    """Follow the mass Faber-Jackson relation [km/s] (Bezanson+13 for the passive), 0.08 dex scatter."""
    passive = 2.32 + 0.29 * (drawn.logmass - 11)
    forming = 2.15 + 0.22 * (drawn.logmass - 11)
    scatter = 0.08 * rng.standard_normal(drawn.logmass.size)
    return np.clip(10 ** (np.where(drawn.quiescent, passive, forming) + scatter), 30.0, 400.0)


def _sphere(redshift: FloatArray) -> FloatArray:
    return 4 * np.pi * luminosity_distance_cm(redshift) ** 2


def _magnitude(
    band: tuple[float, float],
    redshift: FloatArray,
    stars: FloatArray,
    attenuation: FloatArray,
    line_fluxes: FloatArray,
    edges: FloatArray,
) -> FloatArray:
    """Give AB magnitudes in a photon-counting top hat from coarse starlight (n, n_coarse) [L⊙/Å] and the lines."""
    centre = np.sqrt(edges[1:] * edges[:-1])
    stretch = 1 + redshift[:, None]
    low, high = (np.asarray(limit) / stretch for limit in band)
    overlap = np.maximum(0.0, np.minimum(edges[1:], high) - np.maximum(edges[:-1], low))
    flux_lambda = stars * transmission(attenuation, centre) * L_SUN / (_sphere(redshift)[:, None] * stretch)
    photons = np.sum(flux_lambda * (centre * stretch) * (overlap * stretch), axis=1)
    observed = np.array([line.wavelength for line in emission_lines()]) * stretch
    within = (observed > band[0]) & (observed < band[1])
    photons += np.sum(line_fluxes * observed * within, axis=1)
    light_speed = LIGHT_SPEED * 1e13  # Å/s
    flux_nu = photons / (light_speed * np.log(band[1] / band[0]))
    return np.asarray(-2.5 * np.log10(flux_nu) - 48.6)
