"""Nothing that is written is cut off, in the usual and in large writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTableView, QToolButton, QWidget

from mtop_gui.ui.dialogs.key_editor import KeyEditor
from mtop_gui.ui.dialogs.settings import SettingsDialog
from mtop_gui.ui.widgets import ElidedLabel
from tests.ui.conftest import run_and_wait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.conftest import BenchMaker


def extent(widget: QLabel | QAbstractButton, width: float = -1.0) -> tuple[float, float]:
    """Give width and height of what is written on a widget, wrapped at `width` if that is positive."""
    text = widget.text()
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(widget.font())
    if text.startswith("<"):
        document.setHtml(text)
    else:
        document.setPlainText(text.replace("&", ""))
    document.setTextWidth(width)
    return document.idealWidth(), document.size().height()


def cut_off(top: QWidget) -> list[str]:
    """Give the writing under a widget that has less room than it takes."""
    found = []
    for widget in top.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            needed = extent(widget, widget.width())[1]
            if needed > widget.height() + 2:
                found.append(f"{widget.text()!r}: {needed} pixels high in {widget.height()}")
        elif (isinstance(widget, QLabel) and not isinstance(widget, ElidedLabel)) or (
            isinstance(widget, QAbstractButton) and not isinstance(widget, QToolButton)
        ):
            needed = extent(widget)[0]
            if needed > widget.width() + 1:
                found.append(f"{widget.text()!r}: {needed} pixels in {widget.width()}")
    return found


def narrow_heads(top: QWidget) -> list[str]:
    """Give the titles of columns that have less room than they take."""
    found = []
    for table in top.findChildren(QTableView):
        header, model = table.horizontalHeader(), table.model()
        if not table.isVisible() or header.isHidden() or table.visibleRegion().isEmpty():
            continue
        for column in range(model.columnCount()):
            title = str(model.headerData(column, header.orientation()) or "")
            if header.fontMetrics().horizontalAdvance(title) > header.sectionSize(column):
                found.append(title)
    return found


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_written_is_cut_off(qtbot: Any, make_bench: BenchMaker, demo: Path, scale: float) -> None:
    bench = make_bench(demo)
    window, do = bench.window, bench.controller.actions
    window.resize(1440, 900)
    run_and_wait(qtbot, bench)
    bench.desk.text_size.use(scale)
    for name in ("batch", "identifications", "team", "history"):
        window.docks[name].raise_()
        qtbot.wait(150)
        assert window.size().toTuple() == (1440, 900)
        assert cut_off(window) == []
        assert narrow_heads(window) == []
    for action, kind in (("settings", SettingsDialog), ("edit_keys", KeyEditor)):
        do[action].trigger()
        dialog = next(each for each in window.findChildren(kind) if each.isVisible())
        QApplication.processEvents()
        assert cut_off(dialog) == []
        dialog.close()
    review = window.docks["review"]
    for button in review.findChildren(QAbstractButton):
        assert button.mapTo(review, QPoint(button.width(), 0)).x() <= review.width()
    # The quality, the last column, is in view.
    header = window.browser.view.horizontalHeader()
    assert header.length() <= window.browser.view.viewport().width()
