"""What ships: pins for everything, starters that start, one version, a wheel with its resources."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from mtop_gui import __version__

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = (PACKAGING / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {
        normal(line.split("==")[0]): line.split("==")[1]
        for line in lines
        if line and not line.startswith("#")
    }


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"mtop_packaging_{name}", PACKAGING / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_script(name: str):
    """Load a script that imports its neighbours."""
    sys.path.insert(0, str(PACKAGING))
    try:
        return load(name)
    finally:
        sys.path.remove(str(PACKAGING))


def test_constraints_are_names_and_versions_only():
    for line in (PACKAGING / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line), line


def test_every_requirement_is_pinned_down_to_the_last_transitive_one():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    pinned, seen = pins(), set()
    queue = [(Requirement(text), "") for text in wanted]
    while queue:
        requirement, extra = queue.pop()
        key = normal(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        assert key in pinned, f"{key} is not pinned: run packaging/make_constraints.py"
        assert requirement.specifier.contains(pinned[key], prereleases=True), requirement
        for wanted_extra in ("", *requirement.extras):
            if (key, wanted_extra) in seen:
                continue
            seen.add((key, wanted_extra))
            try:
                further = importlib.metadata.requires(key) or []
            except importlib.metadata.PackageNotFoundError:
                continue  # an extra that is not installed here
            queue += [(Requirement(text), wanted_extra) for text in further]
    assert len(seen) > 60


def test_what_other_systems_need_is_pinned_too():
    assert pins()["tensorflow"] == pins()["tensorflow-cpu"]
    assert "colorama" in pins()  # typer, pytest and tqdm want it on Windows


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["version"] == __version__
    assert f"\nversion: {__version__}\n" in citation
    assert f"## {__version__}" in changes


def test_scripts_need_the_standard_library_only():
    own = {"environment", "interpreter", "system_libraries", "__future__"}
    for path in PACKAGING.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                assert name.split(".")[0] in own | sys.stdlib_module_names, f"{path.name}: {name}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
@pytest.mark.parametrize(
    "name", ["packaging/run.py", "packaging/test.py", "packaging/mtop-gui.command", ".ci/run"]
)
def test_starters_are_executable_and_valid(name):
    path = ROOT / name
    assert path.stat().st_mode & stat.S_IXUSR
    first = path.read_text(encoding="utf-8").split("\n")[0]
    if name.endswith(".py"):
        assert first == "#!/usr/bin/env python3"
    else:
        subprocess.run(["bash" if "bash" in first else "sh", "-n", path], check=True)


def test_the_windows_starter_has_windows_line_ends():
    content = (PACKAGING / "mtop-gui.bat").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 5
    assert b"packaging\\run.py" in content


@pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None, reason="desktop-file-utils is not installed"
)
def test_the_desktop_entry_is_valid():
    done = subprocess.run(
        ["desktop-file-validate", PACKAGING / "mtop-gui.desktop"], capture_output=True, text=True
    )
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="appstream is not installed")
def test_the_appstream_metadata_are_valid():
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", "--pedantic", PACKAGING / "mtop-gui.metainfo.xml"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_appstream_metadata_tell_this_version_and_the_entry_s_types():
    from xml.etree import ElementTree

    component = ElementTree.parse(PACKAGING / "mtop-gui.metainfo.xml").getroot()
    assert component.find("releases/release").get("version") == __version__
    entry = (PACKAGING / "mtop-gui.desktop").read_text(encoding="utf-8")
    for media in component.findall("provides/mediatype"):
        assert f"{media.text};" in entry


def test_every_long_form_is_a_module_with_a_short_form():
    options = load_script("test").INSTEAD
    for option, module in options.items():
        assert importlib.util.find_spec(module), f"{option} runs {module}, which is not there"


def test_what_test_py_runs():
    what = load_script("test").what_to_run
    assert what(["-k", "io"]) == ["-m", "pytest", "-k", "io"]
    assert what(["--fuzz", "--short"]) == ["-m", "tests.long.fuzz", "--short"]


def test_missing_libraries_are_read_from_ldd():
    libraries = load("system_libraries")
    listed = (
        "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibEGL.so.1 => not found\n"
        "\tlibX11.so.6 => /lib/x86_64-linux-gnu/libX11.so.6 (0x00007f)\n\tlibxcb-cursor.so.0 => not found\n"
    )
    assert libraries.parse_ldd(listed) == {"libEGL.so.1", "libxcb-cursor.so.0"}


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get install -y fonts-dejavu-core libegl1 libxcb-cursor0"),
        ("dnf", "sudo dnf install -y dejavu-sans-fonts mesa-libEGL xcb-util-cursor"),
    ],
)
def test_one_command_installs_all_that_is_missing(monkeypatch, manager, command):
    libraries = load("system_libraries")
    monkeypatch.setattr(libraries.shutil, "which", lambda name: name if name == manager else None)
    sonames = ["libEGL.so.1", "libxcb-cursor.so.0"]
    assert libraries.install_command(sonames, fonts=True) == command
    assert command in libraries.explain(sonames, fonts=True)


def test_a_system_without_known_package_manager_gets_the_names(monkeypatch):
    libraries = load("system_libraries")
    monkeypatch.setattr(libraries.shutil, "which", lambda name: None)
    said = libraries.explain(["libEGL.so.1"])
    assert "libEGL.so.1" in said
    assert "package manager" in said


@pytest.mark.parametrize(
    ("variables", "shown"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True)]
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_a_display_is_seen(monkeypatch, variables, shown):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(PACKAGING))
    assert load("run").has_display() is shown


def test_an_unsupported_python_is_told_in_one_sentence(monkeypatch):
    interpreter = load("interpreter")
    monkeypatch.setattr(interpreter.sys, "version_info", (3, 9, 1, "final", 0))
    monkeypatch.setattr(interpreter, "_candidates", lambda minor: [])
    with pytest.raises(
        SystemExit,
        match=r"^mtop-gui needs Python 3\.11 to 3\.13; this is Python 3\.9: install one of those and [^.]+\.$",
    ):
        interpreter.require_supported_python()


def test_a_second_setup_does_nothing_and_another_extra_does(monkeypatch, tmp_path):
    environment = load("environment")
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "STAMP", tmp_path / "venv" / "stamp.json")
    monkeypatch.setattr(environment, "LOG", tmp_path / "venv" / "log")
    monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
    (tmp_path / "venv").mkdir()
    calls = []
    monkeypatch.setattr(environment, "_make_venv", lambda: None)
    monkeypatch.setattr(environment, "_pip", lambda *arguments: calls.append(arguments))
    environment.ensure_environment(("test",))
    assert len(calls) == 2
    assert all("-c" in call and str(environment.CONSTRAINTS) in call for call in calls)
    environment.ensure_environment(("test",))
    environment.ensure_environment()
    assert len(calls) == 2
    environment.ensure_environment(("mocks",))
    assert calls[-1][-1].endswith("[mocks,test]")


def test_the_wheel_holds_the_resources_and_no_tests(tmp_path):
    pytest.importorskip("hatchling")
    from hatchling.builders.wheel import WheelBuilder

    built = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    names = zipfile.ZipFile(built).namelist()
    for expected in (
        "mtop_gui/cli.py",
        "mtop_gui/resources/lines/lines.csv",
        "mtop_gui/resources/instruments/moons-lr.npz",
        f"mtop_gui-{__version__}.dist-info/licenses/LICENSE",
    ):
        assert expected in names
    assert {name.split("/")[0] for name in names} == {"mtop_gui", f"mtop_gui-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".h5")]
    entry_points = zipfile.ZipFile(built).read(f"mtop_gui-{__version__}.dist-info/entry_points.txt").decode()
    assert "mtop = mtop_gui.cli:main" in entry_points
    assert "[gui_scripts]\nmtop-gui = " in entry_points
