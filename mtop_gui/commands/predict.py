"""``mtop predict``: spectra in, catalogue out."""

from __future__ import annotations

import os
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
    _check_output(output)
    from mtop_gui import io
    from mtop_gui.batch import predict_catalogue

    files = io.find_files([path for path in paths if os.path.lexists(path)])
    files += [path for path in paths if not os.path.lexists(path)]
    written_before = [path for path in files if _same_file(path, output)]
    if written_before and not _is_catalogue(output):
        fail(f"{output} is one of the files to read: name another catalogue, lest it is overwritten.")
    files = [path for path in files if path not in written_before]
    if not any(os.path.lexists(path) for path in files):
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


def _check_output(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        fail(f"{output} cannot be written: its name must end in {', '.join(SUFFIXES)}.")
    folder = output.absolute().parent
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
        fail(f"{output} cannot be written: its folder is not there.")
    if os.path.isdir(output):  # noqa: PTH112 - as above
        fail(f"{output} cannot be written: it is a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        fail(f"{output} cannot be written: you may not write into its folder.")


def _same_file(path: Path, output: Path) -> bool:
    try:
        return path.samefile(output)
    except OSError:
        return False


def _is_catalogue(path: Path) -> bool:
    """Tell our own catalogues, which may be replaced, from spectra, which may not."""
    from mtop_gui import io
    from mtop_gui.core.errors import MtopError

    try:
        io.read_catalogue(path)
    except MtopError:
        return False
    return True
