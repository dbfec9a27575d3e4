"""On a screen of twice the pixels everything is drawn with all of them, nothing is blown up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
app = QApplication([])
from mtop_gui.ui.panels.histogram import EntropyPlot
from mtop_gui.ui.plots import PdfPlot, SpectrumStack
from mtop_gui.ui.plots.embedding import EmbeddingPlot
from mtop_gui.ui.plots.insets import InsetStrip
from mtop_gui.ui.theme import apply_theme
from tests.support.plot_widgets import STATE
from tests.ui.contact_sheet import pixels

palette = apply_theme(app, sys.argv[1])
found = {}
for kind in (SpectrumStack, PdfPlot, InsetStrip, EntropyPlot, EmbeddingPlot):
    widget = kind(palette)
    widget.resize(600, 300)
    widget.show()
    if hasattr(widget, "show_state"):
        widget.show_state(STATE)
    elif kind is EntropyPlot:
        widget.set_values(np.linspace(0.1, 3.9, 50), np.linspace(0.1, 9.0, 50))
    else:
        widget.set_points(np.random.default_rng(1).normal(size=(50, 2)))
    app.processEvents()
    image = widget.grab().toImage()
    values = pixels(image).astype(int)
    # In a picture that was blown up, the four pixels of every point are alike.
    blocks = values[: values.shape[0] // 2 * 2, : values.shape[1] // 2 * 2].reshape(
        values.shape[0] // 2, 2, values.shape[1] // 2, 2, 3
    )
    spread = (blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3))).max(axis=2)
    drawn = np.abs(blocks - blocks[0, 0, 0, 0]).max(axis=(1, 3, 4)) > 40
    found[kind.__name__] = [image.width(), image.height(), float((spread[drawn] > 40).mean())]
print(json.dumps(found))
"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_plots_use_every_pixel(theme: str) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, theme],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(ended.stdout.strip().splitlines()[-1])
    for kind, (width, height, fine) in found.items():
        assert (width, height) == (1200, 600), kind
        assert fine > 0.05, (kind, fine)
    assert len(found) == 5
