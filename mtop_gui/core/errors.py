"""Errors a person can act on: each message is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class MtopError(Exception):
    """Base of every error that is shown to the user as one sentence, without a traceback."""


class UnreadableSpectrumError(MtopError):
    """A file holds no spectrum that any reader understands, or is damaged."""


class NotASpectrumError(UnreadableSpectrumError):
    """A file is a valid file of another kind (a redshift catalogue, an image)."""


class BundleError(MtopError):
    """A ModelBundle is missing, damaged, tampered with, or of another version."""


class InstrumentError(MtopError):
    """An Instrument's tables are missing or do not fit together."""


class StoreError(MtopError):
    """Predictions or Decisions cannot be read or written."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or written for now: the server, the disk or a lock is in the way.

    Parameters
    ----------
    readable : whether it can still be read.
    """

    def __init__(self, message: str, *, readable: bool = False) -> None:
        super().__init__(message)
        self.readable = readable


class SimulationError(MtopError):
    """A mock survey cannot be made (templates missing, disk full, …)."""


class TrainingError(MtopError):
    """A network cannot be trained from what was given."""


class ExportError(MtopError):
    """A catalogue cannot be written where, or in the format, the user asked for."""
