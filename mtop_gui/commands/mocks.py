"""``mtop simulate`` and ``mtop train``: mock surveys, and networks trained on them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mtop_gui.commands.terminal import TerminalReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def simulate(
    survey: Path, *, instrument: str, galaxies: int, seed: int, fits: Path | None, interlopers: int = 0
) -> None:
    """Make a mock survey, and with `fits` observe it into FITS files of the instrument's layout.

    With no galaxies, the interlopers are added to a survey that exists.

    Raises
    ------
    MtopError : the survey cannot be made or written.
    """
    from mtop_gui.core.instrument import load_instrument
    from mtop_gui.simulation import export_fits, simulate_survey
    from mtop_gui.simulation.survey import Survey, add_interlopers

    if galaxies == 0 and interlopers > 0:
        add_interlopers(survey, load_instrument(instrument), interlopers, seed)
    else:
        with TerminalReport("spectra") as report:
            simulate_survey(
                survey, load_instrument(instrument), galaxies, seed, report, n_interlopers=interlopers
            )
    print(f"{survey}: {galaxies} galaxies, {interlopers} interlopers written", file=sys.stderr)
    if fits is not None:
        with TerminalReport("files") as report, Survey(survey) as mocks:
            export_fits(mocks, fits, seed=seed, report=report)
        print(f"{fits}: {galaxies} FITS files and truth.csv", file=sys.stderr)


def train(
    source: Path,
    bundle_dir: Path,
    *,
    architecture: str | None,
    epochs: int | None,
    seed: int,
    resume: bool,
    batch_size: int,
    max_hours: float | None,
    parent: str | None = None,
    survey: Path | None = None,
    adapt: Sequence[Path] = (),
) -> None:
    """Train a network on a mock survey, or with `parent` that bundle further, and write it as a ModelBundle.

    Raises
    ------
    MtopError : what is learned from, the architecture, the parent or the checkpoint will not do.
    """
    from mtop_gui.core.errors import TrainingError
    from mtop_gui.training import fine_tune
    from mtop_gui.training import train as fit

    if parent is None and (survey is not None or adapt):
        raise TrainingError("--survey and --adapt train a bundle further: name it with --from")
    if parent is not None and architecture is not None:
        raise TrainingError("with --from the architecture is the parent's: leave --architecture out")
    with TerminalReport("batches") as report:
        if parent is not None:
            fine_tune(
                source,
                bundle_dir,
                parent,
                survey=survey,
                adapt=adapt,
                epochs=epochs or 10,
                seed=seed,
                resume=resume,
                batch_size=batch_size,
                report=report,
                max_hours=max_hours,
            )
        else:
            fit(
                source,
                bundle_dir,
                architecture=architecture or "restframe",
                epochs=epochs or 100,
                seed=seed,
                resume=resume,
                batch_size=batch_size,
                max_hours=max_hours,
                report=report,
            )
    print(f"{bundle_dir}: trained{_gain(bundle_dir) if parent else ''}", file=sys.stderr)


def _gain(bundle_dir: Path) -> str:
    """Tell what the validation spectra say of a fine-tuned bundle and of its parent."""
    from mtop_gui.network.bundle import load_bundle

    facts = load_bundle(bundle_dir).training
    before, after = (facts["history"][epoch]["success"] for epoch in (0, int(facts["best_epoch"])))
    kept = "" if facts["best_epoch"] else "; nothing was learned, the network is the parent's"
    return f"; |Δz| < 0.01 for {before:.1%} of the validation spectra before, {after:.1%} after{kept}"
