"""Neighbours: what is exchanged with other programs on the SAMP hub, and with the clipboard."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from mtop_gui.core.errors import MtopError
from mtop_gui.ui import samp_files
from mtop_gui.ui.entries import NO_QUALITY
from mtop_gui.ui.samp import SampLink
from mtop_gui.ui.sky import Positions
from mtop_gui.ui.snippet import snippet
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.ui.actions import Actions
    from mtop_gui.ui.arriving import Arriving
    from mtop_gui.ui.loader import Loader
    from mtop_gui.ui.main_window import MainWindow
    from mtop_gui.ui.preferences import Preferences
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Failure, Lanes

TELL_AFTER = 120
"""Milliseconds a selection must last before others are told of it: nobody wants to follow a held key."""
NEAR = 60.0
"""Arcseconds within which a position that another program points at is taken for a listed spectrum."""
NUMBERS = ("z", "z_err", "entropy", "skewness", "peak_probability", "z_second", "second_probability", "snr")


class Neighbours(QObject):
    """Sends table, spectrum, selected row and position; takes the same from others."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        loader: Loader,
        lanes: Lanes,
        arriving: Arriving,
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._lanes = window, session, lanes
        self._arriving, self._preferences = arriving, preferences
        self.link = SampLink(lanes, self)
        self.link.turned.connect(self._turned)
        self.link.received.connect(self._hear)
        self.positions = Positions(session, loader, lanes)
        self._tables: dict[str, list[int | None]] = {}
        self._told = -1
        self._files: tempfile.TemporaryDirectory[str] | None = None
        self._actions: Actions | None = None
        self._tell_soon = QTimer(self)
        self._tell_soon.setSingleShot(True)
        self._tell_soon.setInterval(TELL_AFTER)
        self._tell_soon.timeout.connect(self._tell_selection)
        session.selection_changed.connect(lambda _: self._tell_soon.start())
        session.entries_reset.connect(self._tables.clear)
        preferences.changed.connect(lambda settings: self.turn(settings.samp))

    def handlers(self) -> dict[str, Callable[..., object]]:
        """Give the handlers by action id."""
        return {
            "samp": self.turn,
            "samp_table": self.send_table,
            "samp_spectrum": self.send_spectrum,
            "copy_snippet": self.copy_snippet,
        }

    def attach(self, actions: Actions) -> None:
        """Take the QActions, and connect if the person did so last time."""
        self._actions = actions
        if self._preferences.kept.samp:
            self.link.connect_hub()

    def turn(self, on: bool) -> None:
        """Connect to the hub, or leave it."""
        self._preferences.kept = replace(self._preferences.kept, samp=on)
        if on and not self.link.connected:
            self.link.connect_hub()
        elif not on:
            self.link.disconnect_hub()

    def close(self) -> None:
        """Leave the hub and remove the files made for others."""
        self._tell_soon.stop()
        self.link.close()
        if self._files is not None:
            self._files.cleanup()
            self._files = None

    @property
    def folder(self) -> Path:
        """A folder of this run for files that are handed over."""
        if self._files is None:
            self._files = tempfile.TemporaryDirectory(prefix="mtop-gui-", ignore_cleanup_errors=True)
        return Path(self._files.name)

    def _turned(self, connected: bool, sentence: str) -> None:
        if self._actions is not None:
            self._actions["samp"].setChecked(connected)
        self._window.status.say(sentence, bad=not connected and "No other" in sentence)
        if connected:
            self._tell_soon.start()

    # -- what is sent -----------------------------------------------------------------------------------------

    def send_table(self) -> None:
        """Send the table of all listed spectra."""
        if not self._may_send():
            return
        entries, threshold = self._session.entries, self._session.threshold
        known = self.positions.known
        numbers = range(len(entries))
        columns: dict[str, list[Any]] = {
            "file": [str(path) for path in entries.paths],
            "row": list(entries.rows),
            "name": list(entries.names),
            "ra": [known.get(n, (None, None))[0] for n in numbers],
            "dec": [known.get(n, (None, None))[1] for n in numbers],
        }
        columns |= {name: _masked(getattr(entries, name)) for name in NUMBERS}
        columns["flagged"] = entries.flagged(threshold).tolist()
        columns["quality"] = [None if q == NO_QUALITY else q for q in entries.quality.tolist()]
        columns["reviewed_z"] = _masked(entries.reviewed_z)
        columns["starred"] = entries.starred.tolist()
        types = dict.fromkeys(columns, float) | {"file": str, "name": str, "row": int, "quality": int}
        types |= {"flagged": bool, "starred": bool}
        name, folder = f"mtop-gui-{uuid.uuid4().hex[:12]}", self.folder
        title = self._window.windowTitle()

        def done(path: Path) -> None:
            self._tables[name] = list(numbers)
            params = {"url": path.as_uri(), "table-id": name, "name": title}
            self.link.say("table.load.votable", lambda told: self._sent("Table", told), **params)

        self._lanes.submit(
            Lane.FILES,
            lambda report: samp_files.write_votable(columns, types, folder, name),
            "writing the table for other programs",
            done=done,
        )

    def send_spectrum(self) -> None:
        """Send the spectrum shown: its file, or where the file holds more a file of its own."""
        spectrum, session = self._session.spectrum, self._session
        if spectrum is None or not self._may_send():
            return
        alone, folder = session.entries.siblings[session.selected] == 1, self.folder

        def done(path: Path) -> None:
            params: dict[str, Any] = {
                "url": path.as_uri(),
                "meta": {"Access.Format": "application/fits", "Target.Name": spectrum.name},
                "spectrum-id": spectrum.content_hash,
                "name": spectrum.name,
            }
            self.link.say("spectrum.load.ssa-generic", lambda told: self._sent("Spectrum", told), **params)

        self._lanes.submit(
            Lane.FILES,
            lambda report: spectrum.path if alone else samp_files.write_spectrum(spectrum, folder),
            "writing the spectrum for other programs",
            done=done,
        )

    def _may_send(self) -> bool:
        if not self.link.connected:
            self._window.status.say("No other programs are connected: choose “Talk to other programs” first.")
        return self.link.connected

    def _sent(self, what: str, told: int) -> None:
        programs = "1 program" if told == 1 else f"{told} programs"
        self._window.status.say(
            f"{what} sent to {programs}." if told else f"No program takes a {what.lower()}."
        )

    def _tell_selection(self) -> None:
        number = self._session.selected
        if number < 0 or not self.link.connected or number == self._told:
            return
        self._told = number
        for name, numbers in self._tables.items():
            if number in numbers:
                row = {"table-id": name, "row": str(numbers.index(number))}
                self.link.say("table.highlight.row", None, **row)
        if (place := self.positions.known.get(number)) is not None:
            self.link.say("coord.pointAt.sky", ra=repr(place[0]), dec=repr(place[1]))

    # -- what is heard ----------------------------------------------------------------------------------------

    def _hear(self, mtype: str, params: dict[str, Any], sender: str) -> None:
        if mtype == "table.highlight.row":
            self._take_row(params, sender)
        elif mtype == "coord.pointAt.sky":
            self._take_position(params, sender)
        elif mtype == "spectrum.load.ssa-generic":
            self._fetch(params, sender, self._take_spectrum)
        elif mtype == "table.load.votable":
            self._fetch(params, sender, self._take_table)

    def _select(self, number: int, sentence: str) -> None:
        self._told = number  # whoever told it knows
        self._session.select(number)
        self._window.status.say(sentence)

    def _take_row(self, params: dict[str, Any], sender: str) -> None:
        numbers = self._tables.get(str(params.get("table-id", "")), [])
        row = str(params.get("row", ""))
        number = numbers[int(row)] if row.isdecimal() and int(row) < len(numbers) else None
        if number is not None and number < len(self._session.entries):
            self._select(number, f"{sender} chose {self._session.entries.names[number]}.")

    def _take_position(self, params: dict[str, Any], sender: str) -> None:
        try:
            ra, dec = float(params["ra"]), float(params["dec"])
        except (KeyError, TypeError, ValueError):
            return

        def found(number: int | None, distance: float) -> None:
            if number is None or not np.isfinite(distance):
                self._window.status.say(
                    f"{sender} points at {ra:.5f} {dec:+.5f}; no listed spectrum has a position."
                )
            elif distance > NEAR:
                self._window.status.say(
                    f"{sender} points at {ra:.5f} {dec:+.5f}; the nearest spectrum is {distance / 60:.1f}′ away."
                )
            else:
                name = self._session.entries.names[number]
                self._select(number, f"{sender} points at {name} ({distance:.1f}″ away).")

        self.positions.nearest(ra, dec, found)

    def _fetch(
        self, params: dict[str, Any], sender: str, take: Callable[[Path, dict[str, Any], str], None]
    ) -> None:
        url, folder = str(params.get("url", "")), self.folder

        def failed(failure: Failure) -> None:
            self._window.banner.show_message(f"{sender} sent something that is not opened: {failure.message}")

        self._lanes.submit(
            Lane.FILES,
            lambda report: samp_files.fetch(url, folder),
            "taking what another program sent",
            done=lambda path: take(path, params, sender),
            failed=failed,
        )

    def _take_spectrum(self, path: Path, params: dict[str, Any], sender: str) -> None:
        def done(numbers: list[int]) -> None:
            if numbers:
                self._select(numbers[0], f"{sender} sent {self._session.entries.names[numbers[0]]}.")
            else:
                self._window.banner.show_message(f"{sender} sent {path.name}, in which there is no spectrum.")

        self._arriving.add([path], done)

    def _take_table(self, path: Path, params: dict[str, Any], sender: str) -> None:
        name = str(params.get("table-id") or params.get("url", ""))

        def failed(failure: Failure) -> None:
            self._window.banner.show_message(f"{sender} sent a table that cannot be used: {failure.message}")

        def read(rows: list[tuple[str, int, str]]) -> None:
            files = list(dict.fromkeys(Path(file) for file, _, _ in rows if Path(file).is_absolute()))
            self._arriving.add(files, lambda _: self._match(name, rows, sender))

        def work(report: Callable[[Any], None]) -> list[tuple[str, int, str]]:
            rows = samp_files.read_votable(path)
            if not rows:
                raise MtopError("it has no rows.")
            return [(file if Path(file).is_file() else "", row, title) for file, row, title in rows]

        self._lanes.submit(Lane.FILES, work, "reading a table", done=read, failed=failed)

    def _match(self, table: str, rows: list[tuple[str, int, str]], sender: str) -> None:
        entries = self._session.entries
        by_name = {name: number for number, name in reversed(list(enumerate(entries.names)))}
        numbers = [entries.find(Path(file), row) if file else by_name.get(name) for file, row, name in rows]
        self._tables[table] = numbers
        found = sum(number is not None for number in numbers)
        self._window.status.say(
            f"{sender} sent a table: {found:,} of its {len(rows):,} rows are listed here."
        )

    # -- clipboard --------------------------------------------------------------------------------------------

    def copy_snippet(self) -> None:
        """Put Python lines that read and draw the spectrum on the clipboard."""
        session = self._session
        if session.spectrum is None:
            self._window.status.say("No spectrum is shown, so there is nothing to copy.")
            return
        text = snippet(session.spectrum, session.prediction, session.candidate, session.decision)
        QGuiApplication.clipboard().setText(text)
        self._window.status.say(f"Python lines for {session.spectrum.name} are on the clipboard.")


def _masked(values: Any) -> list[float | None]:
    return [value if value == value else None for value in values.tolist()]
