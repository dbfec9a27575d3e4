"""Subset: the spectra a reviewer keeps to: what was listed when he said so, whatever flags and filters do meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mtop_gui.core.arrays import BoolArray
    from mtop_gui.ui.entries import Entries

Place = tuple[str, int]


class Subset:
    """Spectra by file and row, so that it can be put down, and taken up again after a restart."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self.places = frozenset(places)
        self._mask: BoolArray = np.zeros(0, dtype=bool)
        self._of: Entries | None = None

    def __len__(self) -> int:
        """Count its spectra, whether they are open or not."""
        return len(self.places)

    def mask(self, entries: Entries) -> BoolArray:
        """(n,) which entries are in it."""
        if self._of is not entries:
            self._of, self._mask = entries, np.zeros(0, dtype=bool)
        known = self._mask.size
        if known < len(entries):
            more = [
                (str(entries.paths[n]), entries.rows[n]) in self.places for n in range(known, len(entries))
            ]
            self._mask = np.concatenate([self._mask, np.asarray(more, dtype=bool)])
        return self._mask

    def save(self, path: Path) -> None:
        """Write it to a file; an empty one removes the file.

        Raises
        ------
        OSError : it cannot be written.
        """
        if not self.places:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(sorted(self.places)), encoding="utf-8", errors="surrogateescape")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Subset:
        """Read it back; an empty one where there is no such file, or a damaged one."""
        try:
            places = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
            return cls((str(file), int(row)) for file, row in places)
        except (OSError, ValueError, TypeError):
            return cls()
