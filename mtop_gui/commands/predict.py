"""``mtop predict``: spectra in, catalogue out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mtop_gui.commands.terminal import SOME_FAILED, TerminalReport, fail, without_chatter

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".ecsv", ".fits", ".csv", ".parquet")


def predict(
    paths: list[Path], output: Path, *, bundle: str, entropy_threshold: float, mc_passes: int, jobs: int
) -> int:
    """Predict every Spectrum under `paths` and write the catalogue.

    Returns
    -------
    0, or 1 when some file could not be read or predicted; the catalogue is written in either case.

    Raises
    ------
    MtopError : nothing could be done: no bundle, or the catalogue cannot be written.
    """
    # All that can go wrong with the command itself comes before TensorFlow's seconds.
    if output.suffix.lower() not in SUFFIXES:
        fail(f"{output} cannot be written: its name must end in {', '.join(SUFFIXES)}.")
    if not output.absolute().parent.is_dir():
        fail(f"{output} cannot be written: its folder is not there.")
    from mtop_gui import io
    from mtop_gui.batch import predict_catalogue

    files = io.find_files([path for path in paths if path.exists()])
    files += [path for path in paths if not path.exists()]
    if not any(path.exists() for path in files):
        fail(f"no spectrum file was found under {', '.join(map(str, paths))}.")
    from mtop_gui.network.predictor import Predictor

    predictor = Predictor(bundle)
    with without_chatter():
        predictor.warm_up()
    with TerminalReport("files") as report:
        rows = predict_catalogue(
            files,
            predictor,
            entropy_threshold=entropy_threshold,
            mc_passes=mc_passes,
            jobs=jobs,
            report=report,
        )
    io.write_catalogue(rows, output)
    failed = sum(1 for row in rows if row.error)
    flagged = sum(1 for row in rows if row.flagged)
    print(f"{output}: {len(rows)} rows, {flagged} flagged, {failed} could not be read", file=sys.stderr)
    return SOME_FAILED if failed else 0
