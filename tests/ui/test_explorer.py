"""The embedding explorer: computed in the background, kept, coloured; a lasso becomes the list one goes through."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from mtop_gui.core.spectrum import SpectrumId
from mtop_gui.ui import embedding_work
from mtop_gui.ui.embedding_work import EmbeddingCache
from mtop_gui.ui.panels.embedding import COLOURS
from mtop_gui.ui.plots.embedding import SHADES, inside, shade_of
from tests.support.fakes import FakePredictor, fake_redshift, write_demo_folder
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.core.projection import Projection
    from mtop_gui.ui.app import Bench

CONTROL = Qt.KeyboardModifier.ControlModifier


class Embedding(FakePredictor):
    """Puts spectra on a line by their redshift; GAL-0003 far away from it, GAL-0005 nowhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.embedded = 0

    def embed(self, spectra: Any) -> Any:
        self.threads.add(threading.get_ident())
        self.embedded += len(spectra)
        rows = np.array([[fake_redshift(s), 1.0, 0.5] for s in spectra], dtype=np.float32)
        for row, spectrum in zip(rows, spectra, strict=True):
            if spectrum.name == "GAL-0003":
                row[1] = 90.0
            if spectrum.name == "GAL-0005":
                row[:] = np.nan
        return rows


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTOP_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def predictor() -> Embedding:
    return Embedding()


@pytest.fixture
def night(tmp_path: Path) -> Path:
    write_demo_folder(tmp_path / "night", 8)
    return tmp_path / "night"


def compute(qtbot: Any, bench: Bench) -> None:
    press(qtbot, bench, Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil(lambda: bench.explorer.shown is not None, timeout=20_000)
    qtbot.waitUntil(lambda: settled(bench))


def test_it_is_computed_kept_and_shown(
    qtbot: Any, make_bench: BenchMaker, night: Path, predictor: Embedding
) -> None:
    bench = make_bench(night, predictor=predictor)
    assert "Compute" in bench.window.embedding.plot._notice.toPlainText()
    compute(qtbot, bench)
    assert bench.window.docks["embedding"].isVisible()
    shown = bench.explorer.shown
    assert shown.numbers.tolist() == list(range(8))
    assert np.isnan(shown.projection.points[5]).all()
    assert "7 spectra" in bench.window.embedding.note.text()
    assert "1 are left out" in bench.window.embedding.note.text()
    assert "principal components" in bench.window.embedding.note.text()
    assert len(predictor.threads) == 1
    assert predictor.embedded == 8
    bench.window.close()

    again = make_bench(predictor=predictor)
    compute(qtbot, again)
    assert predictor.embedded == 8  # nothing is asked twice
    assert again.explorer.shown.projection.points == pytest.approx(shown.projection.points, nan_ok=True)


def test_a_lasso_becomes_the_list(
    qtbot: Any, make_bench: BenchMaker, night: Path, predictor: Embedding
) -> None:
    bench = make_bench(night, predictor=predictor)
    compute(qtbot, bench)
    points = bench.explorer.shown.projection.points
    wanted = [1, 4]
    corners = np.concatenate(
        [points[n] + 1e-4 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) for n in wanted]
    )
    mask = np.zeros(8, dtype=bool)
    mask[wanted] = True
    bench.window.embedding.plot.view.drawn.emit(corners, False)
    assert bench.session.walk.order.size == 8
    bench.window.embedding.plot.enclosed.emit(mask)
    assert bench.session.walk.order.tolist() == wanted
    assert bench.session.selected == 1
    assert bench.controller.actions["keep_list"].isChecked()
    press(qtbot, bench, Qt.Key.Key_N)
    assert bench.session.selected == 4
    bench.window.embedding.all.click()
    assert bench.session.walk.order.tolist() == list(range(8))
    assert not bench.controller.actions["keep_list"].isChecked()


