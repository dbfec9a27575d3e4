"""Where a network puts spectra in its own space: the activations that all its heads share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import Float32Array
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.network.predictor import Predictor

ROWS = 64
"""Spectra given to the network at once (`predictor.BATCH`)."""


def embed(predictor: Predictor, spectra: Sequence[Spectrum]) -> Float32Array:
    """Give the embedding of every Spectrum.

    Returns
    -------
    (n, n_embedding) float32; NaN for a Spectrum that the bundle must not be asked about.
    """
    parts = [_embed(predictor, spectra[start : start + ROWS]) for start in range(0, len(spectra), ROWS)]
    width = max((part.shape[1] for part in parts), default=0)
    # A batch in which nothing may be asked about does not know how wide an embedding is.
    full = [part if part.shape[1] == width else np.full((len(part), width), np.nan) for part in parts]
    return np.concatenate(full).astype(np.float32) if full else np.empty((0, 0), np.float32)


def _embed(predictor: Predictor, spectra: Sequence[Spectrum]) -> Float32Array:
    prepared = predictor.bundle.preparation.prepare(spectra, predictor.instrument)
    accepted = [
        place
        for place, (spectrum, one) in enumerate(zip(spectra, prepared, strict=True))
        if not predictor._reason_to_reject(spectrum, one)
    ]
    if not accepted:
        return np.full((len(spectra), 0), np.nan, np.float32)
    said = predictor._run([prepared[place] for place in accepted])["embedding"]
    rows = np.full((len(spectra), said.shape[1]), np.nan, np.float32)
    rows[accepted] = said
    return rows
