"""Other programs: two windows on one real hub, what a stranger may and may not make the program read, the clipboard."""

from __future__ import annotations

import http.server
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.store.review_store import open_store
from mtop_gui.ui import samp_files
from mtop_gui.ui.samp import samp_module
from mtop_gui.ui.samp_files import fetch, refusal
from mtop_gui.ui.sky import separations
from mtop_gui.ui.snippet import snippet
from tests.support.fakes import fake_prediction, make_spectrum, write_demo_folder, write_spectrum
from tests.ui.conftest import BenchMaker, press, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mtop_gui.ui.app import Bench


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real hub on this computer, known only to this test."""
    samp = samp_module()
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:file://{tmp_path / 'lock'}")
    monkeypatch.setenv("HOME", str(tmp_path))
    with samp.conf.set_temp("use_internet", False):
        server = samp.SAMPHubServer(addr="127.0.0.1", lockfile=str(tmp_path / "lock"), web_profile=False)
        server.start()
    yield server
    server.stop()


@pytest.fixture
def stranger(hub: Any) -> Iterator[Any]:
    """Another program on the hub."""
    client = samp_module().SAMPIntegratedClient(name="stranger", addr="127.0.0.1")
    client.connect()
    yield client
    client.disconnect()


def connect(qtbot: Any, bench: Bench) -> None:
    bench.controller.actions["samp"].trigger()
    qtbot.waitUntil(lambda: bench.neighbours.link.connected, timeout=8000)


def said(bench: Bench) -> str:
    return str(bench.window.status.message.text())


def with_positions(folder: Path, ra: float = 150.0) -> Path:
    """Give every spectrum of a folder a place on the sky, an arcminute and more apart."""
    for number, path in enumerate(sorted(folder.glob("*.fits"))):
        with fits.open(path, mode="update") as file:
            file[0].header["RA"], file[0].header["DEC"] = ra + 0.05 * number, 2.0
            file[1].header["RA"], file[1].header["DEC"] = ra + 0.05 * number, 2.0
    return folder


def test_two_windows_on_one_hub_exchange_table_row_and_spectrum(
    qtbot: Any, make_bench: BenchMaker, hub: Any, tmp_path: Path
) -> None:
    write_demo_folder(tmp_path / "a", 4)
    write_spectrum(tmp_path / "b.fits", 50)
    one = make_bench(tmp_path / "a")
    two = make_bench(tmp_path / "b.fits", store=open_store(tmp_path / "two.sqlite"))
    connect(qtbot, one)
    connect(qtbot, two)

    one.controller.actions["samp_table"].trigger()
    qtbot.waitUntil(lambda: "4 of its 4 rows" in said(two), timeout=8000)
    assert "sent to 1 program" in said(one)
    assert two.session.entries.names == ["GAL-0050", "GAL-0000", "GAL-0001", "GAL-0002", "GAL-0003"]
    assert two.session.selected == 0  # what is being reviewed is left alone

    one.session.select(2)
    qtbot.waitUntil(lambda: two.session.selected == 3, timeout=8000)
    assert said(two) == "mtop-gui chose GAL-0002."
    two.session.select(1)
    qtbot.waitUntil(lambda: one.session.selected == 0, timeout=8000)
    qtbot.wait(400)
    assert (one.session.selected, two.session.selected) == (0, 1)  # no echo

    two.session.select(0)
    qtbot.waitUntil(lambda: settled(two))
    two.controller.actions["samp_spectrum"].trigger()
    qtbot.waitUntil(lambda: len(one.session.entries) == 5, timeout=8000)
    qtbot.waitUntil(lambda: settled(one))
    assert one.session.spectrum.name == "GAL-0050"
    assert one.session.spectrum.content_hash == two.session.spectrum.content_hash


def test_topcat_gets_a_votable_with_positions_and_points_back(
    qtbot: Any, make_bench: BenchMaker, stranger: Any, demo: Path
) -> None:
    heard: dict[str, Any] = {}
    arrived = threading.Event()

    def hear(key: str, sender: str, message: Any, mtype: str, params: Any, extra: Any) -> None:
        heard[mtype] = params
        arrived.set()

    stranger.bind_receive_notification("table.load.votable", hear)
    stranger.bind_receive_notification("coord.pointAt.sky", hear)
    bench = make_bench(with_positions(demo))
    connect(qtbot, bench)
    stranger.enotify_all("coord.pointAt.sky", ra="150.2001", dec="2.0001")
    qtbot.waitUntil(lambda: bench.session.selected == 4, timeout=8000)
    assert "points at GAL-0004 (0.5″ away)" in said(bench)
    bench.controller.actions["samp_table"].trigger()
    qtbot.waitUntil(lambda: "table.load.votable" in heard, timeout=8000)
    path = QUrl(heard["table.load.votable"]["url"]).toLocalFile()
    table = parse_single_table(path).to_table()
    assert table["name"].tolist() == [f"GAL-000{n}" for n in range(6)]
    assert table["ra"].tolist() == pytest.approx([150 + 0.05 * n for n in range(6)])
    assert str(table["ra"].unit) == "deg"
    bench.session.select(1)
    qtbot.waitUntil(lambda: heard.get("coord.pointAt.sky", {}).get("ra") == "150.05", timeout=8000)
    stranger.enotify_all("coord.pointAt.sky", ra="10.0", dec="80.0")
    qtbot.waitUntil(lambda: "the nearest spectrum is" in said(bench), timeout=8000)
    assert bench.session.selected == 1
    bench.window.close()
    assert not os.path.exists(path)  # noqa: PTH110


def test_a_stranger_gets_nothing_fetched_from_elsewhere_and_no_secrets(
    qtbot: Any, make_bench: BenchMaker, stranger: Any, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samp_files.urllib.request, "build_opener", lambda *_: pytest.fail("fetched"))
    bench = make_bench(demo)
    connect(qtbot, bench)
    (target,) = stranger.get_subscribed_clients("spectrum.load.ssa-generic")
    for url in ("http://example.org/a.fits", "ftp://127.0.0.1/a.fits", "file://example.org/a.fits"):
        answer = stranger.ecall_and_wait(target, "spectrum.load.ssa-generic", "8", url=url, meta={}, name="x")
        assert answer["samp.status"] == "samp.error"
        qtbot.waitUntil(lambda u=url: u in bench.window.banner.text, timeout=8000)
        assert "stranger sent something that is not opened" in bench.window.banner.text
    assert "client.env.get" not in stranger.get_subscriptions(target)
    stranger.enotify_all("table.highlight.row", **{"table-id": "nobody's", "row": "3"})
    stranger.enotify_all("coord.pointAt.sky", ra="east", dec="2")
    gone = stranger.ecall_and_wait(
        target, "spectrum.load.ssa-generic", "8", url=(demo / "gone.fits").as_uri(), meta={}
    )
    assert gone["samp.status"] == "samp.ok"
    qtbot.waitUntil(lambda: "gone.fits is not there" in bench.window.banner.text, timeout=8000)
    assert len(bench.session.entries) == 6


def test_without_a_hub_the_person_is_told(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:file://{tmp_path / 'none'}")
    monkeypatch.setenv("HOME", str(tmp_path))
    bench = make_bench(demo)
    bench.controller.actions["samp"].trigger()
    qtbot.waitUntil(lambda: "start TOPCAT" in said(bench), timeout=8000)
    assert not bench.controller.actions["samp"].isChecked()
    bench.controller.actions["samp_table"].trigger()
    assert "No other programs are connected" in said(bench)


def test_a_hub_that_ends_is_noticed(qtbot: Any, make_bench: BenchMaker, hub: Any, demo: Path) -> None:
    bench = make_bench(demo)
    connect(qtbot, bench)
    assert bench.controller.actions["samp"].isChecked()
    hub.stop()
    qtbot.waitUntil(lambda: not bench.neighbours.link.connected, timeout=8000)
    qtbot.waitUntil(lambda: not bench.controller.actions["samp"].isChecked())


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("file:///data/a.fits", True),
        ("file://localhost/data/a.fits", True),
        ("/data/a.fits", True),
        ("http://127.0.0.1:8080/a.fits", True),
        ("http://localhost/a.fits", True),
        ("http://[::1]:80/a.fits", True),
        ("file://server/share/a.fits", False),
        ("http://example.org/a.fits", False),
        ("http://127.0.0.1.example.org/a.fits", False),
        ("http://127.0.0.1@example.org/a.fits", False),
        ("https://localhost/a.fits", False),
        ("http:///a.fits", False),
        ("file:", False),
        ("http://[::1/a.fits", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_only_files_of_this_computer_are_read(url: str, allowed: bool) -> None:
    assert (refusal(url) == "") == allowed


def test_a_file_over_http_of_this_computer_is_copied_and_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "offered.fits").write_bytes(b"x" * 3000)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if "away" in self.path:
                self.send_response(302)
                self.send_header("Location", "http://example.org/a.fits")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        got = fetch(f"{base}/offered.fits", tmp_path)
        assert got.read_bytes() == b"x" * 3000
        with pytest.raises(UnreadableSpectrumError, match="not on this computer"):
            fetch(f"{base}/away.fits", tmp_path)
        with pytest.raises(UnreadableSpectrumError, match="could not be fetched"):
            fetch(f"{base}/none.fits", tmp_path)
        monkeypatch.setattr(samp_files, "MOST_BYTES", 1000)
        with pytest.raises(UnreadableSpectrumError, match="could not be fetched"):
            fetch(f"{base}/offered.fits", tmp_path)
    finally:
        server.shutdown()
        server.server_close()


def test_angles_on_the_sky() -> None:
    found = separations(0.0, 0.0, np.array([0.0, 359.0, 90.0, 180.0]), np.array([1.0, 0.0, 90.0, 0.0]))
    assert found / 3600 == pytest.approx([1, 1, 90, 180])


def test_the_snippet_runs_and_says_what_was_decided(
    qtbot: Any, make_bench: BenchMaker, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    bench = make_bench(demo)
    press(qtbot, bench, Qt.Key.Key_3)
    press(qtbot, bench, Qt.Key.Key_B)
    qtbot.waitUntil(lambda: settled(bench))
    bench.controller.actions["copy_snippet"].trigger()
    text = QGuiApplication.clipboard().text()
    assert "quality 3 (desi)" in text
    pyplot.switch_backend("Agg")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    names: dict[str, Any] = {}
    exec(compile(text, "snippet", "exec"), names)
    assert names["z"] == bench.session.decision.redshift
    assert names["spectrum"].content_hash == bench.session.spectrum.content_hash
    pyplot.close("all")


def test_no_text_of_a_file_becomes_code() -> None:
    spectrum = make_spectrum(1, name="x\nimport os\r'''")
    text = snippet(spectrum, fake_prediction(spectrum, "b\nraise"), 1.5, None)
    assert "\nimport os" not in text
    assert "\nraise" not in text
    compile(text, "snippet", "exec")


def test_files_and_folders_can_be_dropped(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    write_demo_folder(tmp_path / "other", 2)
    alone = write_spectrum(tmp_path / "alone.fits", 70)
    bench = make_bench(demo)
    urls = QMimeData()
    urls.setUrls([QUrl.fromLocalFile(str(tmp_path / "other")), QUrl.fromLocalFile(str(alone))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPointF(5, 5).toPoint(), copy, urls, left, none)
    bench.window.dragEnterEvent(entered)
    assert entered.isAccepted()
    bench.window.dropEvent(QDropEvent(QPointF(5, 5), copy, urls, left, none))
    qtbot.waitUntil(lambda: settled(bench) and len(bench.session.entries) == 3)
    foreign = QMimeData()
    foreign.setUrls([QUrl("https://example.org/a.fits")])
    refused = QDragEnterEvent(QPointF(5, 5).toPoint(), copy, foreign, left, none)
    refused.ignore()
    bench.window.dragEnterEvent(refused)
    assert not refused.isAccepted()
