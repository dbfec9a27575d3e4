"""The sentences of the inset strip."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mtop_gui.ui.candidate import SAME
from mtop_gui.ui.scaling import unit_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.line_fit import LineFit
    from mtop_gui.core.line_model import LineMeasurement
    from mtop_gui.ui.display_state import DisplayState


def short_name(feature: LineMeasurement) -> str:
    """Name a line, or a close group of one label by that alone: ``[O II]``."""
    return feature.name if len(feature.members) == 1 else feature.name.rsplit(" ", len(feature.members))[0]


def shorter_name(name: str, names: Sequence[str]) -> str:
    """Leave out the wavelength of a name where another line does not share what is left: ``G band``, but ``[O III] 5008``."""
    short, _, last = name.rpartition(" ")
    shared = sum(other.rpartition(" ")[0] == short for other in names) > 1
    return short if last.isdigit() and not shared else name


def snr_text(feature: LineMeasurement) -> str:
    """Write S/N: ``12 σ``, ``2.1 σ``; in absorption with a minus."""
    snr = feature.snr
    if abs(snr) < 0.05:
        return "0 σ"
    return (f"{snr:.0f} σ" if abs(snr) >= 10 else f"{snr:.1f} σ").replace("-", "−")


def caption(
    state: DisplayState,
    features: Sequence[LineMeasurement],
    first: int,
    fitting: int,
    fit: LineFit | None,
) -> str:
    """Say at which redshift the lines are expected, how many are seen, and what a fit found."""
    if state.flux is None:
        return "lines expected at the redshift of the selected spectrum are shown here"
    if state.candidate is None:
        return "no candidate redshift yet: type one ( Z ), or name the line under the cursor"
    if not features:
        return f"no known line is covered at z = {state.candidate:.4f}"
    parts = [f"lines expected at z = {state.candidate:.5f}"]
    if fit is not None and abs(fit.redshift - state.candidate) < SAME:
        parts[0] += f" ± {fit.error:.5f}, fitted"
        if fit.warning:
            parts.append(fit.warning)
    seen = sum(1 for feature in features if feature.detected)
    parts.append(f"{seen} of {len(features)} above 3 σ")
    if len(features) > fitting:
        parts.append(f"{first + 1}–{min(first + fitting, len(features))} shown")
    parts.append("velocities in km/s")
    return "   ·   ".join(parts)


def tip(feature: LineMeasurement, state: DisplayState) -> str:
    """Write what was measured of one line: wavelength, flux, S/N, equivalent width."""
    rows = [
        feature.name,
        f"{feature.observed_wavelength:.1f} Å observed, {feature.rest_wavelength:.1f} Å at rest",
    ]
    if feature.flux_err > 0:
        exponent = math.floor(math.log10(feature.flux_err)) + 1 if feature.flux_err < 0.01 else 0
        scale = 10.0**exponent
        unit = "" if state.options.other_density else f"·Å  [{unit_text(state.flux_unit, exponent)}·Å]"
        rows.append(
            f"flux {feature.flux / scale:.2f} ± {feature.flux_err / scale:.2f}{unit.removeprefix('·Å')}"
        )
    rows.append(f"S/N {feature.snr:.1f}")
    if math.isfinite(feature.equivalent_width):
        rows.append(
            f"equivalent width at rest {feature.equivalent_width:.1f} ± {feature.equivalent_width_err:.1f} Å"
        )
    return "\n".join(rows)
