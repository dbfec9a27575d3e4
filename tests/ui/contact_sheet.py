"""``python -m tests.ui.contact_sheet OUT.png``: every picture of `tests/ui/looks` on one sheet, both themes side by side.

It is made to be looked at. ``--eyes deutan`` (or protan, tritan) shows it as colour-blind eyes see it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

LOOKS = Path(__file__).parent / "looks"
WIDTH = 1100
"""Pixels for each theme."""
GAP = 24

EYES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB."""


def pixels(image: QImage) -> np.ndarray:
    """(height, width, 3) uint8 of a picture, red first."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    # A copy: the bytes go with the QImage.
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def picture(values: np.ndarray) -> QImage:
    """Make a picture of (height, width, 3) values from 0 to 255."""
    data = np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8))
    height, width, _ = data.shape
    return QImage(data.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def as_seen_by(eyes: str, image: QImage) -> QImage:
    """Give a picture as colour-blind eyes see it.

    Raises
    ------
    KeyError : `eyes` is none of EYES.
    """
    matrix, values = np.array(EYES[eyes], np.float32).T, pixels(image)
    srgb = np.arange(256, dtype=np.float32) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    for row in values:  # one by one: a sheet is large
        seen = np.clip(linear[row] @ matrix, 0.0, 1.0)
        row[:] = 255.0 * np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return picture(values)


def sheet(folder: Path = LOOKS) -> QImage:
    """Put all pictures of a folder on one sheet: a row for each panel, dark left, light right."""
    names = sorted({path.stem for path in folder.glob("*/*.png")})
    rows: list[tuple[str, list[QImage], int]] = []
    for name in names:
        found = [QImage(str(folder / theme / f"{name}.png")) for theme in ("dark", "light")]
        fitted = [
            image
            if image.width() <= WIDTH
            else image.scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation)
            for image in found
        ]
        rows.append((name, fitted, max(image.height() for image in fitted)))
    height = sum(tall + GAP + 20 for *_, tall in rows) + GAP
    made = QImage(2 * WIDTH + 3 * GAP, height, QImage.Format.Format_RGB32)
    made.fill(QColor("#808080"))
    painter = QPainter(made)
    top = GAP
    for name, images, tall in rows:
        painter.drawText(QRect(GAP, top - 6, WIDTH, 20), name)
        for place, image in enumerate(images):
            painter.drawImage(GAP + place * (WIDTH + GAP), top + 16, image)
        top += tall + GAP + 20
    painter.end()
    return made


def main(words: list[str]) -> int:
    """Write the sheet."""
    if not words or words[0].startswith("-"):
        print("Say where to: python -m tests.ui.contact_sheet OUT.png [--eyes deutan]", file=sys.stderr)
        return 2
    app = QGuiApplication.instance() or QGuiApplication(["contact_sheet", "-platform", "offscreen"])
    made = sheet()
    if "--eyes" in words:
        made = as_seen_by(words[words.index("--eyes") + 1], made)
    del app
    return 0 if made.save(words[0]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
