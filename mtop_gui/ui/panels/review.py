"""The review panel: the redshift, how sure the network is, and the keys that make a Decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.core.decision import ISSUES, SPECTRUM_CLASSES
from mtop_gui.ui.panels.review_texts import (
    history_line,
    measured,
    origin_text,
    past_line,
    quality_tip,
    standing_text,
)
from mtop_gui.ui.widgets import ElidedLabel, WrappedLabel, heading, quiet, set_tone

if TYPE_CHECKING:
    from mtop_gui.ui.past import Past
    from mtop_gui.ui.reviewing import Reviewing
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.theme import Palette

SCALE_NAMES = {"desi": "DESI", "ozdes": "OzDES", "vimos": "VIMOS"}


class ReviewPanel(QWidget):
    """Everything about the selected spectrum that is not a curve. It asks Session and Reviewing to change things."""

    field_left = Signal()
    """The person is done with a text field: the keys belong to the plots again."""

    def __init__(self, session: Session, reviewing: Reviewing, palette: Palette) -> None:
        super().__init__()
        self._session, self._reviewing, self._palette = session, reviewing, palette
        self._past: Past | None = None
        self._redshifts: list[float | None] = []
        self._make_labels()
        self._make_keys()
        self._make_lists()
        self._lay_out()
        self._connect()
        self.set_palette(palette)

    # -- parts ------------------------------------------------------------------------------------------------

    def _make_labels(self) -> None:
        self.name = ElidedLabel()
        self.place = ElidedLabel()
        self.redshift = QLabel()
        self.redshift.setTextFormat(Qt.TextFormat.RichText)
        self.typed = QLineEdit()
        self.typed.setPlaceholderText("redshift, then Enter")
        self.typed.hide()
        self.origin, self.flag, self.standing = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.logmass, self.logsfr = QLabel(), QLabel()
        for behind in (self.place, self.origin, self.standing):
            quiet(behind)
        for label in (self.name, self.redshift):
            font = label.font()
            font.setBold(True)
            label.setFont(font)
        font = self.redshift.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        self.redshift.setFont(font)

    def _make_keys(self) -> None:
        self.qualities: dict[int, QPushButton] = {}
        meanings = self._reviewing.scale.meanings
        for quality in sorted(meanings, reverse=True, key=lambda q: (-(q // 10), q % 10 != 9, q)):
            button = self._button(str(quality), quality_tip(self._reviewing.scale, quality))
            button.clicked.connect(lambda _=False, q=quality: self._reviewing.decide(q))
            self.qualities[quality] = button
        self.classes = {
            name: self._button(name.capitalize() if name != "QSO" else name, "") for name in SPECTRUM_CLASSES
        }
        self._class_group = QButtonGroup(self)
        for name, button in self.classes.items():
            self._class_group.addButton(button)
            button.clicked.connect(lambda _=False, n=name: self._session.set_draft(spectrum_class=n))
        self.issues = {
            letter: self._button(letter, f"something is wrong with the {what}")
            for letter, what in ISSUES.items()
        }
        for button in self.issues.values():
            button.clicked.connect(self._issues_clicked)
        self.star = self._button("★", "mark it to come back to ( * )")
        self.star.clicked.connect(lambda on: self._session.set_draft(starred=on))
        self.comment = QLineEdit()
        self.comment.setPlaceholderText("Comment  ( e )")
        self.comment.setMaxLength(2000)
        self.comment.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    @staticmethod
    def _button(text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(tip)
        button.setMinimumWidth(24)
        button.setStyleSheet("padding-left: 1px; padding-right: 1px;")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return button

    def _make_lists(self) -> None:
        self.peaks = self._table(("z", "probability"))
        self.history = self._table(("",))
        self.history.horizontalHeader().hide()
        self.history.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        # It takes what is left, and asks for no more than three rows.
        self.history.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.history.setMinimumHeight(3 * self.history.verticalHeader().defaultSectionSize() + 4)
        header = self.peaks.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column in (0, 1):
            item = self.peaks.horizontalHeaderItem(column)
            if item is not None:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.history.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    @staticmethod
    def _table(titles: tuple[str, ...]) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        table.setHorizontalHeaderLabels(list(titles))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 6)
        table.verticalHeader().setMinimumSectionSize(10)
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.horizontalHeader().setHighlightSections(False)
        return table

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        layout.addWidget(self.place)
        layout.addSpacing(4)
        values: tuple[QWidget, ...] = (self.redshift, self.typed, self.origin, self.flag)
        for widget in values:
            layout.addWidget(widget)
        layout.addSpacing(4)
        scale = SCALE_NAMES.get(self._reviewing.scale.name, self._reviewing.scale.name)
        layout.addWidget(heading(f"Quality, {scale} scale"))
        layout.addLayout(self._quality_rows())
        layout.addWidget(heading("Class, issues"))
        layout.addLayout(self._row(*self.classes.values()))
        layout.addLayout(self._row(*self.issues.values(), self.star))
        layout.addWidget(self.comment)
        layout.addWidget(self.standing)
        layout.addWidget(self._rule())
        measures = QGridLayout()
        measures.setHorizontalSpacing(10)
        measures.setVerticalSpacing(2)
        for row, (title, label) in enumerate((("log M*", self.logmass), ("log SFR", self.logsfr))):
            measures.addWidget(QLabel(title), row, 0)
            measures.addWidget(label, row, 1)
        measures.setColumnStretch(1, 1)
        layout.addLayout(measures)
        layout.addWidget(heading("Peaks of the PDF"))
        layout.addWidget(self.peaks)
        layout.addWidget(heading("History of this spectrum"))
        layout.addWidget(self.history, 1)

    def _quality_rows(self) -> QVBoxLayout:
        rows = QVBoxLayout()
        rows.setSpacing(4)
        for tens in sorted({quality // 10 for quality in self.qualities}):
            rows.addLayout(self._row(*(b for q, b in self.qualities.items() if q // 10 == tens)))
        return rows

    @staticmethod
    def _row(*widgets: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for widget in widgets:
            row.addWidget(widget, 1)
        return row

    @staticmethod
    def _rule() -> QFrame:
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.HLine)
        rule.setFrameShadow(QFrame.Shadow.Plain)
        rule.setFixedHeight(7)
        rule.setEnabled(False)
        return rule

    def _connect(self) -> None:
        session = self._session
        session.spectrum_changed.connect(self.show_spectrum)
        session.candidate_changed.connect(self._show_candidate)
        session.threshold_changed.connect(lambda _: self._show_flag())
        session.draft_changed.connect(self._show_draft)
        self._reviewing.changed.connect(self._show_review)
        self.comment.editingFinished.connect(self._comment_edited)
        self.comment.returnPressed.connect(self.field_left)
        self.typed.returnPressed.connect(self._take_typed)
        self.typed.editingFinished.connect(self.typed.hide)
        self.peaks.cellClicked.connect(lambda row, _: session.take_peak(row))
        self.history.cellClicked.connect(lambda row, _: self._take_past(row))

    def type_redshift(self) -> None:
        """Open the field to type a redshift in."""
        if self._session.spectrum is None:
            return
        candidate = self._session.candidate
        self.typed.setText("" if candidate is None else f"{candidate:.5f}")
        self.typed.show()
        self.typed.setFocus()
        self.typed.selectAll()

    def _take_typed(self) -> None:
        try:
            redshift = float(self.typed.text().replace(",", "."))
        except ValueError:
            self.typed.selectAll()
            return
        self._session.set_candidate(redshift, "typed")
        self.field_left.emit()

    def _issues_clicked(self) -> None:
        chosen = "".join(letter for letter, button in self.issues.items() if button.isChecked())
        self._session.set_draft(issues=chosen)

    def _comment_edited(self) -> None:
        self._session.set_draft(comment=self.comment.text())

    # -- what is shown ----------------------------------------------------------------------------------------

    def show_spectrum(self) -> None:
        """Show the selected spectrum and what is known of it."""
        session = self._session
        if session.selected < 0:
            self.name.setText("No spectrum selected")
            self.place.setText("")
        else:
            entries, number = session.entries, session.selected
            self.name.setText(entries.names[number])
            row = f" · row {entries.rows[number]}" if entries.siblings[number] > 1 else ""
            self.place.setText(f"{entries.paths[number].name}{row}")
            notes = session.spectrum.notes if session.spectrum is not None else ()
            self.place.setToolTip("\n".join((str(entries.paths[number]), *notes)))
        self._show_measures()
        self._show_peaks()
        self._show_candidate()
        self._show_draft()
        self._show_review()
        self._show_history()

    def _show_measures(self) -> None:
        prediction = self._session.prediction
        known = prediction is not None and not prediction.rejection
        self.logmass.setText(
            measured(prediction.logmass, prediction.logmass_err, "M⊙") if known and prediction else "–"
        )
        self.logsfr.setText(
            measured(prediction.logsfr, prediction.logsfr_err, "M⊙/yr") if known and prediction else "–"
        )

    def _show_peaks(self) -> None:
        prediction = self._session.prediction
        peaks = prediction.confidence.peaks if prediction is not None and prediction.best is not None else ()
        self.peaks.setRowCount(len(peaks))
        for row, peak in enumerate(peaks):
            texts = (f"{peak.redshift:.5f}", f"{100 * peak.probability:.1f} %")
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.peaks.setItem(row, column, item)
        # As tall as its rows: there are at most six.
        rows = max(1, len(peaks)) * self.peaks.verticalHeader().defaultSectionSize()
        frame = 2 * self.peaks.frameWidth()
        self.peaks.setFixedHeight(self.peaks.horizontalHeader().sizeHint().height() + rows + frame)

    def _show_candidate(self) -> None:
        session = self._session
        muted = self._palette.muted
        if session.candidate is None:
            self.redshift.setText(f"<span style='color:{muted}'>z –</span>")
        else:
            error = ""
            if session.prediction is not None and session.peak_number() == 0:
                error = f" <span style='color:{muted}; font-size:small; font-weight:normal'>± {session.prediction.redshift_err:.5f}</span>"
            self.redshift.setText(
                f"<span style='color:{self._palette.accent}'>z {session.candidate:.5f}</span>{error}"
            )
        self.origin.setText(origin_text(session))
        row = session.peak_number()
        if row >= 0:
            self.peaks.selectRow(row)
        else:
            self.peaks.clearSelection()
        self._show_flag()

    def _show_flag(self) -> None:
        session = self._session
        text, tone = "", "warning"
        if session.selected in session.entries.errors:
            text, tone = session.entries.errors[session.selected], "bad"
            text = text[:1].upper() + text[1:]
        elif session.prediction is not None:
            reason = session.entries.flag_reason(session.selected, session.threshold)
            text = f"Flagged: {reason}" if reason else ""
        set_tone(self.flag, tone)
        self.flag.setText(text)
        self.flag.setVisible(bool(text))

    def _show_draft(self) -> None:
        draft = self._session.draft
        for name, button in self.classes.items():
            button.setChecked(name == draft.spectrum_class)
        for letter, button in self.issues.items():
            button.setChecked(letter in draft.issues)
        self.star.setChecked(draft.starred)
        if self.comment.text() != draft.comment:
            self.comment.setText(draft.comment)
        self._show_standing()

    def _show_review(self) -> None:
        decision, known = self._session.decision, self._session.spectrum is not None
        for quality, button in self.qualities.items():
            button.setChecked(decision is not None and decision.quality == quality)
        for button in (*self.qualities.values(), *self.classes.values(), *self.issues.values(), self.star):
            button.setEnabled(known)
        self._show_standing()

    def _show_standing(self) -> None:
        known = self._session.spectrum is not None
        self.standing.setText(standing_text(self._session.decision, self._session.draft) if known else "")

    def follow(self, past: Past) -> None:
        """Show what the reviewer and networks said earlier."""
        self._past = past
        past.changed.connect(self._show_history)

    def _show_history(self) -> None:
        past = self._past
        decisions = [] if past is None else past.decisions()
        predictions = [] if past is None else past.predictions()
        nothing = "" if past is not None and not past.known else "Nothing yet"
        lines = [(history_line(row), history_line(row, full=True)) for row in decisions]
        lines += [(past_line(each), past_line(each, full=True)) for each in predictions]
        # Rows of undos show nothing: their redshift was taken back.
        self._redshifts = [row.redshift if row.retracts is None else None for row in decisions]
        self._redshifts += [each.redshift for each in predictions]
        self.history.setRowCount(max(1, len(lines)))
        muted = QColor(self._palette.muted)
        for place, (line, tip) in enumerate(lines or [(nothing, "")]):
            item = QTableWidgetItem(line)
            item.setToolTip(tip)
            if place >= len(decisions):
                item.setForeground(muted)
            self.history.setItem(place, 0, item)

    def _take_past(self, place: int) -> None:
        if place < len(self._redshifts) and (redshift := self._redshifts[place]) is not None:
            self._session.set_candidate(redshift, "typed")

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.show_spectrum()
