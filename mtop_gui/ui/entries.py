"""Entries: what the window knows of every spectrum it lists, as columns, so that 100,000 rows stay quick."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.confidence import doubt_in_words, is_doubtful
from mtop_gui.core.spectrum import SpectrumId
from mtop_gui.ui.gist import gist_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from mtop_gui.core.arrays import BoolArray, IntArray
    from mtop_gui.core.prediction import Prediction

NO_QUALITY = -1


class Status(IntEnum):
    """How far the window got with a spectrum."""

    LISTED = 0
    READ = 1
    PREDICTED = 2
    FAILED = 3


@dataclass(frozen=True)
class NewEntry:
    """One spectrum found in a file, or a file that could not be read (`error` filled)."""

    path: Path
    row: int
    name: str
    siblings: int = 1
    error: str = ""


_PREDICTED = (
    "z", "z_err", "entropy", "skewness", "peak_probability", "z_second", "second_probability",
    "logmass", "logsfr", "ood",
)  # fmt: skip
_DIGITS = re.compile(r"\d+")


def natural(text: str) -> str:
    """Sort key under which ``m2`` comes before ``m10``."""
    return _DIGITS.sub(lambda found: found.group().zfill(20), text.lower())


class Entries:
    """Columns over all listed spectra; position = entry number, stable while a folder is open.

    Attributes
    ----------
    status : (n,) uint8, values of Status.
    z, z_err, entropy, skewness, peak_probability, z_second, second_probability, logmass, logsfr, ood : (n,) float64,
        of the Prediction; NaN = none.
    snr : (n,) float64, median signal-to-noise ratio, NaN before the spectrum was read.
    suspect : (n,) bool, flagged whatever the entropy threshold (rejected, out of distribution, warned).
    quality : (n,) int16, quality of the reviewer's standing Decision; NO_QUALITY = none.
    reviewed_z : (n,) float64, redshift of that Decision, NaN = none.
    starred : (n,) bool.
    conflict, assigned : (n,) bool, the reviewers disagree; it is the reviewer's to review.
    opinions : (n,) uint8, how many reviewers decided.
    rejected : (n,) bool, the network must not be asked about it: it has a Prediction without a redshift.
    """

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.rows: list[int] = []
        self.names: list[str] = []
        self.siblings: list[int] = []
        self.errors: dict[int, str] = {}
        self.reasons: dict[int, str] = {}
        self.competitions: dict[int, str] = {}
        self.hashes: dict[int, str] = {}
        self._where: dict[tuple[str, int], int] = {}
        self._searched: list[str] = []
        self._sort_keys: list[str] = []
        self._ranks: IntArray | None = None
        self._columns: dict[str, NDArray[Any]] = {}
        self._size = 0
        self._reserve(1024)

    def __len__(self) -> int:
        """Count the entries."""
        return self._size

    def __getattr__(self, name: str) -> NDArray[Any]:
        columns = self.__dict__.get("_columns", {})
        if name not in columns:
            raise AttributeError(name)
        return columns[name][: self._size]

    def _reserve(self, capacity: int) -> None:
        blank: dict[str, tuple[str, float]] = dict.fromkeys((*_PREDICTED, "snr"), ("f8", np.nan))
        blank |= {"status": ("u1", 0), "suspect": ("?", 0), "starred": ("?", 0), "rejected": ("?", 0)}
        blank |= {"conflict": ("?", 0), "assigned": ("?", 0), "opinions": ("u1", 0)}
        blank |= {"quality": ("i2", NO_QUALITY), "reviewed_z": ("f8", np.nan)}
        for name, (kind, value) in blank.items():
            grown = np.full(capacity, value, dtype=kind)
            if name in self._columns:
                grown[: self._size] = self._columns[name][: self._size]
            self._columns[name] = grown

    def extend(self, found: Iterable[NewEntry]) -> None:
        """Append what was found; a spectrum already listed is skipped."""
        for entry in found:
            place = (str(entry.path), entry.row)
            if place in self._where:
                continue
            if self._size == len(self._columns["status"]):
                self._reserve(2 * self._size)
            number = self._size
            self._size += 1
            self._where[place] = number
            self.paths.append(entry.path)
            self.rows.append(entry.row)
            self.names.append(entry.name)
            self.siblings.append(entry.siblings)
            self._searched.append(f"{entry.name} {entry.path.name}".lower())
            self._sort_keys.append(natural(entry.name))
            self._ranks = None
            if entry.error:
                self.fail(number, entry.error)

    def find(self, path: Path, row: int) -> int | None:
        """Give the number of a spectrum by its place; None when it is not listed."""
        return self._where.get((str(path), row))

    def find_place(self, file: str, row: int) -> int | None:
        """Give the number of a spectrum by its place as a Decision names it; None when it is not listed."""
        return self._where.get((file, row))

    def place(self, number: int) -> SpectrumId:
        """Give file and row of an entry."""
        return SpectrumId(self.paths[number], self.rows[number])

    def fail(self, number: int, reason: str) -> None:
        """Note why a spectrum cannot be read or predicted."""
        self._columns["status"][number] = Status.FAILED
        self.errors[number] = reason

    def note_read(self, number: int, name: str, content_hash: str, snr: float) -> None:
        """Note that a spectrum was read."""
        if name and name != self.names[number]:
            self.names[number] = name
            self._searched[number] = f"{name} {self.paths[number].name}".lower()
            self._sort_keys[number] = natural(name)
            self._ranks = None
        self.hashes[number] = content_hash
        self._columns["snr"][number] = snr
        if self._columns["status"][number] in (Status.LISTED, Status.FAILED):
            self._columns["status"][number] = Status.READ
        self.errors.pop(number, None)

    def note_prediction(self, number: int, prediction: Prediction) -> None:
        """Note the scalars of a Prediction."""
        columns, gist = self._columns, gist_of(prediction)
        columns["status"][number] = Status.PREDICTED
        columns["rejected"][number] = gist.rejected
        columns["suspect"][number] = bool(gist.reason)
        self.errors.pop(number, None)
        for kept, text in ((self.reasons, gist.reason), (self.competitions, gist.competition)):
            kept.pop(number, None)
            if text:
                kept[number] = text
        for name in _PREDICTED:
            columns[name][number] = gist.numbers.get(name, np.nan)

    def forget_predictions(self) -> None:
        """Drop every Prediction's scalars (another bundle was chosen)."""
        for name in _PREDICTED:
            self._columns[name][: self._size] = np.nan
        self._columns["suspect"][: self._size] = False
        self._columns["rejected"][: self._size] = False
        self.reasons.clear()
        self.competitions.clear()
        status = self.status
        status[status == Status.PREDICTED] = Status.READ

    def set_decision(self, number: int, quality: int | None, redshift: float | None, starred: bool) -> None:
        """Note the reviewer's standing Decision, or with `quality` None that there is none."""
        self._columns["quality"][number] = NO_QUALITY if quality is None else quality
        self._columns["reviewed_z"][number] = np.nan if redshift is None else redshift
        self._columns["starred"][number] = starred

    def flagged(self, threshold: float) -> BoolArray:
        """(n,) which entries a person should look at, at this entropy threshold."""
        predicted = self.status == Status.PREDICTED
        return predicted & (self.suspect | is_doubtful(self.entropy, self.peak_probability, threshold))

    def is_flagged(self, number: int, threshold: float) -> bool:
        """Tell whether a person should look at one entry, at this entropy threshold."""
        if self.status[number] != Status.PREDICTED:
            return False
        doubtful = is_doubtful(self.entropy[number], self.peak_probability[number], threshold)
        return bool(self.suspect[number] or doubtful)

    def flag_reason(self, number: int, threshold: float) -> str:
        """Say why an entry is flagged; empty when it is not."""
        peaks = [(self.z[number], self.peak_probability[number])]
        if np.isfinite(self.z_second[number]):
            peaks.append((self.z_second[number], self.second_probability[number]))
        parts = doubt_in_words(self.entropy[number], peaks, threshold, self.competitions.get(number, ""))
        if number in self.reasons:
            parts.append(self.reasons[number])
        return "; ".join(parts)

    def predicted(self) -> BoolArray:
        """(n,) which entries have a redshift from the network; a rejected spectrum has none."""
        return (self.status == Status.PREDICTED) & ~self.rejected

    def reviewed(self) -> BoolArray:
        """(n,) which entries carry a Decision of the reviewer."""
        return self.quality != NO_QUALITY

    def counts(self, threshold: float) -> tuple[int, int, int]:
        """Count the entries with a redshift from the network, those flagged, and those reviewed."""
        counted = (self.predicted(), self.flagged(threshold), self.reviewed())
        predicted, flagged, reviewed = (int(np.count_nonzero(which)) for which in counted)
        return predicted, flagged, reviewed

    def name_ranks(self) -> IntArray:
        """(n,) place of each entry when sorted by name, as a person would; kept until a name changes."""
        if self._ranks is None:
            order = sorted(range(self._size), key=self._sort_keys.__getitem__)
            self._ranks = np.empty(self._size, dtype=np.int64)
            self._ranks[order] = np.arange(self._size)
        return self._ranks

    def matching(self, words: str, numbers: IntArray | None = None) -> IntArray:
        """Give the entries whose name or file holds every word of `words` (case ignored)."""
        if not words.strip():
            return np.arange(self._size) if numbers is None else numbers
        searched = self._searched
        kept = list(range(self._size)) if numbers is None else numbers.tolist()
        for word in words.lower().split():
            kept = [n for n in kept if word in searched[n]]
        return np.asarray(kept, dtype=np.int64)
