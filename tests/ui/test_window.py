"""The window from end to end: open, select, run, review by keys, undo, quit, reopen."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from astropy.io import fits
from PySide6.QtCore import Qt

from mtop_gui import cli
from mtop_gui.core.errors import BundleError
from mtop_gui.settings import Settings
from mtop_gui.ui.entries import Status
from tests.support.fakes import FakePredictor, fake_redshift, write_demo_folder, write_spectrum
from tests.ui.conftest import BenchMaker, press, run_and_wait, settled

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.ui.app import Bench


KEY = Qt.Key


def test_a_folder_is_listed_and_its_first_spectrum_fills_every_panel(
    make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    session, state = bench.session, bench.session.state
    assert session.entries.names == [f"GAL-000{n}" for n in range(6)]
    assert session.selected == 0
    assert state.flux is not None
    assert state.redshift_pdf is not None
    assert state.line_probability is not None
    assert state.saliency is not None
    assert state.candidate == pytest.approx(session.prediction.redshift)
    drawn = bench.window.stack._state
    assert (drawn.flux is state.flux, drawn.saliency is state.saliency, drawn.candidate) == (
        True,
        True,
        state.candidate,
    )
    assert bench.window.review.name.text() == "GAL-0000"
    assert f"{state.candidate:.5f}" in bench.window.review.redshift.text()
    assert bench.window.status.bundle.text() == "fake 1 (abc)"


def test_next_and_previous_walk_and_the_neighbours_are_ready(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    assert bench.loader.prediction(1) is not None
    press(qtbot, bench, KEY.Key_N)
    # Prefetched: all is there in the same turn of the loop, without waiting for any thread.
    assert bench.session.selected == 1
    assert bench.session.prediction is not None
    assert bench.session.saliency is not None
    press(qtbot, bench, KEY.Key_B)
    press(qtbot, bench, KEY.Key_B)
    assert bench.session.selected == 0
    assert "first" in bench.window.status.message.text()


def test_a_run_fills_the_table_flagged_first(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    session, table = bench.session, bench.window.batch.model
    qtbot.waitUntil(lambda: not bench.window.batch._resort_soon.isActive())
    flagged = session.entries.flagged(2.0)
    assert flagged.any()
    assert not flagged.all()
    shown = flagged[table.order]
    assert shown.tolist() == sorted(shown.tolist(), reverse=True)
    assert "6</b> of 6 predicted" in bench.window.batch.counts.text()
    assert "predicted in" in bench.window.status.message.text()


def test_the_threshold_moves_flags_counts_and_field_together(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    bench.window.batch.plot.line.setValue(0.5)
    bench.window.batch.plot.line.sigDragged.emit(bench.window.batch.plot.line)
    assert bench.session.threshold == 0.5
    assert bench.window.toolbar.threshold.value() == 0.5
    assert bench.session.counts()[1] == 6
    assert "6 flagged" in bench.window.status.counts.text()
    bench.window.toolbar.threshold.setValue(10.0)
    assert bench.session.counts()[1] == 0
    assert bench.window.batch.plot.line.value() == 10.0


def test_a_bad_file_is_a_row_that_says_why(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    (demo / "broken.fits").write_bytes(b"SIMPLE  =" + b"x" * 5000)
    bench = make_bench(demo)
    number = bench.session.entries.find(demo / "broken.fits", 0)
    assert number is not None
    bench.session.select(number)
    qtbot.waitUntil(lambda: settled(bench))
    sentence = bench.session.entries.errors[number]
    assert sentence
    assert bench.session.state.message == sentence
    assert bench.window.review.flag.text().casefold() == sentence.casefold()
    assert bench.session.state.flux is None
    run_and_wait(qtbot, bench)
    assert (bench.session.entries.status == Status.FAILED).sum() == 1
    assert (bench.session.entries.status == Status.PREDICTED).sum() == 6
    assert "1</b> unreadable" in bench.window.batch.counts.text()


def test_a_folder_that_vanishes_leaves_the_window_working(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    for file in demo.iterdir():
        file.unlink()
    demo.rmdir()
    bench.session.select(5)
    qtbot.waitUntil(lambda: settled(bench))
    assert bench.session.state.message == bench.session.entries.errors[5]
    bench.controller.open([demo])
    qtbot.waitUntil(lambda: bool(bench.window.banner.text))
    assert not bench.window.failures.isVisible()


def test_an_empty_folder_says_what_to_do(make_bench: BenchMaker, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bench = make_bench(tmp_path / "empty")
    assert "no spectra" in bench.window.banner.text
    assert "Ctrl+O" in bench.window.browser.empty.text()
    assert "Ctrl+O" in bench.session.state.message


def test_a_network_that_cannot_be_loaded_says_so_and_the_rest_works(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(
        demo, predictor=FakePredictor(broken=BundleError("the bundle is damaged: copy it anew"))
    )
    assert "bundle is damaged" in bench.window.banner.text
    assert bench.session.state.flux is not None
    press(qtbot, bench, KEY.Key_1)
    assert bench.session.entries.quality[0] == 1
    assert bench.store.current_all("Ada")


def test_an_unexpected_error_goes_to_one_dialog_with_its_traceback(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo, predictor=FakePredictor(broken=ZeroDivisionError("surprise")))
    qtbot.waitUntil(bench.window.failures.isVisible)
    assert "ZeroDivisionError: surprise" in bench.window.failures.traceback
    bench.window.failures.copy()
    bench.window.failures.close()


def test_answers_to_an_old_selection_are_dropped(qtbot: Any, make_bench: BenchMaker, many: Path) -> None:
    bench = make_bench(many, predictor=FakePredictor(delay=0.02))
    seen: list[tuple[int, str]] = []
    session = bench.session
    session.displayed.connect(lambda state: seen.append((session.selected, state.title)))
    for number in (3, 6, 9, 11):
        session.select(number)
    qtbot.waitUntil(lambda: settled(bench))
    assert session.selected == 11
    assert session.prediction.redshift == pytest.approx(fake_redshift(session.spectrum), abs=5e-3)
    assert all(session.entries.names[number] in title for number, title in seen)
    # What only the passed-over selections wanted was cancelled before the network saw it.
    assert session.entries.status[3] != Status.PREDICTED


def test_a_run_can_be_cancelled_and_keeps_what_it_did(qtbot: Any, make_bench: BenchMaker, many: Path) -> None:
    predictor = FakePredictor(delay=0.02)
    bench = make_bench(many, predictor=predictor)
    bench.controller.run()
    qtbot.waitUntil(lambda: bench.session.counts()[0] > 20, timeout=8000)
    assert bench.window.toolbar.cancel.isVisible()
    bench.controller.actions["cancel"].trigger()
    qtbot.waitUntil(lambda: settled(bench), timeout=8000)
    assert not bench.window.toolbar.cancel.isVisible()
    done = bench.session.counts()[0]
    assert 20 < done < 250
    assert "cancelled" in bench.window.status.message.text()
    # The second run takes the first one's Predictions from the store.
    predictor.delay = 0.0
    run_and_wait(qtbot, bench)
    assert bench.session.counts()[0] == 250
    assert predictor.predicted < 250 + 64 + 8


def test_a_person_is_served_while_a_run_goes_on(qtbot: Any, make_bench: BenchMaker, many: Path) -> None:
    bench = make_bench(many, predictor=FakePredictor(delay=0.004))
    bench.controller.run()
    bench.session.select(249)
    qtbot.waitUntil(lambda: bench.session.prediction is not None, timeout=8000)
    assert bench.run.running
    bench.run.cancel()


def test_closing_during_a_run_takes_less_than_two_seconds(
    qtbot: Any, make_bench: BenchMaker, many: Path
) -> None:
    bench = make_bench(many, predictor=FakePredictor(delay=0.01))
    bench.controller.run()
    qtbot.waitUntil(lambda: bench.run.running)
    began = time.monotonic()
    bench.window.close()
    assert time.monotonic() - began < 10
    assert bench.home


def test_the_network_is_asked_from_one_thread_only(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    predictor = FakePredictor()
    bench = make_bench(demo, predictor=predictor)
    run_and_wait(qtbot, bench)
    bench.session.select(4)
    qtbot.waitUntil(lambda: settled(bench))
    assert len(predictor.threads) == 1


def test_a_file_of_several_spectra_has_a_heading_and_each_row_its_own_spectrum(
    qtbot: Any, make_bench: BenchMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    write_demo_folder(folder / "a", 2)
    write_demo_folder(folder / "b", 3)
    bench = make_bench(folder)
    model = bench.window.browser.model
    texts = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert texts[0] == "▾ a  (2)"
    assert texts[3] == "▾ b  (3)"
    model.fold(0)
    assert model.rowCount() == 5
    assert model.index(0, 0).data() == "▸ a  (2)"
    assert bench.session.walk.order.tolist() == [2, 3, 4]


def test_filters_narrow_the_list_and_what_next_walks_through(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    press(qtbot, bench, KEY.Key_Slash)
    field = bench.window.browser.filter
    assert bench.window.focusWidget() is field
    qtbot.keyClicks(field, "gal-0003")
    qtbot.keyClick(field, KEY.Key_Return)
    assert bench.session.walk.order.tolist() == [3]
    assert bench.session.selected == 3
    field.clear()
    bench.window.browser.keep.setCurrentText("Flagged")
    wanted = np.flatnonzero(bench.session.entries.flagged(2.0))
    assert bench.session.walk.order.tolist() == wanted.tolist()


def test_export_writes_the_catalogue_with_the_present_threshold(
    qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path
) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    press(qtbot, bench, KEY.Key_4)
    bench.session.set_threshold(0.1)
    bench.controller.export(tmp_path / "out.fits")
    qtbot.waitUntil(lambda: "rows in" in bench.window.status.message.text())
    with fits.open(tmp_path / "out.fits") as file:
        table = file[1].data
        assert len(table) == 6
        assert table["flagged"].all()


def test_a_folder_seen_before_needs_no_second_run(qtbot: Any, make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    known = bench.session.entries.entropy.tolist()
    bench.window.close()
    write_spectrum(demo / "gal_0005.fits", 99)
    again = make_bench()
    assert again.session.entries.entropy[:5].tolist() == pytest.approx(known[:5], abs=1e-4)
    # The sixth has changed meanwhile, so nothing is claimed about it.
    assert np.isnan(again.session.entries.entropy[5])


def predicted(bench: Bench) -> list[int]:
    return np.flatnonzero(np.isfinite(bench.session.entries.entropy)).tolist()


def test_what_was_looked_at_is_known_again_though_no_run_was_made(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    bench = make_bench(demo)
    for number in (4, 2):
        bench.session.select(number)
        qtbot.waitUntil(lambda: settled(bench))
    before = predicted(bench)
    assert {2, 4} <= set(before)
    bench.window.close()  # before any timer
    assert predicted(make_bench()) == before


def test_what_still_waits_to_be_remembered_is_known_again(
    qtbot: Any, make_bench: BenchMaker, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(demo)
    before = predicted(bench)
    assert before
    monkeypatch.setattr(bench.lanes, "submit", lambda *work, **more: None)  # never its turn
    bench.recall.remember()
    bench.window.close()
    monkeypatch.undo()
    assert predicted(make_bench()) == before


def test_what_half_a_run_predicted_is_known_again(qtbot: Any, make_bench: BenchMaker, many: Path) -> None:
    bench = make_bench(many, predictor=FakePredictor(delay=0.01))
    bench.controller.run()
    qtbot.waitUntil(lambda: len(predicted(bench)) > 60, timeout=60_000)
    before = predicted(bench)
    bench.window.close()
    after = predicted(make_bench())
    assert set(before) <= set(after)
    assert len(after) < 250


def test_docks_are_remembered(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.window.docks["batch"].hide()
    bench.window.resize(790, 700)  # the offscreen screen is no larger
    size = bench.window.size()
    bench.window.close()
    again = make_bench()
    assert not again.window.docks["batch"].isVisible()
    assert again.window.docks["review"].isVisible()
    assert again.window.size() == size


def test_a_damaged_state_file_gives_a_first_start(make_bench: BenchMaker, demo: Path, tmp_path: Path) -> None:
    (tmp_path / "window.ini").write_bytes(
        b"[layout]\ngeometry=\xff\xfe;;\ndocks=12\n[session]\nrow=x\nfolders=1,2"
    )
    bench = make_bench(demo)
    assert bench.session.selected == 0
    assert bench.window.docks["batch"].isVisible()


def test_the_theme_changes_everywhere(make_bench: BenchMaker, demo: Path) -> None:
    bench = make_bench(demo)
    bench.controller.actions["theme"].trigger()
    assert bench.window.palette().window().color().lightness() > 200
    bench.controller.actions["theme"].trigger()
    assert bench.window.palette().window().color().lightness() < 60


def test_other_passes_predict_anew_and_the_command_line_makes_as_many(
    qtbot: Any, make_bench: BenchMaker, demo: Path
) -> None:
    assert Settings().mc_passes == inspect.signature(cli.predict).parameters["mc_passes"].default
    bench = make_bench(demo)
    run_and_wait(qtbot, bench)
    assert bench.session.state.redshift_pdf_std is not None
    bench.session.set_draft(comment="not saved yet")
    bench.window.toolbar.passes_chosen.emit(1)
    qtbot.waitUntil(lambda: settled(bench))
    assert bench.session.state.redshift_pdf_std is None
    assert np.isnan(bench.session.entries.entropy[5])
    assert bench.session.draft.comment == "not saved yet"
    bench.window.close()
    again = make_bench(mc_passes=50)
    assert not np.isnan(again.session.entries.entropy).any()  # what 50 passes said is still there


def test_new_files_can_be_dropped(qtbot: Any, make_bench: BenchMaker, demo: Path, tmp_path: Path) -> None:
    bench = make_bench(demo)
    other = write_spectrum(tmp_path / "other.fits", 77)
    bench.window.dropped.emit([str(other)])
    qtbot.waitUntil(lambda: settled(bench) and bench.session.selected == 0)
    assert bench.session.entries.names == ["GAL-0077"]
    assert bench.session.spectrum.name == "GAL-0077"
