"""What all figures of a report share: colours, panels, and the picture as bytes. Matplotlib is imported inside functions."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.events import Report
    from mtop_gui.evaluation.catalogue_run import Case
    from mtop_gui.evaluation.judge import Answers
    from mtop_gui.evaluation.survey_run import Judged

DPI = 110
RIGHT_COLOUR, WRONG_COLOUR = "#0072b2", "#d55e00"
NETWORK_COLOURS = ("#0072b2", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9")
COLOURS = {"chi2": "#009e73", "limit": "#333333"}
"""Okabe & Ito's palette: told apart by colour-blind people too."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One figure of a report: `name` is its file's stem, `caption` one or two sentences, `png` its bytes."""

    name: str
    title: str
    caption: str
    png: bytes


@dataclass(frozen=True, eq=False)
class Drawing:
    """How a figure is made; `draw` gives None when there is nothing to draw, or (matplotlib figure, note for the caption)."""

    name: str
    title: str
    caption: str
    draw: Callable[[Judged], tuple[Any, str] | None]


def require_matplotlib() -> None:
    """Find out before the computing whether there is anything to draw with.

    Raises
    ------
    EvaluationError : matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise EvaluationError("reports need matplotlib: install mtop-gui[figures]") from error


def pictures(judged: Judged, report: Report | None = None) -> list[Picture]:
    """Draw all figures for which there is something to draw.

    Parameters
    ----------
    report : receives Advanced; may raise Cancelled.
    """
    from mtop_gui.core.events import Advanced
    from mtop_gui.evaluation.figures_network import DRAWINGS as OF_NETWORK
    from mtop_gui.evaluation.figures_paper import DRAWINGS as OF_PAPER
    from mtop_gui.evaluation.figures_survey import DRAWINGS as OF_SURVEY

    drawings = (*OF_SURVEY, *OF_PAPER, *OF_NETWORK)
    made = []
    for number, drawing in enumerate(drawings):
        if report is not None:
            report(Advanced(number, len(drawings), "drawing"))
        drawn = drawing.draw(judged)
        if drawn is not None:
            figure, note = drawn
            caption = f"{drawing.caption} {note}".strip()
            made.append(Picture(drawing.name, drawing.title, caption, as_png(figure)))
    return made


def catalogue_pictures(cases: Sequence[Case]) -> list[Picture]:
    """Draw the figures about a catalogue judged with a truth table."""
    from mtop_gui.evaluation.figures_catalogue import draw_folders

    drawn = draw_folders(cases)
    return [] if drawn is None else [drawn]


def panels(columns: int, rows: int = 1, *, width: float = 3.6, height: float = 2.9) -> tuple[Any, list[Any]]:
    """Make a figure of equal panels: (figure, its axes row by row)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for one in axes:
        one.grid(visible=True, color="0.9", linewidth=0.6)
        one.set_axisbelow(True)
        one.tick_params(labelsize=8)
        one.xaxis.label.set_size(9)
        one.yaxis.label.set_size(9)
    return figure, list(axes)


def as_png(figure: Any) -> bytes:
    """Render a figure; it needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # No date and no version inside: the same numbers give the same file.
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def style(answers: Sequence[Answers]) -> dict[str, dict[str, Any]]:
    """Give each method its colour and line, the same in all figures."""
    networks = [one.name for one in answers if one.name not in COLOURS]
    colours = COLOURS | {
        name: NETWORK_COLOURS[number % len(NETWORK_COLOURS)] for number, name in enumerate(networks)
    }
    return {
        one.name: {
            "color": colours[one.name],
            "linestyle": "--" if one.name == "limit" else "-",
            "label": one.name,
        }
        for one in answers
    }


def hours_of(judged: Judged) -> list[float]:
    """Give the exposure times, ascending."""
    return [float(length) for length in np.unique(judged.sample.hours)]


def share_and_error(chosen: BoolArray) -> tuple[float, float]:
    """Give the share of True and its binomial standard error."""
    share = float(np.mean(chosen))
    return share, float(np.sqrt(max(share * (1 - share), 0.25 / chosen.size) / chosen.size))


def logarithm(values: FloatArray) -> FloatArray:
    """Give log10 of the positive values, NaN for others."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)
