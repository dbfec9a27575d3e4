"""One measured number, and how a goal is met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Figure:
    """A measured value with its unit; `goal` is None where none is set, and is met from the side `better` names."""

    value: float
    unit: str
    goal: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "less" else self.value >= self.goal

    def as_dict(self) -> dict[str, float | str | None]:
        """What benchmarks.json holds of it."""
        return asdict(self)


def p95_ms(seconds: list[float]) -> float:
    """95th percentile in milliseconds."""
    return float(np.percentile(seconds, 95)) * 1e3


def table(figures: dict[str, Figure]) -> str:
    """Write figures as a table for a person."""
    width = max(len(name) for name in figures)
    lines = [f"{'':{width}}  {'measured':>10}  {'goal':>10}"]
    for name, figure in figures.items():
        sign = "≤" if figure.better == "less" else "≥"
        goal = f"{sign} {figure.goal:.4g}" if figure.goal is not None else "-"
        mark = {True: "met", False: "MISSED", None: ""}[figure.met]
        lines.append(f"{name:{width}}  {figure.value:10.4g}  {goal:>10}  {figure.unit:10} {mark}".rstrip())
    return "\n".join(lines)
