#!/usr/bin/env python3
"""Build sdist and wheel, install the wheel where no checkout is near, and predict with it: packaging/smoke_wheel.py.

The wheel is built from the unpacked sdist, so that both are tested. The fresh environment takes the dependencies of
`.venv` instead of downloading them again. The built files stay in dist/.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

import environment

DIST = environment.ROOT / "dist"
CHECK = """
import sys
from pathlib import Path
import mtop_gui
from mtop_gui.core.resources import resource_path, resource_root
from mtop_gui.network.bundle import available_bundles
fresh = Path(sys.prefix).resolve()
assert Path(mtop_gui.__file__).resolve().is_relative_to(fresh), mtop_gui.__file__
assert resource_root().is_relative_to(fresh), resource_root()
assert "moons-lr" in available_bundles()
for place in ("icons/mtop-gui.svg", "lines/lines.csv", "desktop/mtop-gui.xml", "instruments/moons-lr.npz"):
    assert resource_path(*place.split("/")).is_file(), place
print(resource_path("demo", "demo_bright_1.fits"))
"""


def main():
    with tempfile.TemporaryDirectory(prefix="mtop-wheel-") as folder:
        place = Path(folder)
        sdist = build_sdist(place)
        wheel = build_wheel(sdist, place)
        python = install(wheel, place / "fresh")
        catalogue = predict(python, place)
        for built in (sdist, wheel):
            shutil.copy2(built, DIST / built.name)
    print(
        f"wheel: {wheel.name} {size(DIST / wheel.name)}, {sdist.name} {size(DIST / sdist.name)}; predicted {catalogue}"
    )


def build_sdist(place):
    run(
        environment.PYTHON,
        "-m",
        "hatchling",
        "build",
        "-t",
        "sdist",
        "-d",
        place / "sdist",
        cwd=environment.ROOT,
    )
    DIST.mkdir(exist_ok=True)
    return next((place / "sdist").glob("*.tar.gz"))


def build_wheel(sdist, place):
    """Build in the unpacked sdist: what it lacks is missing here too."""
    with tarfile.open(sdist) as archive:
        archive.extractall(place / "unpacked", filter="data")
    source = next((place / "unpacked").iterdir())
    for needed in ("tests/conftest.py", "packaging/run.py", "README.md", "LICENSE"):
        if not (source / needed).is_file():
            sys.exit(f"{sdist.name} lacks {needed}")
    run(environment.PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", place / "wheel", cwd=source)
    return next((place / "wheel").glob("*.whl"))


def install(wheel, fresh):
    """Install without dependencies, which a path file borrows from .venv; path files in there are not followed."""
    venv.EnvBuilder(symlinks=os.name != "nt").create(fresh)
    python = fresh / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(
        environment.PYTHON, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel
    )
    packages = output(environment.PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    own = output(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    Path(own, "dependencies.pth").write_text(f"{packages}\n", encoding="utf-8")
    return python


def predict(python, place):
    demo = output(python, "-c", CHECK, cwd=place)
    program = python.with_name("mtop.exe" if os.name == "nt" else "mtop")
    run(program, "predict", demo, "-o", place / "out.csv", "--mc-passes", "1", cwd=place)
    header, row = ([*(place / "out.csv").read_text(encoding="utf-8").splitlines(), "", ""])[:2]
    cells = dict(zip(header.split(","), row.split(","), strict=False))
    if not cells.get("z") or cells.get("error"):
        sys.exit(f"the installed wheel did not predict: {row}")
    return f"{cells['name']} at z = {float(cells['z']):.4f}"


def size(path):
    return f"{path.stat().st_size / 1e6:.1f} MB"


def variables():
    """Keep the checkout out of the way of what is installed."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | {"TF_CPP_MIN_LOG_LEVEL": "3", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(*command, cwd=None):
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=variables(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words[:6])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def output(*command, cwd=None):
    return run(*command, cwd=cwd).strip()


if __name__ == "__main__":
    main()
