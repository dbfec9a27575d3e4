"""``mtop-gui``: the window. Declared with argparse, because nothing else may delay the first picture."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from mtop_gui import __version__
from mtop_gui.commands.terminal import fail, plain_errors

EPILOG = "mtop-gui install-launcher [--uninstall] puts mtop-gui into the applications menu, or takes it out (Linux)."


def gui(arguments: list[str]) -> int:
    """Run the window with command-line arguments and give the exit code."""
    if arguments[:1] == ["install-launcher"]:
        return _install_launcher(arguments[1:])
    options = _parser().parse_args(arguments)
    if not has_display():
        if options.screenshot is None:
            fail(
                "there is no display: set DISPLAY, or draw the window into a file with --screenshot FILE.png"
            )
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from mtop_gui.settings import load_settings
    from mtop_gui.store.review_store import open_journaled_store
    from mtop_gui.ui.app import run_gui

    return run_gui(
        options.paths,
        screenshot=options.screenshot,
        theme=options.theme,
        store=open_journaled_store(options.store) if options.store else None,
        settings=replace(load_settings()[0], bundle=options.bundle) if options.bundle else None,
    )


def has_display() -> bool:
    """Tell whether Qt will find a screen, or was told which of its platforms to use."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def main() -> None:
    """Run ``mtop-gui`` (the entry point)."""
    with plain_errors():
        leave(gui(sys.argv[1:]))


def leave(code: int) -> NoReturn:
    """End the process at once: all is saved and closed, and taking Python and Qt down piece by piece takes seconds."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a program without a console has none
            stream.flush()
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mtop-gui", description="The bench at which astronomers vet galaxy redshifts.", epilog=EPILOG
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="spectrum files or folders of them"
    )
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE.png", help="draw the filled window into a file and exit"
    )
    parser.add_argument(
        "--theme", choices=("dark", "light", "system"), help="colours (default: as last time)"
    )
    parser.add_argument("--bundle", metavar="NAME|DIR", help="the network (default: as last time)")
    parser.add_argument(
        "--store", metavar="URL", help="where decisions are kept (default: the user's own store)"
    )
    parser.add_argument("--version", action="version", version=f"mtop-gui {__version__}")
    return parser


def _install_launcher(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="mtop-gui install-launcher", description="Put mtop-gui into the applications menu (Linux)."
    )
    parser.add_argument("--uninstall", action="store_true", help="take it out again")
    options = parser.parse_args(arguments)
    from mtop_gui.commands import launcher

    try:
        touched = launcher.uninstall() if options.uninstall else launcher.install()
    except OSError as error:
        print(f"mtop-gui: the launcher cannot be written: {error}", file=sys.stderr)
        return 2
    for path in touched:
        print(f"{'removed' if options.uninstall else 'wrote'} {path}")
    return 0
