"""A spectrum as a few lines of Python: they read it, draw it, and say at which redshift it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum


def snippet(
    spectrum: Spectrum, prediction: Prediction | None, candidate: float | None, decision: Decision | None
) -> str:
    """Write Python lines that need nothing but this package and matplotlib."""
    lines = [
        "import numpy as np",
        "import matplotlib.pyplot as plt",
        "from mtop_gui.core.lines import load_lines",
        "from mtop_gui.io import read_one",
        "",
        f"spectrum = read_one({str(spectrum.path)!r}, row={spectrum.row})  # {_comment(spectrum.name)}",
    ]
    if prediction is not None and prediction.best is not None:
        best = prediction.best
        lines.append(
            f"# {_comment(prediction.bundle)}: z = {best.redshift:.5f} ± {prediction.redshift_err:.5f}, "
            f"probability {best.probability:.3f}, entropy {prediction.confidence.entropy:.3f}"
        )
    if decision is not None:
        lines.append(
            f"# decided by {_comment(decision.reviewer)}, {decision.time:%Y-%m-%d %H:%M} UTC: quality "
            f"{decision.quality} ({decision.scale}), {decision.spectrum_class}, z {decision.redshift_origin}"
        )
        if decision.comment:
            lines.append(f"# “{_comment(decision.comment)}”")
    redshift = decision.redshift if decision is not None and decision.redshift is not None else candidate
    lines += [
        f"z = {redshift!r}" if redshift is not None else "z = None  # none was given",
        "",
        "flux = np.where(spectrum.mask, np.nan, spectrum.flux)",
        "plt.step(spectrum.wavelength, flux, where='mid', lw=0.7)",
    ]
    if redshift is not None:
        lines += [
            "for line in load_lines():",
            "    observed = line.wavelength * (1 + z)",
            "    if spectrum.wavelength[0] < observed < spectrum.wavelength[-1]:",
            "        plt.axvline(observed, color='0.7', lw=0.5, zorder=0)",
        ]
    lines += [
        "plt.xlabel('observed wavelength, vacuum [Å]')",
        f"plt.ylabel({('flux [' + spectrum.flux_unit + ']' if spectrum.flux_unit else 'flux')!r})",
        f"plt.title({_title(spectrum.name, redshift)!r})",
        "plt.show()",
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """Keep a text on its line: what a header or a colleague wrote must not become code."""
    return " ".join(text.split())


def _title(name: str, redshift: float | None) -> str:
    return name if redshift is None else f"{name}, z = {redshift:.5f}"
