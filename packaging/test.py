#!/usr/bin/env python3
"""Set up and test mtop-gui: python3 packaging/test.py [--benchmarks] [arguments of pytest].

With --benchmarks it measures the speeds instead, prints them as a table and writes benchmarks.json.
"""

import os
import subprocess
import sys
from pathlib import Path

from interpreter import require_supported_python

require_supported_python()

import environment  # noqa: E402
import system_libraries  # noqa: E402

EXTRAS = ("mocks", "parquet", "postgres", "specutils", "test")


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
    if "--benchmarks" in arguments:
        rest = [argument for argument in arguments if argument != "--benchmarks"]
        command = [str(python), "-m", "tests.benchmarks", *rest]
    else:
        command = [str(python), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=Path(environment.ROOT), env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
