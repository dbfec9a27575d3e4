"""The columns of a line table: what the lines near the best peak of a redshift PDF say, one row per Spectrum."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.catalogue import CatalogueRow
from mtop_gui.core.line_data import LIGHT_SPEED, line_data
from mtop_gui.core.line_fit import LineFit, NoLineFitError, refine
from mtop_gui.core.line_model import LineMeasurement, LineModel, measure_lines
from mtop_gui.core.units import flam_factor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.spectrum import Spectrum

PRINCIPAL_LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "LYA_1216": ("Lyα 1216",),
        "CIV_1549": ("C IV 1549",),
        "HEII_1640": ("He II 1640",),
        "CIII_1909": ("C III] 1909",),
        "MGII_2800": ("Mg II 2796", "Mg II 2804"),
        "OII_3728": ("[O II] 3727", "[O II] 3730"),
        "NEIII_3870": ("[Ne III] 3870",),
        "CAK_3935": ("Ca K 3935",),
        "HGAMMA_4342": ("Hγ 4342",),
        "HBETA_4863": ("Hβ 4863",),
        "OIII_5008": ("[O III] 5008",),
        "HALPHA_6565": ("Hα 6565",),
        "NII_6585": ("[N II] 6585",),
        "SII_6718": ("[S II] 6718",),
        "SII_6733": ("[S II] 6733",),
        "SIII_9533": ("[S III] 9533",),
    }
)
"""Column prefixes (vacuum Å), and the lines of the table that each stands for; the sum of two where few instruments part them."""

QUANTITIES: tuple[str, ...] = ("flux", "flux_err", "snr", "ew", "ew_err")

IDENTITY_TYPES: Mapping[str, type] = MappingProxyType({"file": str, "row": int, "name": str, "z": float})
"""Columns that a line table has in common with the catalogue beside it."""

FIT_TYPES: Mapping[str, type] = MappingProxyType(
    {
        "z_fit": float,
        "z_fit_err": float,
        "z_fit_err_kms": float,
        "line_width_kms": float,
        "line_width_err_kms": float,
        "lines_detected": int,
        "fit_warning": str,
        "flux_unit": str,
        **{f"{prefix}_{quantity}": float for prefix in PRINCIPAL_LINES for quantity in QUANTITIES},
    }
)
"""The other columns of a line table, in order."""

LINE_TABLE_TYPES: Mapping[str, type] = MappingProxyType({**IDENTITY_TYPES, **FIT_TYPES})

FLUX_UNIT = "erg / (s cm2)"
"""Of all line fluxes, where the file names a unit of its flux density."""

WIDTH_STEP = 0.1
"""Step in the natural logarithm of the width by which its error is measured."""
WIDEST_DOUBT = 1.0
"""No error of the logarithm of the width is larger: beyond it the fit would have taken another width."""


@dataclass(frozen=True)
class MeasuredRow(CatalogueRow):
    """A row of a catalogue beside which a line table is written; `lines` are its cells there, without the common ones."""

    lines: Mapping[str, Any] = field(default_factory=dict)


def measured_row(row: CatalogueRow, spectrum: Spectrum) -> MeasuredRow:
    """Fit the lines of a Spectrum near the redshift of its row; nothing is fitted where there is no redshift."""
    return MeasuredRow(**vars(row), lines=line_cells(spectrum, row.z) if np.isfinite(row.z) else {})


def fit_columns(rows: Sequence[CatalogueRow]) -> dict[str, list[Any]]:
    """Give the columns of `FIT_TYPES`; None where nothing was measured, "" and 0 in texts and counts."""
    empty = {name: {str: "", int: 0, float: None}[kind] for name, kind in FIT_TYPES.items()}
    cells = [row.lines if isinstance(row, MeasuredRow) else {} for row in rows]
    return {name: [some.get(name, nothing) for some in cells] for name, nothing in empty.items()}


def column_units(flux_units: set[str]) -> dict[str, str]:
    """Give the units of a line table's columns; those of the fluxes only where all rows have the same (`flux_unit`)."""
    units = {name: "km / s" for name in FIT_TYPES if name.endswith("_kms")}
    units |= {f"{prefix}_{name}": "Angstrom" for prefix in PRINCIPAL_LINES for name in ("ew", "ew_err")}
    if len(flux_units) == 1 and (unit := next(iter(flux_units))):
        units |= {f"{prefix}_{name}": unit for prefix in PRINCIPAL_LINES for name in ("flux", "flux_err")}
    return units


