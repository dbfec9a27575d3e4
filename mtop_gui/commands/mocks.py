"""``mtop simulate`` and ``mtop train``: mock surveys, and networks trained on them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mtop_gui.commands.terminal import TerminalReport

if TYPE_CHECKING:
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
    survey: Path,
    bundle_dir: Path,
    *,
    architecture: str,
    epochs: int,
    seed: int,
    resume: bool,
    batch_size: int,
    max_hours: float | None,
) -> None:
    """Train a network on a mock survey and write it as a ModelBundle.

    Raises
    ------
    MtopError : the survey, the architecture or the checkpoint will not do.
    """
    from mtop_gui.training import train as fit

    with TerminalReport("batches") as report:
        fit(
            survey,
            bundle_dir,
            architecture=architecture,
            epochs=epochs,
            seed=seed,
            resume=resume,
            batch_size=batch_size,
            max_hours=max_hours,
            report=report,
        )
    print(f"{bundle_dir}: trained", file=sys.stderr)
