"""The plots under the mouse: dragging and clicking say what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from mtop_gui.ui.display import with_candidate
from tests.support.plot_widgets import LEFT, RIGHT, STATE, mouse

if TYPE_CHECKING:
    from mtop_gui.ui.plots import PdfPlot, SpectrumStack


def test_dragging_a_label_moves_the_redshift(stack: SpectrumStack) -> None:
    labels = stack.flux.labels
    label, box = next((la, b) for la, b in labels.boxes() if la.name == "[O III] 5008")
    said: list[float] = []
    stack.redshift_dragged.connect(said.append)
    stack.redshift_dragged.connect(lambda z: stack.show_state(with_candidate(STATE, z)))
    start = box.center()
    before = stack.flux.view.viewRange()
    mouse(stack, labels, start, start + QPointF(30, 0), start + QPointF(55, 40), button=LEFT)
    shifted = labels.to_data(labels.to_pixel(label.observed_wavelength) + 55)
    assert said[-1] == pytest.approx(shifted / label.rest_wavelength - 1, abs=2e-4)
    assert said[-1] > STATE.candidate
    assert stack.flux.view.viewRange() == before
    assert stack.flux.top._stretch == pytest.approx(1 + said[-1])


def test_dragging_beside_the_labels_pans_and_leaves_the_redshift(stack: SpectrumStack) -> None:
    said: list[float] = []
    stack.redshift_dragged.connect(said.append)
    stack.zoom_to(12000.0, 500.0)
    (low, _), y_before = stack.flux.view.viewRange()
    height = stack.flux.labels.boundingRect().height()
    mouse(
        stack,
        stack.flux.labels,
        QPointF(500, height - 30),
        QPointF(450, height - 60),
        QPointF(400, height - 90),
        button=LEFT,
    )
    (panned, _), y_after = stack.flux.view.viewRange()
    assert panned > low + 50
    assert y_after == pytest.approx(y_before)
    assert said == []
    assert stack.panels["saliency"].view.viewRange()[0][0] == pytest.approx(panned, abs=2.0)


def test_a_box_is_zoomed_into_with_the_right_button_and_left_by_a_double_click(
    stack: SpectrumStack,
) -> None:
    home = stack.flux.view.viewRange()
    labels = stack.flux.labels
    mouse(stack, labels, QPointF(300, 150), QPointF(350, 200), QPointF(500, 300), button=RIGHT)
    low, high = stack.flux.view.viewRange()[0]
    width = home[0][1] - home[0][0]
    assert high - low == pytest.approx(width * 200 / labels.boundingRect().width(), rel=0.02)
    mouse(stack, labels, QPointF(400, 250), button=LEFT, double=True)
    assert np.allclose(stack.flux.view.viewRange(), home)


def test_the_wheel_zooms_along_the_wavelength_only(stack: SpectrumStack) -> None:
    view = stack.flux.view
    (low, high), y_before = view.viewRange()
    viewport = stack.graphics.viewport()
    place = QPointF(stack.graphics.mapFromScene(view.mapToScene(QPointF(500, 200))))
    event = QWheelEvent(
        place, QPointF(viewport.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)
    (new_low, new_high), y_after = view.viewRange()
    assert new_high - new_low < 0.95 * (high - low)
    assert y_after == pytest.approx(y_before)


def test_clicking_a_peak_and_dragging_the_candidate(pdf: PdfPlot) -> None:
    clicked: list[float] = []
    dragged: list[float] = []
    pdf.peak_clicked.connect(clicked.append)
    pdf.redshift_dragged.connect(dragged.append)
    index, box = pdf.marks.boxes()[1]
    mouse(pdf, pdf.marks, box.center(), button=LEFT)
    assert clicked == [STATE.peaks[index].redshift]
    x = pdf.marks.to_pixel(STATE.candidate)
    mouse(pdf, pdf.marks, QPointF(x, 120), QPointF(x + 20, 120), QPointF(x + 60, 110), button=LEFT)
    assert dragged[-1] == pytest.approx(pdf.marks.to_data(x + 60), abs=0.003)
    assert len(clicked) == 1


def test_the_cursor_is_reported_with_the_flux_there(stack: SpectrumStack) -> None:
    said: list[tuple[float, float]] = []
    stack.cursor_moved.connect(lambda x, y: said.append((x, y)))
    labels = stack.flux.labels
    mouse(stack, labels, QPointF(400, 250), button=LEFT)
    wavelength, flux = said[-1]
    assert wavelength == pytest.approx(labels.to_data(400), abs=20)
    nearest = int(np.nanargmin(np.abs(STATE.wavelength - wavelength)))
    assert np.isnan(flux) or flux == STATE.flux_smooth[nearest]
    QApplication.sendEvent(stack, QEvent(QEvent.Type.Leave))
    assert np.isnan(said[-1]).all()
