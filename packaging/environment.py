"""Make `.venv` with the pinned packages, once; shared by run.py and test.py (standard library only).

The environment carries a stamp: which pins, which extras, which Python, which folder. A second call that finds a
fitting stamp returns at once; an interrupted or outdated one is completed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "mtop-setup.json"
LOG = VENV / "mtop-setup.log"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BUILD_TOOLS = ("hatchling", "editables")


class SetupError(Exception):
    """The environment cannot be made; the message is one sentence for the user."""


def ensure_environment(extras: tuple[str, ...] = ()) -> Path:
    """Make or complete `.venv` and give the path of its Python; returns at once where nothing is to do.

    Raises
    ------
    SetupError : this Python has no venv or pip, or the packages cannot be installed.
    """
    done = _read_stamp()
    facts = _facts()
    if done.get("facts") == facts and set(extras) <= set(done.get("extras", [])) and PYTHON.exists():
        return PYTHON
    _make_venv()
    # What a former call installed stays: packaging/run.py after packaging/test.py takes nothing away.
    wanted = sorted({*extras, *done.get("extras", [])})
    started = time.monotonic()
    print(f"Installing the pinned packages into {VENV} (once; some minutes) …", flush=True)
    STAMP.unlink(missing_ok=True)
    project = f"{ROOT}[{','.join(wanted)}]" if wanted else str(ROOT)
    LOG.write_text("", encoding="utf-8")
    # The build backend first and pinned like the rest, so that building this project asks for nothing unpinned.
    _pip("install", "-c", str(CONSTRAINTS), *BUILD_TOOLS)
    _pip("install", "-c", str(CONSTRAINTS), "--no-build-isolation", "-e", project)
    STAMP.write_text(json.dumps({"facts": facts, "extras": wanted}), encoding="utf-8")
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return PYTHON


def _facts() -> dict[str, str]:
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    return {"pins": digest, "root": str(ROOT)}


def _read_stamp() -> dict:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _make_venv() -> None:
    """Make `.venv`, or keep one whose Python and pip still work."""
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0
    ):
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        raise SetupError(
            f"This Python ({sys.executable}) lacks venv or pip; on Debian and Ubuntu install them with: "
            f"sudo apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        ) from None
    try:
        venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=os.name != "nt").create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"The environment {VENV} cannot be made ({error}): check free space and permissions."
        ) from error


def _pip(*arguments: str) -> None:
    """Run pip, its talk going to the log, its progress to the terminal as one line that overwrites itself."""
    command = [str(PYTHON), "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input"]
    environment = {**os.environ, "PYTHONUTF8": "1", "PIP_PROGRESS_BAR": "off"}
    lines: list[str] = []
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
        ) as process,
        LOG.open("a", encoding="utf-8") as log,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            _show_progress(line)
    _show_progress("")
    if process.returncode:
        sys.stderr.write("".join(line for line in lines if "ERROR" in line))
        raise SetupError(
            f"The packages could not be installed (all of pip's words are in {LOG}): "
            "check the network connection, then run this again."
        )


def _show_progress(line: str) -> None:
    if not sys.stdout.isatty():
        return
    width = min(shutil.get_terminal_size().columns, 100) - 1
    text = line.strip() if line.startswith(("Collecting", "Downloading", "Installing", "Building")) else ""
    if text or not line:
        sys.stdout.write("\r" + text[:width].ljust(width) + ("" if line else "\r"))
        sys.stdout.flush()
