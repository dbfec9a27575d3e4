"""The guide: every link and picture resolves, the made pages equal the program, and it is shown inside it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from typer.main import get_command

from mtop_gui import cli
from mtop_gui.core.decision import QUALITY_SCALES
from mtop_gui.ui.action_table import ACTIONS, PRESETS
from mtop_gui.ui.actions import key_text
from mtop_gui.ui.dialogs.guide import PageView, slug
from mtop_gui.ui.guide_pictures import PICTURES
from mtop_gui.ui.guide_text import PAGES, guide_folder, keys_page, made_pages, pages
from mtop_gui.ui.keymap import Keymap
from mtop_gui.ui.theme import DARK, LIGHT
from tests.ui.conftest import BenchMaker, press

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).parents[2]
TEXTS = sorted(guide_folder().glob("*.md"))
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def headings(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        slug(line.lstrip("# ").replace("`", "").replace("*", "")) for line in lines if line.startswith("#")
    }


@pytest.mark.parametrize("path", [*TEXTS, ROOT / "README.md"], ids=lambda path: path.name)
def test_every_link_and_picture_resolves(path: Path) -> None:
    for picture, text, target in LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        if target.startswith(("http://", "https://")):
            assert not picture, f"{target} would be fetched"
            continue
        place, _, anchor = target.partition("#")
        goal = path.parent / place if place else path
        assert goal.is_file(), f"{path.name}: [{text}]({target})"
        assert goal.is_relative_to(ROOT)
        if anchor:
            assert anchor in headings(goal), target
        if picture and target.endswith("-dark.png") and path.parent == guide_folder():
            assert goal.with_name(goal.name.replace("-dark", "-light")).is_file()


def test_every_page_has_a_place_and_every_picture_a_use() -> None:
    assert {path.stem for path in TEXTS} <= {name for name, _ in PAGES}
    assert next(name for name, _ in pages()) == "index"
    used = {
        Path(target).name
        for path in TEXTS
        for sign, _, target in LINK.findall(path.read_text("utf-8"))
        if sign
    }
    assert used <= {f"{name}-dark.png" for name in PICTURES}
    index = (guide_folder() / "index.md").read_text("utf-8")
    for name, _ in pages():
        assert name == "index" or f"({name}.md)" in index, name


@pytest.mark.parametrize("name", made_pages())
def test_made_pages_are_as_the_program_makes_them(name: str) -> None:
    written = (guide_folder() / name).read_text(encoding="utf-8")
    assert written == made_pages()[name], "run python -m mtop_gui.ui.guide_pictures"


def test_the_key_table_is_the_table_of_actions() -> None:
    rows = [line for line in keys_page().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith(("| Action", "| ---"))]
    assert len(rows) == len(ACTIONS)
    for spec, row in zip(ACTIONS, rows, strict=True):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for preset, cell in zip(PRESETS, cells[1:3], strict=True):
            wanted = key_text(Keymap(preset).keys_of(spec.id)).replace("|", "\\|").split()
            assert cell.replace("`", "").split() == (wanted or ["–"]), spec.id
    own = keys_page(Keymap().with_keys("next", ("J",)))
    assert "| Next spectrum | `n` | `→` | `j` |" in own


def test_the_quality_page_has_every_scale() -> None:
    text = made_pages()["quality.md"]
    for scale in QUALITY_SCALES.values():
        assert all(f"| {quality} |" in text for quality in scale.meanings)


def test_commands_in_the_guide_exist() -> None:
    command = get_command(cli.app)
    found = 0
    for path in [*TEXTS, ROOT / "README.md"]:
        for block in re.findall(r"```\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL):
            for line in block.splitlines():
                words = shlex.split(line, comments=True) if line.startswith("mtop ") else []
                if len(words) < 2:
                    continue
                found += 1
                sub = command.commands[words[1]]
                if hasattr(sub, "commands"):
                    sub = next((sub.commands[word] for word in words[2:] if word in sub.commands), None)
                assert sub is not None, line
                options = {name for each in sub.params for name in each.opts}
                given = {w.strip("[]").split("=")[0] for w in words if w.strip("[").startswith("-")}
                assert given <= options, line
    assert found > 5


def test_it_opens_with_f1_and_links_lead_on(qtbot: Any, make_bench: BenchMaker, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bench = make_bench(tmp_path / "empty")
    press(qtbot, bench, Qt.Key.Key_F1)
    guide = bench.desk.guide
    assert guide.isVisible()
    assert guide.page == "index"
    guide.follow(QUrl("tutorial.md"))
    assert guide.page == "tutorial"
    assert guide.list.currentItem().text() == "Ten minutes"
    guide.follow(QUrl("quality.md#class-and-issues"))
    assert guide.view.textCursor().block().text() == "Class and issues"
    assert not guide.open_page("nonsense")
    guide.open_page("keys")
    assert "Next spectrum" in guide.view.toPlainText()
    assert "<!--" not in guide.view.toPlainText()
    bench.controller.actions.use_keymap(Keymap().with_keys("next", ("J",)))
    bench.controller.actions["guide"].trigger()
    assert "yours" in guide.view.toPlainText()
    assert guide.page == "keys"


def test_pictures_follow_the_theme_and_nothing_is_loaded_from_elsewhere(
    qapp: QApplication, tmp_path: Path
) -> None:
    kind = QTextDocument.ResourceType.ImageResource.value
    view = PageView(DARK)
    view.resize(500, 400)
    view.show()
    dark = view.loadResource(kind, QUrl("pictures/window-dark.png"))
    assert 0 < dark.width() / dark.devicePixelRatio() < 500
    view.set_palette(LIGHT)
    light = view.loadResource(kind, QUrl("pictures/window-dark.png"))
    assert light.pixelColor(5, light.height() // 2) != dark.pixelColor(5, dark.height() // 2)
    assert view.loadResource(kind, QUrl("https://example.org/a.png")) is None
    assert view.loadResource(QTextDocument.ResourceType.StyleSheetResource.value, QUrl("index.md")) is None
    view.deleteLater()
