"""A Dask run whose workers are killed, again and again, beside a run here: python -m tests.long.dask_loss [--short].

Both are the real command with the shipped bundle. One line sums up; the exit code is 1 when the catalogues differ in a
byte.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mtop_gui.batch.journal import interrupted_run
from mtop_gui.batch.run import partial_folder
from tests.benchmarks.files import link_files, make_files

LONG, SHORT, DISTINCT = 5000, 1024, 100
LOSSES_LONG, LOSSES_SHORT = 25, 8
"""After so many losses the run is left alone: each costs the time in which another worker loads its network."""
ALLOWED = 1000
"""Losses that a chunk may see before it is suspected of causing them: here they are our doing."""


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="mtop-dask-") as name:
        folder = Path(name)
        make_files(folder, DISTINCT)
        with link_files(folder, folder / "spectra", options.spectra):
            here, there = folder / "here.csv", folder / "there.csv"
            _predict(folder / "spectra", here, options.bundle).wait()
            started = time.monotonic()
            lost, code = _with_losses(folder / "spectra", there, options)
            seconds = time.monotonic() - started
        same = there.exists() and here.read_bytes() == there.read_bytes()
    verdict = "the same catalogue" if same and code == 0 else f"ANOTHER CATALOGUE (exit code {code})"
    print(
        f"dask-loss: {options.spectra} spectra, {lost} losses among {options.workers} workers in {seconds:.0f} s: "
        f"{verdict} as without Dask"
    )
    return 0 if same and code == 0 and lost else 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --dask-loss")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} spectra instead of {LONG}")
    parser.add_argument("--spectra", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--every", type=float, default=5.0, help="least seconds between two losses, on average"
    )
    parser.add_argument(
        "--losses", type=int, help=f"at most (default {LOSSES_LONG}; {LOSSES_SHORT} with --short)"
    )
    parser.add_argument("--bundle", default="moons-lr")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.spectra = options.spectra or (SHORT if options.short else LONG)
    options.losses = options.losses or (LOSSES_SHORT if options.short else LOSSES_LONG)
    return options


def _predict(spectra: Path, output: Path, bundle: str, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mtop_gui.cli", "predict", str(spectra), "-o", str(output)]
    return subprocess.Popen([*command, "--bundle", bundle, "--mc-passes", "1", *more])


def _with_losses(spectra: Path, output: Path, options: argparse.Namespace) -> tuple[int, int]:
    """Run on a cluster and kill a worker now and then; give the losses and the exit code of the command."""
    import dask
    from distributed import Client, LocalCluster

    chance = random.Random(options.seed)
    lost = 0
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED}),
        LocalCluster(
            n_workers=options.workers,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs="CRITICAL",
        ) as cluster,
        Client(cluster) as client,
    ):
        running = _predict(spectra, output, options.bundle, "--dask", cluster.scheduler_address)
        due, rows = time.monotonic(), 0
        while running.poll() is None:
            time.sleep(0.2)
            rows_now, _ = interrupted_run(partial_folder(output))
            # Each loss waits for rows since the last one: workers that never live long enough to load their network
            # would prove nothing.
            if time.monotonic() < due or rows_now <= rows or lost >= options.losses:
                continue
            busy = [pid for pid in _busy_workers(client) if pid != os.getpid()]
            if busy:
                os.kill(chance.choice(busy), signal.SIGKILL)
                lost, rows = lost + 1, rows_now
                due = time.monotonic() + chance.uniform(0.5, 1.5) * options.every
        return lost, running.returncode


def _busy_workers(client) -> list[int]:
    """Give the process ids of the workers that have a chunk."""
    at_work = {address for address, tasks in client.processing().items() if tasks}
    try:
        return [
            pid for address, pid in client.run(os.getpid, on_error="ignore").items() if address in at_work
        ]
    except (OSError, TimeoutError):
        return []


if __name__ == "__main__":
    sys.exit(main())
