"""Find the Linux system libraries that Qt needs and that are missing, and the one command that installs them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

# soname -> package on Debian/Ubuntu, Fedora/RHEL; what is not listed here is named by its soname alone.
PACKAGES = {
    "libEGL.so.1": ("libegl1", "mesa-libEGL"),
    "libGL.so.1": ("libgl1", "mesa-libGL"),
    "libGLX.so.0": ("libglx0", "libglvnd-glx"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd-opengl"),
    "libX11.so.6": ("libx11-6", "libX11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libxcb.so.1": ("libxcb1", "libxcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-glx.so.0": ("libxcb-glx0", "libxcb"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libSM.so.6": ("libsm6", "libSM"),
    "libICE.so.6": ("libice6", "libICE"),
    "libz.so.1": ("zlib1g", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd"),
}
FONTS = ("fonts-dejavu-core", "dejavu-sans-fonts")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
# What the window loads: Qt's own libraries, and the plug-in that talks to the screen.
WINDOW = ("lib/libQt6Gui.so.6", "lib/libQt6Widgets.so.6", "plugins/platforms/libqxcb.so")
HEADLESS = ("lib/libQt6Gui.so.6", "lib/libQt6Widgets.so.6", "plugins/platforms/libqoffscreen.so")


def missing_libraries(python: Path, *, headless: bool = False) -> list[str]:
    """Give the sonames that Qt needs and the system lacks; empty on other systems and where ldd is not to be had."""
    ldd = shutil.which("ldd")
    qt_folders = list(python.parents[1].glob("lib*/python3*/site-packages/PySide6/Qt"))
    if not sys.platform.startswith("linux") or ldd is None or not qt_folders:
        return []
    missing: set[str] = set()
    for name in HEADLESS if headless else WINDOW:
        listed = subprocess.run([ldd, str(qt_folders[0] / name)], capture_output=True, text=True).stdout
        missing |= parse_ldd(listed)
    return sorted(missing)


def parse_ldd(listed: str) -> set[str]:
    """Give the sonames that ldd reports as not found."""
    return {
        line.split("=>")[0].strip() for line in listed.splitlines() if line.rstrip().endswith("=> not found")
    }


def fonts_missing() -> bool:
    """Tell whether the system has no font at all, so that every label would be blank."""
    if not sys.platform.startswith("linux"):
        return False
    return not any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc", ".pfb"}
        for folder in FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*")
    )


def install_command(sonames: list[str], *, fonts: bool = False) -> str:
    """Give the one command that installs them with this system's package manager; "" when it is unknown."""
    for column, manager in ((0, "apt-get"), (1, "dnf")):
        if shutil.which(manager):
            names = {PACKAGES[name][column] for name in sonames if name in PACKAGES}
            if fonts:
                names.add(FONTS[column])
            return f"sudo {manager} install -y {' '.join(sorted(names))}" if names else ""
    return ""


def explain(sonames: list[str], *, fonts: bool = False) -> str:
    """Say in one or two lines what is missing and how to install it."""
    what = [*sonames, *(["a font"] if fonts else [])]
    command = install_command(sonames, fonts=fonts)
    cure = f"Install with:\n  {command}" if command else "Install them with your system's package manager."
    return f"Qt needs what this system lacks: {', '.join(what)}. {cure}"
