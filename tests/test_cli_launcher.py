"""The entry in the applications menu, and the window's own command line."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mtop_gui.commands import launcher, window
from mtop_gui.core.resources import resource_path

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="menu entries are made on Linux only")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share"


@linux
def test_install_writes_a_valid_desktop_entry_and_uninstall_removes_it(home, capsys):
    assert window.gui(["install-launcher"]) == 0
    entry = home / "applications" / "mtop-gui.desktop"
    assert str(entry) in capsys.readouterr().out
    parsed = configparser.ConfigParser(interpolation=None, delimiters="=")
    parsed.optionxform = str
    parsed.read(entry, encoding="utf-8")
    facts = parsed["Desktop Entry"]
    assert facts["Exec"].endswith(" %F")
    assert facts["Icon"] == "mtop-gui"
    assert entry.stat().st_mode & stat.S_IXUSR
    if validate := shutil.which("desktop-file-validate"):
        assert subprocess.run([validate, entry], capture_output=True, text=True).stdout == ""
    assert window.gui(["install-launcher", "--uninstall"]) == 0
    # What remains are the desktop's own lists.
    assert [path for path in home.rglob("*mtop-gui*") if path.is_file()] == []
    assert window.gui(["install-launcher", "--uninstall"]) == 0  # nothing left to do is no error


@linux
def test_the_icon_goes_where_desktops_look_for_it(home):
    written = launcher.install()
    icons = [path.relative_to(home).as_posix() for path in written[1:] if "icons" in path.parts]
    assert "icons/hicolor/scalable/apps/mtop-gui.svg" in icons
    assert "icons/hicolor/48x48/apps/mtop-gui.png" in icons
    assert len(icons) == 1 + len(launcher.ICON_SIZES)


@linux
@pytest.mark.skipif(shutil.which("update-mime-database") is None, reason="shared-mime-info is not installed")
def test_fits_files_have_their_type_with_the_usual_names(home):
    launcher.install()
    names = (home / "mime" / "globs2").read_text(encoding="utf-8")
    assert ":image/fits:*.fits\n" in names
    assert ":application/x-fits-compressed:*.fits.gz\n" in names


def test_the_entry_opens_every_type_that_is_declared():
    declared = re.findall(
        r'<mime-type type="([^"]+)"', (resource_path("desktop", "mtop-gui.xml")).read_text("utf-8")
    )
    offered = re.search(r"^MimeType=(.*)$", launcher.TEMPLATE, re.MULTILINE)[1].split(";")
    assert set(declared) < set(offered)


@linux
def test_the_command_in_the_entry_starts_this_program(home):
    import shlex

    launcher.install()
    line = (
        (home / "applications" / "mtop-gui.desktop")
        .read_text(encoding="utf-8")
        .split("Exec=")[1]
        .split("\n")[0]
    )
    command = [word for word in shlex.split(line) if word != "%F"]
    said = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True).stdout
    assert said.startswith("mtop-gui ")


@pytest.mark.parametrize("argument", ["/opt/my tools/mtop", 'a"b', "100%", "$HOME`x`", "back\\slash"])
def test_paths_with_odd_characters_are_quoted_for_the_exec_key(argument):
    written = launcher.quoted([argument])
    # Undo it as the specification says: first the string's own escapes, then the quotes, then the field codes.
    text = written.replace("\\\\", "\\")
    assert text[0] == text[-1] == '"'
    unquoted = re.sub(r"\\(.)", r"\1", text[1:-1])
    assert unquoted.replace("%%", "%") == argument


def test_data_home_is_the_default_when_the_variable_is_relative(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "share")
    assert launcher.data_home() == Path.home() / ".local" / "share"


@linux
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "share"))
    assert window.gui(["install-launcher"]) == 2
    assert capsys.readouterr().err.startswith("mtop-gui: the launcher cannot be written")


def test_the_desktop_file_for_packagers_is_the_same():
    packaged = Path(__file__).parents[1] / "packaging" / "mtop-gui.desktop"
    assert packaged.read_text(encoding="utf-8") == launcher.TEMPLATE.format(command="mtop-gui")


def test_the_window_gets_its_options(monkeypatch, tmp_path):
    from mtop_gui.ui import app

    monkeypatch.setenv("MTOP_SETTINGS", str(tmp_path / "settings.toml"))
    asked = {}
    monkeypatch.setattr(app, "run_gui", lambda paths, **options: asked.update(options, paths=paths) or 0)
    store = tmp_path / "r.sqlite"
    code = window.gui(
        ["a.fits", "b", "--screenshot", "s.png", "--theme", "light", "--bundle", "x", "--store", str(store)]
    )
    assert code == 0
    assert asked["paths"] == [Path("a.fits"), Path("b")]
    assert asked["screenshot"] == Path("s.png")
    assert asked["theme"] == "light"
    assert asked["settings"].bundle == "x"
    assert str(store) in asked["store"].place
    asked["store"].close()
    assert window.gui([]) == 0
    assert (asked["store"], asked["settings"], asked["theme"]) == (None, None, None)


def modules_of(statement):
    """Names of all modules that are loaded once a statement has run in a new process."""
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    ).stdout.split()


def test_the_window_command_imports_nothing_slow():
    modules = modules_of("import mtop_gui.commands.window")
    assert {"typer", "rich", "numpy", "PySide6", "tensorflow"}.isdisjoint(modules)


def test_what_the_first_window_needs_does_not_import_astropy():
    modules = modules_of("import mtop_gui.ui.app, mtop_gui.network.bundle, mtop_gui.store.opening")
    assert {"astropy", "scipy", "tensorflow", "keras", "alembic", "matplotlib"}.isdisjoint(modules)
