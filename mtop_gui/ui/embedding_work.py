"""Work of the embedding explorer, away from the window: embed what is not known yet, project, keep both in a cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from platformdirs import user_cache_dir

from mtop_gui.core.errors import MtopError
from mtop_gui.core.events import Advanced
from mtop_gui.core.projection import Projection, load, project, save

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.arrays import Float32Array
    from mtop_gui.core.events import Report
    from mtop_gui.core.spectrum import Spectrum, SpectrumId

FORMAT = 1
"""Raised when what is kept means something else than before."""
MOST_KEPT = 40_000
"""Embeddings kept of one bundle; more are computed anew next time."""
AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the explorer shows.

    Attributes
    ----------
    numbers : (n,) entry numbers.
    projection : where they lie.
    embedding : (n, n_embedding) as the network gave it, NaN where it was not asked.
    """

    numbers: np.ndarray
    projection: Projection
    embedding: Float32Array


def cache_folder() -> Path:
    """Give the folder: ``$MTOP_CACHE`` where set, else in the user's cache folder."""
    named = os.environ.get("MTOP_CACHE", "")
    return Path(named) if named else Path(user_cache_dir("mtop-gui", appauthor=False)) / "embeddings"


class EmbeddingCache:
    """Embeddings by content hash, one file for each bundle, and projections of whole sets. Losing it costs time only."""

    def __init__(self, folder: Path, bundle: str) -> None:
        self._folder = folder
        self._key = hashlib.sha256(f"{FORMAT} {bundle}".encode()).hexdigest()[:24]
        self._rows: dict[str, Float32Array] = {}
        try:
            with np.load(folder / f"{self._key}.npz", allow_pickle=False) as file:
                hashes, rows = file["hashes"].tolist(), file["embedding"].astype(np.float32)
            self._rows = dict(zip(hashes, rows, strict=True))
        except (OSError, ValueError, KeyError, EOFError):
            pass  # none yet, or damaged: it is made again

    def get(self, content_hash: str) -> Float32Array | None:
        """Give the embedding of a spectrum by its content."""
        return self._rows.get(content_hash)

    def keep(self, rows: dict[str, Float32Array]) -> None:
        """Keep embeddings, the newest if there are too many; a row without numbers is none."""
        self._rows |= {content: row for content, row in rows.items() if row.size}
        self._rows = dict(list(self._rows.items())[-MOST_KEPT:])
        if not self._rows:
            return
        part = self._folder / f".{self._key}.{os.getpid()}.part.npz"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Half precision: neighbours stay neighbours, and the file half as large.
            rows16 = np.stack(list(self._rows.values())).clip(-6e4, 6e4).astype(np.float16)
            np.savez_compressed(part, hashes=np.array(list(self._rows)), embedding=rows16)
            part.replace(self._folder / f"{self._key}.npz")
        except OSError:
            part.unlink(missing_ok=True)

    def place_of(self, hashes: Sequence[str]) -> Path:
        """Give the file in which the projection of this set, in this order, is kept."""
        digest = hashlib.sha256("\n".join((self._key, *hashes)).encode()).hexdigest()[:32]
        return self._folder / f"plane-{digest}.npz"


class _Found(NamedTuple):
    content: str
    row: Float32Array
    source: int


def embed_all(
    places: Sequence[tuple[int, SpectrumId, str]], predictor: Any, folder: Path, report: Report
) -> tuple[np.ndarray, list[str], Float32Array]:
    """Embed these spectra; those whose content is known and kept are not read again.

    Parameters
    ----------
    places : (entry number, file and row, content hash or "" where it is not known yet).
    predictor : of one bundle, or a choice of several.

    Returns
    -------
    (n,) entry numbers of what could be read, their content hashes, and (n, n_embedding) embeddings by the bundle that
    most of them go to, NaN for the others.

    Raises
    ------
    MtopError : none of them has an embedding.
    Cancelled : `report` asked for it.
    """
    from mtop_gui import io

    work = _Embedding(predictor, folder)
    for done, (number, place, content) in enumerate(places, start=1):
        if not work.knows(number, content):
            try:
                spectrum = io.read_one(place.path, place.row)
            except (MtopError, OSError):
                continue
            work.take(number, spectrum)
        if done % 8 == 0:
            report(Advanced(done, len(places), "embedding"))
    return _of_one(work.finish())


