"""What each kind of network is shown and taught: from observed mocks to inputs, labels, losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mtop_gui.core.log_preparation import REFERENCE_FLUX, LogPreparation
from mtop_gui.core.preparation import Preparation, prepare_batch, standardise_continuum
from mtop_gui.network.numbers import number_labels
from mtop_gui.network.restframe import KINDS
from mtop_gui.training.labels import LineLabels, LogLineLabels, redshift_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import Float32Array, FloatArray, IntArray
    from mtop_gui.core.instrument import Instrument

SHARP = 2e-5
"""Standard deviation [z] of the redshift labels of `restframe`: all in one bin but at its edge, so that the PDF is calibrated."""

NUMBER_BINS = 80


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of every galaxy of a survey: (n,) arrays."""

    redshift: FloatArray
    logmass: FloatArray
    logsfr: FloatArray

    @classmethod
    def of(cls, labels: Mapping[str, Any]) -> Truth:
        """Take it from a survey's labels."""
        return cls(*(np.asarray(labels[name], dtype=float) for name in ("z", "logmass", "logsfr")))


class PaperTeaching:
    """Inputs and labels of `mtopnet` (Ginolfi+25, Sects. 3.1-3.2).

    Parameters
    ----------
    preparation, instrument, grid, lines : of the bundle; `lines` in rest-frame vacuum Å.
    truth : of the survey.
    unit : of the fluxes [erg/s/cm²/Å].
    """

    loss_weights: ClassVar[dict[str, float]] = {"redshift": 1.0, "lines": 10.0, "logmass": 1.0, "logsfr": 1.0}
    disturbed: ClassVar[bool] = False

    def __init__(
        self,
        preparation: Preparation,
        instrument: Instrument,
        grid: FloatArray,
        lines: FloatArray,
        truth: Truth,
        unit: float,
    ) -> None:
        self._preparation, self._instrument, self._grid = preparation, instrument, grid
        self._truth, self._unit = truth, unit
        self._usable = preparation.usable(instrument)
        self._lines = LineLabels(truth.redshift, lines, instrument)

    def inputs(self, flux: Float32Array, sigma: Float32Array) -> dict[str, Any]:
        """Prepare observed spectra (n, n_pix) in the survey's unit; infinite sigma marks pixels without data."""
        good = self._usable & np.isfinite(sigma)
        lines, points = prepare_batch(flux, good, self._preparation, self._instrument)
        return {
            "spectrum": lines[..., None],
            "continuum": standardise_continuum(points * self._unit, self._preparation),
        }

    def labels(self, galaxies: IntArray) -> dict[str, Any]:
        """Give the labels of galaxies (n,)."""
        preparation, truth = self._preparation, self._truth
        mass = (truth.logmass[galaxies] - preparation.logmass_mean) / preparation.logmass_std
        rate = (truth.logsfr[galaxies] - preparation.logsfr_mean) / preparation.logsfr_std
        return {
            "redshift": redshift_labels(truth.redshift[galaxies], self._grid),
            "lines": self._lines(galaxies),
            "logmass": mass[:, None].astype(np.float32),
            "logsfr": rate[:, None].astype(np.float32),
        }

    def losses(self) -> dict[str, Any]:
        """Give the Keras loss of each output."""
        import keras

        return {
            "redshift": keras.losses.CategoricalCrossentropy(),
            "lines": keras.losses.BinaryCrossentropy(),
            "logmass": keras.losses.MeanSquaredError(),
            "logsfr": keras.losses.MeanSquaredError(),
        }


class RestframeTeaching:
    """Inputs and labels of `restframe`; parameters as of `PaperTeaching`.

    Interlopers are taught their kind alone: their redshift, lines, mass and star formation weigh nothing.
    """

    loss_weights: ClassVar[dict[str, float]] = {
        "redshift": 1.0, "lines": 3.0, "logmass": 0.3, "logsfr": 0.3, "kind": 0.5,
    }  # fmt: skip
    disturbed: ClassVar[bool] = True

    def __init__(
        self,
        preparation: LogPreparation,
        instrument: Instrument,
        grid: FloatArray,
        lines: FloatArray,
        truth: Truth,
        unit: float,
    ) -> None:
        self._preparation, self._grid, self._truth = preparation, grid, truth
        self._unit = np.float32(unit / REFERENCE_FLUX)
        self._rebinning = preparation.rebinnings.of(instrument.wavelength)
        self._lines = LogLineLabels(
            truth.redshift,
            lines,
            preparation.wavelength(instrument),
            preparation.pixel_step,
            self._rebinning.covered,
        )

    def inputs(self, flux: Float32Array, sigma: Float32Array) -> dict[str, Any]:
        """Prepare observed spectra (n, n_pix) in the survey's unit; infinite sigma marks pixels without data."""
        good = np.isfinite(sigma)
        sigma = np.where(good, sigma, 0) * self._unit
        flux, variance, good = self._rebinning(flux * self._unit, sigma**2, good)
        return self._preparation.inputs(flux, np.sqrt(variance), good, np.ones(len(flux), bool))[2]

    def labels(self, galaxies: IntArray) -> dict[str, Any]:
        """Give the labels of galaxies (n,)."""
        preparation, truth = self._preparation, self._truth
        mass = (truth.logmass[galaxies] - preparation.logmass_mean) / preparation.logmass_std
        rate = (truth.logsfr[galaxies] - preparation.logsfr_mean) / preparation.logsfr_std
        kind = np.zeros((galaxies.size, len(KINDS)), np.float32)
        kind[:, 0] = 1
        return {
            "redshift": redshift_labels(truth.redshift[galaxies], self._grid, SHARP),
            "lines": self._lines(galaxies),
            "logmass": number_labels(mass, NUMBER_BINS),
            "logsfr": number_labels(rate, NUMBER_BINS),
            "kind": kind,
        }

    def interloper_labels(self, kinds: IntArray) -> dict[str, Any]:
        """Give the labels of interlopers (n,) of these kinds; what weighs nothing is uniform or 0."""
        n, bins = kinds.size, self._grid.size
        uniform = np.full((n, NUMBER_BINS), 1 / NUMBER_BINS, np.float32)
        return {
            "redshift": np.full((n, bins), 1 / bins, np.float32),
            "lines": np.zeros((n, self._preparation.pixels), np.uint8),
            "logmass": uniform,
            "logsfr": uniform,
            "kind": np.eye(len(KINDS), dtype=np.float32)[kinds],
        }

    def losses(self) -> dict[str, Any]:
        """Give the Keras loss of each output."""
        import keras

        entropy = keras.losses.CategoricalCrossentropy
        return {
            "redshift": entropy(),
            "lines": keras.losses.BinaryCrossentropy(),
            "logmass": entropy(),
            "logsfr": entropy(),
            "kind": entropy(),
        }


def teaching_for(
    preparation: Preparation | LogPreparation,
    instrument: Instrument,
    grid: FloatArray,
    lines: FloatArray,
    truth: Truth,
    unit: float,
) -> PaperTeaching | RestframeTeaching:
    """Choose the teaching that goes with a Preparation."""
    if isinstance(preparation, LogPreparation):
        return RestframeTeaching(preparation, instrument, grid, lines, truth, unit)
    return PaperTeaching(preparation, instrument, grid, lines, truth, unit)
