"""DisplayState: everything the plots draw, and the options that decided it; frozen, no Qt inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.confidence import Peak
    from mtop_gui.core.line_data import LineData
    from mtop_gui.core.line_model import LineModel
    from mtop_gui.core.spectrum import SpectrumId

SKY_MASK_THRESHOLD = -4.5
"""log10 sky emission from which a pixel counts as sky: masks 15.5 % of moons-lr."""

Span = tuple[float, float]


@dataclass(frozen=True)
class DisplayOptions:
    """What the person chose to see; part of the Session.

    Attributes
    ----------
    smoothing : Gaussian width in pixels, 0 = none.
    sky_mask_threshold : log10 of the sky emission.
    show_model : continuum and lines fitted at the candidate redshift, drawn over the flux.
    show_second : the second candidate's lines, dotted.
    colour_saliency : the flux is coloured where the saliency is high.
    measure_lines : the expected lines are measured at every candidate (somebody shows them).
    keep_zoom : the wavelength range stays when another spectrum is selected.
    wavelength_unit : "Å", "nm" or "µm"; of numbers shown, never of numbers kept.
    other_density : f_ν of what comes as f_λ, and the other way round.
    """

    smoothing: float = 2.0
    show_lines: bool = True
    show_error: bool = True
    show_sky_mask: bool = True
    show_continuum: bool = False
    pdf_log: bool = False
    sky_mask_threshold: float = SKY_MASK_THRESHOLD
    show_model: bool = False
    show_second: bool = False
    colour_saliency: bool = False
    measure_lines: bool = False
    keep_zoom: bool = False
    wavelength_unit: str = "Å"
    other_density: bool = False


@dataclass(frozen=True)
class LineLabel:
    """One spectral line at the candidate redshift: observed wavelength [Å], text, kind, and its rank (0 stays longest)."""

    name: str
    rest_wavelength: float
    observed_wavelength: float
    kind: str
    rank: int = 0


@dataclass(frozen=True, eq=False)
class DisplayState:
    """Everything the plots draw of one Spectrum at one candidate redshift.

    Arrays that break at chip gaps hold one NaN there (at the gap's middle), so that no plot interpolates across.

    Attributes
    ----------
    spectrum_id : which Spectrum this is; the plots keep their zoom while it stays the same.
    options : the options it was resolved with.
    title : name and file of the Spectrum.
    flux_label : what the flux axis says, unit and exponent included.
    wavelength, flux, flux_smooth, error : (n,) Å and `flux_unit` (scaled by 10**-flux_exponent); NaN where masked or in gaps.
        `flux_smooth` is `flux` itself without smoothing; `error` belongs to `flux_smooth`, None when not wanted.
    noise_estimated : `error` is the reader's estimate; the file held none.
    continuum : (n,) running continuum or None.
    bad : (n,) True where masked, sky-masked or in a gap.
    flux_range : (lowest, highest) flux worth showing, blind to sky residuals; None when there is no spectrum.
    segments : (start, stop) wavelength intervals with data.
    masked_spans : (start, stop) wavelength intervals of masked or sky-masked pixels.
    gaps : (start, stop) wavelength intervals without data between bands.
    factor : (n,) what a flux in the Spectrum's own unit is multiplied by to be drawn.
    line_labels : lines inside the coverage at the candidate redshift.
    second, second_labels : the second candidate redshift and its lines; None and empty when it is not shown.
    line_data : the Spectrum made ready for measuring lines.
    base : (n,) its continuum as drawn below the fitted lines.
    line_width : standard deviation of the lines [km/s].
    line_model : every expected line measured at the candidate; None when nobody asks, or there is no candidate.
    model : (n,) continuum and fitted lines as drawn over the flux; None when it is not shown.
    flux_saliency : (n,) saliency at each pixel of the flux, 0 where there is none; None when it is not shown.
    line_wavelength, line_probability : on the bundle's grid (broken at gaps), None before there is a Prediction.
    saliency_wavelength, saliency : on the bundle's grid, or on the Spectrum's; None when there is none.
    redshift_grid, redshift_pdf, redshift_pdf_std, peaks : None / empty before there is a Prediction, or when it is a rejection.
    candidate : the candidate redshift shown in every panel, None when there is none.
    rejected : the network must not be asked about this Spectrum; `message` says why.
    message : one sentence when something is missing ("predicting…", "outside the bundle's range …"), else "".
    """

    spectrum_id: SpectrumId | None = None
    options: DisplayOptions = DisplayOptions()
    title: str = ""
    flux_unit: str = ""
    flux_exponent: int = 0
    flux_label: str = "flux"
    wavelength: FloatArray | None = None
    flux: FloatArray | None = None
    flux_smooth: FloatArray | None = None
    error: FloatArray | None = None
    noise_estimated: bool = False
    continuum: FloatArray | None = None
    bad: BoolArray | None = None
    flux_range: Span | None = None
    segments: tuple[Span, ...] = ()
    masked_spans: tuple[Span, ...] = ()
    gaps: tuple[Span, ...] = ()
    factor: FloatArray | None = None
    line_labels: tuple[LineLabel, ...] = ()
    second: float | None = None
    second_labels: tuple[LineLabel, ...] = ()
    line_data: LineData | None = None
    base: FloatArray | None = None
    line_width: float = 0.0
    line_model: LineModel | None = None
    model: FloatArray | None = None
    flux_saliency: FloatArray | None = None
    line_wavelength: FloatArray | None = None
    line_probability: FloatArray | None = None
    saliency_wavelength: FloatArray | None = None
    saliency: FloatArray | None = None
    redshift_grid: FloatArray | None = None
    redshift_pdf: FloatArray | None = None
    redshift_pdf_std: FloatArray | None = None
    peaks: tuple[Peak, ...] = ()
    candidate: float | None = None
    rejected: bool = False
    message: str = ""

    @property
    def flux_notice(self) -> str:
        """What the flux panel says instead of a spectrum; "" when it has one."""
        return "" if self.flux is not None else (self.message or "no spectrum selected")

    @property
    def line_notice(self) -> str:
        """What the line-probability panel says instead of a curve."""
        return self._notice(self.line_probability is None, "no prediction yet", brief=True)

    @property
    def saliency_notice(self) -> str:
        """What the saliency panel says instead of a curve."""
        return self._notice(self.saliency is None, "no saliency yet", brief=True)

    @property
    def pdf_notice(self) -> str:
        """What the PDF panel says instead of a curve."""
        return self._notice(self.redshift_pdf is None, "no prediction yet")

    def _notice(self, missing: bool, default: str, *, brief: bool = False) -> str:
        if not missing or self.flux is None:  # without a spectrum the flux panel speaks for all
            return ""
        if brief and self.rejected:  # the reason is said once, in the PDF panel
            return "no prediction"
        return self.message or default
