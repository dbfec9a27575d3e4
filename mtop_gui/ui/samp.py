"""The link to a SAMP hub: what other programs say becomes signals, what is to be said goes out in the files lane."""

from __future__ import annotations

import importlib
import logging
import threading
import warnings
from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault

from PySide6.QtCore import QObject, Signal

from mtop_gui import __version__
from mtop_gui.core.errors import MtopError
from mtop_gui.ui.samp_files import refusal
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.ui.tasks import Failure, Lanes

log = logging.getLogger(__name__)

HEARD = ("table.load.votable", "table.highlight.row", "spectrum.load.ssa-generic", "coord.pointAt.sky")
"""Messages that are understood."""
HERE = "127.0.0.1"
GOODBYE = 1.0
"""Seconds the hub gets to hear that the program leaves."""


def samp_module() -> Any:
    """Import SAMP: astropy's as long as it has one (deprecated since 8.0), then the one that moved to pyvo.

    Raises
    ------
    MtopError : neither is installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("astropy.samp", "pyvo.samp"):
            try:
                module = importlib.import_module(name)
            except ImportError:
                continue
            if hasattr(module, "SAMPIntegratedClient"):
                return module
    raise MtopError("SAMP is not installed: python -m pip install pyvo, then try again.")


class SampLink(QObject):
    """One client on the hub. astropy answers the hub in threads of its own; from there only signals come out.

    Signals
    -------
    received(mtype, params, sender) : a message of HEARD, and the name of the program that sent it.
    turned(connected, sentence) : the link is up or down, and what to tell the person.
    """

    received = Signal(str, dict, str)
    turned = Signal(bool, str)

    def __init__(self, lanes: Lanes, parent: QObject) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._client: Any = None
        self._wanted = False

    @property
    def connected(self) -> bool:
        """Whether the hub knows this program."""
        return self._client is not None

    def connect_hub(self) -> None:
        """Register with the hub that runs."""
        if self._wanted:
            return
        self._wanted = True
        self._lanes.submit(
            Lane.FILES,
            lambda report: self._open(),
            "connecting to the SAMP hub",
            done=self._opened,
            failed=self._failed,
        )

    def disconnect_hub(self) -> None:
        """Leave the hub."""
        self._wanted = False
        client, self._client = self._client, None
        if client is not None:
            self._lanes.submit(Lane.FILES, lambda report: _leave(client), "leaving the SAMP hub", urgent=True)
            self.turned.emit(False, "Other programs are not told any more.")

    def close(self) -> None:
        """Leave the hub because the program ends: it gets a moment to hear it."""
        self._wanted = False
        client, self._client = self._client, None
        if client is None:
            return
        gone = threading.Event()

        def work(report: Callable[[Any], None]) -> None:
            _leave(client)
            gone.set()

        self._lanes.submit(Lane.FILES, work, "leaving the SAMP hub", urgent=True)
        gone.wait(GOODBYE)

    def say(self, mtype: str, done: Callable[[int], None] | None = None, **params: str) -> None:
        """Tell all programs that understand a message; `done` gets how many there are."""
        client = self._client
        if client is None:
            return

        def work(report: Callable[[Any], None]) -> int:
            try:
                return len(client.enotify_all(mtype, **params))
            except Fault as fault:  # the hub is there, and says that nobody takes such messages
                log.info("SAMP: %s", fault)
                return 0

        self._lanes.submit(Lane.FILES, work, "telling other programs", done=done, failed=self._lost)

    def _open(self) -> Any:
        samp = samp_module()
        client = samp.SAMPIntegratedClient(
            name="mtop-gui",
            description="The bench at which astronomers vet galaxy redshifts",
            metadata={"mtop-gui.version": __version__},
            addr=HERE,
        )
        try:
            # astropy would ask the internet for this computer's name, and listen there for all the world.
            with samp.conf.set_temp("use_internet", False):
                client.connect()
        except (samp.SAMPHubError, OSError) as error:
            raise MtopError(
                "No other program is there to talk to: start TOPCAT, or another SAMP hub, then try again."
            ) from error
        # astropy tells whoever asks the value of any environment variable.
        client.unbind_receive_call("client.env.get")
        for mtype in HEARD:
            client.bind_receive_message(mtype, self._hear)
        client.bind_receive_notification("samp.hub.event.shutdown", self._hub_left)
        return client

    def _opened(self, client: Any) -> None:
        if not self._wanted:
            self._lanes.submit(Lane.FILES, lambda report: _leave(client), "leaving the SAMP hub")
            return
        self._client = client
        self.turned.emit(True, "Connected to the SAMP hub: other programs can be told, and can tell.")

    def _failed(self, failure: Failure) -> None:
        self._wanted = False
        log.info("SAMP: %s", failure.traceback)
        self.turned.emit(False, failure.message)

    def _lost(self, failure: Failure) -> None:
        log.info("SAMP: %s", failure.traceback)
        self._wanted, self._client = False, None
        self.turned.emit(False, "The SAMP hub does not answer any more.")

    # -- in threads of astropy ----------------------------------------------------------------------------------

    def _hear(
        self, private_key: str, sender: str, message_id: str | None, mtype: str, params: Any, extra: Any
    ) -> None:
        client = self._client
        said = {str(key): value for key, value in params.items()} if isinstance(params, dict) else {}
        reason = refusal(str(said["url"])) if "url" in said and "load" in mtype else ""
        if client is not None:
            self.received.emit(mtype, said, _name_of(client, sender))
            if message_id is not None:
                _reply(client, message_id, reason)

    def _hub_left(self, private_key: str, sender: str, mtype: str, params: Any, extra: Any) -> None:
        self._wanted, self._client = False, None
        self.turned.emit(False, "The SAMP hub has ended.")


def _name_of(client: Any, sender: str) -> str:
    try:
        return str(client.get_metadata(sender).get("samp.name", sender))
    except Exception:  # a peer that is gone, or a hub that is: the message counts all the same
        return sender


def _reply(client: Any, message_id: str, reason: str) -> None:
    try:
        if reason:
            client.ereply(message_id, "samp.error", error={"samp.errortxt": reason})
        else:
            client.ereply(message_id, "samp.ok", result={})
    except Exception as error:  # nobody waits any more
        log.info("SAMP: no answer could be given: %s", error)


def _leave(client: Any) -> None:
    try:
        client.disconnect()
    except Exception as error:  # the hub is gone already
        log.info("SAMP: left without a word: %s", error)
