"""The program's own way in: --screenshot offscreen, and once on a real X server."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from shutil import which

import pytest
from PySide6.QtGui import QImage

from tests.support.fakes import write_demo_folder

PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from tests.support.fakes import FakePredictor
    from mtop_gui.ui.app import run_gui
    code = run_gui([sys.argv[1]], screenshot=Path(sys.argv[2]), theme=sys.argv[3], size=(1280, 800),
                   predictor_factory=FakePredictor)
    assert "tensorflow" not in sys.modules
    sys.exit(code)
    """
)


def take(folder: Path, picture: Path, theme: str, platform: str, *before: str) -> QImage:
    environment = os.environ | {
        "QT_QPA_PLATFORM": platform,
        "MTOP_SETTINGS": str(picture.with_suffix(".toml")),
        "MTOP_WINDOW": str(picture.with_suffix(".ini")),
        "MTOP_STORE": str(picture.with_suffix(".sqlite")),
    }
    ran = subprocess.run(
        [*before, sys.executable, "-c", PROGRAM, str(folder), str(picture), theme],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    # A picture leaves no trace in the user's own files.
    assert sorted(path.suffix for path in picture.parent.iterdir()) == [".png"]
    return QImage(str(picture))


def colours(picture: QImage) -> set[str]:
    return {
        picture.pixelColor(x, y).name()
        for x in range(0, picture.width(), 3)
        for y in range(0, picture.height(), 3)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("night")
    write_demo_folder(made, 5)
    return made


def test_the_filled_window_is_drawn(folder: Path, tmp_path: Path) -> None:
    picture = take(folder, tmp_path / "window.png", "dark", "offscreen")
    assert (picture.width(), picture.height()) == (1280, 800)
    seen = colours(picture)
    assert {"#ffb02e", "#56b4e9", "#111111"} <= seen  # candidate, PDF and histogram, plot background


@pytest.mark.xvfb
@pytest.mark.skipif(which("xvfb-run") is None, reason="xvfb-run is not installed")
def test_the_window_on_a_real_x_server(folder: Path, tmp_path: Path) -> None:
    server = ("xvfb-run", "-a", "-s", "-screen 0 1440x900x24")
    picture = take(folder, tmp_path / "window.png", "light", "xcb", *server)
    assert (picture.width(), picture.height()) == (1280, 800)
    assert {"#b34700", "#ffffff"} <= colours(picture)
