"""Spectra per second of the methods that find redshifts, in turns: restframe, M-TOPnet and the χ² peer.

Weights and templates decide nothing about speed, so M-TOPnet's and the peer's are drawn at random in their full size.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui import io
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.preparation import Preparation
from mtop_gui.evaluation.chi2 import ARCHETYPES, COMPONENTS, VELOCITY, Chi2Scan, Templates
from mtop_gui.evaluation.log_grid import Gridder, LogGrid
from mtop_gui.network.architectures import build, make_config
from mtop_gui.network.bundle import ModelBundle, RedshiftGrid
from mtop_gui.network.predictor import Predictor
from tests.benchmarks.figures import Figure
from tests.benchmarks.files import distinct_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mtop_gui.core.spectrum import Spectrum

SPECTRA, FEW, TURNS = 256, 16, 15
REACH = (0.6, 3.0)


def networks(folder: Path, bundle: str) -> dict[str, Figure]:
    """Measure each method from a Spectrum in memory to its redshift, on all processors."""
    spectra = [io.read(path)[0] for path in distinct_files(folder)[:SPECTRA]]
    restframe, mtopnet, chi2 = Predictor(bundle), Predictor(_untrained_mtopnet()), _chi2()
    methods: dict[str, Callable[[], float]] = {
        "restframe": lambda: _rate(restframe.predict, spectra),
        "mtopnet": lambda: _rate(mtopnet.predict, spectra),
        "chi2": lambda: _rate(chi2, spectra[:FEW]),
    }
    for run in methods.values():
        run()
    rates: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(TURNS):
        for name, run in methods.items():
            rates[name].append(run())
    ratio = np.median(np.array(rates["restframe"]) / np.array(rates["mtopnet"]))
    return {
        f"{name}_per_s": Figure(float(np.median(found)), "spectra/s", better="more")
        for name, found in rates.items()
    } | {"restframe_to_mtopnet_ratio": Figure(float(ratio), "", 1.0, "more")}


def _rate(predict: Callable[[Sequence[Spectrum]], object], spectra: Sequence[Spectrum]) -> float:
    started = time.perf_counter()
    predict(spectra)
    return len(spectra) / (time.perf_counter() - started)


def _untrained_mtopnet() -> ModelBundle:
    import keras

    keras.utils.set_random_seed(1)
    config = make_config("mtopnet", {})
    preparation = Preparation()
    points = (1.0,) * preparation.continuum_points
    return ModelBundle(
        name="untrained",
        version="1",
        architecture="mtopnet",
        config=config,
        instrument="moons-lr",
        grid=RedshiftGrid(*REACH, config.redshift_bins),
        lines=(),
        preparation=replace(preparation, continuum_mean=points, continuum_std=points),
        weights={variable.path: np.asarray(variable) for variable in build("mtopnet", config).weights},
        logmass_sigma=0.1,
        logsfr_sigma=0.2,
    )


def _chi2() -> Callable[[Sequence[Spectrum]], object]:
    instrument = load_instrument("moons-lr")
    preparation = Preparation()
    usable = preparation.usable(instrument)
    gridder = Gridder(instrument, usable, velocity=VELOCITY, median_window=preparation.median_window)
    grid, (lowest, highest) = gridder.grid, np.log1p(REACH)
    rest = LogGrid(
        grid.first - float(highest),
        grid.step,
        grid.size + int(np.ceil((highest - lowest) / grid.step)) + 1,
    )
    random = np.random.default_rng(3)
    components = np.linalg.qr(random.normal(size=(rest.size, COMPONENTS)))[0].T
    archetypes = random.normal(size=(ARCHETYPES, COMPONENTS))
    archetypes /= np.linalg.norm(archetypes, axis=1, keepdims=True)
    scan = Chi2Scan(gridder, Templates(rest, components, archetypes), REACH)

    def fit(spectrum: Spectrum) -> object:
        with np.errstate(divide="ignore"):
            return scan.fit(gridder.weigh(spectrum.flux, spectrum.ivar**-0.5))

    def fit_all(spectra: Sequence[Spectrum]) -> object:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(fit, spectra))

    return fit_all
