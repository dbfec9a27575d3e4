"""One run on a real X server: the window appears there, filled, and closes (everything else is tested offscreen)."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from mtop_gui.settings import Settings
from mtop_gui.store.review_store import open_store
from tests.batch.fakes import FakePredictor, make_spectrum
from tests.benchmarks.files import make_files


class AnyFlux(FakePredictor):
    """Says z = 1.2 of everything."""

    def predict(self, spectra, *, mc_passes=1):
        return [self._one(make_spectrum(spectrum.path, redshift=1.2)) for spectrum in spectra]


@pytest.mark.xvfb
def test_the_window_appears_filled_on_a_real_screen_and_closes(qapp, qtbot, tmp_path):
    if QGuiApplication.platformName() == "offscreen":
        pytest.skip(
            "needs a real X server: QT_QPA_PLATFORM=xcb xvfb-run -a python3 packaging/test.py -m xvfb"
        )
    from mtop_gui.ui.app import Bench

    make_files(tmp_path / "spectra", 3)
    bench = Bench(qapp, Settings(), open_store(tmp_path / "reviews.sqlite"), lambda name: AnyFlux())
    states = []
    bench.session.displayed.connect(states.append)
    with qtbot.waitExposed(bench.window):
        bench.start([tmp_path / "spectra"])
    qtbot.waitUntil(lambda: bool(states) and states[-1].redshift_pdf is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not bench.lanes.busy, timeout=20_000)
    assert len(bench.session.entries) == 3
    screen = bench.window.screen().grabWindow(bench.window.winId()).toImage()
    colours = {screen.pixel(x, y) for x in range(0, screen.width(), 7) for y in range(0, screen.height(), 7)}
    assert len(colours) > 20
    bench.window.close()
    qtbot.waitUntil(lambda: not bench.window.isVisible())
