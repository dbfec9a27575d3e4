"""Tables of spectra whose redshift or class somebody knows: a catalogue made by hand, or exported Decisions."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mtop_gui.core.decision import QUALITY_SCALES
from mtop_gui.core.errors import TrainingError
from mtop_gui.io.table_files import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUFFIXES: Final = (".ecsv", ".csv", ".tsv", ".fits", ".parquet", ".vot")

NAMES: Final = {
    "file": ("file", "path", "filename"),
    "row": ("row",),
    "redshift": ("z_final", "z_true", "z_spec", "z", "redshift"),
    "class": ("class", "type", "spectype"),
    "quality": ("quality", "zqual", "qop"),
    "scale": ("quality_scale",),
    "logmass": ("logmass_true", "logmass"),
    "logsfr": ("logsfr_true", "logsfr"),
}
"""Column names understood, whatever their case; the first one that the table has is taken."""

GALAXY, STAR, QUASAR, NOTHING = "galaxy", "star", "quasar", "nothing"
_CLASSES: Final = {
    "": GALAXY, "galaxy": GALAXY, "gal": GALAXY,
    "star": STAR,
    "qso": QUASAR, "quasar": QUASAR, "agn": QUASAR,
    "sky": NOTHING, "noise": NOTHING, "junk": NOTHING, "bad": NOTHING, "nothing": NOTHING, "artefact": NOTHING,
}  # fmt: skip
_STAR_QUALITY: Final = {"ozdes": 6}
_NOTHING_QUALITY: Final = {"desi": 0}


@dataclass(frozen=True)
class Label:
    """What is known of one spectrum; NaN where nothing is.

    Attributes
    ----------
    file, row : where it lies; `row` is None where the table does not tell.
    redshift, logmass, logsfr : NaN when unknown.
    kind : GALAXY, STAR, QUASAR or NOTHING.
    """

    file: Path
    row: int | None
    redshift: float
    kind: str
    logmass: float = math.nan
    logsfr: float = math.nan


@dataclass(frozen=True)
class LabelTable:
    """Labels that may be trusted, and how many rows were left out for which reason."""

    labels: tuple[Label, ...]
    left_out: Mapping[str, int]


def read_labels(path: Path) -> LabelTable:
    """Read a table of labels.

    Galaxies need a redshift and, where the table has a quality, a secure one (`QualityScale.is_secure`); mass and star
    formation rate of exported Decisions are a network's own and are not taken. Paths are relative to the table's folder,
    or else to where the program runs.

    Raises
    ------
    TrainingError : the table has not the columns, or is a catalogue of Predictions that nobody has reviewed.
    ExportError : it cannot be read.
    """
    columns = {name.strip().lower(): values for name, values in _columns(path).items()}
    found = {
        meaning: next((columns[name] for name in names if name in columns), None)
        for meaning, names in NAMES.items()
    }
    predicted = {"entropy", "flag_reason", "bundle"} <= columns.keys()
    if predicted and "z_final" not in columns:
        raise TrainingError(
            f"{path.name} is a predicted catalogue, whose redshifts are a network's own: review the spectra and train on "
            "what 'mtop review export' writes"
        )
    if predicted:
        found["logmass"] = found["logsfr"] = None
    files = found["file"]
    if files is None or (found["redshift"] is None and found["class"] is None):
        raise TrainingError(
            f"{path.name} is no table of labelled spectra: it needs the columns 'file' and 'z', and may have 'row', 'class', "
            "'quality', 'logmass' and 'logsfr'"
        )
    labels: list[Label] = []
    left_out: Counter[str] = Counter()
    for place in range(len(files)):
        cells = {meaning: None if values is None else values[place] for meaning, values in found.items()}
        label = _label(cells, path.parent, reviewed=found["quality"] is not None)
        if isinstance(label, str):
            left_out[label] += 1
        else:
            labels.append(label)
    return LabelTable(tuple(labels), dict(left_out))


def _label(cells: Mapping[str, Any], folder: Path, *, reviewed: bool) -> Label | str:
    """Make the Label of one row, or say why there is none."""
    name = "" if cells["file"] is None else str(cells["file"]).strip()
    if not name:
        return "without a file"
    scale = str(cells["scale"] or "").strip().lower()
    quality = _number(cells["quality"])
    kind = _CLASSES.get(str(cells["class"] or "").strip().lower().split(" ")[0], "")
    if not kind:
        return "of an unknown class"
    if reviewed:
        if math.isnan(quality):
            return "without a quality"
        if quality == _STAR_QUALITY.get(scale):
            kind = STAR
        elif kind != NOTHING and quality == _NOTHING_QUALITY.get(scale):
            kind = NOTHING
        elif kind != NOTHING and not QUALITY_SCALES.get(scale, QUALITY_SCALES["desi"]).is_secure(
            int(quality)
        ):
            return "not secure"
    redshift = _number(cells["redshift"])
    if kind == GALAXY and math.isnan(redshift):
        return "without a redshift"
    row = _number(cells["row"])
    return Label(
        file=_place(name, folder),
        row=None if math.isnan(row) else int(row),
        redshift=redshift,
        kind=kind,
        logmass=_number(cells["logmass"]),
        logsfr=_number(cells["logsfr"]),
    )


def _place(name: str, folder: Path) -> Path:
    path = Path(name).expanduser()
    beside = folder / path
    return path if path.is_absolute() or not beside.exists() else beside


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _columns(path: Path) -> Mapping[str, Sequence[Any]]:
    if path.suffix.lower() not in (".csv", ".tsv"):
        return read_table(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"the table {path} cannot be read ({error})") from error
    header, body = (lines[0], [line for line in lines[1:] if line]) if lines else ([], [])
    return {
        name: [line[place] if place < len(line) else "" for line in body] for place, name in enumerate(header)
    }
