"""The toolbar: open, run, bundle, threshold, reviewer, smoothing; progress and cancel at its right end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QSlider,
    QToolBar,
    QToolButton,
    QWidget,
)

from mtop_gui.ui.actions import ACTIONS
from mtop_gui.ui.choices import SMOOTHING_STEPS
from mtop_gui.ui.theme import icon
from mtop_gui.ui.widgets import quiet, roomy

if TYPE_CHECKING:
    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.batch_run import Progress
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette


PASSES = (1, 10, 50)


class MainToolBar(QToolBar):
    """What one sets now and then; everything else has a key."""

    bundle_chosen = Signal(str)
    passes_chosen = Signal(int)

    def __init__(
        self, session: Session, actions: Actions, bundles: list[str], bundle: str, mc_passes: int
    ) -> None:
        super().__init__("Toolbar")
        self._session, self._actions = session, actions
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._make(bundles, bundle)
        self._make_passes(mc_passes)
        self._lay_out()
        self._connect()
        self.show_session()
        self.show_progress(None)

    def _make(self, bundles: list[str], bundle: str) -> None:
        unit = self.fontMetrics().averageCharWidth()
        self.bundle = QComboBox()
        for name in bundles if bundle in bundles else [bundle, *bundles]:
            self.bundle.addItem(Path(name).name, name)
        self.bundle.setCurrentIndex(self.bundle.findData(bundle))
        self.bundle.setToolTip("The network's bundle")
        self.bundle.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bundle.setMinimumWidth(unit * 16)
        self.threshold = QDoubleSpinBox()
        # Not by Tab, nor when a panel is hidden: a quality key must never be typed into a field.
        self.threshold.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.threshold.setRange(0.0, 20.0)
        self.threshold.setDecimals(2)
        self.threshold.setSingleStep(0.05)
        # Wheel and arrow keys change it; buttons this small would only be missed.
        self.threshold.setProperty("bare", True)
        roomy(self.threshold)
        self.threshold.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.threshold.setFixedWidth(unit * 8)
        self.threshold.setToolTip("Spectra whose PDF has at least this entropy are flagged")
        self.reviewer = QLineEdit()
        self.reviewer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.reviewer.setPlaceholderText("your name")
        self.reviewer.setToolTip("Who reviews; written into every decision")
        self.reviewer.setFixedWidth(unit * 18)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, len(SMOOTHING_STEPS) - 1)
        self.smoothing.setPageStep(1)
        self.smoothing.setFixedWidth(unit * 14)
        self.smoothing.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.smoothing.setToolTip("Gaussian smoothing of flux and error")
        self.smoothing_text = QLabel()
        self.smoothing_text.setMinimumWidth(unit * 7)
        self.progress = QProgressBar()
        self.progress.setFixedWidth(unit * 24)
        self.progress.setTextVisible(True)
        self.progress_text = QLabel()
        self.cancel = QToolButton()
        self.cancel.setDefaultAction(self._actions["cancel"])
        self._actions["cancel"].setIconText("Cancel")
        self.cancel.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _make_passes(self, mc_passes: int) -> None:
        self.passes = QComboBox()
        for number in sorted({*PASSES, mc_passes}):
            self.passes.addItem(str(number), number)
        self.passes.setCurrentIndex(self.passes.findData(mc_passes))
        self.passes.setToolTip(
            "MC-dropout passes for each spectrum: 50, as mtop predict makes, shows how far the PDF scatters; "
            "1 is one deterministic pass, many times faster. The flags of the two may differ. "
            "A network without dropout (architecture restframe) says the same each time: there it is one pass, whatever is chosen."
        )
        self.passes.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _lay_out(self) -> None:
        for action in self._actions.on_toolbar():
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addSeparator()
        self._field("Bundle", self.bundle)
        self._field("Passes", self.passes)
        self._field("Threshold", self.threshold)
        self._field("Reviewer", self.reviewer)
        self._field("Smoothing", self.smoothing, self.smoothing_text)
        stretch = QWidget()
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(stretch)
        self._progress_parts = [
            self.addWidget(self._boxed(self.progress_text)),
            self.addWidget(self.progress),
            self.addWidget(self.cancel),
        ]

    def _field(self, title: str, *widgets: QWidget) -> None:
        self.addWidget(self._boxed(quiet(QLabel(title)), *widgets))

    @staticmethod
    def _boxed(*widgets: QWidget) -> QWidget:
        box = QWidget()
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(box)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(6)
        for widget in widgets:
            row.addWidget(widget)
        return box

    def _connect(self) -> None:
        session = self._session
        self.bundle.activated.connect(lambda _: self.bundle_chosen.emit(self.bundle.currentData()))
        self.passes.activated.connect(lambda _: self.passes_chosen.emit(self.passes.currentData()))
        self.threshold.valueChanged.connect(session.set_threshold)
        self.reviewer.editingFinished.connect(lambda: session.set_reviewer(self.reviewer.text().strip()))
        self.smoothing.valueChanged.connect(lambda step: session.set_options(smoothing=SMOOTHING_STEPS[step]))
        session.threshold_changed.connect(lambda _: self.show_session())
        session.reviewer_changed.connect(lambda _: self.show_session())
        session.options_changed.connect(self.show_session)

    def show_session(self) -> None:
        """Show what the Session says."""
        session = self._session
        with QSignalBlocker(self.threshold), QSignalBlocker(self.smoothing):
            if abs(self.threshold.value() - session.threshold) > 5e-3:
                self.threshold.setValue(session.threshold)
            width = session.options.smoothing
            nearest = min(range(len(SMOOTHING_STEPS)), key=lambda i: abs(SMOOTHING_STEPS[i] - width))
            self.smoothing.setValue(nearest)
        self.smoothing_text.setText(f"{width:g} pix" if width else "none")
        if not self.reviewer.hasFocus():
            self.reviewer.setText(session.reviewer)

    def show_network(self, bundle: str, mc_passes: int) -> None:
        """Show which bundle and how many passes are used."""
        for box, value in ((self.bundle, bundle), (self.passes, mc_passes)):
            if box.findData(value) < 0:
                box.addItem(Path(str(value)).name, value)
            box.setCurrentIndex(box.findData(value))

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far a run is; None when there is none."""
        for part in self._progress_parts:
            part.setVisible(progress is not None)
        self._actions["run"].setEnabled(progress is None)
        self._actions["cancel"].setEnabled(progress is not None)
        if progress is None:
            return
        self.progress.setRange(0, progress.total if progress.done else 0)
        self.progress.setValue(progress.done)
        self.progress.setFormat(f"{progress.done:,} / {progress.total:,}")
        self.progress_text.setText(progress.text)

    def set_palette(self, palette: Palette) -> None:
        """Draw the icons in the theme's colour and the size of the writing."""
        height = QFontMetrics(QApplication.font()).height()
        self.setIconSize(QSize(height + 2, height + 2))
        for spec in ACTIONS:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, palette))
