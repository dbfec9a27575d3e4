"""What stands over the browser's table: the filter, the queue, what is wrong with an expression, and the progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from mtop_gui.core.expressions import Expression, ExpressionError, looks_like_expression, parse
from mtop_gui.ui.batch_run import duration
from mtop_gui.ui.queues import COLUMNS, QUEUES, Queue, SavedFilters
from mtop_gui.ui.widgets import quiet, set_tone

if TYPE_CHECKING:
    from mtop_gui.ui.pace import Pace
    from mtop_gui.ui.theme import Palette

WORDS_OR_EXPRESSION = (
    "Words of the name, or an expression, for example\n"
    "entropy > 2 and z between 1 and 2 and quality is missing\n\n"
    f"Columns: {', '.join(COLUMNS)}"
)


class QueueBar(QWidget):
    """Filter and queue; it says what is wanted, the browser lists it."""

    changed = Signal()
    """Another queue, or another filter that is understood."""
    entered = Signal()
    """The person is done with the filter."""
    saved = Signal()
    """The saved filters are others now."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.filters = SavedFilters()
        self.words = ""
        self.expression: Expression | None = None
        self.error: ExpressionError | None = None
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter  ( / )")
        self.filter.setToolTip(WORDS_OR_EXPRESSION)
        self.filter.setClearButtonEnabled(True)
        self.filter.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.queue_box = QComboBox()
        self.queue_box.setToolTip("Which spectra to list; next and previous walk through these ( Q )")
        self.queue_box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.queue_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.queue_box.setMinimumContentsLength(12)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of this filter, then Enter")
        self.name.setMaxLength(60)
        self.name.hide()
        self.trouble, self.progress, self.pace = QLabel(), QLabel(), QLabel()
        for label in (self.trouble, self.progress, self.pace):
            quiet(label)
            label.setWordWrap(True)
            label.hide()
        self._understand_soon = QTimer(self)
        self._understand_soon.setSingleShot(True)
        self._understand_soon.setInterval(80)
        self._lay_out()
        self._fill()
        self._connect()
        self.set_palette(palette)

    def _lay_out(self) -> None:
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(self.queue_box)
        second.addWidget(self.progress, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.setSpacing(4)
        for widget in (self.filter, self.name, self.trouble):
            layout.addWidget(widget)
        layout.addLayout(second)
        layout.addWidget(self.pace)

    def _connect(self) -> None:
        self.filter.textChanged.connect(lambda _: self._understand_soon.start())
        self.filter.returnPressed.connect(self._enter)
        self._understand_soon.timeout.connect(self._understand)
        self.queue_box.currentIndexChanged.connect(lambda _: self._queue_chosen())
        self.name.returnPressed.connect(self._take_name)
        self.name.editingFinished.connect(self.name.hide)

    # -- queues -----------------------------------------------------------------------------------------------

    @property
    def queue(self) -> Queue:
        """The queue chosen."""
        chosen = self.queue_box.currentData()
        return chosen if isinstance(chosen, Queue) else QUEUES[0]

    def queues(self) -> list[Queue]:
        """Give all there are, built in and saved."""
        return [*QUEUES, *self.filters.queues()]

    def choose(self, name: str) -> bool:
        """Choose a queue by its id; False when there is none."""
        for place in range(self.queue_box.count()):
            queue = self.queue_box.itemData(place)
            if isinstance(queue, Queue) and queue.id == name:
                if place == self.queue_box.currentIndex():
                    self._queue_chosen()
                self.queue_box.setCurrentIndex(place)
                return True
        return False

    def set_filters(self, filters: SavedFilters) -> None:
        """Take the person's saved filters."""
        self.filters = filters
        self._fill()

    def _fill(self) -> None:
        chosen = self.queue.id
        self.queue_box.blockSignals(True)
        self.queue_box.clear()
        for queue in QUEUES:
            self.queue_box.addItem(queue.title, queue)
            self.queue_box.setItemData(self.queue_box.count() - 1, queue.tip, Qt.ItemDataRole.ToolTipRole)
        own = self.filters.queues()
        if own:
            self.queue_box.insertSeparator(self.queue_box.count())
        for queue in own:
            self.queue_box.addItem(queue.title, queue)
            self.queue_box.setItemData(self.queue_box.count() - 1, queue.tip, Qt.ItemDataRole.ToolTipRole)
        places = [p for p in range(self.queue_box.count()) if self.queue_box.itemData(p) is not None]
        found = [p for p in places if self.queue_box.itemData(p).id == chosen]
        self.queue_box.setCurrentIndex(found[0] if found else 0)
        self.queue_box.blockSignals(False)
        if not found:
            self.changed.emit()

    # -- filter -----------------------------------------------------------------------------------------------

    def understand_now(self) -> bool:
        """Take the filter as it is typed, without waiting for more letters; whether there was anything new."""
        fresh = self._understand_soon.isActive()
        if fresh:
            self._understand_soon.stop()
            self._understand()
        return fresh and self.error is None

    def _queue_chosen(self) -> None:
        if not self.understand_now():
            self.changed.emit()

    def _understand(self) -> None:
        text = self.filter.text()
        self.error = None
        if looks_like_expression(text, COLUMNS):
            try:
                expression: Expression | None = parse(text, COLUMNS)
            except ExpressionError as error:
                self.error = error  # the list stays as it was
                self._show_trouble("quiet")
                return
            words = ""
        else:
            expression, words = None, text
        self.trouble.hide()
        self.expression, self.words = expression, words
        self.changed.emit()

    def _enter(self) -> None:
        self._understand_soon.stop()
        self._understand()
        if self.error is None:
            self.entered.emit()
        else:
            self._show_trouble("bad")
            self.filter.setSelection(self.error.start, self.error.stop - self.error.start)

    def _show_trouble(self, tone: str) -> None:
        assert self.error is not None
        place = self.filter.text()[self.error.start : self.error.stop].strip()
        self.trouble.setText(f"{'At “' + place + '”: ' if place else ''}{self.error}")
        set_tone(self.trouble, tone)
        self.trouble.show()

    # -- saving -----------------------------------------------------------------------------------------------

    def ask_name(self) -> str:
        """Open the field for the name under which the filter is saved; a sentence where there is nothing to save."""
        self.understand_now()
        if self.error is not None:
            return f"This filter is not understood yet: {self.error}"
        if self.expression is None:
            return "Write an expression into the filter first ( / ), for example entropy > 2; then it can be saved."
        self.name.clear()
        self.name.show()
        self.name.setFocus()
        return ""

    def _take_name(self) -> None:
        name = self.name.text().strip()
        if not name or self.expression is None:
            return
        plain = self.filters.save(name, self.expression.text)
        self.name.hide()
        self._fill()
        self.filter.clear()
        self._understand_soon.stop()
        self.words, self.expression = "", None
        self.choose(f"saved: {plain}")
        self.saved.emit()
        self.entered.emit()

    def forget(self, name: str) -> None:
        """Drop a saved filter."""
        self.filters.forget(name)
        self._fill()
        self.saved.emit()

    # -- progress ---------------------------------------------------------------------------------------------

    def show_progress(self, done: int, total: int, pace: Pace, held: bool) -> None:
        """Say how many of the listed are done, how fast the reviewer is, and how long the rest will take."""
        self.progress.setVisible(total > 0)
        kept = f"<span style='color:{self._palette.accent}'>kept list</span> · " if held else ""
        self.progress.setText(f"{kept}<b>{done:,}</b> of {total:,} reviewed")
        speed, left = pace.per_minute(), pace.left(total - done)
        parts = []
        if speed is not None:
            parts.append(f"{speed:.1f} per minute" if speed < 10 else f"{speed:.0f} per minute")
        if left is not None and done < total:
            parts.append(f"{duration(left)} left")
        self.pace.setText(" · ".join(parts))
        self.pace.setVisible(bool(parts))

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
