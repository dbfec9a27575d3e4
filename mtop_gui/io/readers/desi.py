"""DESI coadd and spectra files: images per arm, one row per spectrum, and the FIBERMAP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.io.merge import Arm, merge_arms
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu

LAYOUT = "DESI coadd/spectra"
_ARM = re.compile(r"^(B|R|Z|BRZ|BR|RZ|[BRZ]\d)_WAVELENGTH$")


def _arms(file: FitsFile) -> list[str]:
    names = {unit.name for unit in file.hdus}
    found = (_ARM.match(name) for name in names)
    return sorted(hit[1] for hit in found if hit and f"{hit[1]}_FLUX" in names)


def matches(file: FitsFile) -> bool:
    """Look for at least one arm with WAVELENGTH and FLUX images."""
    return bool(_arms(file))


def _count(file: FitsFile) -> int:
    unit = _unit(file, f"{_arms(file)[0]}_FLUX")
    return 1 if len(unit.shape) == 1 else unit.shape[0]


def heads(file: FitsFile) -> list[tuple[int, str]]:
    """List one per fibre or target, named by TARGETID."""
    count = _count(file)
    fibermap = file.find("FIBERMAP", "B_FIBERMAP", "COADD_FIBERMAP")
    if fibermap is not None and "TARGETID" in fibermap.columns and fibermap.rows == count and fibermap.whole:
        return [(row, str(name)) for row, name in enumerate(fibermap.column("TARGETID"))]
    return [(row, f"{file.stem} {row}") for row in range(count)]


def load(file: FitsFile, row: int) -> RawSpectrum:
    """Join the arms; an absent arm, or one without data for this fibre, is left out and noted."""
    file.demand_whole()
    present, empty, unit_text = [], [], ""
    for name in _arms(file):
        arm = _arm(file, name, row)
        unit_text = unit_text or _unit(file, f"{name}_FLUX").text("BUNIT")
        if (arm.ivar > 0).any():
            present.append(arm)
        else:
            empty.append(name)
    if not present:
        raise UnreadableSpectrumError(
            "all arms have zero inverse variance: the pipeline rejected this fibre, there is nothing to show"
        )
    merged = merge_arms(present)
    missing = sorted(({"B", "R", "Z"} - set(_arms(file))) | set(empty)) if "BRZ" not in _arms(file) else []
    facts, ra, dec = _target(file, row)
    return RawSpectrum(
        wavelength=merged.wavelength,
        flux=merged.flux,
        noise=merged.ivar,
        noise_kind="ivar",
        flux_unit=unit_text,
        usual_flux_unit="1e-17 erg/(s cm2 Angstrom)",
        ra=ra,
        dec=dec,
        metadata=facts,
        notes=(f"arm {' and '.join(missing)} missing",) if missing else (),
    )


def _unit(file: FitsFile, name: str) -> Hdu:
    unit = file.find(name)
    if unit is None:
        raise UnreadableSpectrumError(f"the DESI file lacks {name}: it is damaged")
    return unit


def _row(unit: Hdu, row: int) -> Any:
    return unit.image() if len(unit.shape) == 1 else unit.image_row(row)


def _arm(file: FitsFile, name: str, row: int) -> Arm:
    wavelength = np.asarray(_unit(file, f"{name}_WAVELENGTH").image(), dtype=np.float64)
    flux = np.asarray(_row(_unit(file, f"{name}_FLUX"), row), dtype=np.float64)
    ivar = np.asarray(_row(_unit(file, f"{name}_IVAR"), row), dtype=np.float64)
    if not wavelength.shape == flux.shape == ivar.shape:
        raise UnreadableSpectrumError(f"arm {name} has arrays of different length: the file is damaged")
    good = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
    mask = file.find(f"{name}_MASK")
    if mask is not None:
        good &= np.asarray(_row(mask, row)) == 0
    return Arm(wavelength, np.where(good, flux, 0.0), np.where(good, ivar, 0.0))


def _target(file: FitsFile, row: int) -> tuple[dict[str, Any], float | None, float | None]:
    """Facts and position from FIBERMAP, and redrock's answer where the file carries it."""
    facts: dict[str, Any] = {
        "instrument": "DESI",
        "telescope": "Mayall",
        "survey": file.primary.text("SURVEY"),
    }
    fibermap = file.find("FIBERMAP", "B_FIBERMAP", "COADD_FIBERMAP")
    if fibermap is None or fibermap.rows <= row:
        return facts, None, None
    for word, column in {
        "object_type": "OBJTYPE",
        "exposure_time": "COADD_EXPTIME",
        "fibre": "FIBER",
        "fibre_status": "COADD_FIBERSTATUS",
        "night": "NIGHT",
        "expid": "EXPID",
        "tile": "TILEID",
    }.items():
        if column in fibermap.columns:
            facts[word] = fibermap.cell(column, row)
    ra, dec = (
        float(fibermap.cell(column, row)) if column in fibermap.columns else None
        for column in ("TARGET_RA", "TARGET_DEC")
    )
    redshifts = file.find("REDSHIFTS", "ZBEST", "ZCATALOG")
    if (
        redshifts is not None
        and "TARGETID" in fibermap.columns
        and {"TARGETID", "Z"} <= set(redshifts.columns)
    ):
        facts |= _redrock(redshifts, int(fibermap.cell("TARGETID", row)))
    return facts, ra, dec


def _redrock(redshifts: Hdu, target: int) -> dict[str, Any]:
    found = np.flatnonzero(redshifts.column("TARGETID") == target)
    if not found.size:
        return {}
    columns = {"pipeline_z": "Z", "pipeline_class": "SPECTYPE", "pipeline_zwarning": "ZWARN"}
    return {
        word: redshifts.cell(column, int(found[0]))
        for word, column in columns.items()
        if column in redshifts.columns
    }
