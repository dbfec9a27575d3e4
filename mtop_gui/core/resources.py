"""Find the files that ship with the program, in a checkout and in a wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource_root() -> Path:
    """Give the folder ``resources``: inside the package in a wheel, beside it in a checkout.

    Raises
    ------
    FileNotFoundError : neither is there, so the installation is incomplete.
    """
    for candidate in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("the program's resources folder is missing: reinstall mtop-gui")


def resource_path(*parts: str) -> Path:
    """Give the path of one shipped file or folder, e.g. ``resource_path("bundles", "moons-lr")``."""
    return resource_root().joinpath(*parts)
