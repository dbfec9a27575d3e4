"""Spectra per second on one and on two Dask workers of one core each: python -m tests.long.dask_scaling [--spectra N].

Prints the curve, and what follows from it for 5·10⁵ and 10⁹ spectra; with --write it replaces the tables in
resources/guide/cluster.md. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from mtop_gui.batch import Asked
from mtop_gui.batch.cluster import Cluster
from mtop_gui.network.bundle import load_bundle
from tests.benchmarks.files import link_files, make_files

ONE_CORE = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
GOALS = (500_000, 1_000_000_000)
CORES = (2, 64, 1024)
PAGE = Path(__file__).parents[2] / "resources" / "guide" / "cluster.md"
BEGIN, END = "<!-- measured by tests.long.dask_scaling -->", "<!-- end -->"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--spectra", type=int, default=2048)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--bundle", default="moons-lr")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mtop-dask-") as name:
        make_files(Path(name), 100)
        with link_files(Path(name), Path(name) / "spectra", options.spectra) as files:
            rates = {workers: measure(files, workers, options.bundle) for workers in options.workers}
    print(table(rates))
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        page = f"{before}{BEGIN}\n\n{table(rates)}\n\n{END}{after}"
        PAGE.write_text(page, encoding="utf-8")
    return 0


def measure(files: list[Path], workers: int, bundle: str) -> float:
    """Give spectra per second of so many workers, each held to one core, with the network loaded before."""
    import dask
    from distributed import Client, LocalCluster

    label = load_bundle(bundle).label
    asked = Asked(mc_passes=1, jobs=1)
    environment = {"distributed.nanny.pre-spawn-environ": ONE_CORE | {"OMP_NUM_THREADS": "1"}}
    with (
        dask.config.set(environment),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
        ) as local,
        Client(local, set_as_default=False) as client,
        Cluster(local.scheduler_address) as cluster,
    ):
        if hasattr(os, "sched_setaffinity"):
            for number, address in enumerate(client.ncores()):
                client.run(os.sched_setaffinity, 0, {number % (os.cpu_count() or 1)}, workers=[address])
        chunk = max(64, len(files) // (8 * workers) // 64 * 64)
        # As many chunks as workers and more: each has to load its network.
        list(cluster.predict_rows(files[: 128 * workers], bundle, label, asked, files_per_chunk=32))
        started = time.perf_counter()
        rows = sum(
            len(some.rows)
            for some in cluster.predict_rows(files, bundle, label, asked, files_per_chunk=chunk)
        )
        return rows / (time.perf_counter() - started)


def table(rates: dict[int, float]) -> str:
    """Write the measured curve and what it means for large surveys as Markdown."""
    first = rates[min(rates)] / min(rates)
    lines = ["| workers of one core | spectra/s | of ideal |", "| --- | --- | --- |"]
    for workers, rate in rates.items():
        lines.append(f"| {workers} | {rate:.0f} | {100 * rate / first / workers:.0f} % |")
    per_core = rates[max(rates)] / max(rates)
    head = "".join(f" {cores} cores |" for cores in CORES)
    lines += ["", f"| spectra | core hours |{head}", "| --- | --- |" + " --- |" * len(CORES)]
    for spectra in GOALS:
        hours = spectra / per_core / 3600
        times = "".join(f" {_duration(hours / cores)} |" for cores in CORES)
        lines.append(f"| {spectra:,} | {hours:,.1f} |{times}")
    return "\n".join(lines)


def _duration(hours: float) -> str:
    for unit, length, most in (("s", 1 / 3600, 1 / 30), ("min", 1 / 60, 2.0), ("h", 1.0, 48.0)):
        if hours < most:
            return f"{hours / length:.0f} {unit}"
    return f"{hours / 24:.0f} days"


if __name__ == "__main__":
    sys.exit(main())
