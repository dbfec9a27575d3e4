"""Fine-tuning: a trained bundle learns a little more, from another survey, from labelled or from unlabelled spectra."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtop_gui.core.errors import TrainingError
from mtop_gui.core.events import Finished, ignore
from mtop_gui.core.instrument import load_instrument
from mtop_gui.network.bundle import ModelBundle, load_bundle
from mtop_gui.training.adapting import STRENGTH, AdaptedMaterial, Adversary
from mtop_gui.training.calibrate import calibrate
from mtop_gui.training.catalogue import CatalogueMaterial, load_catalogue
from mtop_gui.training.checkpoint import has_checkpoint
from mtop_gui.training.familiar import make_familiar, surely, unknown
from mtop_gui.training.fit import open_mocks
from mtop_gui.training.label_table import SUFFIXES
from mtop_gui.training.material import SurveyMaterial
from mtop_gui.training.placed import place_files
from mtop_gui.training.recipes import fine_tuning_recipe
from mtop_gui.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.training.labelled import LabelledSpectra
    from mtop_gui.training.material import Material
    from mtop_gui.training.recipes import Recipe

SURVEYS = (".h5", ".hdf5")
EPOCHS = 10

MOST_MOCKS = 900
"""Mock validation spectra judged after each epoch, alone or beside those of a catalogue."""

MOST_CALIBRATED = 2400
"""Mocks of a split that the new bundle is calibrated on, and tested."""


def fine_tune(
    source: Path,
    bundle_dir: Path,
    parent: str | Path | ModelBundle,
    *,
    survey: Path | None = None,
    adapt: Sequence[Path] = (),
    strength: float = STRENGTH,
    confident: bool = True,
    epochs: int = EPOCHS,
    seed: int = 0,
    resume: bool = False,
    batch_size: int = 64,
    report: Report = ignore,
    max_hours: float | None = None,
    recipe: Recipe | None = None,
    instrument: Instrument | None = None,
    name: str = "",
    version: str = "1",
) -> Path:
    """Train a bundle further: its architecture, Preparation and redshift grid stay.

    The bundle that is written begins as its parent and changes when the validation spectra are judged better; when it is
    adapted to unlabelled spectra and nothing else, for as long as they are judged hardly worse.

    Parameters
    ----------
    source : a mock survey, or a table of labelled spectra (`label_table.read_labels`).
    bundle_dir : folder of the new bundle.
    parent : name or folder of the bundle to begin with.
    survey : mocks that take half of each batch beside a table's spectra, so that nothing is forgotten.
    adapt : files or folders of unlabelled spectra, to which the network is adapted; needs mocks.
    strength : of the reversed gradient.
    confident : whether spectra of whose redshift the parent is all but certain teach it; without, and with `strength` 0,
        nothing is adapted, which tells the gain of adapting from that of learning on.
    epochs, seed, resume, batch_size, report, max_hours, recipe : as of `train`.
    instrument : for tests; default: the parent's.
    name : of the bundle; default: its folder's.

    Returns
    -------
    `bundle_dir`.

    Raises
    ------
    TrainingError : nothing to learn from, or what was given does not go together.
    BundleError, SimulationError, ExportError : parent, survey or table cannot be read.
    """
    source, bundle_dir = Path(source), Path(bundle_dir)
    work = bundle_dir.with_name(bundle_dir.name + ".training")
    if has_checkpoint(work) and not resume:
        raise TrainingError(f"a training was already begun in {work}: add --resume, or remove that folder")
    mocks_of = _mocks_of(source, survey, adapt)
    old = parent if isinstance(parent, ModelBundle) else load_bundle(parent)
    instrument = instrument or load_instrument(old.instrument)
    recipe = replace(recipe or fine_tuning_recipe(old.architecture, epochs), batch_size=batch_size)
    started = time.monotonic()
    with ExitStack() as opened:
        labelled = None if source == mocks_of else load_catalogue(source, old, instrument, report)
        mocks = None
        if mocks_of is not None:
            found = open_mocks(opened, mocks_of, instrument, recipe.point_source_share)
            mocks = SurveyMaterial(found.batches(old, seed), found.survey, seed, most=MOST_MOCKS)
        material = _beside(labelled, mocks, instrument, seed)
        adversary, others = None, None
        if adapt:
            unlabelled = place_files(adapt, old, instrument, report)
            others = surely(unlabelled, report)
            taught = others if confident else unknown(unlabelled)
            material = AdaptedMaterial(material, taught, instrument, seed)
            adversary = Adversary(strength, unlabelled=labelled is None)
        blueprint = replace(
            old,
            name=name or bundle_dir.name.replace(" ", "-"),
            version=version,
            weights={},
            ood={} if mocks_of is not None else old.ood,
            training=_facts(source, old, labelled, others),
            digest="",
        )
        trainer = Trainer(
            material, blueprint, recipe, seed, bundle_dir, work, parent=old, adversary=adversary
        )
        trainer.run(epochs, resume, report, max_hours)
    if mocks_of is not None:
        calibrate(
            bundle_dir,
            mocks_of,
            seed=seed,
            instrument=instrument,
            report=report,
            most=MOST_CALIBRATED,
            temperatures=labelled is None,
        )
    for spectra in (labelled, others):
        if spectra is not None:
            make_familiar(bundle_dir, spectra, mocks=mocks_of is not None)
    report(Finished(trainer.progress.epoch, time.monotonic() - started))
    return bundle_dir


def _mocks_of(source: Path, survey: Path | None, adapt: Sequence[Path]) -> Path | None:
    """Tell the survey that mocks come from; refuse what does not go together."""
    if source.suffix.lower() in SURVEYS:
        if survey is not None:
            raise TrainingError(
                f"{source.name} is a survey itself: give --survey beside a table of labelled spectra alone"
            )
        return source
    if source.suffix.lower() not in SUFFIXES:
        raise TrainingError(
            f"{source.name} is neither a survey ({', '.join(SURVEYS)}) nor a table of labelled spectra "
            f"({', '.join(SUFFIXES)})"
        )
    if adapt and survey is None:
        raise TrainingError("adapting compares mocks with real spectra: name a survey of mocks with --survey")
    return survey


def _beside(
    labelled: LabelledSpectra | None, mocks: SurveyMaterial | None, instrument: Instrument, seed: int
) -> Material:
    if labelled is not None:
        return CatalogueMaterial(labelled, instrument, seed, mocks)
    assert mocks is not None  # `_mocks_of`: a source is one or the other
    return mocks


def _facts(
    source: Path, parent: ModelBundle, labelled: LabelledSpectra | None, others: LabelledSpectra | None
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "parent": {"label": parent.label, "digest": parent.digest},
        "source": source.name,
    }
    if labelled is not None:
        facts["catalogue"] = {
            "spectra": len(labelled),
            "galaxies": int(labelled.galaxies.size),
            "left_out": dict(labelled.left_out),
        }
    if others is not None:
        facts["adapted_to"] = {"spectra": len(others), "certain": int(others.galaxies.size)}
    return facts
