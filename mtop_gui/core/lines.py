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
