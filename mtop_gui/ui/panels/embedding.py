"""The embedding panel: how the network sees all listed spectra; lasso some, or look at those it finds odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from mtop_gui.ui.plots.embedding import SHADES, EmbeddingPlot
from mtop_gui.ui.theme import small_font
from mtop_gui.ui.widgets import quiet

if TYPE_CHECKING:
    from mtop_gui.ui.theme import Palette

COLOURS: tuple[tuple[str, str], ...] = (
    ("z", "redshift"),
    ("entropy", "entropy"),
    ("distance", "distance to neighbours"),
    ("ood", "out-of-distribution score"),
    ("flagged", "flagged"),
    ("reviewed_z", "reviewed redshift"),
    ("quality", "quality"),
    ("snr", "S/N per pixel"),
    ("peak_probability", "probability of the peak"),
    ("second_probability", "probability of the second peak"),
    ("skewness", "skewness"),
    ("z_err", "redshift error"),
    ("z_second", "second redshift"),
    ("logmass", "log M*"),
    ("logsfr", "log SFR"),
    ("starred", "starred"),
    ("conflict", "reviewers disagree"),
    ("opinions", "number of reviewers"),
    ("row", "row in its file"),
)
"""What points can be coloured by: column of the entries (or `distance`), and what it is called."""


class ColourScale(QWidget):
    """The scale of the colours: a strip, and what its ends mean."""

    def __init__(self, plot: EmbeddingPlot) -> None:
        super().__init__()
        self._plot = plot
        self._ends = ("", "")
        self.setFont(small_font())
        self.setFixedHeight(self.fontMetrics().height() + 4)

    def set_ends(self, low: float, high: float) -> None:
        """Name the values at the two ends; NaN shows nothing."""
        self._ends = ("", "") if low != low else (f"{low:.4g}", f"{high:.4g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        if not self._ends[0]:
            return
        painter, metrics = QPainter(self), self.fontMetrics()
        left, right = (metrics.horizontalAdvance(text) + 14 for text in self._ends)
        strip = QRect(left, 5, max(0, self.width() - left - right), self.height() - 10)
        for shade, colour in enumerate(self._plot.brushes[:SHADES]):
            start = strip.left() + shade * strip.width() // SHADES
            stop = strip.left() + (shade + 1) * strip.width() // SHADES
            painter.fillRect(start, strip.top(), stop - start, strip.height(), colour)
        painter.setPen(self.palette().color(self.foregroundRole()))
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | centre, self._ends[0])
        painter.drawText(
            self.rect().adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignRight | centre, self._ends[1]
        )


class EmbeddingPanel(QWidget):
    """Shows what the explorer tells it; it computes nothing."""

    compute_wanted = Signal()
    all_wanted = Signal()
    outliers_wanted = Signal()
    colour_chosen = Signal(str)

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.plot = EmbeddingPlot(palette)
        self.colour = QComboBox()
        for name, title in COLOURS:
            self.colour.addItem(title, name)
        self.colour.setToolTip("What the points are coloured by")
        self.compute = self._button("Compute", "Ask the network where it sees the listed spectra (Ctrl+E)")
        self.outliers = self._button("Outliers", "List the spectra that are farthest from all others")
        self.all = self._button("All", "List all spectra again")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.scale = ColourScale(self.plot)
        self.note = quiet(QLabel())
        self.note.setWordWrap(True)
        self.note.setFont(small_font())
        self._lay_out()
        self.compute.clicked.connect(self.compute_wanted)
        self.outliers.clicked.connect(self.outliers_wanted)
        self.all.clicked.connect(self.all_wanted)
        self.colour.activated.connect(lambda _: self.colour_chosen.emit(self.colour.currentData()))
        self.set_palette(palette)
        self.show_progress(None)

    @staticmethod
    def _button(text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(6, 4, 6, 2)
        top.setSpacing(4)
        self.colour.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.colour.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.colour.setMinimumContentsLength(6)
        top.addWidget(self.colour, 1)
        for button in (self.outliers, self.all, self.compute):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.progress)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.scale)
        layout.addWidget(self.note)
        self.note.setContentsMargins(8, 0, 8, 0)
        self.setMinimumHeight(12 * self.fontMetrics().height())

    def show_progress(self, share: float | None) -> None:
        """Show how far the work is, from 0 to 1; negative while nobody knows; None when there is none."""
        self.progress.setVisible(share is not None)
        self.compute.setText("Stop" if share is not None else "Compute")
        if share is not None:
            self.progress.setRange(0, 0 if share < 0 else 1000)
            self.progress.setValue(round(1000 * max(share, 0.0)))

    def say(self, text: str) -> None:
        """Say something under the points."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def show_colour(self, name: str, ends: tuple[float, float]) -> None:
        """Show by what the points are coloured."""
        self.colour.setCurrentIndex(max(0, self.colour.findData(name)))
        self.scale.set_ends(*ends)

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self.plot.set_palette(palette)
        self.scale.update()


def values_of(name: str, entries: Any, threshold: float) -> Any:
    """(n,) values of a column over all entries as float; what is missing is NaN."""
    import numpy as np

    from mtop_gui.ui.entries import NO_QUALITY, Status

    if name == "flagged":
        return np.where(entries.status == Status.PREDICTED, entries.flagged(threshold).astype(float), np.nan)
    if name == "row":
        return np.asarray(entries.rows, dtype=float)
    values = np.asarray(getattr(entries, name), dtype=float)
    return np.where(values == NO_QUALITY, np.nan, values) if name == "quality" else values
