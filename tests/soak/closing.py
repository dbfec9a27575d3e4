"""Close the window in the midst of each kind of long work, in a process of its own, and time how long that lives on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtop_gui.ui.app import Bench

SAVING = "saving a catalogue"
"""What was asked to be saved is saved before the program ends: this alone may take longer, and must leave it whole."""

WORKS = (
    "predicting",
    "listing files",
    "reading",
    "predicting one spectrum for ever",
    "computing a saliency",
    SAVING,
    "loading TensorFlow",
    "drawing the map of embeddings",
)
ROWS = 10_000
PATIENCE = 120.0
ROOT = Path(__file__).resolve().parents[2]


def close_during(work: str, folder: Path) -> float | None:
    """Close during one kind of work.

    Returns
    -------
    Seconds from closing to the end of the process; None when it did not end by itself, or not with exit code 0.
    """
    own = folder / work.replace(" ", "_")
    own.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.soak.closing", work, str(own)]
    variables = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "MTOP_SETTINGS": str(own / "settings.toml"),
        "XDG_CONFIG_HOME": str(own),
        "MTOP_CACHE": str(own),
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            began = time.monotonic()
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    seconds = time.monotonic() - began
    if work == SAVING and not _is_whole(own / "catalogue.ecsv"):
        return None
    return seconds if line.strip() == "closing" and code == 0 else None


def _is_whole(catalogue: Path) -> bool:
    if not catalogue.is_file():
        return False
    lines = catalogue.read_text(encoding="utf-8").splitlines()
    return sum(not line.startswith("#") for line in lines) == ROWS + 1


def main(work: str, folder: Path) -> int:
    """Open a window, begin the work, close: the child's part."""
    from PySide6.QtCore import QTimer

    from mtop_gui.settings import Settings
    from mtop_gui.store.review_store import open_store
    from mtop_gui.ui import app
    from tests.support.fakes import write_demo_folder

    begun: list[str] = []
    benches: list[Bench] = []

    class Noted(app.Bench):
        """The bench, within reach."""

        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            benches.append(self)

    app.Bench = Noted
    spectra = folder / "spectra"
    write_demo_folder(spectra, 60)
    if work == "listing files":
        whole = (spectra / "gal_0000.fits").read_bytes()
        for number in range(3000):
            (spectra / f"more_{number:05d}.fits").write_bytes(whole)
    asked: list[bool] = []

    def look() -> None:
        bench = benches[0]
        if not asked and _ready(bench, work):
            asked.append(True)
            _begin(bench, work, folder)
        elif asked and _under_way(bench, work, begun):
            timer.stop()
            print("closing", flush=True)
            bench.window.close()

    application = app.QApplication(["closing"])
    timer = QTimer(application)
    timer.setInterval(5)
    timer.timeout.connect(look)
    timer.start()
    factory = None if work == "loading TensorFlow" else lambda: _slow(work, begun)
    return app.run_gui(
        [spectra],
        predictor_factory=factory,
        store=open_store(folder / "reviews.sqlite"),
        settings=Settings(reviewer="Ada", mc_passes=1),
        state_path=folder / "window.ini",
    )


def _slow(work: str, begun: list[str]) -> Any:
    """Make a network that takes its time, hears nothing meanwhile, and notes in `begun` what it is at."""
    import numpy as np

    from tests.support.fakes import FakePredictor

    class Slow(FakePredictor):
        def saliency(self, spectrum, redshift=None):
            begun.append("saliency")
            if work == "computing a saliency":
                time.sleep(30)
            return super().saliency(spectrum, redshift)

        def predict(self, spectra, *, mc_passes=1):
            begun.append("predict")
            if work == "predicting one spectrum for ever":
                time.sleep(30)
            return super().predict(spectra, mc_passes=mc_passes)

        def embed(self, spectra):
            begun.append("embed")
            time.sleep(0.2)
            return np.array([[float(n % 7), float(n % 3), 1.0, n] for n, _ in enumerate(spectra)], dtype="f4")

    return Slow(delay=0.05 if work == "predicting" else 0.0)


def _ready(bench: Bench, work: str) -> bool:
    """Whether what the work needs is there."""
    if work in ("listing files", "loading TensorFlow", "reading"):
        return bench.controller.scanning or len(bench.session.entries) > 0
    if work in ("predicting one spectrum for ever", "computing a saliency"):
        return len(bench.session.entries) > 0
    return bool(bench.session.folders and bench.session.settled and not bench.lanes.busy)


def _begin(bench: Bench, work: str, folder: Path) -> None:
    if work == "predicting":
        bench.controller.run()
    elif work == "reading":
        bench.session.select(5)
    elif work == SAVING:
        from mtop_gui.core.catalogue import failed_row

        rows = [failed_row(f"file {number}.fits", "made up for this test") for number in range(ROWS)]
        bench.run._rows = rows
        bench.controller.export(folder / "catalogue.ecsv")
    elif work == "drawing the map of embeddings":
        _draw_map(bench)


def _draw_map(bench: Bench) -> None:
    from mtop_gui.ui.embedding_work import cache_folder, embed_all, project_all
    from mtop_gui.ui.tasks import Lane

    entries = bench.session.entries
    places = [(number, entries.place(number), "") for number in range(len(entries))]

    def work(report):
        predictor = bench.network.predictor()
        numbers, hashes, embedding = embed_all(places, predictor, cache_folder(), report)
        return project_all(predictor.bundle_name, numbers, hashes, embedding, cache_folder(), report)

    bench.lanes.submit(Lane.INFERENCE, work, "drawing the map")


def _under_way(bench: Bench, work: str, begun: list[str]) -> bool:
    if work == "computing a saliency":
        return "saliency" in begun
    if work == "drawing the map of embeddings":
        return "embed" in begun
    if work == "loading TensorFlow":
        loading = sys.modules.get("tensorflow")
        return loading is not None and bool(getattr(loading.__spec__, "_initializing", False))
    if work.startswith("predicting"):
        return "predict" in begun
    return bool(bench.lanes.busy)


if __name__ == "__main__":
    from mtop_gui.commands.window import leave

    leave(main(sys.argv[1], Path(sys.argv[2])))
