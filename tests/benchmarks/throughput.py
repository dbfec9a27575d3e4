"""Spectra per second: the network alone, and from files to catalogue; peak memory of the latter."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mtop_gui import io
from mtop_gui.batch import predict_catalogue
from mtop_gui.network.predictor import Predictor
from tests.benchmarks.figures import Figure

if TYPE_CHECKING:
    from pathlib import Path


def network_only(folder: Path, bundle: str) -> dict[str, Figure]:
    """Predict spectra that are in memory already, one deterministic pass each."""
    spectra = [spectrum for path in sorted(folder.glob("*.fits")) for spectrum in io.read(path)]
    predictor = Predictor(bundle)
    predictor.predict(spectra[:128])  # loads TensorFlow and compiles the network
    started = time.perf_counter()
    predictor.predict(spectra)
    return {
        "network_only_spectra_per_s": Figure(
            len(spectra) / (time.perf_counter() - started), "spectra/s", better="more"
        )
    }


def file_to_catalogue(folder: Path, bundle: str) -> dict[str, Figure]:
    """Read, predict and write a catalogue, with the network loaded before the clock starts."""
    files = sorted(folder.glob("*.fits"))
    predictor = Predictor(bundle)
    predict_catalogue(files[:128], predictor)
    started = time.perf_counter()
    rows = predict_catalogue(files, predictor)
    io.write_catalogue(rows, folder / "catalogue.ecsv")
    seconds = time.perf_counter() - started
    failures = [row.error for row in rows if row.error]
    if failures:
        raise RuntimeError(f"{len(failures)} files were not read, the first because: {failures[0]}")
    return {
        "file_to_catalogue_spectra_per_s": Figure(len(rows) / seconds, "spectra/s", better="more"),
        "peak_memory_mb": Figure(peak_memory_mb(), "MB"),
    }


def peak_memory_mb() -> float:
    """Largest resident size of this process so far [MB]."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
