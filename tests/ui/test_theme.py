"""Themes: legible, told apart by colour-blind eyes, and applied while the program runs."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QLabel

from mtop_gui.core.resources import resource_path
from mtop_gui.ui.theme import (
    PALETTES,
    Palette,
    apply_theme,
    choose_palette,
    contrast,
    icon,
    program_icon,
    small_font,
)
from tests.ui.contact_sheet import EYES

BOTH = pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))


@BOTH
def test_writing_has_contrast(palette: Palette) -> None:
    for writing in ("text", "muted"):
        for surface in ("window", "panel", "raised", "plot"):
            assert contrast(getattr(palette, writing), getattr(palette, surface)) >= 4.5, (writing, surface)
    for writing in ("accent", "second", "emission", "absorption", "good", "warning", "bad"):
        for surface in ("window", "panel", "plot"):
            assert contrast(getattr(palette, writing), getattr(palette, surface)) >= 4.5, (writing, surface)
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    assert contrast(palette.on_selection, palette.selection) >= 4.5


@BOTH
def test_curves_have_contrast(palette: Palette) -> None:
    for layer in ("flux_smooth", "error", "continuum", "line_probability", "saliency", "pdf"):
        assert contrast(getattr(palette, layer), palette.plot) >= 3.0, layer
    assert contrast(palette.flux_smooth, palette.flux_raw) >= 3.0
    # Masks and gaps stay behind the data.
    for layer in ("masked", "gap", "grid"):
        assert 1.04 < contrast(getattr(palette, layer), palette.plot) < 2.2, layer


@BOTH
@pytest.mark.parametrize("eyes", EYES)
def test_colours_that_mean_something_differ_for_colour_blind_eyes(palette: Palette, eyes: str) -> None:
    def seen(colour: str) -> np.ndarray:
        srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        return np.clip(np.array(EYES[eyes]) @ linear, 0, 1) ** (1 / 2.4)

    pairs = [*itertools.combinations(("accent", "emission", "absorption", "second"), 2)]
    for one, other in [*pairs, ("warning", "line_probability"), ("good", "bad"), ("model", "flux_smooth")]:
        distance = np.linalg.norm(seen(getattr(palette, one)) - seen(getattr(palette, other)))
        assert distance > 0.2, (one, other, distance)


def test_flux_is_on_near_black_or_white() -> None:
    assert PALETTES["dark"].plot == "#111111"
    assert PALETTES["light"].plot == "#ffffff"
    assert PALETTES["dark"].is_dark
    assert not PALETTES["light"].is_dark


def test_themes_change_at_run_time(qapp: QApplication) -> None:
    label = QLabel("x")
    for name in ("dark", "light", "dark"):
        palette = apply_theme(qapp, name)
        label.ensurePolished()
        assert palette is PALETTES[name]
        assert qapp.palette().window().color().name() == palette.window
        assert label.palette().windowText().color().name() == palette.text
    assert choose_palette("system") in PALETTES.values()
    with pytest.raises(ValueError, match="no theme 'pink'"):
        apply_theme(qapp, "pink")


def test_small_writing_scales_with_the_system_font(qapp: QApplication) -> None:
    before = qapp.font()
    try:
        sizes = []
        for size in (9.0, 18.0):
            font = qapp.font()
            font.setPointSizeF(size)
            qapp.setFont(font)
            sizes.append(small_font().pointSizeF())
    finally:
        qapp.setFont(before)
    assert sizes == pytest.approx([8.0, 16.0], abs=0.1)


def test_every_icon_draws_in_the_themes_colour(qapp: QApplication) -> None:
    names = [path.stem for path in sorted(resource_path("icons").glob("*.svg")) if path.stem != "mtop-gui"]
    assert {"open", "run", "cancel", "next", "previous"} <= set(names)
    for name in names:
        source = resource_path("icons", f"{name}.svg")
        assert ET.parse(source).getroot().get("stroke") == "currentColor"
        for palette in PALETTES.values():
            image = icon(name, palette).pixmap(32, 32).toImage()
            colours = {
                image.pixelColor(x, y).name()
                for x in range(image.width())
                for y in range(image.height())
                if image.pixelColor(x, y).alpha() == 255
            }
            assert palette.text in colours, name
    assert (
        icon("run", PALETTES["dark"]).pixmap(16, 16, QIcon.Mode.Disabled).toImage()
        != icon("run", PALETTES["dark"]).pixmap(16, 16).toImage()
    )
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon", PALETTES["dark"])


def test_program_icon_has_its_sizes(qapp: QApplication) -> None:
    made = program_icon()
    assert {size.width() for size in made.availableSizes()} >= {16, 32, 48, 64, 128, 256}
