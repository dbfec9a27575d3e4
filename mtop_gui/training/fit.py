"""Train a network on a mock survey, epoch by epoch, so that it can stop and go on at any time."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Finished, ignore
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.lines import paper_mask_lines
from mtop_gui.network.architectures import make_config
from mtop_gui.network.bundle import ModelBundle
from mtop_gui.simulation.observing import make_observer
from mtop_gui.simulation.survey import INTERLOPERS, has_interlopers
from mtop_gui.training.calibrate import calibrate
from mtop_gui.training.checkpoint import has_checkpoint
from mtop_gui.training.dataset import MockBatches, SurveyInMemory, fit_preparation
from mtop_gui.training.material import SurveyMaterial
from mtop_gui.training.recipes import (
    Recipe,
    grid_for,
    least_coverage,
    preparation_for,
    recipe_for,
    sizes_for,
)
from mtop_gui.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.log_preparation import LogPreparation
    from mtop_gui.core.preparation import Preparation
    from mtop_gui.network.bundle import RedshiftGrid
    from mtop_gui.simulation.observing import Observer
    from mtop_gui.simulation.optical_observing import OpticalObserver


def train(
    survey_path: Path,
    bundle_dir: Path,
    *,
    architecture: str = "restframe",
    epochs: int = 100,
    seed: int = 0,
    resume: bool = False,
    batch_size: int = 64,
    report: Report = ignore,
    max_hours: float | None = None,
    config: Mapping[str, Any] | None = None,
    recipe: Recipe | None = None,
    preparation: Preparation | LogPreparation | None = None,
    instrument: Instrument | None = None,
    grid: RedshiftGrid | None = None,
    name: str = "",
    version: str = "1",
) -> Path:
    """Train a network on a mock survey and write it as a ModelBundle.

    After every improvement the bundle is usable; after every epoch a checkpoint is written to ``<bundle_dir>.training``.

    Parameters
    ----------
    survey_path : HDF5 of ``mtop simulate``.
    bundle_dir : folder of the bundle.
    epochs : at most this many; fewer if validation stops improving.
    resume : go on from the last checkpoint, exactly as an uninterrupted training would have; only `epochs` may differ.
    report : receives Advanced and EpochEnded; Cancelled raised in it leaves checkpoint and bundle usable.
    max_hours : stop after the epoch that would end later than this.
    config : sizes of the network that differ from the architecture's defaults.
    recipe, preparation, grid : default: those of the architecture (`training.recipes`) for the survey's instrument.
    instrument : for tests; default: the survey's own.
    name : of the bundle; default: the instrument's.

    Returns
    -------
    `bundle_dir`.

    Raises
    ------
    TrainingError : nothing to train on, a training already begun there, or one that cannot be resumed.
    SimulationError : the survey cannot be read.
    """
    bundle_dir = Path(bundle_dir)
    work = bundle_dir.with_name(bundle_dir.name + ".training")
    if has_checkpoint(work) and not resume:
        raise TrainingError(f"a training was already begun in {work}: add --resume, or remove that folder")
    recipe = replace(recipe or recipe_for(architecture), batch_size=batch_size)
    started = time.monotonic()
    with ExitStack() as opened:
        mocks = open_mocks(opened, Path(survey_path), instrument, recipe.point_source_share)
        survey, instrument, observer = mocks.survey, mocks.instrument, mocks.observer
        preparation = fit_preparation(
            preparation or preparation_for(architecture, instrument), observer, instrument, seed
        )
        grid = grid or grid_for(preparation, instrument)
        blueprint = ModelBundle(
            name=name or instrument.name,
            version=version,
            architecture=architecture,
            config=make_config(architecture, {**sizes_for(preparation, grid, instrument), **(config or {})}),
            instrument=instrument.name,
            grid=grid,
            lines=tuple((line.name, line.wavelength) for line in paper_mask_lines()),
            preparation=preparation,
            weights={},
            min_coverage=least_coverage(architecture),
        )
        material = SurveyMaterial(mocks.batches(blueprint, seed), survey, seed)
        trainer = Trainer(material, blueprint, recipe, seed, bundle_dir, work)
        trainer.run(epochs, resume, report, max_hours)
    calibrate(bundle_dir, Path(survey_path), seed=seed, instrument=instrument, report=report)
    report(Finished(trainer.progress.epoch, time.monotonic() - started))
    return bundle_dir


class Mocks(NamedTuple):
    """A survey open for training."""

    survey: SurveyInMemory
    instrument: Instrument
    observer: Observer | OpticalObserver
    interlopers: Observer | OpticalObserver | None

    def batches(self, bundle: ModelBundle, seed: int) -> MockBatches:
        """Make batches as a bundle sees them."""
        return MockBatches(
            self.observer,
            self.instrument,
            bundle.preparation,
            bundle.grid.centres,
            np.array([wavelength for _, wavelength in bundle.lines]),
            seed,
            self.interlopers,
        )


def open_mocks(
    opened: ExitStack, path: Path, instrument: Instrument | None, point_source_share: float
) -> Mocks:
    """Open a survey, and its interlopers where it has some; closed with `opened`.

    Parameters
    ----------
    instrument : default: the survey's own.

    Raises
    ------
    SimulationError : the survey cannot be read.
    """
    survey = opened.enter_context(SurveyInMemory(path))
    instrument = instrument or load_instrument(survey.instrument_name)
    interlopers = None
    if has_interlopers(path):
        others = opened.enter_context(SurveyInMemory(path, group=INTERLOPERS))
        interlopers = make_observer(others, instrument, point_source_share=point_source_share)
    observer = make_observer(survey, instrument, point_source_share=point_source_share)
    return Mocks(survey, instrument, observer, interlopers)
