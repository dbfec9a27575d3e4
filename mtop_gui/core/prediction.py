"""Prediction: what a ModelBundle says of a Spectrum, frozen, numpy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mtop_gui.core.confidence import Confidence, Peak, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a bundle says of one Spectrum.

    Parameters
    ----------
    redshift_grid : (n_z,) bin centres.
    redshift_pdf : (n_z,) probability per bin, sums to 1 (mean over the MC-dropout passes).
    line_wavelength : (n_pix,) vacuum Å of the bundle's Instrument.
    line_probability : (n_pix,) probability that a spectral line sits at each pixel.
    logmass, logmass_err : log10 M*/M⊙ and its error [dex].
    logsfr, logsfr_err : log10 SFR/(M⊙/yr) and its error [dex].
    bundle : name and version of the bundle, e.g. "moons-lr 1 (3f2a…)".
    coverage : fraction of the bundle's usable pixels that the spectrum covers.
    redshift_pdf_std : (n_z,) scatter over the MC-dropout passes; None for one deterministic pass.
    ood, ood_threshold : out-of-distribution score and the score from which it counts.
    rejection : why no redshift may be taken from this spectrum ("" when one may); then the PDF is flat.
    warnings : reasons for a person to look although there is a redshift.
    """

    redshift_grid: FloatArray = field(repr=False)
    redshift_pdf: FloatArray = field(repr=False)
    line_wavelength: FloatArray = field(repr=False)
    line_probability: FloatArray = field(repr=False)
    logmass: float
    logmass_err: float
    logsfr: float
    logsfr_err: float
    bundle: str
    coverage: float = 1.0
    redshift_pdf_std: FloatArray | None = field(default=None, repr=False)
    ood: float = 0.0
    ood_threshold: float = 1.0
    rejection: str = ""
    warnings: tuple[str, ...] = ()

    @cached_property
    def confidence(self) -> Confidence:
        """Statistics of the redshift PDF."""
        return summarise(self.redshift_grid, self.redshift_pdf)

    @property
    def best(self) -> Peak | None:
        """The most probable Peak; None when the Prediction is a rejection."""
        return None if self.rejection else self.confidence.peaks[0]

    @property
    def redshift(self) -> float:
        """Most probable redshift; NaN when the Prediction is a rejection."""
        best = self.best
        return best.redshift if best is not None else float("nan")

    @property
    def redshift_err(self) -> float:
        """Half the central 68.27 % of the probability inside the best Peak; NaN for a rejection."""
        return float("nan") if self.rejection else self.confidence.error


def rejected(
    reason: str, *, redshift_grid: FloatArray, line_wavelength: FloatArray, bundle: str, coverage: float
) -> Prediction:
    """Make the Prediction of a spectrum that the bundle must not be asked about: flat PDF, no numbers."""
    return Prediction(
        redshift_grid=redshift_grid,
        redshift_pdf=np.full(redshift_grid.shape, 1.0 / redshift_grid.size),
        line_wavelength=line_wavelength,
        line_probability=np.zeros(line_wavelength.shape),
        logmass=float("nan"),
        logmass_err=float("nan"),
        logsfr=float("nan"),
        logsfr_err=float("nan"),
        bundle=bundle,
        coverage=coverage,
        rejection=reason,
    )


class Predicts(Protocol):
    """What window, batch and evaluation need of a network (`network.Predictor`, or a test's fake)."""

    @property
    def bundle_name(self) -> str:
        """Name and version, as written into catalogues and the Prediction cache."""

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        """Predict every Spectrum, in order; with `mc_passes` > 1 as the mean over MC-dropout passes."""

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        """Gradient saliency (n_pix of the bundle's Instrument, ≥ 0, max 1) of the PDF at `redshift` (default: the best)."""
