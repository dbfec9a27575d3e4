"""Two themes, dark and light: one Palette each, and what makes Qt wear it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from mtop_gui.core.resources import resource_path
from mtop_gui.ui.style_sheet import style_sheet

ThemeName = Literal["dark", "light", "system"]


@dataclass(frozen=True)
class Palette:
    """Every colour of one theme as ``#rrggbb``; hues are those of Okabe & Ito (2008), lightness fitted to the theme.

    Attributes
    ----------
    window, panel, raised, border : surfaces of the shell, from back to front.
    text, muted, disabled : writing on `window`, `panel` and `plot`.
    accent, on_accent : the candidate redshift in every panel, and writing on it.
    second : the second candidate redshift, in every panel.
    selection, on_selection : selected rows.
    good, warning, bad : settled, flagged, failed.
    plot, grid : background and tick lines of the plots.
    flux_smooth, flux_raw, error, continuum, model : the layers of the flux panel.
    masked, gap : shaded sky mask and hatching of chip gaps.
    emission, absorption : line labels.
    line_probability, saliency, pdf : the other panels.
    """

    name: str
    window: str
    panel: str
    raised: str
    border: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    second: str
    selection: str
    on_selection: str
    good: str
    warning: str
    bad: str
    plot: str
    grid: str
    flux_smooth: str
    flux_raw: str
    error: str
    continuum: str
    model: str
    masked: str
    gap: str
    emission: str
    absorption: str
    line_probability: str
    saliency: str
    pdf: str

    @property
    def is_dark(self) -> bool:
        """Whether writing is lighter than its background."""
        return luminance(self.window) < 0.5


DARK = Palette(
    name="dark",
    window="#1b1d20",
    panel="#212428",
    raised="#2c3036",
    border="#3a3f46",
    text="#e6e8eb",
    muted="#a3a9b2",
    disabled="#6b717a",
    accent="#ffb02e",
    on_accent="#1b1300",
    second="#acff7a",
    selection="#2b4a68",
    on_selection="#ffffff",
    good="#35c79a",
    warning="#ffb02e",
    bad="#ff8a65",
    plot="#111111",
    grid="#2a2d31",
    flux_smooth="#f2f3f5",
    flux_raw="#4b5159",
    error="#7d9a80",
    continuum="#e0705a",
    model="#ff8f6b",
    masked="#322b21",
    gap="#3d4249",
    emission="#a5a8ff",
    absorption="#3fcf9f",
    line_probability="#56b4e9",
    saliency="#e08fbd",
    pdf="#56b4e9",
)

LIGHT = Palette(
    name="light",
    window="#f3f4f6",
    panel="#fbfbfc",
    raised="#e6e8ec",
    border="#cdd1d8",
    text="#1c1f23",
    muted="#565d67",
    disabled="#979da6",
    accent="#b34700",
    on_accent="#ffffff",
    second="#8a4c9e",
    selection="#cfe3f5",
    on_selection="#10212f",
    good="#00704f",
    warning="#9a5a00",
    bad="#b3261e",
    plot="#ffffff",
    grid="#e3e5e9",
    flux_smooth="#16181b",
    flux_raw="#c3c8cf",
    error="#5f7f64",
    continuum="#c2452d",
    model="#d5481f",
    masked="#f3ecdf",
    gap="#c6cad1",
    emission="#6a35d6",
    absorption="#006b4c",
    line_probability="#0072b2",
    saliency="#a3417c",
    pdf="#0072b2",
)

PALETTES: dict[str, Palette] = {"dark": DARK, "light": LIGHT}


def luminance(colour: str) -> float:
    """Give the relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, background: str) -> float:
    """Give the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(colour), luminance(background)))
    return (high + 0.05) / (low + 0.05)


def choose_palette(name: str) -> Palette:
    """Give the Palette called "dark" or "light"; "system" follows the desktop.

    Raises
    ------
    ValueError : there is no such theme.
    """
    if name == "system":
        hints = QGuiApplication.styleHints()
        return LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK
    try:
        return PALETTES[name]
    except KeyError:
        raise ValueError(f"there is no theme '{name}': choose dark, light or system") from None


def apply_theme(app: QApplication, name: str) -> Palette:
    """Dress the whole application; may be called again while it runs.

    Parameters
    ----------
    name : "dark", "light" or "system".

    Returns
    -------
    The Palette, to be handed to every plot with ``set_palette``.
    """
    palette = choose_palette(name)
    app.setStyle("Fusion")
    app.setPalette(_qt_palette(palette))
    app.setStyleSheet(style_sheet(palette))
    return palette


def small_font() -> QFont:
    """Give the font of line labels and ticks: 8 pt where the system writes 9 pt, and scaling with it."""
    font = QFont(QApplication.font())
    size = font.pointSizeF()
    font.setPointSizeF(max(7.0, (size if size > 0 else 9.0) * 8 / 9))
    return font


def _qt_palette(colours: Palette) -> QPalette:
    role = QPalette.ColorRole
    plan = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.panel,
        role.AlternateBase: colours.window,
        role.Text: colours.text,
        role.PlaceholderText: colours.muted,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.Highlight: colours.selection,
        role.HighlightedText: colours.on_selection,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.Link: colours.line_probability,
        role.LinkVisited: colours.saliency,
        role.Mid: colours.border,
        role.Accent: colours.accent,
    }
    made = QPalette()
    for where, colour in plan.items():
        made.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(colours.disabled))
    return made


def icon(name: str, palette: Palette) -> QIcon:
    """Draw the icon ``resources/icons/<name>.svg`` in the theme's colour; disabled ones grey.

    Raises
    ------
    FileNotFoundError : no such icon.
    """
    made = QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, palette.text),
        (QIcon.Mode.Disabled, palette.disabled),
        (QIcon.Mode.Selected, palette.on_selection),
    ):
        for size in (16, 24, 32, 48):
            made.addPixmap(_render(name, colour, size), mode)
    return made


def program_icon() -> QIcon:
    """Give the program's icon, from 16 to 256 pixels."""
    made = QIcon()
    for size in (16, 32, 48, 64, 128, 256):
        made.addFile(str(resource_path("icons", f"mtop-gui-{size}.png")))
    return made


@cache
def _source(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")


def _render(name: str, colour: str, size: int) -> QPixmap:
    drawing = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
