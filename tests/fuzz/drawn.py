"""Valid tables with bad contents, drawn; what must be read is worked out here from what was drawn, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from tests.fuzz.judge import Wrong, check_sentence
from tests.io.hand_made import primary, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.core.spectrum import Spectrum

_WAVES = {"": 1.0, "Angstrom": 1.0, "nm": 0.1, "um": 1e-4, "m": 1e-10, "furlong": 1.0}
_ABSURD = ("m", "cm", "km")
_FLUX_UNITS = {
    "erg/s/cm2/Angstrom": "erg / (s cm2 Angstrom)",
    "1e-17 erg/s/cm2/Angstrom": "1e-17 erg / (s cm2 Angstrom)",
    "parsec": "",
    "furlong/s": "",
    "((": "",
}


@dataclass(frozen=True)
class Drawn:
    """What is written: the columns as they stand in the file, and the truth behind them."""

    recipe: str
    wavelength: np.ndarray
    """(n,) Å, as the file's numbers and unit mean them."""
    written: np.ndarray
    """(n,) the numbers of the wavelength column."""
    wave_name: str
    wave_unit: str
    flux: np.ndarray
    flux_unit: str
    noise: np.ndarray
    noise_name: str
    missing: str = ""
    absurd: bool = False


def draw(rng: np.random.Generator) -> tuple[str, Callable[[Path], str]]:
    """Draw a table; give its recipe and the function that writes, reads and judges it."""
    made = _draw(rng)
    return f"drawn: {made.recipe}", lambda folder: _judge(made, folder)


