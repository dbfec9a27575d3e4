"""What went wrong unexpectedly, with the traceback to copy; never blocks the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from mtop_gui.ui.tasks import Failure


class FailureDialog(QDialog):
    """The one dialog for unexpected errors; a further Failure is added to it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.resize(720, 380)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self.copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self._sentence)
        layout.addWidget(self._text, 1)
        layout.addWidget(buttons)

    def add(self, failure: Failure) -> None:
        """Show a Failure, under those not put away yet."""
        if not self.isVisible():
            self._text.clear()
        self._sentence.setText(
            f"While {failure.what}: {failure.message}\n\nYour decisions are saved and the program goes on. "
            "Please copy the text below into a bug report."
        )
        self._text.appendPlainText(failure.traceback)
        self.show()
        self.raise_()

    @property
    def traceback(self) -> str:
        """The text that Copy copies."""
        return self._text.toPlainText()

    def copy(self) -> None:
        """Put sentence and traceback on the clipboard."""
        QGuiApplication.clipboard().setText(f"{self._sentence.text()}\n\n{self.traceback}")
