"""Continue under a Python the program supports; written so that any Python 3 can read it."""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def require_supported_python():
    """Return when this Python will do; else run the script again under one that will, or say what to install."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        for command in _candidates(minor):
            if _is(command, minor):
                sys.exit(subprocess.call(command + sys.argv))
    sys.exit(
        "mtop-gui needs Python 3.{} to 3.{}; this is Python {}.{}: install one of those and run this again with it.".format(
            OLDEST[1], NEWEST[1], *sys.version_info[:2]
        )
    )


def _candidates(minor):
    if os.name == "nt" and shutil.which("py"):
        yield ["py", "-3.{}".format(minor)]
    path = shutil.which("python3.{}".format(minor))
    if path:
        yield [path]


def _is(command, minor):
    try:
        found = subprocess.check_output(
            command + ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return found.decode().strip() == "3.{}".format(minor)
