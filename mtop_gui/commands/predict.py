"""``mtop predict``: spectra in, catalogue out."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtop_gui.commands.terminal import SOME_FAILED, TerminalReport, fail, without_chatter
from mtop_gui.core.events import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mtop_gui.batch import Asked
    from mtop_gui.batch.predict import Place, Rows
    from mtop_gui.batch.run import Predicting
    from mtop_gui.core.events import Report

SUFFIXES = (".ecsv", ".fits", ".csv", ".parquet")


@dataclass(frozen=True)
class Output:
    """Where the catalogue goes: a file, or a folder that becomes a Parquet data set."""

    path: Path
    dataset: bool

    @classmethod
    def named(cls, text: str) -> Output:
        """Understand what the user typed: a folder ends in a slash, or is there already and named so."""
        path = Path(text)
        # Path.is_dir raises where a parent may not be entered.
        folder = os.path.isdir(path) and path.suffix.lower() in ("", ".parquet")  # noqa: PTH112
        return cls(path, folder or text.endswith(("/", os.sep)))


def predict(
    paths: list[Path],
    output: str,
    *,
    bundle: str,
    entropy_threshold: float,
    mc_passes: int,
    jobs: int,
    dask: str | None = None,
    resume: bool = False,
    lines: str | None = None,
) -> int:
    """Predict every Spectrum under `paths`, write the catalogue, and the line table beside it when `lines` names one.

    Returns
    -------
    0, or 1 when some file could not be read or predicted; the catalogue is written in either case.

    Raises
    ------
    MtopError : nothing could be done: no bundle, no cluster, or the catalogue cannot be written.
    """
    from mtop_gui.batch.chunks import one_processor_each

    one_processor_each()
    # All that can go wrong with the command itself comes before TensorFlow's seconds.
    wanted = Output.named(output)
    _check_output(wanted)
    table = None if lines is None else Output.named(lines)
    if table is not None:
        _check_output(table)
        _check_pair(wanted, table)
    from mtop_gui.batch import Asked, predict_to_file
    from mtop_gui.batch.processes import worth_processes

    files = _find_files(paths, [wanted] if table is None else [wanted, table])
    asked = Asked(
        entropy_threshold=entropy_threshold, mc_passes=mc_passes, jobs=jobs, lines=table is not None
    )
    with ExitStack() as held:
        if dask is not None:
            label, predicting = _on_cluster(dask, bundle, asked, held)
        elif jobs > 1 and worth_processes(files):
            label, predicting = _in_processes(bundle, asked, held)
        else:
            label, predicting = _here(bundle, asked)
        _tell_of_interrupted(wanted, resume, len(files))
        report = held.enter_context(TerminalReport("spectra"))
        try:
            done = predict_to_file(
                files,
                predicting,
                wanted.path,
                facts={"bundle": label, "entropy threshold": entropy_threshold, "MC passes": mc_passes},
                lines=None if table is None else table.path,
                dataset=wanted.dataset,
                resume=resume,
                report=report,
            )
        except (KeyboardInterrupt, Cancelled):
            _tell_how_to_go_on(wanted)
            raise
    _say(f"{output}: {done.rows} rows, {done.flagged} flagged, {done.failed} could not be read")
    if lines is not None:
        _say(f"{lines}: the lines of the same {done.rows} rows")
    return SOME_FAILED if done.failed else 0


def _here(bundle: str, asked: Asked) -> tuple[str, Predicting]:
    """Load the network into this process."""
    from mtop_gui.batch import predict_rows
    from mtop_gui.batch.memory import keep_freed_memory
    from mtop_gui.network.choosing import open_predictor

    keep_freed_memory()
    predictor = open_predictor(bundle)
    with without_chatter():
        predictor.warm_up()

    def predicting(files: Sequence[Path], begin: Place, report: Report) -> Iterator[Rows]:
        return predict_rows(files, predictor, asked, begin=begin, report=report)

    return predictor.bundle_name, predicting


def _in_processes(bundle: str, asked: Asked, held: ExitStack) -> tuple[str, Predicting]:
    """Leave the network to processes of this machine."""
    from mtop_gui.batch.processes import Processes
    from mtop_gui.network.choosing import label_of

    label = label_of(bundle)
    workers = held.enter_context(Processes(bundle, label, asked))
    return label, workers.predict_rows


def _on_cluster(address: str, bundle: str, asked: Asked, held: ExitStack) -> tuple[str, Predicting]:
    """Leave the network to the workers of a Dask cluster; only the bundle's name is looked up here."""
    from mtop_gui.batch.cluster import Cluster
    from mtop_gui.network.choosing import label_of

    label = label_of(bundle)
    # A worker has another working directory; a bundle's plain name means the one it ships itself.
    place = str(Path(bundle).absolute()) if Path(bundle).is_dir() else bundle
    cluster = held.enter_context(Cluster(address))

    def predicting(files: Sequence[Path], begin: Place, report: Report) -> Iterator[Rows]:
        return cluster.predict_rows(files, place, label, asked, begin=begin, report=report)

    return label, predicting


