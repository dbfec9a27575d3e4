"""MOONS1D simulator files: DATA_, ERR_, QUAL_ and Sky per band, named by the card NAME, not EXTNAME."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.merge import Arm, merge_arms
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "MOONS1D"


def _named(file: FitsFile) -> dict[str, Hdu]:
    return file.once("moons1d names", lambda: _find_names(file))


def _find_names(file: FitsFile) -> dict[str, Hdu]:
    named: dict[str, Hdu] = {}
    for unit in file.hdus[1:]:
        name = (unit.text("NAME") or unit.name).upper()
        if name:
            named.setdefault(name, unit)
    return named


def matches(file: FitsFile) -> bool:
    """Look for a DATA_ image with an ERR_ partner; or the simulator's own name in the primary header."""
    if file.primary.text("INST") == "MOONS_SIM":
        return True
    named = _named(file)
    return any(name.startswith("DATA_") and f"ERR_{name[5:]}" in named for name in named)


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one spectrum."""
    return [(0, file.primary.text("OBNAME", "OBJECT") or file.stem)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Join the bands in order of wavelength, every pixel kept.

    QUAL marks bright sky (the simulator's own sky mask), not bad pixels: each bundle masks sky by its own
    threshold, so it is not applied here.
    """
    file.demand_whole()
    named = _named(file)
    arms = []
    unit_text = ""
    for name, data in named.items():
        if not name.startswith("DATA_"):
            continue
        error = named.get(f"ERR_{name[5:]}")
        if error is None:
            raise UnreadableSpectrumError(
                f"band {name[5:]} has no errors (ERR_{name[5:]}): the file is damaged"
            )
        unit_text = unit_text or data.text("TUNIT2", "BUNIT")
        arms.append(_arm(data, error))
    if not arms:
        raise UnreadableSpectrumError(
            "the MOONS1D file holds no band (no image named DATA_RI, DATA_YJ or DATA_H)"
        )
    merged = merge_arms(arms)
    primary = file.primary
    facts = {
        "instrument": primary.text("INST"),
        "mode": primary.text("R_MODE"),
        "bands": " ".join(sorted(name[5:] for name in named if name.startswith("DATA_"))),
        **moons_exposure(primary.number("NDIT"), primary.number("DIT")),
    }
    return RawSpectrum(
        wavelength=merged.wavelength,
        flux=merged.flux,
        noise=merged.ivar,
        noise_kind="ivar",
        flux_unit=unit_text,
        usual_flux_unit="erg / (s cm2 Angstrom)",
        metadata=facts,
    )


def moons_exposure(ndit: float | None, dit: float | None) -> dict[str, float]:
    """Exposure time [s] and hours from number and length of the integrations."""
    if ndit is None or dit is None:
        return {}
    return {"exposure_time": ndit * dit, "hours": ndit * dit / 3600.0}


def _arm(data: Hdu, error: Hdu) -> Arm:
    flux = np.asarray(data.image(), dtype=np.float64)
    sigma = np.asarray(error.image(), dtype=np.float64)
    start, step = data.number("CRVAL1"), data.number("CDELT1", "CD1_1")
    if flux.ndim != 1 or flux.shape != sigma.shape or start is None or not step:
        raise UnreadableSpectrumError("a MOONS1D band has no wavelength scale or its errors differ in length")
    reference = data.number("CRPIX1")
    wavelength = _scale(start, step, 1.0 if reference is None else reference, flux.size)
    return Arm(wavelength, *weighted(flux, sigma))


@lru_cache(maxsize=16)
def _scale(start: float, step: float, reference: float, pixels: int) -> np.ndarray:
    """Lay out a band's wavelengths (pixels,), the same for all files of a survey; nobody writes to them."""
    wavelength = start + step * (np.arange(pixels, dtype=np.float64) + 1.0 - reference)
    wavelength.flags.writeable = False
    return wavelength


def weighted(flux: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flux and inverse variance, both 0 where either is unusable."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ivar = 1.0 / sigma / sigma
        # Sums tell it in a quarter of the time; where one is not finite, each pixel is asked.
        if sigma.size and sigma.min() > 0 and np.isfinite(ivar.sum() + flux.sum()):
            return flux, ivar
    good = (sigma > 0) & np.isfinite(ivar) & np.isfinite(flux)
    if good.all():
        return flux, ivar
    return np.where(good, flux, 0.0), np.where(good, ivar, 0.0)
