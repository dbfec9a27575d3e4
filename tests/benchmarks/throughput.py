"""Spectra per second from files to catalogue beside those of the network alone, where the time goes, and memory.

Both speeds are taken in turns, so that whatever else the machine does slows both down alike: the network alone in one process
with as many threads as there are processors, the files in as many processes, as ``mtop predict`` has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui import io
from mtop_gui.batch import Asked, predict_to_file
from mtop_gui.batch.processes import Processes
from mtop_gui.core.catalogue import predicted_row
from mtop_gui.core.confidence import summarise
from mtop_gui.network.predictor import Predictor
from tests.benchmarks.figures import Figure
from tests.benchmarks.files import distinct_files, link_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SPECTRA = int(os.environ.get("MTOP_BENCHMARK_SPECTRA", "5000"))
MANY_SPECTRA = 10 * SPECTRA
INDEXED = 10_000
TURNS = 5
BATCH = 64
PROFILED = 512
FACTS = {"bundle": "measured"}

SHARE_OF_NETWORK, GOAL_PER_S, GOAL_INDEX_S, GOAL_GROWTH = 0.8, 300.0, 10.0, 1.1


@dataclass
class Network:
    """A Predictor's bare network: its batches of inputs are noted once and then only run through it."""

    predictor: Predictor
    inputs: list[Any] = field(default_factory=list)

    def note(self, spectra: Sequence[Any]) -> None:
        """Let the Predictor prepare spectra, and keep what it feeds the network with."""
        model = self.predictor._model  # the bare network has no public name

        class Listener:
            def predict_on_batch(_, inputs: Any) -> Any:
                self.inputs.append(inputs)
                return model.predict_on_batch(inputs)

        self.predictor.__dict__["_model"] = Listener()
        self.predictor.predict(spectra)
        self.predictor.__dict__["_model"] = model

    def run(self, count: int) -> float:
        """Predict about `count` prepared spectra; give spectra per second."""
        size = len(next(iter(self.inputs[0].values())))
        batches = max(1, count // size)
        started = time.perf_counter()
        for number in range(batches):
            self.predictor._model.predict_on_batch(self.inputs[number % len(self.inputs)])
        return batches * size / (time.perf_counter() - started)


def file_to_catalogue(folder: Path, bundle: str) -> dict[str, Figure]:
    """Read, predict and write catalogues, in turns with the network alone; the network is loaded before."""
    with link_files(folder, folder / "links", SPECTRA) as files:
        return _in_turns(folder, files, bundle)


def _in_turns(folder: Path, files: list[Path], bundle: str) -> dict[str, Figure]:
    predictor = Predictor(bundle)
    predictor.warm_up()
    network = Network(predictor)
    spectra = [io.read(path)[0] for path in files[:PROFILED]]
    network.note(spectra[: PROFILED // BATCH * BATCH])
    network.run(2 * BATCH)
    alone, whole = [], []
    jobs = os.cpu_count() or 1
    asked = Asked(mc_passes=1, jobs=jobs)
    with Processes(bundle, predictor.bundle_name, asked) as processes:
        _catalogue(
            files[: 4 * BATCH * jobs], processes, folder / "warm.ecsv"
        )  # until all have loaded the bundle
        for turn in range(TURNS):
            alone.append(network.run(len(files)))
            started = time.perf_counter()
            written = _catalogue(files, processes, folder / f"catalogue{turn}.ecsv")
            whole.append(written / (time.perf_counter() - started))
    per_s = float(np.median(whole))
    network_per_s = float(np.median(alone))
    profile(files, spectra, predictor, network, folder, 1e3 * jobs / per_s)
    print(
        f"{len(files)} names of {len(distinct_files(folder))} distinct files; {jobs} processes, each with a network"
    )
    ratios = [one / other for one, other in zip(whole, alone, strict=True)]
    print(
        "turn by turn:", ", ".join(f"{one:.0f}/{other:.0f}" for one, other in zip(whole, alone, strict=True))
    )
    return {
        "network_only_per_s": Figure(network_per_s, "spectra/s", better="more"),
        "file_to_catalogue_per_s": Figure(per_s, "spectra/s", GOAL_PER_S, "more"),
        "file_to_catalogue_ratio": Figure(float(np.median(ratios)), "", SHARE_OF_NETWORK, "more"),
    }


def _catalogue(files: Sequence[Path], processes: Processes, output: Path) -> int:
    """Write the catalogue of some files as `mtop predict` does, and say how many rows it has."""
    done = predict_to_file(files, processes.predict_rows, output, facts=FACTS)
    if done.failed:
        raise RuntimeError(f"{done.failed} of {done.rows} files were not read")
    return done.rows


def profile(
    files: Sequence[Path],
    spectra: Sequence[Any],
    predictor: Predictor,
    network: Network,
    folder: Path,
    whole: float,
) -> None:
    """Print what each stage costs when it runs alone, in milliseconds of one core per spectrum."""
    count = len(spectra)
    predictions = predictor.predict(spectra)
    rows = [predicted_row(*both, 2.0) for both in zip(spectra, predictions, strict=True)]
    stages: dict[str, float] = {}

    def take(name: str, work: Callable[[], object], times: int = count) -> None:
        started = time.process_time()
        work()
        stages[name] = 1e3 * (time.process_time() - started) / times

    take("read", lambda: [io.read(path) for path in files[:count]])
    take("network", lambda: network.run(count), count // BATCH * BATCH)
    take("predict", lambda: predictor.predict(spectra))
    stages["prepare"] = max(0.0, stages.pop("predict") - stages["network"])
    take("confidence", lambda: [summarise(one.redshift_grid, one.redshift_pdf) for one in predictions])
    take("rows", lambda: [predicted_row(*both, 2.0) for both in zip(spectra, predictions, strict=True)])
    take(
        "write",
        lambda: (
            io.stream_catalogue(lambda: iter([rows]), folder / "profile.ecsv")
            and io.stream_catalogue(lambda: iter([rows]), folder / "profile.csv")
        ),
    )
    total = sum(stages.values())
    print(f"{'stage':12} {'ms-core/spectrum':>17} {'share':>7}")
    for name in ("read", "prepare", "network", "confidence", "rows", "write"):
        print(f"{name:12} {stages[name]:17.3f} {100 * stages[name] / total:6.1f} %")
    print(
        f"{'sum':12} {total:17.3f}\n{'as a whole':12} {whole:17.3f}  (all processors' time: queues, waiting and progress included)"
    )
    print(
        "prepare: from spectra to the network's inputs and from its outputs to Predictions, out-of-distribution score too"
    )


def memory(folder: Path, bundle: str) -> dict[str, Figure]:
    """Peak memory of ``mtop predict`` over some spectra and over ten times as many."""
    few = peak_memory_mb(folder, bundle, SPECTRA)
    many = peak_memory_mb(folder, bundle, MANY_SPECTRA)
    names = f"memory_{SPECTRA // 1000}k_mb", f"memory_{MANY_SPECTRA // 1000}k_mb"
    return {names[0]: Figure(few, "MB"), names[1]: Figure(many, "MB", GOAL_GROWTH * few)}


def peak_memory_mb(folder: Path, bundle: str, spectra: int) -> float:
    """Largest resident size of ``mtop predict`` over so many files [MB]; the largest of its processes."""
    place, output = folder / f"many-{spectra}", folder / f"many-{spectra}.csv"
    command = [sys.executable, "-m", "mtop_gui.cli", "predict", str(place), "-o", str(output)]
    with link_files(folder, place, spectra):
        process = subprocess.Popen([*command, "--bundle", bundle, "--mc-passes", "1"])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"mtop predict over {spectra} files ended with {process.returncode}")
    return used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def index(folder: Path, bundle: str) -> dict[str, Figure]:
    """List a folder of many files as the browser does: every file is asked what it holds."""
    from mtop_gui.ui.scanning import scan

    place = folder / "indexed"
    with link_files(folder, place, INDEXED):
        started = time.perf_counter()
        found = scan([place], lambda found: None)
        seconds = time.perf_counter() - started
    if found != INDEXED:
        raise RuntimeError(f"{found} spectra were found in {INDEXED} files")
    return {"index_10k_s": Figure(seconds, "s", GOAL_INDEX_S)}
