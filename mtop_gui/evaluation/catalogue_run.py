"""``mtop evaluate CATALOGUE TRUTH``: how a predicted catalogue fares against known redshifts, folder by folder."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui import __version__
from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.evaluation.interlopers import without_numbers
from mtop_gui.evaluation.metrics import THRESHOLDS, nmad
from mtop_gui.evaluation.summary import plain, versions
from mtop_gui.evaluation.truth import match, read_truth
from mtop_gui.io import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.core.catalogue import CatalogueRow
    from mtop_gui.evaluation.truth import Truth

RIGHT_VELOCITY = 1000.0
"""km/s within which the redshift of a real spectrum counts as right."""

REFUSALS = ("outside the wavelength range", "too few good pixels")
"""Flag reasons that say a bundle does not cover a spectrum."""

MOST_REASONS = 5


@dataclass(frozen=True)
class Reach:
    """What a bundle may be asked: redshifts and wavelengths [Å], and the share of the wavelengths it needs."""

    lowest: float
    highest: float
    wavelength: tuple[float, float]
    min_coverage: float


@dataclass(frozen=True)
class Case:
    """One spectrum with its truth and its Prediction.

    Attributes
    ----------
    group : "inside" (galaxy in range and coverage), "out of range", "not covered", "star", "quasar" or "sky".
    velocity : c |Δz| / (1 + z) [km/s]; NaN without a redshift.
    right, flagged : within RIGHT_VELOCITY; whether a person should look.
    reason : of the Flag; of the failure where `unread`.
    """

    file: str
    folder: str
    row: int
    group: str
    truth: float
    redshift: float
    velocity: float
    right: bool
    flagged: bool
    unread: bool
    reason: str
    bundle: str


def judge_catalogue(
    catalogue: Path, truth: Path, reaches: Mapping[str, Reach]
) -> tuple[dict[str, Any], list[Case]]:
    """Compare a predicted catalogue with a truth table.

    Parameters
    ----------
    catalogue : written by ``mtop predict``.
    truth : table of file, row, z_true and class, see `truth.read_truth`.
    reaches : by bundle name; a bundle that is not named here is taken to reach everywhere it did not refuse.

    Returns
    -------
    Content of report.json, and the cases it was made from.

    Raises
    ------
    EvaluationError, ExportError : a table cannot be read, or they have no spectrum in common.
    """
    truths = read_truth(truth)
    pairs = match(read_catalogue(catalogue), truths)
    cases = [case for pair in pairs if (case := _case(*pair, reaches)) is not None]
    folders = sorted({case.folder for case in cases})
    report = {
        "program": f"mtop-gui {__version__}",
        "catalogue": catalogue.name,
        "truth": truth.name,
        "listed": len(truths),
        "matched": len(pairs),
        "judged": len(cases),
        "bundles": dict(Counter(case.bundle for case in cases)),
        "right_within_kms": RIGHT_VELOCITY,
        "versions": versions(),
        "folders": {folder: _score([case for case in cases if case.folder == folder]) for folder in folders},
        "all": _score(cases),
        "wrong_unflagged": [asdict(case) for case in cases if _is_wrong_unflagged(case)],
    }
    return plain(report), cases


def _case(truth: Truth, row: CatalogueRow, reaches: Mapping[str, Reach]) -> Case | None:
    """Judge one spectrum; None when the table does not tell enough of it."""
    group = truth.kind
    if group == "galaxy":
        if math.isnan(truth.redshift):
            return None
        group = _galaxy_group(truth, row, reaches.get(row.bundle.rsplit(" ", 2)[0]))
    if not group:
        return None
    known = math.isfinite(row.z) and math.isfinite(truth.redshift)
    velocity = LIGHT_SPEED * abs(row.z - truth.redshift) / (1 + truth.redshift) if known else math.nan
    return Case(
        file=truth.file,
        folder=truth.folder,
        row=row.row,
        group=group,
        truth=truth.redshift,
        redshift=row.z,
        velocity=velocity,
        right=velocity <= RIGHT_VELOCITY,
        flagged=bool(row.flagged),
        unread=bool(row.error),
        reason=row.error or row.flag_reason,
        bundle=row.bundle,
    )


def _galaxy_group(truth: Truth, row: CatalogueRow, reach: Reach | None) -> str:
    refused = any(words in row.flag_reason for words in REFUSALS)
    if reach is None:
        return "not covered" if refused else "inside"
    if not reach.lowest <= truth.redshift <= reach.highest:
        return "out of range"
    low, high = reach.wavelength
    share = (min(high, truth.highest) - max(low, truth.lowest)) / (high - low)
    covered = not refused if math.isnan(share) else share >= reach.min_coverage
    return "inside" if covered else "not covered"


def _is_wrong_unflagged(case: Case) -> bool:
    if case.unread or case.flagged:
        return False
    # A galaxy beyond the bundle's coverage whose redshift is right all the same harms nobody.
    return not (case.right and case.group in ("inside", "not covered"))


def _score(cases: Sequence[Case]) -> dict[str, Any]:
    """Score galaxies that the bundle should know, and everything that it should flag."""
    inside = [case for case in cases if case.group == "inside"]
    return {
        "inside": _inside(inside) if inside else None,
        "to_be_flagged": {
            group: _flagged([case for case in cases if case.group == group])
            for group in ("star", "quasar", "sky", "out of range", "not covered")
            if any(case.group == group for case in cases)
        },
    }


def _inside(cases: Sequence[Case]) -> dict[str, Any]:
    count = len(cases)
    right = [case for case in cases if case.right]
    error = np.array([abs(case.redshift - case.truth) for case in cases])
    return {
        "spectra": count,
        "right": len(right) / count,
        "flagged": sum(case.flagged for case in cases) / count,
        "right_or_flagged": sum(case.right or case.flagged for case in cases) / count,
        "wrong_unflagged": sum(_is_wrong_unflagged(case) for case in cases) / count,
        "unread": sum(case.unread for case in cases) / count,
        "success": {f"{threshold:g}": float(np.mean(error < threshold)) for threshold in THRESHOLDS},
        "nmad_kms_of_right": _nmad(right),
    }


def _nmad(cases: Sequence[Case]) -> float | None:
    if not cases:
        return None
    signed = [LIGHT_SPEED * (case.redshift - case.truth) / (1 + case.truth) for case in cases]
    return nmad(np.array(signed))


def _flagged(cases: Sequence[Case]) -> dict[str, Any]:
    reasons = Counter(without_numbers(case.reason) for case in cases if case.flagged and case.reason)
    return {
        "spectra": len(cases),
        "flagged": sum(case.flagged and bool(case.reason) for case in cases) / len(cases),
        "unread": sum(case.unread for case in cases) / len(cases),
        "reasons": dict(reasons.most_common(MOST_REASONS)),
    }