def _draw(rng: np.random.Generator) -> Drawn:
    size = int(rng.choice([0, 1, 2, 3, 7, 60, 200]))
    wavelength = 4000.0 + 1.5 * np.arange(size)
    flux = rng.normal(10, 3, size)
    noise = rng.uniform(0.5, 1.5, size)
    words = [f"{size} pixels"]
    wavelength, order = _disorder(wavelength, rng)
    words.append(order)
    if order == "doubled":
        flux, noise = (np.concatenate([values, values[: size // 3]]) for values in (flux, noise))
    for values, what in ((flux, "flux"), (noise, "noise")):
        words.append(f"{what} {_spoil(values, rng)}")
    if rng.random() < 0.15 and wavelength.size:
        wavelength[rng.integers(wavelength.size, size=2)] = rng.choice([np.nan, np.inf, 0.0, -1.0])
        words.append("some wavelengths unusable")
    unit = str(rng.choice(list(_WAVES)))
    name = str(rng.choice(["WAVE", "WAVELENGTH", "LAMBDA", "LOGLAM"]))
    written, absurd = wavelength * _WAVES[unit], False
    if name == "LOGLAM":
        unit = ""
        with np.errstate(divide="ignore", invalid="ignore"):
            written = np.log10(wavelength)
    elif rng.random() < 0.1:
        unit, written, absurd = str(rng.choice(_ABSURD)), wavelength, True
    noise_name = str(rng.choice(["IVAR", "ERR", "VAR"]))
    flux_unit = str(rng.choice(list(_FLUX_UNITS)))
    missing = str(rng.choice([name, "FLUX", noise_name])) if rng.random() < 0.1 else ""
    words += [f"{name} [{unit}]", f"FLUX [{flux_unit}]", noise_name, f"without {missing}" if missing else ""]
    return Drawn(
        ", ".join(word for word in words if word), wavelength, written, name, unit, flux, flux_unit, noise, noise_name,
        missing, absurd,
    )  # fmt: skip


def _disorder(wavelength: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    order = str(rng.choice(["rising", "rising", "falling", "shuffled", "doubled"]))
    if order == "falling":
        return wavelength[::-1].copy(), order
    if order == "shuffled":
        return rng.permutation(wavelength), order
    if order == "doubled":
        return np.concatenate([wavelength, wavelength[: wavelength.size // 3]]), order
    return wavelength, order


def _spoil(values: np.ndarray, rng: np.random.Generator) -> str:
    how = str(
        rng.choice(["good", "good", "some", "constant", "all zero", "all negative", "all nan", "all inf"])
    )
    if how == "some" and values.size:
        places = rng.integers(values.size, size=int(rng.integers(1, 9)))
        bad = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, -1e300, 1e-200, 5e-324]
        values[places] = rng.choice(bad, places.size)
    elif how == "constant":
        values[:] = 3.0
    elif how.startswith("all"):
        values[:] = {"all zero": 0.0, "all negative": -1.0, "all nan": np.nan, "all inf": np.inf}[how]
    return how


def _judge(made: Drawn, folder: Path) -> str:
    path = folder / "drawn.fits"
    columns = [
        (made.wave_name, "D", made.written, made.wave_unit or None),
        ("FLUX", "D", made.flux, made.flux_unit),
        (made.noise_name, "D", made.noise),
    ]
    kept = [column for column in columns if column[0] != made.missing]
    fits.HDUList([primary(), table(kept)]).writeto(path, overwrite=True)
    try:
        spectrum = io.read_one(path)
    except UnreadableSpectrumError as error:
        check_sentence(error)
        if _readable(made):
            raise Wrong(f"refused though {int(_good(made).sum())} pixels are good: {error}") from error
        return "refused"
    finally:
        path.unlink()
    if made.missing and made.missing != made.noise_name:
        raise Wrong(f"read without {made.missing}")
    if made.absurd:
        if not any("wavelength" in note for note in spectrum.notes):
            raise Wrong(f"wavelengths from {spectrum.wavelength[0]:g} Å and no word about it")
        return "noted"
    _compare(made, spectrum)
    return "equal"


def _ivar(made: Drawn) -> np.ndarray | None:
    """Inverse variance as the column means it; None when there is none to go by, so that it must be estimated."""
    if made.missing == made.noise_name:
        return None
    with np.errstate(all="ignore"):
        positive = np.where(made.noise > 0, made.noise, np.nan)
        if made.noise_name == "IVAR":
            return positive
        if not (np.isfinite(made.noise) & (made.noise > 0)).any() and (made.flux != 0).any():
            return None
        return 1 / positive**2 if made.noise_name == "ERR" else 1 / positive


def _good(made: Drawn) -> np.ndarray:
    good = np.isfinite(made.flux) & np.isfinite(made.wavelength) & (made.wavelength > 0)
    ivar = _ivar(made)
    with np.errstate(invalid="ignore"):
        return good if ivar is None else good & np.isfinite(ivar) & (ivar > 0)


def _readable(made: Drawn) -> bool:
    usable = np.isfinite(made.wavelength) & (made.wavelength > 0)
    several = np.unique(made.wavelength[usable]).size >= 2
    return several and made.missing in ("", made.noise_name) and bool(_good(made).any()) and not made.absurd


def _compare(made: Drawn, spectrum: Spectrum) -> None:
    ivar, good = _ivar(made), _good(made)
    if spectrum.noise_estimated != (ivar is None):
        raise Wrong(f"noise estimated: {spectrum.noise_estimated}")
    usable = np.isfinite(made.wavelength) & (made.wavelength > 0)
    expected = np.unique(made.wavelength[usable])
    if spectrum.wavelength.shape != expected.shape or not np.allclose(
        spectrum.wavelength, expected, rtol=1e-12, atol=0
    ):
        raise Wrong("other wavelengths")
    weight = np.where(good, 1.0 if ivar is None else np.nan_to_num(ivar, posinf=0.0), 0.0)
    for place, value in enumerate(expected):
        here = good & (made.wavelength == value)
        if spectrum.mask[place] != (not here.any()):
            raise Wrong(f"pixel {place} is {'masked' if spectrum.mask[place] else 'not masked'}")
        if here.any():
            share = weight[here] / weight[here].max()
            flux = float((share / share.sum() * made.flux[here]).sum())
            _same(f"flux of pixel {place}", spectrum.flux[place], flux)
            if ivar is not None:
                _same(f"ivar of pixel {place}", spectrum.ivar[place], weight[here].sum())
    if spectrum.flux_unit != _FLUX_UNITS[made.flux_unit]:
        raise Wrong(f"flux unit {spectrum.flux_unit}")
    _demand_notes(spectrum)


def _same(what: str, found: float, expected: float) -> None:
    if not np.isclose(found, expected, rtol=1e-9, atol=0):
        raise Wrong(f"{what} is {found} instead of {expected}")


def _demand_notes(spectrum: Spectrum) -> None:
    """Whatever was assumed is said, and what later steps rely on holds."""
    for assumed, word in (
        (spectrum.noise_estimated, "noise estimated"),
        (not spectrum.flux_unit, "flux unit"),
    ):
        if assumed and not any(word in note for note in spectrum.notes):
            raise Wrong(f"no note about the {word}")
    if (
        not np.isfinite(spectrum.flux).all()
        or (spectrum.ivar < 0).any()
        or spectrum.flux[spectrum.mask].any()
    ):
        raise Wrong("flux or inverse variance is not what later steps rely on")
