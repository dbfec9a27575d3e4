#!/usr/bin/env python3
"""Set up and start mtop-gui: python3 packaging/run.py [--setup-only] [arguments of mtop-gui].

The first start installs the pinned packages into .venv; later ones open the window at once. Where there is no display,
it reads the demo spectra without a window and leaves catalogue and screenshot in artefacts/.
"""

import os
import subprocess
import sys

from interpreter import require_supported_python

require_supported_python()

import environment  # noqa: E402
import system_libraries  # noqa: E402

ARTEFACTS = environment.ROOT / "artefacts"
# These do their work without showing anything, so they need no display.
WINDOWLESS = ("--screenshot", "--help", "install-launcher")


def main(arguments):
    try:
        python = environment.ensure_environment()
    except environment.SetupError as error:
        sys.exit(str(error))
    if arguments[:1] == ["--setup-only"]:
        print("Set up: start it with  python3 packaging/run.py")
        return 0
    if has_display():
        missing = system_libraries.missing_libraries(python)
        if missing:
            print(system_libraries.explain(missing), file=sys.stderr)
            return 2
        return start(python, "gui", *arguments)
    if any(argument.startswith(WINDOWLESS) for argument in arguments):
        return start(python, "gui", *arguments, QT_QPA_PLATFORM="offscreen")
    return read_without_window(python, arguments)


def has_display():
    """Tell whether a window can be shown; Windows and macOS always can."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def read_without_window(python, paths):
    """Predict the given paths, or the demo spectra, and draw the window into a file instead of on a screen."""
    paths = paths or [str(environment.ROOT / "resources" / "demo")]
    ARTEFACTS.mkdir(exist_ok=True)
    catalogue, screenshot = ARTEFACTS / "demo.ecsv", ARTEFACTS / "demo.png"
    print(
        f"No display (DISPLAY and WAYLAND_DISPLAY are not set): reading {', '.join(paths)} without a window."
    )
    sys.stdout.flush()
    catalogue.unlink(missing_ok=True)
    start(python, "predict", *paths, "-o", str(catalogue))
    # Its exit code may be 1: the demo holds a file that cannot be read and has a row that says so.
    if not catalogue.exists():
        return 2
    print(f"Catalogue:  {catalogue}")
    missing, fonts = (
        system_libraries.missing_libraries(python, headless=True),
        system_libraries.fonts_missing(),
    )
    if missing or fonts:
        print(system_libraries.explain(missing, fonts=fonts), file=sys.stderr)
    if missing:
        print("Screenshot: none, for lack of these libraries.")
        return 0
    code = start(python, "gui", *paths, "--screenshot", str(screenshot), QT_QPA_PLATFORM="offscreen")
    if code == 0:
        print(f"Screenshot: {screenshot}")
    return code


def start(python, *arguments, **variables):
    """Run the program in the environment and give its exit code."""
    command = [str(python), "-m", "mtop_gui", *arguments]
    try:
        return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
