"""Whatever layout specutils knows and we do not, where specutils is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.io.build import build_spectrum
from mtop_gui.io.error_words import silenced
from mtop_gui.io.raw import RawSpectrum

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.spectrum import Spectrum


def read(path: Path) -> list[Spectrum]:
    """Read with specutils; an empty list when it does not recognise the file either."""
    try:
        import specutils
    # A package that was built for another numpy fails in its own ways.
    except Exception:
        return []
    for kind in (specutils.SpectrumList, getattr(specutils, "Spectrum", None) or specutils.Spectrum1D):
        try:
            with silenced():
                loaded = kind.read(str(path))
        # specutils raises OSError, IORegistryError, KeyError … where a loader only half fits.
        except Exception:
            continue
        found = loaded if isinstance(loaded, list) else [loaded]
        raws = [raw for one in found for raw in _split(one)]
        if raws:
            return [build_spectrum(raw, path, row) for row, raw in enumerate(raws)]
    return []


def _split(loaded: Any) -> list[RawSpectrum]:
    import astropy.units as u

    wavelength = np.asarray(loaded.spectral_axis.to_value(u.AA, u.spectral()))
    flux = np.atleast_2d(np.asarray(loaded.flux.value))
    noise, kind = _noise(loaded)
    rows = flux.reshape(-1, flux.shape[-1])
    errors = np.atleast_2d(noise).reshape(rows.shape) if noise is not None else [None] * len(rows)
    return [
        RawSpectrum(
            wavelength=wavelength,
            flux=row,
            noise=error,
            noise_kind=kind,
            flux_unit=str(loaded.flux.unit),
            notes=("read with specutils; wavelengths taken as vacuum",),
        )
        for row, error in zip(rows, errors, strict=True)
    ]


def _noise(loaded: Any) -> tuple[Any, Any]:
    if loaded.uncertainty is None:
        return None, "error"
    kinds = {"std": "error", "var": "variance", "ivar": "ivar"}
    kind = kinds.get(loaded.uncertainty.uncertainty_type)
    return (np.asarray(loaded.uncertainty.array), kind) if kind else (None, "error")
