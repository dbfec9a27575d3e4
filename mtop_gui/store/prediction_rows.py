"""Predictions as rows of the cache, and back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.prediction import Prediction
from mtop_gui.store import encoding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.store.review_store import CacheEntry

_SCALARS = ("logmass", "logmass_err", "logsfr", "logsfr_err", "coverage", "ood", "ood_threshold")


def encode_all(entries: Iterable[CacheEntry]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Turn cache entries into the values of their rows, each with the key of the grids it is on."""
    # All Predictions of a run share two arrays, and hashing them is slower than the rest.
    seen: dict[tuple[int, int], str] = {}
    encoded = []
    for entry in entries:
        arrays = (entry.prediction.redshift_grid, entry.prediction.line_wavelength)
        identity = (id(arrays[0]), id(arrays[1]))
        if identity not in seen:
            seen[identity] = encoding.digest(*arrays)
        encoded.append((encode(entry), {"bundle": entry.prediction.bundle, "digest": seen[identity]}))
    return encoded


def encode(entry: CacheEntry) -> dict[str, Any]:
    """Turn a cache entry into the values of its row, all but `grid`."""
    prediction = entry.prediction
    scatter = prediction.redshift_pdf_std
    row = {
        "content_hash": entry.content_hash,
        "bundle_name": entry.bundle_name,
        "mc_passes": entry.mc_passes,
        "redshift_pdf": encoding.pack(prediction.redshift_pdf, b"f"),
        "redshift_pdf_std": None if scatter is None else encoding.pack_scaled(scatter),
        "line_probability": encoding.pack_probability(prediction.line_probability),
        "rejection": prediction.rejection,
        "warnings": json.dumps(prediction.warnings),
    }
    for name in _SCALARS:
        value = float(getattr(prediction, name))
        row[name] = None if math.isnan(value) else value
    return row


def encode_grid(prediction: Prediction) -> dict[str, bytes]:
    """Turn the grids of a Prediction, the same for all of a bundle, into the values of their row."""
    return {
        "redshift_grid": encoding.pack(prediction.redshift_grid, b"d"),
        "line_wavelength": encoding.pack(prediction.line_wavelength, b"d"),
    }


def decode_grid(row: Any) -> tuple[str, FloatArray, FloatArray] | None:
    """Read a bundle's name, redshift grid and line wavelengths; None when the row is damaged."""
    try:
        grid, wavelength = encoding.unpack(row.redshift_grid), encoding.unpack(row.line_wavelength)
    except encoding.DamagedBlobError:
        return None
    return row.bundle, grid, wavelength


def decode(row: Any, shared: tuple[str, FloatArray, FloatArray] | None) -> Prediction | None:
    """Read a Prediction; None when the row is damaged, which is no loss: it can be made again."""
    if shared is None:
        return None
    bundle, grid, wavelength = shared
    try:
        scatter = row.redshift_pdf_std
        pdf = encoding.unpack(row.redshift_pdf, grid.size)
        scatter = None if scatter is None else encoding.unpack_scaled(scatter, grid.size)
        lines = encoding.unpack_probability(row.line_probability, wavelength.size)
        warnings = tuple(str(warning) for warning in json.loads(row.warnings))
    except (encoding.DamagedBlobError, ValueError, TypeError):
        return None
    if not np.isfinite(pdf).all():
        return None
    scalars = {name: math.nan if getattr(row, name) is None else getattr(row, name) for name in _SCALARS}
    return Prediction(
        redshift_grid=grid,
        redshift_pdf=pdf,
        line_wavelength=wavelength,
        line_probability=lines,
        bundle=bundle,
        redshift_pdf_std=scatter,
        rejection=row.rejection,
        warnings=warnings,
        **scalars,
    )
