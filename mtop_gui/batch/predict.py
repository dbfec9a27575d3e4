"""Many files in, one catalogue out: read ahead in threads, predict in batches, forget the spectra."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from mtop_gui import io
from mtop_gui.batch.reading import ReadAhead
from mtop_gui.core.catalogue import CatalogueRow, failed_row, predicted_row
from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD
from mtop_gui.core.events import Advanced, Cancelled, Failed, Finished, Predicted, ignore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mtop_gui.batch.reading import ReadRows
    from mtop_gui.core.events import Report
    from mtop_gui.core.prediction import Prediction, Predicts
    from mtop_gui.core.spectrum import Spectrum


class KeepsPredictions(Protocol):
    """A cache of Predictions by content hash, bundle and MC-dropout passes (`store.ReviewStore` is one)."""

    def load_predictions(
        self, content_hashes: Iterable[str], bundle_name: str, mc_passes: int = 1
    ) -> dict[str, Prediction]:
        """Give those of the asked ones that are kept."""

    def save_predictions(self, entries: Iterable[tuple[str, str, int, Prediction]]) -> None:
        """Keep (content hash, bundle name, passes, Prediction)."""


def predict_catalogue(
    paths: Sequence[Path],
    predictor: Predicts,
    *,
    entropy_threshold: float = DEFAULT_ENTROPY_THRESHOLD,
    mc_passes: int = 1,
    jobs: int = 2,
    batch_size: int = 64,
    cache: KeepsPredictions | None = None,
    report: Report = ignore,
    read: ReadRows | None = None,
) -> list[CatalogueRow]:
    """Read every file, predict every Spectrum in it, and give the rows of the catalogue.

    Files are read by `jobs` threads; the network is called from the calling thread only. A few batches of spectra are
    in memory at any time, however many files there are.

    Parameters
    ----------
    paths : spectrum files, as `io.find_files` gives them.
    predictor : the loaded bundle.
    entropy_threshold : natural-log entropy from which a Prediction is flagged.
    mc_passes : MC-dropout passes per Spectrum; 1 means one deterministic pass.
    jobs : reading threads.
    batch_size : spectra per call of the network.
    cache : Predictions found there are not made again; those made are kept there.
    report : receives Predicted per Spectrum, Failed per file or spectrum that cannot be read or
        predicted, Advanced(files done, files) and at last Finished(spectra, seconds); may raise Cancelled.
    read : how to read a file; `io.read_rows` unless given.

    Returns
    -------
    One row per Spectrum and one per unreadable file, in the order of `paths`.

    Raises
    ------
    Cancelled : `report` asked for it; Predictions already in `cache` stay there.
    """
    started = time.monotonic()
    batch = _Batch(predictor, entropy_threshold, mc_passes, cache, report, total=len(paths))
    reading = ReadAhead(
        paths, read or io.read_rows, jobs=jobs, most=2 * batch_size, hashing=cache is not None
    )
    report(Advanced(0, len(paths), "predicting"))
    with reading:
        for found in reading.files(waiting=batch.tell_progress):
            if found.error:
                batch.add_failure(found.path, found.error)
            for spectrum in found.spectra:
                if isinstance(spectrum, io.UnreadableRow):
                    batch.add_failure(found.path, spectrum.reason, spectrum.row)
                    continue
                batch.add(spectrum)
                if len(batch.waiting) >= batch_size:
                    batch.flush()
            batch.files_done += 1
        batch.flush()
    report(Finished(len(batch.rows), time.monotonic() - started))
    return batch.rows


class _Batch:
    """The spectra that wait for the network, and the rows so far; a place is kept for each that waits."""

    def __init__(
        self,
        predictor: Predicts,
        entropy_threshold: float,
        mc_passes: int,
        cache: KeepsPredictions | None,
        report: Report,
        total: int,
    ) -> None:
        self._predictor = predictor
        self._threshold = entropy_threshold
        self._passes = mc_passes
        self._cache = cache
        self._report = report
        self._total = total
        self.files_done = 0
        self.waiting: list[tuple[int, Spectrum]] = []
        self.rows: list[CatalogueRow] = []

    def tell_progress(self) -> None:
        """Say how many files are done."""
        self._report(Advanced(self.files_done, self._total, "predicting"))

    def add(self, spectrum: Spectrum) -> None:
        """Let a Spectrum wait for the next call of the network."""
        self.waiting.append((len(self.rows), spectrum))
        self.rows.append(failed_row(spectrum.path, "not predicted", spectrum.row))

    def add_failure(self, path: Path, reason: str, row: int = 0) -> None:
        """Give a file, or a spectrum in it, that cannot be read its row."""
        self.rows.append(failed_row(path, reason, row))
        self._report(Failed(path, reason, row))

    def flush(self) -> None:
        """Predict all that wait."""
        places, spectra = [place for place, _ in self.waiting], [spectrum for _, spectrum in self.waiting]
        self.waiting = []
        for place, spectrum, answer in zip(places, spectra, self._predict(spectra), strict=True):
            if isinstance(answer, str):
                self.rows[place] = failed_row(spectrum.path, answer, spectrum.row)
                self._report(Failed(spectrum.path, answer, spectrum.row))
            else:
                self.rows[place] = predicted_row(spectrum, answer, self._threshold)
                self._report(Predicted(spectrum, answer))
        self.tell_progress()

    def _predict(self, spectra: list[Spectrum]) -> list[Prediction | str]:
        """Give each Spectrum's Prediction, from the cache where it is there, or the reason why it has none."""
        kept = self._load(spectra)
        missing = [index for index in range(len(spectra)) if index not in kept]
        made = dict(zip(missing, self._ask([spectra[index] for index in missing]), strict=True))
        self._save([(spectra[index], answer) for index, answer in made.items()])
        return [kept[index] if index in kept else made[index] for index in range(len(spectra))]

    def _ask(self, spectra: list[Spectrum]) -> list[Prediction | str]:
        if not spectra:
            return []
        try:
            return list(self._predictor.predict(spectra, mc_passes=self._passes))
        except Cancelled:
            raise
        except Exception as error:
            if len(spectra) == 1:
                return [f"cannot be predicted: {error}"]
        # One of them upsets the network: find it, so that the others keep their Predictions.
        return [answer for spectrum in spectra for answer in self._ask([spectrum])]

    def _load(self, spectra: list[Spectrum]) -> dict[int, Prediction]:
        if self._cache is None or not spectra:
            return {}
        hashes = [spectrum.content_hash for spectrum in spectra]
        kept = self._cache.load_predictions(hashes, self._predictor.bundle_name, self._passes)
        return {index: kept[key] for index, key in enumerate(hashes) if key in kept}

    def _save(self, made: list[tuple[Spectrum, Prediction | str]]) -> None:
        entries = [
            (spectrum.content_hash, self._predictor.bundle_name, self._passes, answer)
            for spectrum, answer in made
            if not isinstance(answer, str)
        ]
        if self._cache is not None and entries:
            self._cache.save_predictions(entries)
