"""Plots to test with: real widgets on a synthetic spectrum, and a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from mtop_gui.ui.display import DisplayOptions, resolve
from mtop_gui.ui.plots import PdfPlot, SpectrumStack
from mtop_gui.ui.theme import DARK
from tests.support.plots import make_prediction, make_spectrum, moons

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MOONS = moons()
SPECTRUM = make_spectrum(MOONS)
PREDICTION = make_prediction(MOONS)
STATE = resolve(SPECTRUM, PREDICTION, DisplayOptions(), instrument=MOONS, saliency=np.ones(MOONS.pixels))
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def stack(qtbot: QtBot) -> SpectrumStack:
    made = SpectrumStack(DARK)
    qtbot.addWidget(made)
    made.resize(1100, 640)
    with qtbot.waitExposed(made):
        made.show()
    made.show_state(STATE)
    QApplication.processEvents()
    return made


@pytest.fixture
def pdf(qtbot: QtBot) -> PdfPlot:
    made = PdfPlot(DARK)
    qtbot.addWidget(made)
    made.resize(1100, 240)
    with qtbot.waitExposed(made):
        made.show()
    made.show_state(STATE)
    QApplication.processEvents()
    return made


def mouse(
    plot: SpectrumStack | PdfPlot, item: object, *path: QPointF, button: Qt.MouseButton, double: bool = False
) -> None:
    """Press at the first point, move through the others, release at the last; points in pixels of `item`."""
    viewport = plot.graphics.viewport()
    places = [QPointF(plot.graphics.mapFromScene(item.mapToScene(point))) for point in path]  # type: ignore[attr-defined]

    def send(kind: QEvent.Type, place: QPointF, which: Qt.MouseButton, held: Qt.MouseButton) -> None:
        # pyqtgraph merges moves that follow each other faster than 100 Hz; these are meant one by one.
        plot.graphics.scene().mouseEnabled = True
        plot.graphics.scene()._lastMoveEventTime = 0.0
        plot.graphics.lastMousePos = place
        event = QMouseEvent(
            kind,
            place,
            QPointF(viewport.mapToGlobal(place.toPoint())),
            which,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, event)

    none = Qt.MouseButton.NoButton
    send(QEvent.Type.MouseMove, places[0], none, none)
    send(QEvent.Type.MouseButtonPress, places[0], button, button)
    for place in places[1:]:
        send(QEvent.Type.MouseMove, place, none, button)
    send(QEvent.Type.MouseButtonRelease, places[-1], button, none)
    if double:
        send(QEvent.Type.MouseButtonDblClick, places[-1], button, button)
        send(QEvent.Type.MouseButtonRelease, places[-1], button, none)