def line_cells(spectrum: Spectrum, redshift: float) -> dict[str, Any]:
    """Fit the known lines near a redshift, as the window does, and give the cells of a line table.

    Fluxes are in `FLUX_UNIT`, per wavelength and per frequency alike, and equivalent widths in rest-frame Å, positive in
    emission; an emission line is never negative, nor one in absorption positive. `<line>_snr` is the significance at the
    fitted redshift and width; `<line>_flux_err` and `<line>_ew_err` also hold what the error of the width is worth.

    Parameters
    ----------
    redshift : fits begin here.

    Returns
    -------
    Cells by column of `FIT_TYPES`; those of lines that are not covered are left out, and where nothing fits all but
    `fit_warning`, which says why.
    """
    try:
        fit = refine(spectrum, redshift)
        return _cells(spectrum, fit)
    except NoLineFitError as refusal:
        return {"fit_warning": str(refusal)}
    except (ValueError, FloatingPointError, np.linalg.LinAlgError) as trouble:
        return {"fit_warning": f"The lines cannot be fitted: {trouble}"}


def _cells(spectrum: Spectrum, fit: LineFit) -> dict[str, Any]:
    doubt, slopes = _width_doubt(spectrum, fit)
    cells: dict[str, Any] = {
        "z_fit": fit.redshift,
        "z_fit_err": fit.error,
        "z_fit_err_kms": LIGHT_SPEED * fit.error / (1.0 + fit.redshift),
        "line_width_kms": fit.width,
        "line_width_err_kms": fit.width * doubt,
        "lines_detected": len(fit.detected),
        "fit_warning": fit.warning,
    }
    measured = _by_members(fit.model)
    known = {prefix: measured[members] for prefix, members in PRINCIPAL_LINES.items() if members in measured}
    places = np.array([line.observed_wavelength for line in known.values()])
    factors = flam_factor(spectrum.flux_unit, places)
    if factors is not None:
        cells["flux_unit"] = FLUX_UNIT
    elif spectrum.flux_unit:
        cells["flux_unit"] = f"{spectrum.flux_unit} Angstrom"
    scales = np.ones(places.size) if factors is None else factors
    for (prefix, line), scale in zip(known.items(), scales.tolist(), strict=True):
        share = doubt * slopes.get(line.members, 0.0)  # of the flux, in `flux_unit`·Å
        ratio = line.equivalent_width / line.flux if line.flux else 0.0
        values = (
            line.flux * scale,
            float(np.hypot(line.flux_err, share)) * scale,
            line.snr,
            line.equivalent_width,
            float(np.hypot(line.equivalent_width_err, share * ratio)),
        )
        cells |= {f"{prefix}_{name}": value for name, value in zip(QUANTITIES, values, strict=True)}
    return cells


def _by_members(model: LineModel) -> dict[tuple[str, ...], LineMeasurement]:
    """Give every line by itself, and the features of several."""
    return {line.members: line for line in (*model.features, *model.lines)}


def _width_doubt(spectrum: Spectrum, fit: LineFit) -> tuple[float, dict[tuple[str, ...], float]]:
    """Give the error of the width's logarithm, and the slope of each flux with it.

    The error is that at which chi-square rises by one. A line measured at a width of its own making is known 1.2 times
    worse than one of given width (Lenz & Ayres 1992).
    """
    data = line_data(spectrum)
    narrow, wide = (
        measure_lines(data, fit.redshift, width=fit.width * float(np.exp(by)))
        for by in (-WIDTH_STEP, WIDTH_STEP)
    )
    curvature = 2.0 * fit.model.gain - narrow.gain - wide.gain
    doubt = WIDTH_STEP * float(np.sqrt(2.0 / curvature)) if curvature > 0 else WIDEST_DOUBT
    low, high = _by_members(narrow), _by_members(wide)
    slopes = {
        members: (high[members].flux - low[members].flux) / (2.0 * WIDTH_STEP)
        for members in low.keys() & high.keys()
    }
    return min(doubt, WIDEST_DOUBT), slopes
