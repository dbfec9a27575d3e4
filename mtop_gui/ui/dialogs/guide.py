"""The guide inside the program: its pages to the left, the page to the right; pictures in the theme one wears."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDesktopServices,
    QImage,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from mtop_gui.ui.guide_text import guide_folder, keys_page, pages

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mtop_gui.ui.keymap import Keymap
    from mtop_gui.ui.theme import Palette

ROLE = Qt.ItemDataRole.UserRole


class PageView(QTextBrowser):
    """Shows Markdown; pictures as wide as the page at most, and those that end in ``-dark`` in the theme worn."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.setOpenLinks(False)
        self.setSearchPaths([str(guide_folder())])

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Load a picture of the guide; nothing else is loaded from anywhere."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        place = QUrl(name).path().removeprefix("/")
        wanted = place.replace("-dark.", f"-{self._palette.name}.")
        for each in (wanted, place):
            path = guide_folder() / each
            if path.is_file():
                return self._fitted(QImage(str(path)))
        return None

    def _fitted(self, image: QImage) -> QImage:
        room = max(200, self.viewport().width() - 2 * int(self.document().documentMargin()) - 24)
        if image.width() <= room:
            return image
        ratio = self.devicePixelRatioF()
        fitted = image.scaledToWidth(round(room * ratio), Qt.TransformationMode.SmoothTransformation)
        fitted.setDevicePixelRatio(ratio)
        return fitted


class GuideDialog(QDialog):
    """Not modal: one reads it beside the work."""

    def __init__(self, parent: QWidget, palette: Palette) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, True)
        self.keymap: Keymap | None = None
        self._palette = palette
        self._page = ""
        self.list = QListWidget()
        for name, title in pages():
            item = QListWidgetItem(title)
            item.setData(ROLE, name)
            self.list.addItem(item)
        self.list.setStyleSheet("QListView { border-radius: 4px; } QListView::item { padding: 4px 8px; }")
        self.view = PageView(palette)
        self.view.document().setDocumentMargin(16)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.view)
        split.setStretchFactor(1, 1)
        unit = self.fontMetrics().averageCharWidth()
        split.setSizes([unit * 27, unit * 113])
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(split)
        self.resize(unit * 140, self.fontMetrics().height() * 44)
        self.list.currentItemChanged.connect(lambda *_: self._choose())
        self.view.anchorClicked.connect(self.follow)

    @property
    def page(self) -> str:
        """Name of the page shown."""
        return self._page

    def open_page(self, name: str, anchor: str = "") -> bool:
        """Show a page, at one of its headings; False when there is no such page."""
        for place in range(self.list.count()):
            if self.list.item(place).data(ROLE) == name:
                self.list.setCurrentRow(place)
                self._show(name)
                if anchor:
                    self._go_to_heading(anchor)
                return True
        return False

    def follow(self, url: QUrl) -> None:
        """Follow a link: to a page here, anything else in the desktop's browser."""
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        elif url.path():
            self.open_page(Path(url.path()).stem, url.fragment())
        elif url.fragment():
            self._go_to_heading(url.fragment())

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is not None and item.data(ROLE) != self._page:
            self._show(item.data(ROLE))

    def _show(self, name: str) -> None:
        self._page = name
        if name == "keys":
            text = keys_page(self.keymap)
        else:
            text = (guide_folder() / f"{name}.md").read_text(encoding="utf-8")
        shown = "\n".join(line for line in text.splitlines() if not line.startswith("<!--"))
        self.view.document().setDefaultStyleSheet(f"a {{ color: {self._palette.line_probability}; }}")
        self.view.setMarkdown(shown)
        self._dress_tables()
        self.view.verticalScrollBar().setValue(0)

    def _dress_tables(self) -> None:
        """Give tables room and calm lines: Markdown says nothing of that."""
        for frame in self.view.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format().toTableFormat()
                form.setCellPadding(4)
                form.setBorder(1)
                form.setBorderBrush(QColor(self._palette.border))
                form.setBorderCollapse(True)
                form.setTopMargin(4)
                form.setBottomMargin(14)
                frame.setFormat(form)
                self._draw_cells(frame)

    def _draw_cells(self, table: QTextTable) -> None:
        """Draw the lines between cells in the theme's colour: by themselves they are grey, lost on a light page."""
        brush = QBrush(QColor(self._palette.border))
        for row in range(table.rows()):
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                form = cell.format().toTableCellFormat()
                form.setBorderBrush(brush)
                form.setBorder(1)
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                cell.setFormat(form)

    def _go_to_heading(self, anchor: str) -> None:
        block = self.view.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and slug(block.text()) == anchor:
                cursor = self.view.textCursor()
                cursor.setPosition(block.position())
                self.view.setTextCursor(cursor)
                self.view.ensureCursorVisible()
                return
            block = block.next()

    def set_palette(self, palette: Palette) -> None:
        """Wear a theme."""
        self._palette = palette
        self.view.set_palette(palette)
        if self._page:
            self._show(self._page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pictures to the new width."""
        super().resizeEvent(event)
        if self._page and event.oldSize().width() != event.size().width():
            self._show(self._page)


def slug(heading: str) -> str:
    """Make the anchor of a heading as GitHub does: lower case, spaces to dashes, no other signs."""
    kept = "".join(c for c in heading.strip().lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")
