"""One font, one size and one time zone, so that a picture is the same on every machine."""

from __future__ import annotations

import importlib.util
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QFont, QFontDatabase, QTextCharFormat, QTextCursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QTextDocument
    from PySide6.QtWidgets import QApplication

FONT, CODE, POINTS = "DejaVu Sans", "DejaVu Sans Mono", 9


def find_font() -> str:
    """Make the font known to Qt; gives why that cannot be done, "" where it is there."""
    if FONT in QFontDatabase.families():
        return ""
    drawing = importlib.util.find_spec("matplotlib")
    if drawing is not None and drawing.origin:
        for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"):
            QFontDatabase.addApplicationFont(
                str(Path(drawing.origin).parent / "mpl-data" / "fonts" / "ttf" / name)
            )
    if FONT in QFontDatabase.families():
        return ""
    return f"the font {FONT} is not installed (fonts-dejavu-core)"


def write_code_in(document: QTextDocument) -> None:
    """Write what is code in the one fixed-pitch font: the system's own differs from machine to machine."""
    made = QTextCharFormat()
    made.setFontFamilies([CODE])
    block = document.begin()
    while block.isValid():
        for place in block:
            piece = place.fragment()
            if piece.charFormat().fontFixedPitch():
                cursor = QTextCursor(document)
                cursor.setPosition(piece.position())
                cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.mergeCharFormat(made)
        block = block.next()


@contextmanager
def same_everywhere(app: QApplication) -> Iterator[None]:
    """Write in the one font and size, and tell the time of Greenwich."""
    before, zone = QFont(app.font()), os.environ.get("TZ")
    font = QFont(FONT, POINTS)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    app.setFont(font)
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        app.setFont(before)
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()
