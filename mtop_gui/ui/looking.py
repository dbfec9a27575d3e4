"""How a person was looking at things when the window was closed: the zoom, the queue, its filter and order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from mtop_gui.ui.tables.entry_model import EntryModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.ui.display import DisplayState
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.tables.entry_view import EntryView

WHOLE = 0.98
"""From this share of the spectrum on it counts as the whole."""


def zoom_of(window: MainWindow, state: DisplayState) -> tuple[float, float, float, float] | None:
    """Give the wavelengths [Å] and fluxes between which the flux panel is zoomed; None for the whole spectrum."""
    if state.wavelength is None or state.flux is None:
        return None
    shown = state.wavelength[np.isfinite(state.flux)]
    (low, high), (bottom, top) = window.stack.flux.view.viewRange()
    if not shown.size or high - low >= WHOLE * (shown[-1] - shown[0]):
        return None
    return float(low), float(high), float(bottom), float(top)


def zoom_to(window: MainWindow, zoom: tuple[float, float, float, float]) -> None:
    """Zoom the flux panel as it was."""
    view = window.stack.flux.view
    view.setRange(xRange=zoom[:2], yRange=zoom[2:], padding=0)
    # As if by hand: the flux range is the person's now, and stays when the window is resized.
    view.sigRangeChangedManually.emit([True, True])


def remembered(window: MainWindow) -> dict[str, str]:
    """Give queue, filter and order of the tables as texts."""
    browser, batch = window.browser, window.batch
    return {
        "queue": browser.keep.currentText(),
        "filter": browser.filter.text(),
        "browser_order": _order(browser.view),
        "batch_order": _order(batch.view),
    }


def restore(window: MainWindow, kept: Mapping[str, str]) -> None:
    """Choose queue, filter and order as they were; what is not known any more is left as it is."""
    browser, batch = window.browser, window.batch
    place = browser.keep.findText(kept.get("queue", ""))
    if place >= 0:
        browser.keep.setCurrentIndex(place)
    browser.filter.setText(kept.get("filter", ""))
    for view, name in ((browser.view, "browser_order"), (batch.view, "batch_order")):
        _reorder(view, kept.get(name, ""))


def _order(view: EntryView) -> str:
    model = view.model()
    assert isinstance(model, EntryModel)
    return f"{model.sort_column} {'down' if model.descending else 'up'}"


def _reorder(view: EntryView, order: str) -> None:
    column, _, way = order.partition(" ")
    model = view.model()
    assert isinstance(model, EntryModel)
    if column.lstrip("-").isdecimal() and -1 <= int(column) < len(model.columns):
        model.sort(
            int(column), Qt.SortOrder.DescendingOrder if way == "down" else Qt.SortOrder.AscendingOrder
        )