def _find_files(paths: list[Path], outputs: list[Output]) -> list[Path]:
    from mtop_gui import io

    files = io.find_files([path for path in paths if os.path.lexists(path)])
    files += [path for path in paths if not os.path.lexists(path)]
    for output in outputs:
        written_before = [path for path in files if _same_file(path, output.path)]
        if written_before and not _is_catalogue(output.path):
            fail(
                f"{output.path} is one of the files to read: name another one to write, lest it is overwritten."
            )
        files = [path for path in files if path not in written_before]
    if not any(os.path.lexists(path) for path in files):
        fail(f"no spectrum file was found under {', '.join(map(str, paths))}.")
    return files


def _tell_of_interrupted(output: Output, resume: bool, files: int) -> None:
    from mtop_gui.batch.journal import interrupted_run
    from mtop_gui.batch.run import partial_folder

    rows, listed = interrupted_run(partial_folder(output.path, output.dataset))
    if rows and not resume:
        _say(f"note: {rows} rows of an interrupted run are replaced; --resume would have gone on with them")
    elif rows and files != listed:
        _say(f"note: going on with the {listed} files of the interrupted run; there are {files} now")
    elif resume and not listed:
        _say("note: there is no interrupted run to go on with: starting from the beginning")


def _tell_how_to_go_on(output: Output) -> None:
    from mtop_gui.batch.journal import interrupted_run
    from mtop_gui.batch.run import partial_folder

    folder = partial_folder(output.path, output.dataset)
    rows, _ = interrupted_run(folder)
    if rows:
        _say(f"{rows} rows are kept in {folder}; the same command with --resume goes on.")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _check_output(output: Output) -> None:
    path = output.path
    if not output.dataset and path.suffix.lower() not in SUFFIXES:
        fail(
            f"{path} cannot be written: its name must end in {', '.join(SUFFIXES)}, or in / for a Parquet data set."
        )
    folder = path.absolute().parent
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
        fail(f"{path} cannot be written: its folder is not there.")
    if os.path.isdir(path) and not output.dataset:  # noqa: PTH112 - as above
        fail(f"{path} cannot be written: it is a folder.")
    if os.path.isfile(path) and output.dataset:  # noqa: PTH113 - as above
        fail(f"{path} cannot become a folder: it is a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        fail(f"{path} cannot be written: you may not write into its folder.")


def _check_pair(catalogue: Output, table: Output) -> None:
    if catalogue.dataset != table.dataset:
        fail(
            "catalogue and line table must both be files, or both folders (ending in /) for Parquet data sets."
        )
    if catalogue.path.absolute() == table.path.absolute() or _same_file(table.path, catalogue.path):
        fail(f"{table.path} is the catalogue itself: give --lines another name.")


def _same_file(path: Path, output: Path) -> bool:
    try:
        return path.samefile(output)
    except OSError:
        return False


def _is_catalogue(path: Path) -> bool:
    """Tell our own catalogues and line tables, which may be replaced, from spectra, which may not."""
    from mtop_gui import io
    from mtop_gui.core.errors import MtopError

    try:
        io.read_catalogue(path)
    except MtopError:
        return False
    return True
