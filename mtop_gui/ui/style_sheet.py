"""The style sheet of both themes: compact widgets, flat, every colour from the Palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtop_gui.core.resources import resource_path

if TYPE_CHECKING:
    from mtop_gui.ui.theme import Palette


def style_sheet(c: Palette) -> str:
    """Write the sheet of a theme; distances in em so that they follow the system font."""
    down, up = (resource_path("icons", "arrows", f"{way}-{c.name}.svg").as_posix() for way in ("down", "up"))
    return f"""
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; padding: 3px; }}
QMainWindow::separator {{ background: {c.window}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {c.border}; }}
QDockWidget {{ color: {c.muted}; font-weight: 600; }}
QDockWidget::title {{ background: {c.window}; padding: 4px 8px; }}
QToolBar {{ background: {c.window}; border: none; border-bottom: 1px solid {c.border}; spacing: 4px; padding: 3px 6px; }}
QToolBar QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 3px 6px; }}
QToolBar QToolButton:hover {{ background: {c.raised}; }}
QToolBar QToolButton:checked {{ background: {c.selection}; color: {c.on_selection}; }}
QStatusBar {{ background: {c.window}; color: {c.muted}; border-top: 1px solid {c.border}; }}
QStatusBar::item {{ border: none; }}
QLabel[tone="quiet"] {{ color: {c.muted}; }}
QLabel[tone="good"] {{ color: {c.good}; }}
QLabel[tone="warning"] {{ color: {c.warning}; }}
QLabel[tone="bad"] {{ color: {c.bad}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {c.muted}; border: none; border-bottom: 2px solid transparent;
  padding: 4px 12px 3px 12px; }}
QTabBar::tab:hover {{ color: {c.text}; }}
QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
QHeaderView::section {{ background: {c.window}; color: {c.muted}; border: none; border-right: 1px solid {c.border};
  border-bottom: 1px solid {c.border}; padding: 3px 5px 3px 6px; }}
QHeaderView::section:last, QHeaderView::section:only-one {{ border-right: none; }}
QTableView::item {{ padding: 0 5px; }}
QTableView, QTreeView, QListView {{ background: {c.panel}; alternate-background-color: {c.window};
  border: 1px solid {c.border}; gridline-color: {c.border};
  selection-background-color: {c.selection}; selection-color: {c.on_selection}; outline: none; }}
QTableView:focus, QTreeView:focus, QListView:focus {{ border-color: {c.accent}; }}
QCheckBox::indicator {{ width: 0.9em; height: 0.9em; border: 1px solid {c.muted}; border-radius: 3px; background: {c.panel}; }}
QCheckBox::indicator:checked {{ background: {c.accent}; border-color: {c.accent}; }}
QCheckBox:focus {{ color: {c.accent}; }}
QLineEdit, QPlainTextEdit, QTextEdit {{ background: {c.panel}; color: {c.text};
  border: 1px solid {c.border}; border-radius: 4px; padding: 2px 5px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus {{ border-color: {c.accent}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0; background: transparent; }}
QPushButton {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; border-radius: 4px; padding: 3px 10px; }}
QPushButton:hover {{ border-color: {c.muted}; }}
QPushButton:checked, QPushButton:default {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
QPushButton:disabled, QPushButton:checked:disabled, QPushButton:default:disabled {{ background: {c.raised};
  color: {c.disabled}; border-color: {c.border}; }}
QPushButton:focus {{ border-color: {c.accent}; }}
QPushButton:checked:focus, QPushButton:default:focus {{ border: 2px solid {c.text}; padding: 2px 9px; }}
QComboBox {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; border-radius: 4px; padding: 2px 6px; }}
QComboBox:hover {{ border-color: {c.muted}; }}
QComboBox:focus, QAbstractSpinBox:focus {{ border-color: {c.accent}; }}
QComboBox:disabled {{ color: {c.disabled}; }}
QComboBox::drop-down {{ border: none; width: 1.5em; }}
QComboBox::down-arrow {{ image: url("{down}"); width: 0.8em; height: 0.8em; }}
QAbstractSpinBox {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.border}; border-radius: 4px;
  padding: 1px 1px 0 1px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border; border: none; width: 1.4em; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
QAbstractSpinBox::up-arrow {{ image: url("{up}"); width: 0.6em; height: 0.6em; }}
QAbstractSpinBox::down-arrow {{ image: url("{down}"); width: 0.6em; height: 0.6em; }}
QAbstractSpinBox[bare="true"]::up-button, QAbstractSpinBox[bare="true"]::down-button {{ width: 0; }}
QAbstractSpinBox[bare="true"]::up-arrow, QAbstractSpinBox[bare="true"]::down-arrow {{ width: 0; image: none; }}
QScrollBar {{ background: transparent; border: none; }}
QScrollBar:vertical {{ width: 11px; }}
QScrollBar:horizontal {{ height: 11px; }}
QScrollBar::handle {{ background: {c.disabled}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::handle:hover {{ background: {c.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {c.panel}; border: 1px solid {c.border}; border-radius: 4px; text-align: center; color: {c.text}; }}
QProgressBar::chunk {{ background: {c.selection}; border-radius: 3px; }}
QGroupBox {{ border: 1px solid {c.border}; border-radius: 5px; margin-top: 0.7em; padding-top: 0.4em; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 3px; color: {c.muted}; }}
QSplitter::handle {{ background: {c.window}; }}
QSplitter::handle:hover {{ background: {c.border}; }}
"""
