"""Readers (one file per layout), the registry that chooses among them, and the catalogue writers."""

from __future__ import annotations

from mtop_gui.io.find_files import find_files
from mtop_gui.io.registry import (
    SpectrumHead,
    UnreadableRow,
    count,
    index,
    iter_rows,
    layout_of,
    read,
    read_one,
    read_rows,
)
from mtop_gui.io.writers import (
    dataset_parts,
    read_catalogue,
    stream_catalogue,
    stream_lines,
    write_catalogue,
)

__all__ = [
    "SpectrumHead",
    "UnreadableRow",
    "count",
    "dataset_parts",
    "find_files",
    "index",
    "iter_rows",
    "layout_of",
    "read",
    "read_catalogue",
    "read_one",
    "read_rows",
    "stream_catalogue",
    "stream_lines",
    "write_catalogue",
]
