#!/usr/bin/env python3
"""Set up and test mtop-gui: python3 packaging/test.py [arguments of pytest], or one of these.

Each has its own --help:

--benchmarks    measure the speeds, print them as a table, write benchmarks.json
--fuzz          damage files in 20,000 ways and read them
--soak          work in the real window for long, and close it in the midst of work
--kill9         kill a review at 200 moments: nothing that was shown as saved may be missing
--multiwriter   many processes write into one store
--dask-loss     lose a worker in the midst of a run on a cluster
--ablations     train M-TOPnet without some of its tasks, and with siblings in training
--shifted-domain  fine-tune and adapt a bundle to spectra unlike its training's

All but the first end with a line that sums up and take --short.
"""

import os
import subprocess
import sys
from pathlib import Path

from interpreter import require_supported_python

require_supported_python()

import environment  # noqa: E402
import system_libraries  # noqa: E402

EXTRAS = ("mocks", "parquet", "figures", "dask", "postgres", "specutils", "test")

INSTEAD = {
    "--benchmarks": "tests.benchmarks",
    "--fuzz": "tests.long.fuzz",
    "--soak": "tests.long.soak",
    "--kill9": "tests.long.kill9",
    "--multiwriter": "tests.long.multiwriter",
    "--dask-loss": "tests.long.dask_loss",
    "--ablations": "tests.long.ablations",
    "--shifted-domain": "tests.long.shifted_domain",
}


def main(arguments):
    try:
        python = environment.ensure_environment(EXTRAS)
    except environment.SetupError as error:
        sys.exit(str(error))
    if arguments[:1] == ["--setup-only"]:
        return 0
    missing = system_libraries.missing_libraries(python, headless=True)
    if missing:
        print(system_libraries.explain(missing), file=sys.stderr)
        return 2
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    variables.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [str(python), *what_to_run(arguments)]
    return subprocess.run(command, cwd=Path(environment.ROOT), env=variables, check=False).returncode


def what_to_run(arguments):
    """Give the module and its arguments: one of INSTEAD where it is named, else pytest."""
    for option, module in INSTEAD.items():
        if option in arguments:
            return ["-m", module, *(argument for argument in arguments if argument != option)]
    return ["-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
