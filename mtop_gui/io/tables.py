"""Spectra in table columns: one pixel per row, or one spectrum per row with arrays in its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.io.headers import (
    FLUX_NAMES,
    LOG_WAVE_NAMES,
    MASK_NAMES,
    WAVE_NAMES,
    first_name,
    medium_of,
    noise_column,
    unit_in_name,
)
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.io.fitsfile import FitsFile
    from mtop_gui.io.hdu import Hdu
    from mtop_gui.io.raw import Medium, NoiseKind


@dataclass(frozen=True)
class Layout:
    """Which column of a table is what (upper-case names)."""

    wave: str
    flux: str
    noise: str | None
    noise_kind: NoiseKind
    mask: str | None

    @property
    def log10(self) -> bool:
        """Whether the wavelength column holds log10 λ."""
        return self.wave in LOG_WAVE_NAMES


def find_layout(unit: Hdu) -> Layout | None:
    """Recognise wavelength, flux, noise and mask by their names and, where those fail, by IVOA utypes."""
    columns = unit.columns
    wave = first_name(columns, WAVE_NAMES + LOG_WAVE_NAMES) or _by_utype(unit, "spectralaxis.value")
    flux = first_name(columns, FLUX_NAMES) or _by_utype(unit, "fluxaxis.value")
    if wave is None or flux is None or wave == flux:
        return None
    noise = noise_column(columns, flux)
    if noise is None:
        named = _by_utype(unit, "fluxaxis.accuracy.staterror")
        noise = (named, "error") if named else None
    return Layout(
        wave=wave,
        flux=flux,
        noise=noise[0] if noise else None,
        noise_kind=noise[1] if noise else "error",
        mask=first_name(columns, MASK_NAMES),
    )


def _by_utype(unit: Hdu, ending: str) -> str | None:
    for name in unit.columns:
        utype = unit.column_card(name, "TUTYP").lower().replace(",", ".")
        if utype.endswith(ending):
            return name
    return None


def cells_are_arrays(unit: Hdu, column: str) -> bool:
    """Tell whether each row of the table is a spectrum of its own."""
    form = re.match(r"(\d*)([A-Z])", unit.column_card(column, "TFORM").upper())
    return form is not None and form[2] != "A" and (form[2] in "PQ" or int(form[1] or 1) > 1)


def spectra_in(unit: Hdu, layout: Layout) -> int:
    """Count the spectra the table holds."""
    return unit.rows if cells_are_arrays(unit, layout.flux) else 1


def take(unit: Hdu, name: str, layout: Layout, row: int) -> Any:
    """Give the values of one spectrum: a cell of arrays, or the whole column."""
    if cells_are_arrays(unit, layout.flux) and cells_are_arrays(unit, name):
        return unit.cell(name, row)
    return unit.column(name)


def table_spectrum(
    file: FitsFile,
    unit: Hdu,
    layout: Layout,
    row: int,
    *,
    medium: Medium = "vacuum",
    bad: Any = None,
    usual_flux_unit: str = "",
    ra: float | None = None,
    dec: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    notes: tuple[str, ...] = (),
) -> RawSpectrum:
    """Take one spectrum out of a table whose Layout is known; `usual_flux_unit` counts where the column names none."""
    given = unit.unit(layout.flux) or unit.text("BUNIT", "FLUXUNIT") or file.primary.text("BUNIT", "FLUXUNIT")
    return RawSpectrum(
        wavelength=take(unit, layout.wave, layout, row),
        wavelength_unit=unit.unit(layout.wave)
        or unit.text("WAVEUNIT", "WUNIT")
        or file.primary.text("WAVEUNIT")
        or unit_in_name(layout.wave),
        log10=layout.log10,
        medium=medium_of(
            unit,
            medium_of(file.primary, medium, layout.wave),
            layout.wave,
            unit.unit(layout.wave),
            unit.column_card(layout.wave, "TUCD"),
        ),
        flux=take(unit, layout.flux, layout, row),
        noise=take(unit, layout.noise, layout, row) if layout.noise else None,
        noise_kind=layout.noise_kind,
        bad=bad,
        flux_unit=given,
        usual_flux_unit=usual_flux_unit,
        ra=ra,
        dec=dec,
        metadata=metadata or {},
        notes=notes,
    )


def flagged(unit: Hdu, column: str | None, layout: Layout, row: int) -> Any:
    """Tell the pixels whose mask column is not zero; None when there is none, it is no integer, or it flags every pixel."""
    if column is None:
        return None
    values = np.asarray(take(unit, column, layout, row))
    if values.dtype.kind not in "iub":
        return None
    bad = values.reshape(-1) != 0
    return None if bad.all() else bad
