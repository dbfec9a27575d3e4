"""Finding files: natural order, text that is no spectrum, hidden files, loops of links."""

from __future__ import annotations

import pytest

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from tests.io import layouts


def test_natural_order_and_what_counts(tmp_path):
    for name in ("s10.fits", "s2.FITS", "s1.fit", "s3.fits.gz", ".hidden.fits", "notes.md", "image.png"):
        (tmp_path / name).write_bytes(b"x")
    layouts.write_ascii(tmp_path / "s4.txt")
    (tmp_path / "truth.csv").write_text("file,z,logmass\n" + "m1,0.5,10.2\n" * 20)
    (tmp_path / "numbers.csv").write_text("5,1,2\n4,2,3\n9,1,1\n2,1,1\n1,1,1\n7,2,2\n")
    (tmp_path / "README.txt").write_text("Read me first.\n" * 10)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "s0.fits").write_bytes(b"x")
    names = [path.name for path in io.find_files([tmp_path])]
    assert names == ["s1.fit", "s2.FITS", "s3.fits.gz", "s4.txt", "s10.fits"]


def test_named_files_count_whatever_they_are_called_and_once(tmp_path):
    odd = tmp_path / "spectrum.dat7"
    odd.write_bytes(b"x")
    assert io.find_files([odd, str(odd), tmp_path]) == [odd]
    with pytest.raises(UnreadableSpectrumError, match="no file or folder"):
        io.find_files([tmp_path / "absent"])


def test_sub_folders_and_loops(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.fits").write_bytes(b"x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "dangling.fits").symlink_to(tmp_path / "nowhere")
    found = io.find_files([tmp_path])
    assert [path.name for path in found if path.name == "x.fits"] == ["x.fits"]
    assert [path.name for path in io.find_files([tmp_path], recursive=False)] == ["dangling.fits"]


def test_listing_opens_no_fits_file(tmp_path, monkeypatch):
    for number in range(200):
        (tmp_path / f"s{number}.fits").touch()

    def refuse(path, *_, **__):
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert len(io.find_files([tmp_path])) == 200