class _Embedding:
    """Embeddings found so far, those of each network behind a choice apart: one map has no place for another's."""

    def __init__(self, predictor: Any, folder: Path) -> None:
        self._predictor = predictor
        self._sources = getattr(predictor, "predictors", (predictor,))
        self._embedders = [_embedder(one) for one in self._sources]
        self._caches = [EmbeddingCache(folder, one.bundle_name) for one in self._sources]
        self._found: dict[int, _Found] = {}
        self._fresh: list[dict[str, Float32Array]] = [{} for _ in self._sources]
        self._waiting: list[list[tuple[int, Spectrum]]] = [[] for _ in self._sources]

    def knows(self, number: int, content: str) -> bool:
        """Take what is kept of this content, if anything is."""
        for source, cache in enumerate(self._caches):
            kept = cache.get(content)
            if kept is not None:
                self._found[number] = _Found(content, kept, source)
                return True
        return False

    def take(self, number: int, spectrum: Spectrum) -> None:
        """Have a spectrum embedded, with others."""
        if self.knows(number, spectrum.content_hash):
            return
        several = len(self._sources) > 1
        source = self._sources.index(self._predictor.choose(spectrum)) if several else 0
        self._waiting[source].append((number, spectrum))
        if len(self._waiting[source]) == AT_ONCE:
            self._embed(source)

    def finish(self) -> dict[int, _Found]:
        """Embed the rest, keep what is new, and give all by entry number."""
        for source, cache in enumerate(self._caches):
            self._embed(source)
            cache.keep(self._fresh[source])
        return self._found

    def _embed(self, source: int) -> None:
        asked = self._waiting[source]
        rows = self._embedders[source]([spectrum for _, spectrum in asked]) if asked else ()
        for (number, spectrum), row in zip(asked, rows, strict=True):
            self._found[number] = _Found(spectrum.content_hash, row, source)
            self._fresh[source][spectrum.content_hash] = row
        asked.clear()


def _of_one(found: Mapping[int, _Found]) -> tuple[np.ndarray, list[str], Float32Array]:
    """Keep the embeddings of the network that has most of them; the others' become NaN."""
    has = Counter(one.source for one in found.values() if np.isfinite(one.row).any())
    if not has:
        raise MtopError(
            "The network has an embedding of none of these spectra: their wavelengths are not its own."
        )
    (most, _), *_ = has.most_common(1)
    width = max(one.row.size for one in found.values() if one.source == most)
    blank = np.full(width, np.nan, np.float32)
    numbers = sorted(found)
    rows = [
        found[n].row if found[n].source == most and found[n].row.size == width else blank for n in numbers
    ]
    return np.array(numbers), [found[n].content for n in numbers], np.stack(rows)


def project_all(
    bundle: str,
    numbers: np.ndarray,
    hashes: Sequence[str],
    embedding: Float32Array,
    folder: Path,
    report: Report,
) -> Embedded:
    """Project embedded spectra, or take the plane of the same set from the cache.

    Raises
    ------
    MtopError : the projection failed.
    Cancelled : `report` asked for it.
    """
    place = EmbeddingCache(folder, bundle).place_of(hashes)
    projection = load(place)
    if projection is None or len(projection.points) != len(numbers):
        projection = project_apart(embedding.astype(np.float64), report)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save(projection, place)
        except OSError:
            pass  # it is shown all the same
    return Embedded(numbers, projection, embedding)


def project_apart(embedding: np.ndarray, report: Report) -> Projection:
    """Project in a process of its own: compiling UMAP would hold up the window, and a process can be cancelled."""
    if getattr(sys, "frozen", False):
        return project(embedding)
    with tempfile.TemporaryDirectory(prefix="mtop-gui-") as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, embedding=embedding)
        command = [sys.executable, "-m", "mtop_gui.core.projection", str(source), str(target)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment()
        ) as process:
            try:
                while process.poll() is None:
                    report(Advanced(0, 0, "projecting"))
                    time.sleep(0.1)
            except BaseException:
                process.kill()
                raise
            errors = process.stderr.read().decode(errors="replace") if process.stderr is not None else ""
        made = load(target)
    if made is None:
        last = errors.strip().splitlines()[-1:] or ["it ended without a word"]
        raise MtopError(f"The embedding could not be drawn in a plane: {last[0]}.")
    return made


def _environment() -> dict[str, str]:
    """Let the process find this very package, also in a checkout that is not installed."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH", "")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _embedder(predictor: Any) -> Any:
    """Give what turns spectra into embeddings.

    Raises
    ------
    MtopError : this network has no embedding.
    """
    own = getattr(predictor, "embed", None)
    if own is not None:
        return own
    if not hasattr(predictor, "bundle"):
        raise MtopError("This network has no embedding to explore.")
    from mtop_gui.network.embedding import embed

    return lambda spectra: embed(predictor, spectra)
