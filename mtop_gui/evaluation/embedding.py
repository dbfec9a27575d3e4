"""Where a network puts spectra in its own space, and that space drawn in a plane."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.spectrum import Spectrum

WITHOUT_UMAP = (
    "umap-learn is not installed (mtop-gui[analysis]): the plane shows two principal components instead"
)
NEIGHBOURS = 15


def embedder(predictor: Any) -> Callable[[Sequence[Spectrum]], FloatArray] | None:
    """Give what turns spectra into the activations (n, n_embedding) that all heads of the network share.

    Parameters
    ----------
    predictor : a Predictor; its own ``embed`` is taken where it has one, else the output "embedding" of its network.

    Returns
    -------
    None where the network tells no embedding.
    """
    own = getattr(predictor, "embed", None)
    if own is not None:
        return lambda spectra: np.asarray(own(spectra), dtype=np.float64)
    bundle = getattr(predictor, "bundle", None)
    if bundle is None:
        return None
    from mtop_gui.network.loading import inference_model

    model = inference_model(bundle)

    def embed(spectra: Sequence[Spectrum]) -> FloatArray:
        inputs = _inputs(bundle.preparation, spectra, predictor.instrument)
        return np.asarray(model.predict_on_batch(inputs)["embedding"], dtype=np.float64)

    return embed


def _inputs(preparation: Any, spectra: Sequence[Spectrum], instrument: Any) -> dict[str, Any]:
    """Prepare spectra as the bundle's network takes them."""
    prepared = preparation.prepare(spectra, instrument)
    return {name: np.stack([one.inputs[name] for one in prepared]) for name in prepared[0].inputs}


def plane(embedding: FloatArray, seed: int = 0) -> tuple[FloatArray, str]:
    """Draw an embedding in two dimensions: by UMAP (McInnes+18), else by principal components.

    Returns
    -------
    (n, 2) positions, and a sentence where it is not UMAP ("" where it is).
    """
    values = np.log1p(np.maximum(embedding, 0)) if (embedding >= 0).all() else embedding
    values = values - values.mean(axis=0)
    if len(values) <= NEIGHBOURS:
        return _principal(values), "too few spectra for UMAP: the plane shows two principal components"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import umap

            placed = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(values)
    except ImportError:
        return _principal(values), WITHOUT_UMAP
    return np.asarray(placed, dtype=np.float64), ""


def _principal(values: FloatArray) -> FloatArray:
    left, singular, _ = np.linalg.svd(values, full_matrices=False)
    placed = np.zeros((len(values), 2))
    count = min(2, singular.size)
    placed[:, :count] = left[:, :count] * singular[:count]
    return placed
