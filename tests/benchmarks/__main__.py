"""Measure the speeds: python -m tests.benchmarks [--files N] [--bundle NAME|DIR] [--only NAME …].

Each benchmark runs in a process of its own, so that none warms up or fattens another.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from tests.benchmarks.figures import Figure, table

BENCHMARKS = {
    "start": "tests.benchmarks.start:start_to_window",
    "window": "tests.benchmarks.window:window",
    "tables": "tests.benchmarks.tables:tables",
    "stall": "tests.benchmarks.tables:stall",
    "networks": "tests.benchmarks.networks:networks",
    "catalogue": "tests.benchmarks.throughput:file_to_catalogue",
    "memory": "tests.benchmarks.throughput:memory",
    "index": "tests.benchmarks.throughput:index",
}
OUTPUT = Path("benchmarks.json")


def main() -> int:
    options = parse()
    if options.inner:
        return inner(options)
    from tests.benchmarks.files import make_files

    figures: dict[str, Figure] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="mtop-benchmarks-") as folder:
        print(f"writing {options.files} files …", flush=True)
        make_files(Path(folder), options.files)
        for name in options.only or BENCHMARKS:
            print(f"measuring: {name} …", flush=True)
            found = run_apart(name, folder, options.bundle)
            if found is None:
                failed.append(name)
            else:
                figures |= found
    if figures:
        print(table(figures))
    written = {
        name: {"value": figure.value, "unit": figure.unit, "goal": figure.goal}
        for name, figure in figures.items()
    }
    options.output.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    print(f"written: {options.output}")
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --benchmarks")
    parser.add_argument("--files", type=int, default=500, help="MOONS1D-layout files to measure with")
    parser.add_argument("--bundle", default="moons-lr")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--inner", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


def run_apart(name: str, folder: str, bundle: str) -> dict[str, Figure] | None:
    """Run one benchmark in its own process; None when it fails, its words then being on stderr."""
    answer = Path(folder) / f"{name}.json"
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable, "-m", "tests.benchmarks", "--inner", name, folder, "--bundle", bundle]
    done = subprocess.run([*command, "--output", str(answer)], timeout=1200, check=False)
    if done.returncode:
        return None
    return {key: Figure(**facts) for key, facts in json.loads(answer.read_text(encoding="utf-8")).items()}


def inner(options: argparse.Namespace) -> int:
    """Measure in this process."""
    import importlib

    name, folder = options.inner
    module, function = BENCHMARKS[name].split(":")
    try:
        figures = getattr(importlib.import_module(module), function)(Path(folder), options.bundle)
    except Exception:
        traceback.print_exc()
        return 1
    answer = {key: figure.as_dict() for key, figure in figures.items()}
    options.output.write_text(json.dumps(answer), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # nothing to save, and a window need not be taken down politely to be measured


if __name__ == "__main__":
    sys.exit(main())
