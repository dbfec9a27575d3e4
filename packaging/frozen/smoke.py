#!/usr/bin/env python3
"""Try out the program PyInstaller built: python3 packaging/frozen/smoke.py [dist/mtop-gui] [FOLDER of spectra].

The built program's catalogue must be, byte for byte, that of the source; its window must appear, filled, on an X server
(xvfb-run is used where there is no display). Size and times are told.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUFFIX = ".exe" if os.name == "nt" else ""
PYTHON = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(arguments):
    built = Path(arguments[0] if arguments else ROOT / "dist" / "mtop-gui").resolve()
    spectra = Path(arguments[1] if len(arguments) > 1 else ROOT / "resources" / "demo").resolve()
    with tempfile.TemporaryDirectory(prefix="mtop-smoke-") as folder:
        place = Path(folder)
        facts = [f"{sum(file.stat().st_size for file in built.rglob('*') if file.is_file()) / 1e6:.0f} MB"]
        version, seconds = timed([built / f"mtop{SUFFIX}", "--version"], place)
        facts.append(f"{version.strip()} says its version after {seconds:.1f} s")
        facts.append(
            f"catalogue of {compare_catalogues(built, spectra, place)} rows the same as the source's"
        )
        facts.append(f"window drawn after {show_window(built, spectra, place):.1f} s")
    print("frozen: " + "; ".join(facts))


def compare_catalogues(built, spectra, place):
    written = []
    for name, program in (("frozen", [built / f"mtop{SUFFIX}"]), ("source", [PYTHON, "-m", "mtop_gui"])):
        target = place / f"{name}.csv"
        # The demo holds a damaged file, which makes the exit code 1.
        timed([*program, "predict", spectra, "-o", target, "--mc-passes", "1"], place, codes=(0, 1))
        written.append(target.read_bytes())
    if written[0] != written[1]:
        sys.exit(
            f"the built program's catalogue is not the source's: {first_difference(*written)}{changed_since(built)}"
        )
    return written[0].count(b"\n") - 1


def changed_since(built):
    """Name what was changed in the checkout after the program was built: then the two are not the same program."""
    began = (built / f"mtop{SUFFIX}").stat().st_mtime
    files = [*(ROOT / "mtop_gui").rglob("*.py"), *(ROOT / "resources").rglob("*")]
    later = sorted(
        str(file.relative_to(ROOT)) for file in files if file.is_file() and file.stat().st_mtime > began
    )
    return f"; {len(later)} files are newer than the build ({later[0]} …): build again" if later else ""


def first_difference(frozen, source):
    """Name the first cell in which two catalogues differ."""
    tables = [list(csv.reader(StringIO(content.decode("utf-8")))) for content in (frozen, source)]
    for number, (ours, theirs) in enumerate(zip(*tables, strict=False)):
        for column, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            if one != other:
                return f"row {number}, {tables[1][0][column]}: {one!r} built, {other!r} from the source"
        if len(ours) != len(theirs):
            return f"row {number} has {len(ours)} columns built, {len(theirs)} from the source"
    return f"{len(tables[0]) - 1} rows built, {len(tables[1]) - 1} from the source"


def show_window(built, spectra, place):
    picture = place / "window.png"
    command = [built / f"mtop-gui{SUFFIX}", spectra, "--screenshot", picture]
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        if shutil.which("xvfb-run") is None:
            sys.exit("there is no display and no xvfb-run: install xvfb")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
    _, seconds = timed(command, place, QT_QPA_PLATFORM="xcb" if sys.platform.startswith("linux") else "")
    if picture.stat().st_size < 30_000:
        sys.exit("the window's picture is nearly empty")
    return seconds


def timed(command, place, codes=(0,), **variables):
    """Run, away from the checkout and with settings of its own, and give what it said and how long it took."""
    own = {"HOME": str(place), "XDG_CONFIG_HOME": str(place), "XDG_DATA_HOME": str(place)}
    kept = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "QT_QPA_PLATFORM")}
    source = {"PYTHONPATH": str(ROOT)} if Path(command[0]) == PYTHON else {}
    given = {name: text for name, text in variables.items() if text}
    began = time.monotonic()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=place,
        # Sums depend on how many threads share them, to the last bit.
        env={**kept, **own, **source, **given, "TF_CPP_MIN_LOG_LEVEL": "3", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode not in codes or "Traceback" in done.stderr:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout, time.monotonic() - began


if __name__ == "__main__":
    main(sys.argv[1:])
