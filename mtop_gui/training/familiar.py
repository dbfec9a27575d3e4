"""The out-of-distribution score after fine-tuning: what a network has learned from must not look foreign to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD, summarise
from mtop_gui.network.bundle import load_bundle, save_bundle
from mtop_gui.network.kinds import LEAST_GALAXY
from mtop_gui.network.loading import inference_model
from mtop_gui.network.ood import fit_ood, flux_statistics, widen_ood
from mtop_gui.network.predictor import BATCH, apply_temperature
from mtop_gui.training.calibrate import structure_of

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.arrays import IntArray
    from mtop_gui.network.bundle import ModelBundle
    from mtop_gui.training.placed import PlacedSpectra

ENOUGH = 400
"""Spectra from which a reference can be learned anew."""

MOST = 4000


def make_familiar(
    bundle_dir: Path, spectra: PlacedSpectra, rows: IntArray, *, labelled: bool, mocks: bool
) -> ModelBundle:
    """Widen a bundle's out-of-distribution reference by the spectra it was tuned to, and save it again.

    Parameters
    ----------
    rows : those of `spectra` that count.
    labelled : they are known to be galaxies of the grid; else those count of which the network is sure.
    mocks : the reference has been learned from mocks with these weights; else it is learned from `rows` when they are
        enough.

    Raises
    ------
    BundleError : the bundle cannot be read.
    """
    bundle = load_bundle(bundle_dir)
    model = inference_model(bundle)
    embedding, statistics = [], []
    for start in range(0, min(rows.size, MOST), BATCH):
        shown = spectra.take(rows[start : start + BATCH])
        inputs = spectra.inputs(shown)
        said = {key: np.asarray(value) for key, value in model.predict_on_batch(inputs).items()}
        sure = np.ones(len(shown.flux), bool) if labelled else _sure(bundle, said)
        embedding.append(said["embedding"][sure])
        statistics += [
            flux_statistics(structure_of(inputs["spectrum"][row], bundle.preparation), shown.good[row])
            for row in np.flatnonzero(sure)
        ]
    if not statistics:
        return bundle
    seen, told = np.concatenate(embedding), np.stack(statistics)
    anew = not mocks and len(told) >= ENOUGH
    ood = fit_ood(seen, told) if anew else widen_ood(bundle.ood, seen, told)
    return save_bundle(replace(bundle, ood=ood), bundle_dir)


def _sure(bundle: ModelBundle, said: dict[str, np.ndarray]) -> np.ndarray:
    """Tell the spectra that are galaxies with one redshift to the network."""
    pdf = apply_temperature(said["redshift"].astype(np.float64), bundle.temperature)
    grid = bundle.grid.centres
    sure = np.array([summarise(grid, one).entropy < DEFAULT_ENTROPY_THRESHOLD for one in pdf])
    if "kind" in said:
        sure &= said["kind"][:, 0] >= LEAST_GALAXY
    return sure
