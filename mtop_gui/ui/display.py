"""resolve(spectrum, prediction, options) -> DisplayState: everything the plots draw, decided without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.confidence import Peak


@dataclass(frozen=True)
class DisplayOptions:
    """What the person chose to see; part of the Session.

    `smoothing` is the Gaussian width in pixels (0 = none).
    """

    smoothing: float = 0.0
    show_lines: bool = True
    show_error: bool = True
    show_sky_mask: bool = True
    show_continuum: bool = False
    pdf_log: bool = False


@dataclass(frozen=True)
class LineLabel:
    """One spectral line at the candidate redshift: observed wavelength [Å], text, kind, and its stagger level."""

    name: str
    rest_wavelength: float
    observed_wavelength: float
    kind: str


@dataclass(frozen=True, eq=False)
class DisplayState:
    """Everything the plots draw of one Spectrum at one candidate redshift.

    Arrays that break at chip gaps hold NaN there, so that no plot interpolates across.

    Attributes
    ----------
    title : name and file of the Spectrum.
    wavelength, flux, flux_smooth, error : (n,) Å and `flux_unit` (scaled by 10**-flux_exponent); NaN where masked or in gaps.
    continuum : (n,) running continuum or None.
    masked_spans : (start, stop) wavelength intervals of masked or sky-masked pixels.
    gaps : (start, stop) wavelength intervals without data between bands.
    line_labels : lines inside the coverage at the candidate redshift.
    line_wavelength, line_probability, saliency : on the bundle's grid, None before there is a Prediction.
    redshift_grid, redshift_pdf, redshift_pdf_std, peaks : None / empty before there is a Prediction.
    candidate : the candidate redshift shown in every panel, None when there is none.
    message : one sentence when something is missing ("predicting…", "outside the bundle's range …"), else "".
    """

    title: str = ""
    flux_unit: str = ""
    flux_exponent: int = 0
    wavelength: FloatArray | None = None
    flux: FloatArray | None = None
    flux_smooth: FloatArray | None = None
    error: FloatArray | None = None
    continuum: FloatArray | None = None
    bad: BoolArray | None = None
    masked_spans: tuple[tuple[float, float], ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    line_labels: tuple[LineLabel, ...] = ()
    line_wavelength: FloatArray | None = None
    line_probability: FloatArray | None = None
    saliency: FloatArray | None = None
    redshift_grid: FloatArray | None = None
    redshift_pdf: FloatArray | None = None
    redshift_pdf_std: FloatArray | None = None
    peaks: tuple[Peak, ...] = field(default_factory=tuple)
    candidate: float | None = None
    message: str = ""
