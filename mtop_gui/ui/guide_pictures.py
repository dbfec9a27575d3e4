"""``python -m mtop_gui.ui.guide_pictures [FOLDER] [--pages]``: draws the guide's pictures from the program itself and writes its made pages.

It opens the demo spectra with the shipped bundle in a window nobody sees, does what the guide tells, and takes pictures in
both themes. Nothing of the person's own settings, store or cache is touched. With ``--pages`` it writes the made pages only,
which takes a second.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication, QWidget

    from mtop_gui.ui.app import Bench

SIZE = (1440, 900)
PATIENCE = 900.0
"""Seconds to wait for the network, at most."""
PICTURES = ("window", "palette", "keys", "settings", "editor", "conflicts", "embedding", "guide")
"""Every picture there is, each with -dark and -light."""


class Studio:
    """One window and its pictures."""

    def __init__(self, folder: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from mtop_gui.core.resources import resource_path
        from mtop_gui.network.bundle import available_bundles
        from mtop_gui.settings import Settings
        from mtop_gui.store.review_store import open_store
        from mtop_gui.ui.app import Bench, quiet_qt, shipped_factory

        quiet_qt()
        made = QApplication.instance() or QApplication(["mtop-gui"])
        assert isinstance(made, QApplication)
        self.app: QApplication = made
        self.folder = folder
        self.bench: Bench = Bench(
            made,
            Settings(reviewer="Ada", theme="dark"),
            open_store(":memory:"),
            shipped_factory,
            bundles=available_bundles(),
        )
        self.bench.window.resize(*SIZE)
        self.bench.start([resource_path("demo")])

    def wait(self, ready: Callable[[], bool]) -> None:
        """Let the window work until something is so, and a moment longer.

        Raises
        ------
        TimeoutError : it took too long.
        """
        end = time.monotonic() + PATIENCE
        quiet = 0
        while quiet < 6:
            self.app.processEvents()
            time.sleep(0.03)
            quiet = quiet + 1 if ready() and not self.bench.lanes.busy and self.bench.session.settled else 0
            if time.monotonic() > end:
                raise TimeoutError("the window did not get ready for its picture")

    def do(self, action: str) -> None:
        """Trigger an action and let it show."""
        self.bench.controller.actions[action].trigger()
        self.app.processEvents()

    def take(self, widget: QWidget, name: str) -> None:
        """Take a picture in the theme worn."""
        self.app.processEvents()
        path = self.folder / f"{name}-{self.bench.window.theme_palette.name}.png"
        if not widget.grab().save(str(path), "PNG"):
            raise OSError(f"{path} cannot be written")

    def prepare(self) -> None:
        """Run the network, review a little, compute the embedding."""
        bench = self.bench
        session = bench.session
        self.wait(lambda: bool(session.folders) and not bench.controller.scanning)
        bench.run.start()
        self.wait(lambda: not bench.run.running)
        bench.explorer.compute()
        self.wait(lambda: bench.explorer.shown is not None)
        bench.window.docks["embedding"].hide()
        sure = [n for n in range(len(session.entries)) if session.entries.status[n] == 2]
        calm = [n for n in sure if not session.entries.is_flagged(n, session.threshold)] or sure
        session.select(calm[0])
        self.wait(lambda: session.prediction is not None)

    def pictures(self) -> None:
        """Take all pictures in the theme worn."""
        bench, window = self.bench, self.bench.window
        self.wait(lambda: bench.session.state.flux is not None)
        self.take(window, "window")
        self.do("palette")
        window.command_palette.field.setText("next")
        self.take(window, "palette")
        window.command_palette.close_palette()
        self.do("help")
        self.take(window, "keys")
        self.do("help")
        self.do("settings")
        dialog = bench.preferences.dialog
        assert dialog is not None
        self.take(dialog, "settings")
        dialog.reject()
        self._editor()
        window.docks["embedding"].show()
        bench.explorer.colour_by("z")
        self.wait(lambda: True)
        self.take(window, "embedding")
        window.docks["embedding"].hide()
        self.do("guide")
        guide = bench.desk.guide
        assert guide is not None
        guide.open_page("tutorial")
        self.take(guide, "guide")
        guide.close()

    def _editor(self) -> None:
        from PySide6.QtGui import QKeySequence

        from mtop_gui.ui.dialogs.key_editor import KeyEditor

        self.do("edit_keys")
        editor = next(e for e in self.bench.window.findChildren(KeyEditor) if e.isVisible())
        editor.choose("next_flagged")
        self.take(editor, "editor")
        editor.recorder.setKeySequence(QKeySequence("N"))
        editor.add.click()
        self.take(editor, "conflicts")
        editor.reject()
        editor.deleteLater()


def write_pages(folder: Path) -> None:
    """Write the pages that are made from the program."""
    from mtop_gui.ui.guide_text import made_pages

    for name, text in made_pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def main(folder: Path | None = None, *, only_pages: bool = False) -> None:
    """Write pages and pictures into a folder, by default the guide's own."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MTOP_CACHE"] = cache
        from mtop_gui.ui.guide_text import guide_folder

        target = folder or guide_folder()
        write_pages(target)
        if only_pages:
            return
        (target / "pictures").mkdir(parents=True, exist_ok=True)
        studio = Studio(target / "pictures")
        studio.prepare()
        for theme in ("dark", "light"):
            studio.bench.use_theme(theme)
            studio.pictures()
        studio.bench.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the guide's made pages and pictures.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to; the guide's own folder if not given")
    parser.add_argument("--pages", action="store_true", help="write the made pages only")
    options = parser.parse_args()
    main(options.folder, only_pages=options.pages)