def test_outliers_and_likes_are_found_by_keys(
    qtbot: Any, make_bench: BenchMaker, night: Path, predictor: Embedding
) -> None:
    bench = make_bench(night, predictor=predictor)
    bench.controller.actions["embedding_outliers"].trigger()
    assert "Compute the embedding first" in bench.window.status.message.text()
    compute(qtbot, bench)
    press(qtbot, bench, Qt.Key.Key_E, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert bench.session.entries.names[bench.session.selected] == "GAL-0003"
    assert bench.session.walk.order.size == 5
    bench.controller.actions["embedding_alike"].trigger()
    assert "6 spectra like GAL-0003" in bench.window.status.message.text()
    bench.session.select(5)
    bench.controller.actions["embedding_alike"].trigger()
    assert "was not asked" in bench.window.status.message.text()


def test_points_are_coloured_by_any_column_and_clicked(
    qtbot: Any, make_bench: BenchMaker, night: Path, predictor: Embedding
) -> None:
    bench = make_bench(night, predictor=predictor)
    run_and_wait(qtbot, bench)
    compute(qtbot, bench)
    panel = bench.window.embedding
    for name, title in COLOURS:
        bench.explorer.colour_by(name)
        assert panel.colour.currentText() == title
    bench.controller.actions["embedding_colour"].trigger()
    assert [c.text for c in bench.window.command_palette.shown] == [title for _, title in COLOURS]
    qtbot.keyClicks(bench.window.command_palette.field, "entropy")
    qtbot.keyClick(bench.window.command_palette.field, Qt.Key.Key_Return)
    assert bench.explorer.colour == "entropy"
    assert panel.scale._ends != ("", "")
    place = bench.explorer.shown.projection.points[6]
    panel.plot.view.picked.emit(QPointF(*place))
    assert bench.session.selected == 6
    assert panel.plot._ring.getData()[0][0] == place[0]


def test_a_network_without_embedding_says_so_and_work_can_be_stopped(
    qtbot: Any, make_bench: BenchMaker, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(night)
    press(qtbot, bench, Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil(lambda: "no embedding to explore" in bench.window.embedding.note.text())
    began = threading.Event()

    def slow(embedding: Any, report: Any) -> Projection:
        began.set()
        while True:
            report(None)

    monkeypatch.setattr(embedding_work, "project_apart", slow)
    monkeypatch.setattr(embedding_work, "Advanced", lambda *_: None)
    monkeypatch.setattr(bench.network, "_predictor", Embedding())
    monkeypatch.setattr(bench.explorer, "_progressed", lambda events: None)
    press(qtbot, bench, Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil(began.is_set)
    press(qtbot, bench, Qt.Key.Key_E, CONTROL)
    assert "Stopped" in bench.window.embedding.note.text()
    qtbot.waitUntil(lambda: not bench.lanes.busy)
    bench.controller.open([night])
    assert bench.explorer.shown is None


def test_a_process_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_work.sys, "executable", "/bin/false")
    with pytest.raises(embedding_work.MtopError, match="could not be drawn"):
        embedding_work.project_apart(np.ones((3, 2)), lambda event: None)


def test_a_damaged_cache_is_as_none(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "bundle")
    cache.keep({"a": np.ones(4, np.float32)})
    assert EmbeddingCache(tmp_path, "bundle").get("a").tolist() == [1, 1, 1, 1]
    assert EmbeddingCache(tmp_path, "another").get("a") is None
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(b"nonsense")
    assert EmbeddingCache(tmp_path, "bundle").get("a") is None


def test_inside_and_shades() -> None:
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    points = np.array([[1.0, 1], [5, 1], [3.9, 3.9], [np.nan, 1], [-1, 2]])
    assert inside(points, square).tolist() == [True, False, True, False, False]
    hollow = np.array([[0.0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])
    assert inside(np.array([[2.0, 3.0], [2.0, 0.5]]), hollow).tolist() == [False, True]
    shades, low, high = shade_of(np.array([0.0, 1, np.nan, 0.5]))
    assert shades[2] == -1
    assert shades.max() == SHADES - 1
    assert low < high
    assert np.isnan(shade_of(np.full(3, np.nan))[1])
    assert shade_of(np.ones(3))[0].tolist() == [0, 0, 0]


def test_behind_a_choice_of_bundles_the_map_is_of_the_one_that_most_spectra_go_to(
    demo: Path, tmp_path: Path
) -> None:
    """As by default, where the bundle is "auto"."""

    class One:
        def __init__(self, name: str, value: float) -> None:
            self.bundle_name, self.value = name, value

        def embed(self, spectra: list[Any]) -> np.ndarray:
            return np.full((len(spectra), 3), self.value, np.float32)

    class Choice:
        predictors = (One("a 1", 1.0), One("b 1", 2.0))
        bundle_name = "auto: a 1, b 1"

        def choose(self, spectrum: Any) -> One:
            return self.predictors[0 if spectrum.path.stem in ("gal_0001", "gal_0003") else 1]

    paths = sorted(demo.glob("*.fits"))
    places = [(number, SpectrumId(path, 0), "") for number, path in enumerate(paths)]
    for _ in range(2):  # the second time from what was kept
        numbers, hashes, rows = embedding_work.embed_all(places, Choice(), tmp_path, lambda event: None)
        assert numbers.tolist() == list(range(len(paths)))
        assert len(set(hashes)) == len(paths)
        assert np.isnan(rows[[1, 3], 0]).all()
        assert (np.delete(rows, [1, 3], axis=0) == 2.0).all()
