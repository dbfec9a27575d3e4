"""Noise-free spectra of stars: the library of Pickles (1998) sharpened, white dwarfs, carbon stars and brown dwarfs.

The library's resolving power is about 500. What lies below it (the narrow lines) is taken from stellar populations of a
matching temperature (Bruzual & Charlot 2003, MILES), as the ratio of the sharp to the smoothed spectrum.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtop_gui.core.resources import resource_path
from mtop_gui.simulation.templates import LIGHT_SPEED, PIXEL_VELOCITY, load_templates

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

_LIBRARY_SIGMA = 255.0  # km/s: R = 500
_RADIAL_VELOCITY = 110.0  # km/s, dispersion along a sight line through disc and halo
# what a faint field holds: name -> (share, first letters of the library's names, luminosity classes)
_FIELD: Final = {
    "OB": (0.04, "ob", ()),
    "A": (0.08, "a", ()),
    "F": (0.14, "f", ()),
    "G": (0.16, "g", ()),
    "K": (0.18, "k", ()),
    "M": (0.17, "m", ("v",)),
    "giant": (0.07, "m", ("iii", "ii", "i")),
    "white dwarf": (0.07, "", ()),
    "carbon": (0.03, "", ()),
    "brown dwarf": (0.06, "", ()),
}
STAR_TYPES: Final = tuple(_FIELD)
# populations whose narrow lines stand for a type's: age [yr], log Z/Z⊙, strength
_DETAIL: Final = {
    "OB": (8e6, 0.0, 1.0),
    "A": (3e8, 0.0, 1.0),
    "F": (2e9, -0.7, 1.0),
    "G": (8e9, -0.4, 1.0),
    "K": (1e10, 0.0, 1.3),
    "M": (1e10, 0.4, 1.2),
    "giant": (1e10, 0.4, 1.0),
}
_BALMER: Final = (6564.61, 4862.69, 4341.68, 4102.89, 3971.2, 3890.15, 3836.47, 3798.98)
_HELIUM: Final = (3889.7, 4027.3, 4472.7, 4714.5, 4923.3, 5017.1, 5877.2, 6679.9, 7067.2, 10833.3)
# band heads [Å], their depth relative to the strongest, extent [Å]; negative: towards the blue
_CARBON_HEADS: Final = (
    (4383.0, 0.5, -120.0), (4738.0, 0.9, -200.0), (5166.5, 1.0, -260.0), (5637.0, 0.8, -250.0), (6192.0, 0.5, -250.0),
    (6927.0, 0.4, 220.0), (7880.0, 0.6, 260.0), (9150.0, 0.7, 350.0), (10930.0, 0.6, 400.0), (14080.0, 0.5, 600.0),
    (17670.0, 0.5, -700.0),
)  # fmt: skip
# brown dwarfs: alkali lines and hydrides (centre or head, depth, width) and water bands (from, to, depth)
_ALKALI: Final = ((5893.0, 3.0, 180.0), (7680.0, 4.0, 170.0), (8190.0, 0.8, 8.0), (8523.0, 0.8, 7.0), (7802.0, 0.8, 9.0),
                  (11690.0, 0.6, 12.0), (11775.0, 0.6, 12.0), (12435.0, 0.5, 10.0), (12525.0, 0.6, 10.0))  # fmt: skip
_HYDRIDES: Final = ((8612.0, 0.35, 90.0), (8693.0, 0.35, 90.0), (9898.0, 0.55, 200.0), (11940.0, 0.3, 200.0),
                    (15830.0, 0.15, 700.0))  # fmt: skip
_WATER: Final = (
    (9250.0, 9700.0, 0.4),
    (11150.0, 11700.0, 0.4),
    (13300.0, 15000.0, 0.9),
    (17500.0, 19500.0, 0.9),
)


@cache
def _library() -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    with np.load(resource_path("stars", "pickles.npz"), allow_pickle=False) as table:
        return table["wavelength"], table["flux"].astype(np.float64), tuple(str(n) for n in table["names"])


@cache
def _narrow_lines(kind: str) -> tuple[FloatArray, FloatArray]:
    """Give rest wavelengths and the factor that puts the narrow lines back."""
    templates = load_templates()
    age, log_metallicity, strength = _DETAIL[kind]
    row = int(np.argmin(np.abs(templates.log_metallicity - log_metallicity)))
    column = int(np.searchsorted(templates.age_edges, age)) - 1
    spectrum = templates.spectra[row, column].astype(np.float64)
    smooth = gaussian_filter1d(spectrum, _LIBRARY_SIGMA / PIXEL_VELOCITY, mode="nearest")
    # the grid is sharp up to 9000 Å only
    sharp = templates.wavelength < 9000.0
    return templates.wavelength, np.where(sharp, spectrum / smooth, 1.0) ** strength


@cache
def _members(kind: str) -> tuple[int, ...]:
    """Give the rows of the library that belong to a type."""
    _, letters, classes = _FIELD[kind]

    def fits(name: str) -> bool:
        return name[0] in letters and (not classes or name.lstrip("m0123456789p") in classes)

    return tuple(i for i, name in enumerate(_library()[2]) if fits(name))


def planck(wavelength: FloatArray, temperature: float) -> FloatArray:
    """Give the shape of a black body [per Å], its largest value 1."""
    x = 1.438777e8 / (wavelength * temperature)
    shape = wavelength**-5 / np.expm1(np.minimum(x, 500.0))
    return np.asarray(shape / shape.max())


def reddening(wavelength: FloatArray, colour_excess: float) -> FloatArray:
    """Give the fraction of light that passes dust of E(B-V): R_V = 3.1, A ∝ λ^-1.3 around V."""
    return np.asarray(10 ** (-0.4 * 3.1 * colour_excess * (wavelength / 5500.0) ** -1.3))


def draw_star(rng: np.random.Generator, wavelength: FloatArray) -> tuple[FloatArray, str, float]:
    """Draw one star of the field.

    Parameters
    ----------
    wavelength : (n,) vacuum Å between 3400 and 18500, observed.

    Returns
    -------
    (n,) flux density of any scale; the type, of `STAR_TYPES`; the radial velocity as a redshift.
    """
    shares = np.array([share for share, _, _ in _FIELD.values()])
    kind = str(rng.choice(STAR_TYPES, p=shares / shares.sum()))
    velocity = float(np.clip(rng.standard_t(4) * _RADIAL_VELOCITY, -600.0, 600.0))
    rest = wavelength / (1 + velocity / LIGHT_SPEED)
    flux = _SPECIAL[kind](rng, rest) if kind in _SPECIAL else _from_library(rng, rest, kind)
    return flux * reddening(wavelength, min(rng.exponential(0.08), 1.0)), kind, velocity / LIGHT_SPEED


def _from_library(rng: np.random.Generator, rest: FloatArray, kind: str) -> FloatArray:
    """Mix two neighbours of the library and sharpen them."""
    table, spectra, _ = _library()
    first, second = rng.choice(_members(kind), 2)
    share = rng.uniform(0.0, 0.3)
    flux = np.interp(rest, table, (1 - share) * spectra[first] + share * spectra[second])
    fine, factor = _narrow_lines(kind)
    detail = np.interp(rest, fine, factor, left=1.0, right=1.0)
    return np.asarray(flux * detail ** rng.uniform(0.7, 1.2))


def _white_dwarf(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Draw a black body with pressure-broadened hydrogen (most), helium, or no lines."""
    temperature = 10 ** rng.uniform(np.log10(6500.0), np.log10(40000.0))
    flux = planck(rest, temperature)
    sort = rng.random()
    if sort > 0.9:
        return flux
    lines, reach = (_BALMER, 1.0) if sort < 0.75 else (_HELIUM, 0.5)
    # hydrogen is deepest near 12,000 K
    depth = rng.uniform(0.7, 1.3) * np.exp(-0.5 * (np.log(temperature / 12000.0) / 0.55) ** 2) + 0.05
    for order, centre in enumerate(lines):
        width = reach * rng.uniform(0.9, 1.1) * (22.0 if reach < 1 else 30.0 - 2.0 * order)
        flux *= np.exp(-depth * 0.9**order / (1 + (np.abs(rest - centre) / width) ** 1.7))
    return flux


