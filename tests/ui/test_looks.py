"""Every panel and dialog in both themes, compared with the pictures in `looks`.

``MTOP_RENEW_LOOKS=1 python3 packaging/test.py tests/ui/test_looks.py`` draws them anew; look at them then, on the sheet
that ``python -m tests.ui.contact_sheet OUT.png`` makes.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage

from mtop_gui.ui.theme import PALETTES
from tests.ui.contact_sheet import LOOKS, picture, pixels
from tests.ui.looks_pinned import find_font
from tests.ui.looks_studio import NAMES, take_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from mtop_gui.core.arrays import FloatArray

Pictures = dict[str, dict[str, QImage]]

MEAN = 0.02
"""Most that a slightly blurred picture may differ on average, as a share of full brightness …"""
FAR, MANY = 40.0, 0.01
"""… and at most this share of its pixels may differ by more than FAR of 255."""
RENEW = os.environ.get("MTOP_RENEW_LOOKS", "") == "1"


@pytest.fixture(scope="module")
def taken(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """All pictures, taken of one window."""
    if trouble := find_font():
        pytest.skip(trouble)
    if qapp.primaryScreen().devicePixelRatio() != 1.0:
        pytest.skip("the screen is scaled (QT_SCALE_FACTOR): the pictures are not")

    def wait(ready: Callable[[], bool]) -> None:
        end = time.monotonic() + 120.0
        while not ready():
            qapp.processEvents()
            time.sleep(0.003)
            assert time.monotonic() < end, "the window did not get ready for its picture"

    return take_all(qapp, tmp_path_factory.mktemp("looks") / "night", wait)


def blurred(image: QImage) -> FloatArray:
    """(height, width, 3) means over 3 × 3 pixels."""
    values = np.pad(pixels(image).astype(np.float64), ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = values[:-2] + values[1:-1] + values[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9.0


def difference(found: QImage, wanted: QImage) -> FloatArray:
    """(height, width) by how much two pictures of one size differ, 0 to 255."""
    return np.abs(blurred(found) - blurred(wanted)).max(axis=2)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", NAMES)
def test_it_looks_as_it_did(taken: Pictures, name: str, theme: str, tmp_path: Path) -> None:
    found, place = taken[theme][name], LOOKS / theme / f"{name}.png"
    if RENEW:
        place.parent.mkdir(parents=True, exist_ok=True)
        assert found.convertToFormat(QImage.Format.Format_RGB888).save(str(place), "PNG", 0)
    wanted = QImage(str(place))
    found.save(str(tmp_path / f"{name}-found.png"))
    assert not wanted.isNull(), f"there is no {place}: see the head of this file"
    assert (found.width(), found.height()) == (wanted.width(), wanted.height())
    differs = difference(found, wanted)
    mean, many = float(differs.mean() / 255.0), float((differs > FAR).mean())
    if mean >= MEAN or many >= MANY:
        seen = np.repeat(np.clip(4.0 * differs, 0, 255)[:, :, None], 3, axis=2)
        picture(seen).save(str(tmp_path / f"{name}-difference.png"))
        pytest.fail(
            f"{name}, {theme}: differs by {100 * mean:.2f} % on average, {100 * many:.2f} % of it much; see {tmp_path}"
        )


def test_no_picture_is_left_over() -> None:
    assert {path.relative_to(LOOKS).as_posix() for path in LOOKS.rglob("*.png")} == {
        f"{theme}/{name}.png" for theme in PALETTES for name in NAMES
    }
    assert sum(path.stat().st_size for path in LOOKS.rglob("*.png")) < 6_000_000


def test_a_picture_that_changed_is_noticed(taken: Pictures) -> None:
    """A comparison that lets everything pass would be none: two panels in the wrong place, or one theme as the other."""
    dark, light = taken["dark"]["window"], taken["light"]["window"]
    assert difference(dark, dark).max() == 0.0
    assert difference(dark, light).mean() / 255.0 > MEAN
    moved = difference(dark.copy(0, 0, 1200, 800), dark.copy(6, 0, 1200, 800))
    assert (moved > FAR).mean() > MANY
