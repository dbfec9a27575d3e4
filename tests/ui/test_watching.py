"""Tonight's data: files that arrive in an open folder are listed when they are complete, and predicted as they come."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mtop_gui.settings import load_settings
from mtop_gui.ui import watching
from mtop_gui.ui.entries import Status
from mtop_gui.ui.watching import growing
from tests.support.fakes import write_spectrum
from tests.ui.conftest import BenchMaker, settled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SETTLE", 60)
    monkeypatch.setattr(watching, "LOOK_EVERY", 200)


def test_a_file_is_taken_once_it_has_stopped_growing(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(b"")
    complete, facts = growing([path, tmp_path / "gone"], {})
    assert complete == []
    assert growing([path], facts)[0] == []  # empty: somebody is about to write
    path.write_bytes(b"half")
    complete, facts = growing([path], facts)
    assert complete == []
    path.write_bytes(b"whole...")
    complete, facts = growing([path], facts)
    assert complete == []
    complete, facts = growing([path], facts)
    assert (complete, facts) == ([path], {})


def test_what_arrives_is_listed_and_predicted_and_nothing_else_moves(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    bench = make_bench(demo)
    bench.session.select(2)
    qtbot.waitUntil(lambda: settled(bench))
    bench.controller.actions["watch"].trigger()
    assert bench.watching.on
    whole = write_spectrum(tmp_path / "arriving.fits", 60).read_bytes()
    (demo / "later").mkdir()
    half = demo / "gal_0060.fits"
    half.write_bytes(whole[:3000])
    shutil.copy(write_spectrum(tmp_path / "moved.fits", 61), demo / "later" / "gal_0061.fits")
    entries = bench.session.entries
    qtbot.waitUntil(lambda: "GAL-0061" in entries.names, timeout=8000)
    half.write_bytes(whole)
    qtbot.waitUntil(lambda: "GAL-0060" in entries.names or len(entries) == 8, timeout=8000)
    qtbot.waitUntil(lambda: (entries.status[6:] == Status.PREDICTED).sum() >= 1, timeout=8000)
    qtbot.waitUntil(lambda: "predicted" in bench.window.status.message.text(), timeout=8000)
    assert bench.session.selected == 2
    assert not bench.window.failures.isVisible()


def test_another_folder_is_watched_when_it_is_opened(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    (tmp_path / "tonight").mkdir()
    bench = make_bench(demo, watch=True)
    assert bench.controller.actions["watch"].isChecked()
    bench.controller.open([tmp_path / "tonight"])
    qtbot.waitUntil(lambda: not bench.controller.scanning)
    write_spectrum(tmp_path / "tonight" / "first.fits", 80)
    qtbot.waitUntil(lambda: bench.session.entries.names == ["GAL-0080"], timeout=8000)
    qtbot.waitUntil(lambda: bench.session.entries.status[0] == Status.PREDICTED, timeout=8000)
    bench.controller.actions["watch"].trigger()
    assert not bench.watching.on
    bench.window.close()
    assert load_settings(tmp_path / "settings.toml")[0].watch is False


def test_a_file_that_is_damaged_when_it_arrives_says_so(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, watch=True)
    (demo / "bad.fits").write_bytes(b"SIMPLE  =" + b"x" * 5000)
    qtbot.waitUntil(lambda: len(bench.session.entries) == 7, timeout=8000)
    qtbot.waitUntil(lambda: settled(bench), timeout=8000)
    assert bench.session.entries.errors[6]
    assert not bench.window.failures.isVisible()
