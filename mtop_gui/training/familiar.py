"""What a bundle makes of the spectra it is tuned to: which redshifts it is certain of, and that they look foreign no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.confidence import summarise
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.network.bundle import load_bundle, save_bundle
from mtop_gui.network.loading import inference_model
from mtop_gui.network.ood import fit_ood, flux_statistics, widen_ood
from mtop_gui.network.predictor import BATCH, apply_temperature
from mtop_gui.training.calibrate import structure_of
from mtop_gui.training.labelled import UNKNOWN, LabelledSpectra

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.events import Report
    from mtop_gui.network.bundle import ModelBundle
    from mtop_gui.training.placed import PlacedSpectra

ENOUGH = 400
"""Spectra from which a reference can be learned anew."""

MOST = 4000

CERTAIN = 0.95
"""Probability of the best peak, and of being a galaxy, from which a redshift is taken for known."""


def make_familiar(bundle_dir: Path, labelled: LabelledSpectra, *, mocks: bool) -> ModelBundle:
    """Widen a bundle's out-of-distribution reference by the galaxies it was tuned to, and save it again.

    Parameters
    ----------
    mocks : the reference has been learned from mocks with these weights; else it is learned from the galaxies when they
        are enough.

    Raises
    ------
    BundleError : the bundle cannot be read.
    """
    bundle = load_bundle(bundle_dir)
    model = inference_model(bundle)
    spectra, rows = labelled.spectra, labelled.galaxies[:MOST]
    if not rows.size:
        return bundle
    embedding, statistics = [], []
    for start in range(0, rows.size, BATCH):
        shown = spectra.take(rows[start : start + BATCH])
        inputs = spectra.inputs(shown)
        embedding.append(np.asarray(model.predict_on_batch(inputs)["embedding"]))
        statistics += [
            flux_statistics(structure_of(one, bundle.preparation), good)
            for one, good in zip(inputs["spectrum"], shown.good, strict=True)
        ]
    seen, told = np.concatenate(embedding), np.stack(statistics)
    anew = not mocks and len(told) >= ENOUGH
    ood = fit_ood(seen, told) if anew else widen_ood(bundle.ood, seen, told)
    return save_bundle(replace(bundle, ood=ood), bundle_dir)


def surely(spectra: PlacedSpectra, report: Report = ignore) -> LabelledSpectra:
    """Label spectra with the redshifts of their own bundle where it is all but certain; the others are `UNKNOWN`."""
    bundle = spectra.bundle
    model = inference_model(bundle)
    grid = bundle.grid.centres
    nothing = unknown(spectra)
    redshift, kind = nothing.redshift.copy(), nothing.kind.copy()
    for start in range(0, len(spectra), BATCH):
        report(Advanced(start, len(spectra), "first look"))
        rows = np.arange(start, min(start + BATCH, len(spectra)))
        inputs = spectra.inputs(spectra.take(rows))
        said = {key: np.asarray(value) for key, value in model.predict_on_batch(inputs).items()}
        pdf = apply_temperature(said["redshift"].astype(np.float64), bundle.temperature)
        best = [summarise(grid, one).peaks[0] for one in pdf]
        certain = np.array([peak.probability > CERTAIN for peak in best])
        if "kind" in said:
            certain &= said["kind"][:, 0] > CERTAIN
        redshift[rows[certain]] = np.array([peak.redshift for peak in best])[certain]
        kind[rows[certain]] = 0
    return replace(nothing, redshift=redshift, kind=kind)


def unknown(spectra: PlacedSpectra) -> LabelledSpectra:
    """Say that nothing is known of any of them."""
    grid, nan = spectra.bundle.grid, np.full(len(spectra), np.nan)
    middle = np.full(len(spectra), grid.centres[grid.bins // 2])
    return LabelledSpectra(spectra, middle, nan, nan, np.full(len(spectra), UNKNOWN))
