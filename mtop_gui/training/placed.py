"""Observed spectra of files on the pixels of a Preparation, kept in memory until they are shown to a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError, UnreadableSpectrumError
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.log_preparation import REFERENCE_FLUX, LogPreparation
from mtop_gui.core.preparation import Preparation, prepare_batch, standardise_continuum
from mtop_gui.core.resample import resample
from mtop_gui.core.units import flam_factor
from mtop_gui.io import UnreadableRow, find_files, iter_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray, Float32Array
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.network.bundle import ModelBundle

MOST_SPECTRA = 30_000
"""So many spectra of 8,192 pixels take 2 GB."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Some spectra as they are about to be prepared: (n, n_pix), but `known` (n,); see `PlacedSpectra`."""

    flux: Float32Array
    sigma: Float32Array
    good: BoolArray
    known: BoolArray


@dataclass(eq=False)
class PlacedSpectra:
    """Collects spectra on the pixels of a bundle's Preparation.

    Fluxes are kept in units of `REFERENCE_FLUX`, or of the spectrum's median size where its unit is not known.

    Parameters
    ----------
    bundle, instrument : whose Preparation, and what it counts coverage by.
    """

    bundle: ModelBundle
    instrument: Instrument
    _flux: list[Float32Array] = field(default_factory=list)
    _sigma: list[Float32Array] = field(default_factory=list)
    _good: list[BoolArray] = field(default_factory=list)
    _known: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the spectra."""
        return len(self._flux)

    @property
    def preparation(self) -> Preparation | LogPreparation:
        """The bundle's."""
        return self.bundle.preparation

    def add(self, spectrum: Spectrum) -> str:
        """Take a Spectrum in; gives the reason why not, "" when it was taken."""
        preparation = self.preparation
        if isinstance(preparation, LogPreparation):
            flux, sigma, good, known = preparation.on_grid(spectrum)
        else:
            flux, sigma, good, known = _on_instrument(spectrum, preparation, self.instrument)
        reachable = max(1, int(np.count_nonzero(preparation.reachable(self.instrument))))
        if np.count_nonzero(good) < self.bundle.min_coverage * reachable:
            return "outside the bundle's wavelengths"
        if not np.isfinite(flux[good]).all() or np.ptp(flux[good]) == 0:
            return "without structure"
        self._flux.append(np.where(good, flux, 0).astype(np.float32))
        self._sigma.append(np.where(good, sigma, 0).astype(np.float32))
        self._good.append(good)
        self._known.append(known)
        return ""

    def take(self, rows: Sequence[int] | np.ndarray) -> Shown:
        """Copy some spectra."""
        return Shown(
            flux=np.stack([self._flux[row] for row in rows]),
            sigma=np.stack([self._sigma[row] for row in rows]),
            good=np.stack([self._good[row] for row in rows]),
            known=np.array([self._known[row] for row in rows]),
        )

    def inputs(self, shown: Shown) -> dict[str, Any]:
        """Prepare spectra for the network."""
        preparation = self.preparation
        if isinstance(preparation, LogPreparation):
            return preparation.inputs(shown.flux, shown.sigma, shown.good, shown.known)[2]
        lines, points = prepare_batch(shown.flux, shown.good, preparation, self.instrument)
        continuum = standardise_continuum(points * REFERENCE_FLUX, preparation)
        return {"spectrum": lines[..., None], "continuum": continuum * shown.known[:, None]}


def _on_instrument(
    spectrum: Spectrum, preparation: Preparation, instrument: Instrument
) -> tuple[Any, Any, BoolArray, bool]:
    """Resample as `core.preparation.prepare` does: flux, sigma, good, and whether its unit is known."""
    on_grid = resample(
        spectrum.wavelength,
        spectrum.flux,
        spectrum.ivar,
        spectrum.mask,
        instrument.wavelength,
        instrument.step,
    )
    good = preparation.usable(instrument) & ~on_grid.mask & (on_grid.ivar > 0)
    factor = flam_factor(spectrum.flux_unit, instrument.wavelength)
    if factor is None:
        size = float(np.median(np.abs(on_grid.flux[good]))) if good.any() else 1.0
        scale = np.full(good.shape, 1 / size if size > 0 else 1.0)
    else:
        scale = np.broadcast_to(factor / REFERENCE_FLUX, good.shape)
    sigma = np.divide(scale, np.sqrt(on_grid.ivar), out=np.zeros(good.shape), where=good)
    return on_grid.flux * scale, sigma, good, factor is not None


def place_files(
    paths: Sequence[Path], bundle: ModelBundle, instrument: Instrument, report: Report = ignore
) -> PlacedSpectra:
    """Read all spectra of files and folders, up to `MOST_SPECTRA`.

    Raises
    ------
    TrainingError : nothing in them can be used.
    UnreadableSpectrumError : a path does not exist.
    """
    placed = PlacedSpectra(bundle, instrument)
    files = find_files(paths)
    reasons: dict[str, int] = {}
    for number, path in enumerate(files):
        report(Advanced(number, len(files), "reading spectra"))
        try:
            for spectrum in iter_rows(path):
                if len(placed) >= MOST_SPECTRA:
                    return placed
                reason = "unreadable" if isinstance(spectrum, UnreadableRow) else placed.add(spectrum)
                if reason:
                    reasons[reason] = reasons.get(reason, 0) + 1
        except UnreadableSpectrumError:
            reasons["unreadable"] = reasons.get("unreadable", 0) + 1
    if not len(placed):
        raise TrainingError(
            f"no spectrum to adapt to was found in {', '.join(map(str, paths))} ({in_words(reasons)}): name files or "
            f"folders of spectra that bundle '{bundle.name}' covers"
        )
    return placed


def in_words(reasons: dict[str, int]) -> str:
    """Count the reasons in words."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())) or "nothing found"
