"""How fast the plots draw: real widgets, 12,217 pixels, every panel repainted."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

SPECTRA = 500
STEPS = 500
POOL = 25


def measure(spectra: int = SPECTRA, steps: int = STEPS) -> dict[str, float]:
    """Measure drawing the next spectrum and stepping the redshift.

    Returns
    -------
    ``next_spectrum_p95_ms`` and ``redshift_step_p95_ms`` (with ``…_median_ms``): resolve, show in all four panels and
    the strip of lines, and repaint; ``resolve_p95_ms``: resolve alone.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    from mtop_gui.core.line_data import line_data
    from mtop_gui.ui.display import DisplayOptions, resolve
    from mtop_gui.ui.plots import PdfPlot, SpectrumStack
    from mtop_gui.ui.plots.insets import InsetStrip
    from mtop_gui.ui.theme import apply_theme
    from tests.support.plots import make_prediction, make_spectrum, moons

    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication([])
    palette = apply_theme(app, "dark")
    instrument, options = moons(), DisplayOptions(measure_lines=True)
    stack, pdf, strip = SpectrumStack(palette), PdfPlot(palette), InsetStrip(palette)
    stack.resize(1200, 700)
    pdf.resize(1200, 220)
    strip.resize(1420, 120)
    stack.show()
    pdf.show()
    strip.show()
    app.processEvents()
    painted: set[QObject] = set()

    class Watch(QObject):
        def eventFilter(self, widget: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.add(widget)
            return False

    watch = Watch()
    for widget in (stack.header, stack.graphics.viewport(), pdf.graphics.viewport(), strip):
        widget.installEventFilter(watch)
    # More than the resolved spectra that are remembered, so that each is resolved anew.
    redshifts = np.linspace(0.7, 2.6, POOL)
    pool = [
        (make_spectrum(instrument, i, z), make_prediction(instrument, z)) for i, z in enumerate(redshifts)
    ]
    for spectrum, _ in pool:
        line_data(spectrum)  # as the files lane does before a spectrum is shown
    saliency = np.abs(np.cos(instrument.wavelength / 500.0))

    def draw(index: int, candidate: float | None) -> None:
        spectrum, prediction = pool[index]
        state = resolve(
            spectrum, prediction, options, candidate=candidate, saliency=saliency, instrument=instrument
        )
        stack.show_state(state)
        pdf.show_state(state)
        strip.show_state(state)
        painted.clear()
        app.processEvents()
        missing = {stack.graphics.viewport(), pdf.graphics.viewport(), stack.header, strip} - painted
        if missing:
            raise RuntimeError("a panel was not repainted: the time would be too good")

    resolved = _timed(
        lambda i: resolve(*pool[i % POOL], options, saliency=saliency, instrument=instrument), spectra
    )
    following = _timed(lambda i: draw(i % POOL, None), spectra)
    # z = 1.5 has 48 of the 63 lines in view.
    stepping = _timed(lambda i: draw(10, 1.5 + 1e-4 * i), steps)
    stack.close()
    pdf.close()
    strip.close()
    return {
        "next_spectrum_p95_ms": float(np.percentile(following, 95)),
        "next_spectrum_median_ms": float(np.median(following)),
        "redshift_step_p95_ms": float(np.percentile(stepping, 95)),
        "redshift_step_median_ms": float(np.median(stepping)),
        "resolve_p95_ms": float(np.percentile(resolved, 95)),
    }


def _timed(work: Callable[[int], object], times: int) -> list[float]:
    work(-1)  # not the first one to be timed: what is drawn already is not drawn again
    taken = []
    for index in range(times):
        start = time.perf_counter()
        work(index)
        taken.append(1e3 * (time.perf_counter() - start))
    return taken


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:28s} {value:8.2f}")
