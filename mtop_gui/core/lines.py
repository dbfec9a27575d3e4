"""The one table of spectral lines: what the plots name, the networks look at and the mocks emit."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from mtop_gui.core.resources import resource_path

LineKind = Literal["emission", "absorption", "both"]


@dataclass(frozen=True)
class SpectralLine:
    """One line at rest.

    Attributes
    ----------
    name : unique display name with the rounded wavelength, e.g. ``[O III] 5008``.
    label : short name shared by a multiplet, e.g. ``[O III]``.
    wavelength : vacuum Å.
    kind : how the line shows in galaxies.
    in_paper_mask : the line is among the line labels of Ginolfi+25.
    source : where the wavelength is from.
    """

    name: str
    label: str
    wavelength: float
    kind: LineKind
    in_paper_mask: bool
    source: str


@cache
def load_lines() -> tuple[SpectralLine, ...]:
    """Read ``resources/lines/lines.csv``, in order of wavelength."""
    with resource_path("lines", "lines.csv").open(encoding="utf-8", newline="") as table:
        lines = [
            SpectralLine(
                name=row["name"],
                label=row["label"],
                wavelength=float(row["wavelength"]),
                kind=cast("LineKind", row["kind"]),
                in_paper_mask=row["in_paper_mask"] == "true",
                source=row["source"],
            )
            for row in csv.DictReader(table)
        ]
    return tuple(sorted(lines, key=lambda line: line.wavelength))


def paper_mask_lines() -> tuple[SpectralLine, ...]:
    """Give the lines that Ginolfi+25 label in the line branch."""
    return tuple(line for line in load_lines() if line.in_paper_mask)


MAIN_LINES: tuple[str, ...] = (
    "Hα 6565", "[O III] 5008", "[O II] 3730", "Hβ 4863", "Lyα 1216", "C IV 1549", "Mg II 2796", "C III] 1909",
    "Ca K 3935", "Ca H 3970", "[N II] 6585", "[O III] 4960", "[S III] 9533", "Mg b 5174", "G band 4306",
    "[O II] 3727", "[S II] 6718", "[S II] 6733", "Hγ 4342", "He II 1640", "Na D 5892", "[S III] 9071", "Hδ 4103",
    "He I 10833", "[Ne III] 3870", "Mg II 2804", "Ca II 8544", "Ca II 8665", "Ca II 8500", "[N II] 6550",
)  # fmt: skip
"""The lines a person looks for first, most telling first; where labels do not all fit, these stay."""

_RANK = {name: rank for rank, name in enumerate(MAIN_LINES)}


def rank_of(name: str) -> int:
    """Tell how early a person looks for a line, 0 first; all that are not among MAIN_LINES come after those."""
    return _RANK.get(name, len(MAIN_LINES))
