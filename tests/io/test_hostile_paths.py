"""Paths that hang or surprise: pipes, links that loop, closed folders, one file by two names."""

from __future__ import annotations

import os

import pytest

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from tests.io import layouts

needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.fits")
    with pytest.raises(UnreadableSpectrumError, match="pipe or a device"):
        io.read_rows(tmp_path / "pipe.fits")


def test_a_device_is_refused():
    with pytest.raises(UnreadableSpectrumError, match="pipe or a device"):
        io.read_rows(os.devnull)


def test_a_link_to_itself_is_listed_and_explained(tmp_path):
    (tmp_path / "loop.fits").symlink_to("loop.fits")
    assert io.find_files([tmp_path]) == io.find_files([tmp_path / "loop.fits"]) == [tmp_path / "loop.fits"]
    with pytest.raises(UnreadableSpectrumError, match="leads to itself"):
        io.read_rows(tmp_path / "loop.fits")


def test_relative_and_absolute_path_are_one_file(tmp_path, monkeypatch):
    layouts.write_plain(tmp_path / "s.fits")
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in io.find_files(["s.fits", tmp_path / "s.fits", tmp_path])] == ["s.fits"]


@needs_permissions
def test_a_closed_folder_inside_is_listed_and_explained(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    layouts.write_plain(closed / "s.fits")
    closed.chmod(0)
    try:
        assert io.find_files([tmp_path]) == [closed]
        with pytest.raises(UnreadableSpectrumError, match="may not list"):
            io.read_rows(closed)
    finally:
        closed.chmod(0o700)


@pytest.mark.parametrize("suffix", [".ecsv", ".csv", ".fits", ".parquet", ".vot"])
def test_awkward_names_come_back_and_run_as_no_formula(tmp_path, suffix):
    from mtop_gui.core.catalogue import failed_row

    names = [
        '=HYPERLINK("x")',
        "+1",
        "@x",
        'a "b", c',
        "new\nline",
        os.fsdecode(b"bad\xff.fits"),
        "grün.fits",
        "'q",
    ]
    path = io.write_catalogue([failed_row(name, "=1+1") for name in names], tmp_path / f"c{suffix}")
    back = io.read_catalogue(path)
    assert len(back) == len(names)
    plain = [row.file for row in back[:4]]
    assert plain == names[:4]
    if suffix == ".csv":
        text = path.read_text(encoding="utf-8")
        assert "\"'=HYPERLINK" in text
        assert ",'=1+1" in text
    assert back[4].file == "new\nline"
    assert back[6].file == "grün.fits"
