"""The entry in the applications menu: desktop file, icons and FITS type in the user's own folders (freedesktop.org)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mtop_gui.core.resources import resource_path

NAME = "mtop-gui"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
TEMPLATE = """\
[Desktop Entry]
Type=Application
Version=1.0
Name=mtop-gui
GenericName=Galaxy redshift vetting
Comment=Vet galaxy redshifts: spectra, the network's redshift PDF, and your decision
Exec={command} %F
Icon=mtop-gui
Terminal=false
Categories=Science;Astronomy;
Keywords=redshift;spectrum;galaxy;FITS;MOONS;
MimeType=image/fits;application/fits;application/x-fits-compressed;
StartupNotify=true
StartupWMClass=mtop-gui
"""


def data_home() -> Path:
    """Give the user's data folder: ``$XDG_DATA_HOME`` where set and absolute, else ``~/.local/share``."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def install() -> list[Path]:
    """Write desktop file, icons and the FITS type for the user, so that file managers offer mtop-gui for FITS files.

    Returns
    -------
    The files written.

    Raises
    ------
    OSError : a folder cannot be made or written, or this is not Linux.
    """
    _require_linux()
    desktop = _desktop_file()
    written = [desktop]
    desktop.parent.mkdir(parents=True, exist_ok=True)
    desktop.write_text(TEMPLATE.format(command=quoted(start_command())), encoding="utf-8")
    desktop.chmod(0o755)  # some desktops start only what is executable
    for source, target in _copies():
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            written.append(target)
    _tell_desktop()
    return written


def uninstall() -> list[Path]:
    """Remove what `install` wrote.

    Returns
    -------
    The files removed; none if it was not installed.

    Raises
    ------
    OSError : a file cannot be removed, or this is not Linux.
    """
    _require_linux()
    present = [path for path in (_desktop_file(), *(target for _, target in _copies())) if path.exists()]
    for path in present:
        path.unlink()
    if present:
        _tell_desktop()
    return present


def start_command() -> list[str]:
    """Give the command that starts the window, with absolute paths: menus know no virtual environment."""
    script = Path(sys.executable).with_name(NAME)
    return [str(script)] if script.exists() else [sys.executable, "-m", "mtop_gui", "gui"]


def quoted(command: list[str]) -> str:
    """Quote a command for the key Exec (Desktop Entry Specification 1.5, "The Exec key")."""
    return " ".join(_quoted(argument) for argument in command)


def _quoted(argument: str) -> str:
    inner = "".join("\\" + letter if letter in '"`$\\' else letter for letter in argument.replace("%", "%%"))
    # The value is unescaped once as a string of the file before it is unquoted, so backslashes count twice.
    return '"' + inner.replace("\\", "\\\\") + '"'


def _desktop_file() -> Path:
    return data_home() / "applications" / f"{NAME}.desktop"


def _copies() -> list[tuple[Path, Path]]:
    """Give each shipped file and its place: the FITS type, the icon's drawing, and its picture of each size."""
    theme = data_home() / "icons" / "hicolor"
    icons = [(resource_path("icons", f"{NAME}.svg"), theme / "scalable" / "apps" / f"{NAME}.svg")]
    for size in ICON_SIZES:
        picture = resource_path("icons", f"{NAME}-{size}.png")
        icons.append((picture, theme / f"{size}x{size}" / "apps" / f"{NAME}.png"))
    return [(resource_path("desktop", f"{NAME}.xml"), _mime_folder() / "packages" / f"{NAME}.xml"), *icons]


def _mime_folder() -> Path:
    return data_home() / "mime"


def _tell_desktop() -> None:
    """Have the desktop's lists of types and programs made anew, where it has the tools; without, it finds out later."""
    for tool, folder in (
        ("update-mime-database", _mime_folder()),
        ("update-desktop-database", data_home() / "applications"),
    ):
        found = shutil.which(tool)
        if found and folder.is_dir():
            subprocess.run([found, str(folder)], capture_output=True, check=False)


def _require_linux() -> None:
    if sys.platform in ("win32", "darwin"):
        folder = "packaging/mtop-gui.bat" if sys.platform == "win32" else "packaging/mtop-gui.command"
        raise OSError(f"menu entries are made on Linux only; here, double-click {folder} in the checkout")
