"""The rows of a predicted catalogue: one per Spectrum found, in the documented columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from mtop_gui.core.confidence import flag

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum

NAN = float("nan")


@dataclass(frozen=True)
class CatalogueRow:
    """One row of a predicted catalogue; NaN and None mean masked. The fields are the columns, in order."""

    file: str
    row: int
    name: str = ""
    ra: float = NAN
    dec: float = NAN
    z: float = NAN
    z_err: float = NAN
    z_lo: float = NAN
    z_hi: float = NAN
    entropy: float = NAN
    skewness: float = NAN
    pdf_rms: float = NAN
    peak_probability: float = NAN
    z_second: float = NAN
    second_probability: float = NAN
    logmass: float = NAN
    logmass_err: float = NAN
    logsfr: float = NAN
    logsfr_err: float = NAN
    ood: float = NAN
    flagged: bool | None = None
    flag_reason: str = ""
    bundle: str = ""
    error: str = ""


COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(CatalogueRow))
COLUMN_TYPES: dict[str, type] = {
    column.name: {"str": str, "int": int, "float": float, "bool | None": bool}[str(column.type)]
    for column in fields(CatalogueRow)
}
"""What a column holds, so that one without any value is still written as its own type."""


def predicted_row(spectrum: Spectrum, prediction: Prediction, entropy_threshold: float) -> CatalogueRow:
    """Make the row of a Spectrum that was read and predicted.

    Redshift columns stay masked when the bundle may not be asked about this Spectrum (`Prediction.rejection`).
    """
    reason = flag(prediction, entropy_threshold)
    place = {
        "file": str(spectrum.path),
        "row": spectrum.row,
        "name": spectrum.name,
        "ra": NAN if spectrum.ra is None else spectrum.ra,
        "dec": NAN if spectrum.dec is None else spectrum.dec,
    }
    judged = {"flagged": reason.flagged, "flag_reason": reason.text, "bundle": prediction.bundle}
    best = prediction.best
    if best is None:
        return CatalogueRow(**place, **judged)  # type: ignore[arg-type]
    confidence = prediction.confidence
    second = confidence.peaks[1] if len(confidence.peaks) > 1 else None
    return CatalogueRow(
        **place,  # type: ignore[arg-type]
        **judged,  # type: ignore[arg-type]
        z=best.redshift,
        z_err=prediction.redshift_err,
        z_lo=confidence.interval68[0],
        z_hi=confidence.interval68[1],
        entropy=confidence.entropy,
        skewness=confidence.skewness,
        pdf_rms=confidence.rms,
        peak_probability=best.probability,
        z_second=second.redshift if second else NAN,
        second_probability=second.probability if second else NAN,
        logmass=prediction.logmass,
        logmass_err=prediction.logmass_err,
        logsfr=prediction.logsfr,
        logsfr_err=prediction.logsfr_err,
        ood=prediction.ood,
    )


def failed_row(path: Path, reason: str, row: int = 0) -> CatalogueRow:
    """Make the row of a file, or of a spectrum in it, that could not be read: everything but `error` masked."""
    return CatalogueRow(file=str(path), row=row, error=reason)


def is_masked(value: object) -> bool:
    """Tell whether a cell holds nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value))
