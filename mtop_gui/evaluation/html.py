"""A plain page of headings, tables and pictures; everything that comes from outside is escaped."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
table { border-collapse: collapse; font-size: 13px; margin: .6em 0 }
th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right; vertical-align: top }
th:first-child, td:first-child, td.text { text-align: left } th { border-bottom: 2px solid #888 }
img { max-width: 100%; height: auto } figcaption { font-size: 13px; color: #555; max-width: 80ch }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #ddd } th, td { border-color: #444 } img { background: #fff } figcaption { color: #aaa }
}
"""


class Page:
    """Collects the parts of one page."""

    def __init__(self, title: str) -> None:
        self._title = escape(title)
        self._parts = [f"<h1>{self._title}</h1>"]

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a table, or a word where it has no rows."""
        if not rows:
            self.paragraph("None.")
            return
        top = "".join(f"<th>{escape(name)}</th>" for name in head)
        body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
        self._parts.append(f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>")

    def picture(self, title: str, caption: str, base64_png: str) -> None:
        """Add a figure as part of the page itself."""
        self.heading(title)
        self._parts.append(
            f'<figure><img alt="{escape(title)}" src="data:image/png;base64,{base64_png}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def html(self) -> str:
        """Give the whole page."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self._title}</title><style>{STYLE}</style></head><body>\n"
            + "\n".join(self._parts)
            + "\n</body></html>\n"
        )


def percent(share: float | None) -> str:
    """Write a share as per cent, "–" where there is none."""
    return "–" if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """Write a number with three or four digits, "–" where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cell(value: object) -> str:
    text = isinstance(value, str) and not value[:1].isdigit() and len(value) > 12
    return f"<td{' class=text' if text else ''}>{escape(str(value))}</td>"
