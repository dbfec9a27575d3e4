"""What the long runs that train networks share: their options, and the section of the guide that each writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

SURVEY = Path("surveys/moons-lr-whole.h5")
GUIDE = Path(__file__).parents[2] / "resources/guide/training.md"


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say on what a run works, and where its figures go."""
    parser.add_argument("--short", action="store_true", help="a tiny instrument and network")
    parser.add_argument("--survey", type=Path, default=SURVEY)
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=GUIDE,
        help="write the table into this page; default: the guide",
    )
    parser.add_argument(
        "--keep", type=Path, help="work in this folder, leave it, and go on with what is in it"
    )


def write_section(text: str, path: Path, heading: str) -> None:
    """Put a section into a page: in place of the one with its heading, else at the end."""
    page = path.read_text(encoding="utf-8")
    start = page.find(heading)
    if start < 0:
        path.write_text(page.rstrip() + "\n\n" + text, encoding="utf-8")
        return
    ends = (page.find(mark, start + 1) for mark in ("\n## ", "\n### "))
    end = min((place for place in ends if place >= 0), default=-1)
    path.write_text(page[:start] + text + (page[end:] if end >= 0 else ""), encoding="utf-8")
