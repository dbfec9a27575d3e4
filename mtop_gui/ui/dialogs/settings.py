"""The settings dialog: everything of the settings file that a person may want to set, with what it means beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.core.decision import QUALITY_SCALES
from mtop_gui.settings import THEMES
from mtop_gui.ui.action_table import PRESETS
from mtop_gui.ui.choices import SMOOTHING_STEPS
from mtop_gui.ui.dialogs.keys import PRESET_TITLES
from mtop_gui.ui.text_size import SCALES
from mtop_gui.ui.widgets import quiet, roomy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.settings import Settings

SCALE_TITLES = {"desi": "DESI (0–4)", "ozdes": "OzDES / Marz (0–4, 6)", "vimos": "VIMOS (0–4, 9, 10+, 20+)"}

LONGEST = "entropy from which a spectrum is flagged"
"""The longest explanation gives their column its width, in every group."""


class SettingsDialog(QDialog):
    """Shows Settings and gives back changed ones; it changes nothing itself."""

    chosen = Signal(object)
    keys_wanted = Signal()

    def __init__(
        self,
        parent: QWidget,
        settings: Settings,
        bundles: Sequence[str],
        place: Path | None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Settings")
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self._make_fields(settings, bundles)
        self._lay_out(place)
        self.resize(self.fontMetrics().averageCharWidth() * 108, self.sizeHint().height())

    def _make_fields(self, settings: Settings, bundles: Sequence[str]) -> None:
        self.reviewer = QLineEdit(settings.reviewer)
        self.scale = _combo(
            [(name, SCALE_TITLES.get(name, name)) for name in QUALITY_SCALES], settings.quality_scale
        )
        self.store = QLineEdit(settings.store)
        self.store.setPlaceholderText("your own, in your home folder")
        self.browse = QPushButton("File…")
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._ask_store)
        names = list(dict.fromkeys([*bundles, settings.bundle]))
        self.bundle = _combo([(name, Path(name).name) for name in names], settings.bundle)
        self.passes = QSpinBox()
        self.passes.setRange(1, 1000)
        self.passes.setValue(settings.mc_passes)
        self.threshold = QDoubleSpinBox()
        self.threshold.setRange(0.0, 20.0)
        self.threshold.setSingleStep(0.05)
        self.threshold.setValue(settings.entropy_threshold)
        for field in (self.passes, self.threshold):
            roomy(field)
        self.theme = _combo([(name, name.capitalize()) for name in THEMES], settings.theme)
        sizes = sorted({*SCALES, settings.text_scale})
        self.text = _combo([(size, f"{100 * size:.0f} %") for size in sizes], settings.text_scale)
        widths = sorted({*SMOOTHING_STEPS, settings.smoothing})
        self.smoothing = _combo([(w, f"{w:g} pixels" if w else "none") for w in widths], settings.smoothing)
        self.preset = _combo([(name, PRESET_TITLES[name]) for name in PRESETS], settings.key_preset)
        self.edit_keys = QPushButton("Change keys…")
        self.edit_keys.setAutoDefault(False)
        self.edit_keys.clicked.connect(self.keys_wanted)
        self.watch = QCheckBox("Watch open folders, and predict what arrives")
        self.watch.setChecked(settings.watch)
        self.samp = QCheckBox("Talk to other programs (TOPCAT, DS9, Aladin) where a SAMP hub runs")
        self.samp.setChecked(settings.samp)

    def _lay_out(self, place: Path | None) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(
            _group(
                "Review",
                ("Reviewer", (self.reviewer,), "written into every decision"),
                ("Quality scale", (self.scale,), "at the next start"),
                ("Decisions in", (self.store, self.browse), "file or postgresql://…; at the next start"),
            )
        )
        layout.addWidget(
            _group(
                "Network",
                ("Bundle", (self.bundle,), "the network that reads the spectra"),
                ("MC passes", (self.passes,), "50 as mtop predict; 1 is much faster"),
                ("Threshold", (self.threshold,), LONGEST),
            )
        )
        layout.addWidget(
            _group(
                "Looks and keys",
                ("Theme", (self.theme,), ""),
                ("Text size", (self.text,), "of the system's"),
                ("Smoothing", (self.smoothing,), "Gaussian, inverse-variance weighted"),
                ("Keys", (self.preset, self.edit_keys), ""),
            )
        )
        around = QGroupBox("Folders and other programs")
        rows = QVBoxLayout(around)
        rows.addWidget(self.watch)
        rows.addWidget(self.samp)
        layout.addWidget(around)
        kept = quiet(QLabel(f"Kept in {place}"))
        kept.setVisible(place is not None)
        kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        kept.setWordWrap(True)
        layout.addWidget(kept)
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)

    def _ask_store(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Where decisions are kept",
            self.store.text() or "reviews.sqlite",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if path:
            self.store.setText(path)

    def settings(self) -> Settings:
        """Give the Settings as the fields show them."""
        return replace(
            self._settings,
            reviewer=self.reviewer.text().strip(),
            quality_scale=self.scale.currentData(),
            store=self.store.text().strip(),
            bundle=self.bundle.currentData(),
            mc_passes=self.passes.value(),
            entropy_threshold=self.threshold.value(),
            theme=self.theme.currentData(),
            text_scale=self.text.currentData(),
            smoothing=self.smoothing.currentData(),
            key_preset=self.preset.currentData(),
            watch=self.watch.isChecked(),
            samp=self.samp.isChecked(),
        )

    def _accept(self) -> None:
        self.chosen.emit(self.settings())
        self.accept()


def _combo(values: Sequence[tuple[object, str]], present: object) -> QComboBox:
    box = QComboBox()
    for value, title in values:
        box.addItem(title, value)
    box.setCurrentIndex(max(0, next((i for i, (value, _) in enumerate(values) if value == present), 0)))
    return box


def _group(title: str, *rows: tuple[str, tuple[QWidget, ...], str]) -> QGroupBox:
    """Make a group: names, fields and what they mean stand under each other, also from group to group."""
    group = QGroupBox(title)
    grid = QGridLayout(group)
    unit = group.fontMetrics().averageCharWidth()
    grid.setColumnMinimumWidth(0, 16 * unit)
    grid.setColumnMinimumWidth(1, 46 * unit)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(2, group.fontMetrics().horizontalAdvance(LONGEST) + 4)
    grid.setHorizontalSpacing(12)
    for place, (name, widgets, explanation) in enumerate(rows):
        label = QLabel(name)
        label.setBuddy(widgets[0])
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(widgets[0], 1)
        for widget in widgets[1:]:
            line.addWidget(widget)
        note = quiet(QLabel(explanation))
        grid.addWidget(label, place, 0)
        grid.addLayout(line, place, 1)
        grid.addWidget(note, place, 2)
    return group
