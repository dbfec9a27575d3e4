"""Write constraints.txt anew: install every extra into a clean environment and note what came (developers only).

Usage: python packaging/make_constraints.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = "analysis,dask,figures,keyring,mocks,parquet,postgres,specutils,test"
HEADER = """\
# Pinned versions for packaging/run.py, packaging/test.py and CI: every direct and transitive package, nothing else.
# Made by packaging/make_constraints.py; a package that only one system needs is pinned for all and ignored elsewhere.
"""
# What other systems than the one this ran on need: name -> name of the package whose version it shares, or a version.
ELSEWHERE = {"tensorflow": "tensorflow_cpu", "colorama": "0.4.6", "pywin32-ctypes": "0.2.3"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
        # The build backend and setuptools (a dependency that older environments bring along, outdated) are pinned too.
        tools = ["hatchling", "editables", "setuptools"]
        subprocess.run([python, "-m", "pip", "install", "-q", "-U", *tools, f"{ROOT}[{EXTRAS}]"], check=True)
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format=freeze", "--exclude", "mtop-gui", "--exclude", "pip"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    pins = dict(line.split("==") for line in listed.split())
    for name, source in ELSEWHERE.items():
        pins.setdefault(name, pins.get(source, source))
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items(), key=lambda pin: pin[0].lower())]
    (ROOT / "packaging" / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{len(lines)} packages pinned")


if __name__ == "__main__":
    main()
