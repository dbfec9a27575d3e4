"""Who works by keyboard sees where he is: in every dialog Tab goes in reading order, and what has the focus shows it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QPushButton,
    QWidget,
)

from mtop_gui.ui.dialogs.guide import GuideDialog
from mtop_gui.ui.dialogs.key_editor import KeyEditor
from mtop_gui.ui.dialogs.settings import SettingsDialog
from mtop_gui.ui.tasks import Failure
from mtop_gui.ui.theme import PALETTES
from tests.ui.contact_sheet import pixels

if TYPE_CHECKING:
    from mtop_gui.ui.app import Bench
    from tests.ui.conftest import BenchMaker

CLEARLY = 60
"""A colour changes clearly by this much of 255 in a channel …"""
LEAST = 20
"""… and it takes so many pixels to be seen."""


def shown(bench: Bench, kind: type[QDialog]) -> QDialog:
    return next(each for each in bench.window.findChildren(kind) if each.isVisible())


def open_dialog(bench: Bench, name: str) -> QDialog:
    do = bench.controller.actions
    if name == "failure":
        bench.window.failures.add(Failure("reading", "KeyError: 'IVAR'", "Traceback …"))
        return bench.window.failures
    action, kind = {
        "settings": ("settings", SettingsDialog),
        "keys": ("edit_keys", KeyEditor),
        "guide": ("guide", GuideDialog),
    }[name]
    do[action].trigger()
    return shown(bench, kind)


def stops(qtbot: Any, dialog: QDialog) -> list[QWidget]:
    """Give what Tab goes through, from where it begins until it is there again."""
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    seen: list[QWidget] = []
    while (widget := dialog.focusWidget()) is not None and widget not in seen:
        seen.append(widget)
        # A key recorder takes Tab for a key to be recorded: one goes on as the desktop does.
        dialog.focusNextChild()
        QApplication.processEvents()
    return seen


def look(dialog: QDialog) -> np.ndarray:
    QApplication.processEvents()
    return pixels(dialog.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)).astype(int)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", ["settings", "keys", "guide", "failure"])
def test_every_stop_of_the_tab_key_shows_itself(
    qtbot: Any, make_bench: BenchMaker, name: str, theme: str
) -> None:
    bench = make_bench(wait=False, theme=theme)
    dialog = open_dialog(bench, name)
    QApplication.setCursorFlashTime(0)  # the text cursor alone would be too little, and it blinks
    found = stops(qtbot, dialog)
    assert len(found) >= 2
    for widget, other in zip(found, [*found[1:], found[0]], strict=True):
        assert widget.isVisible()
        assert widget.isEnabled()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        with_focus = look(dialog)
        other.setFocus(Qt.FocusReason.TabFocusReason)
        without = look(dialog)
        corner = widget.mapTo(dialog, QPoint(0, 0))
        part = np.s_[
            max(0, corner.y()) : corner.y() + widget.height(),
            max(0, corner.x()) : corner.x() + widget.width(),
        ]
        changed = np.abs(with_focus[part] - without[part]).max(axis=2) > CLEARLY
        assert changed.sum() >= LEAST, (name, theme, type(widget).__name__, int(changed.sum()))
    dialog.close()


def test_tab_goes_through_the_settings_as_one_reads(qtbot: Any, make_bench: BenchMaker) -> None:
    bench = make_bench(wait=False)
    dialog = open_dialog(bench, "settings")
    found = stops(qtbot, dialog)
    fields = (QLineEdit, QAbstractSpinBox, QComboBox, QCheckBox, QPushButton)
    everything = {
        widget
        for widget in dialog.findChildren(QWidget)
        if isinstance(widget, fields) and not isinstance(widget.parent(), QAbstractSpinBox)
    }
    assert set(found) == everything
    places = [widget.mapTo(dialog, QPoint(0, widget.height() // 2)) for widget in found]
    for one, other in itertools.pairwise(places):
        assert other.y() > one.y() or (abs(other.y() - one.y()) < 8 and other.x() > one.x())
    dialog.close()
