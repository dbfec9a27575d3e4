"""Where the listed spectra are on the sky, as far as their files say and have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from mtop_gui.core.errors import MtopError
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.ui.loader import Loader
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Lanes, Task

MOST_READ = 5000
"""Spectra that are read at most because another program points at the sky."""


def separations(ra: float, dec: float, ras: FloatArray, decs: FloatArray) -> FloatArray:
    """Angles on the sky [arcsec] between one position and many (haversine, exact for small ones).

    Parameters
    ----------
    ra, dec : degrees.
    ras, decs : (n,) degrees.
    """
    phi, lam = np.radians(decs), np.radians(ras)
    phi0, lam0 = np.radians(dec), np.radians(ra)
    half = np.sin((phi - phi0) / 2) ** 2 + np.cos(phi) * np.cos(phi0) * np.sin((lam - lam0) / 2) ** 2
    angles: FloatArray = np.degrees(2 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))) * 3600
    return angles


class Positions(QObject):
    """RA and Dec [deg] by entry number; filled as spectra are read, and on demand."""

    def __init__(self, session: Session, loader: Loader, lanes: Lanes) -> None:
        super().__init__(session)
        self._session, self._lanes = session, lanes
        self.known: dict[int, tuple[float, float]] = {}
        self._asked: set[int] = set()
        self._task: Task | None = None
        loader.spectrum_read.connect(self.note)
        session.entries_reset.connect(self._forget)

    def note(self, number: int, spectrum: Spectrum) -> None:
        """Keep the position of a spectrum that was read."""
        self._asked.add(number)
        if spectrum.ra is not None and spectrum.dec is not None:
            self.known[number] = (spectrum.ra, spectrum.dec)

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.known = {}
        self._asked = set()

    def nearest(self, ra: float, dec: float, found: Callable[[int | None, float], None]) -> None:
        """Look for the listed spectrum nearest to a position; those not read yet are read first, in the background.

        Parameters
        ----------
        found : called with its entry number, None when no spectrum has a position, and its distance [arcsec].
        """
        entries = self._session.entries
        unread = [n for n in range(len(entries)) if n not in self._asked][:MOST_READ]
        places = [(n, entries.place(n)) for n in unread]
        if not places:
            found(*self._nearest(ra, dec))
            return

        def work(report: Report) -> None:
            from mtop_gui import io  # astropy: imported here, so that the window is up before it

            tell: Any = report
            for number, place in places:
                try:
                    spectrum = io.read_one(place.path, place.row)
                    tell((number, spectrum.ra, spectrum.dec))
                except (MtopError, OSError):
                    tell((number, None, None))

        def take(positions: list[tuple[int, float | None, float | None]]) -> None:
            for number, ra_of, dec_of in positions:
                self._asked.add(number)
                if ra_of is not None and dec_of is not None:
                    self.known[number] = (ra_of, dec_of)

        if self._task is not None:
            self._task.cancel()
        self._task = self._lanes.submit(
            Lane.FILES,
            work,
            "reading where the spectra are on the sky",
            events=take,
            done=lambda _: found(*self._nearest(ra, dec)),
        )

    def _nearest(self, ra: float, dec: float) -> tuple[int | None, float]:
        if not self.known:
            return None, float("nan")
        numbers = np.array(list(self.known))
        places = np.array([self.known[number] for number in numbers.tolist()])
        distances = separations(ra, dec, places[:, 0], places[:, 1])
        best = int(np.argmin(distances))
        return int(numbers[best]), float(distances[best])