def _band(rest: FloatArray, head: float, extent: float) -> FloatArray:
    """Give a molecular band: sharp at its head, fading over `extent` Å (negative: to the blue)."""
    into = (rest - head) / extent
    edge = 1 / (1 + np.exp(-np.clip(into * 60, -50, 50)))
    return np.asarray(np.exp(-np.clip(into, 0, 50)) * edge)


def _carbon(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Draw a carbon star: a K star behind the bands of C2 and CN."""
    flux = _from_library(rng, rest, "K")
    strength = rng.uniform(0.4, 1.8)
    for head, depth, extent in _CARBON_HEADS:
        flux *= np.exp(-strength * depth * rng.uniform(0.7, 1.3) * _band(rest, head, extent))
    return flux


def _brown_dwarf(rng: np.random.Generator, rest: FloatArray) -> FloatArray:
    """Draw an L dwarf: alkali wings, hydrides, water; nearly black in the blue."""
    flux = planck(rest, rng.uniform(1500.0, 2300.0))
    strength = rng.uniform(0.5, 1.5)
    for centre, depth, width in _ALKALI:
        flux *= np.exp(-strength * depth / (1 + ((rest - centre) / width) ** 2))
    for head, depth, extent in _HYDRIDES:
        flux *= np.exp(-strength * depth * _band(rest, head, extent))
    for low, high, depth in _WATER:
        edges = 1 / (1 + np.exp(-(rest - low) / 60)) - 1 / (1 + np.exp(-(rest - high) / 60))
        flux *= np.exp(-strength * depth * edges)
    return flux


_SPECIAL: Final = {"white dwarf": _white_dwarf, "carbon": _carbon, "brown dwarf": _brown_dwarf}
