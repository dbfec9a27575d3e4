"""The plots: each has ``show_state(state)`` and ``set_palette(palette)``, and none calls another."""

from __future__ import annotations

from mtop_gui.ui.plots.pdf import PdfPlot
from mtop_gui.ui.plots.stack import SpectrumStack

__all__ = ["PdfPlot", "SpectrumStack"]
