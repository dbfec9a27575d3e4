"""The network as the window holds it: made on first use, in the inference lane, and asked only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mtop_gui.core.prediction import Predicts

PredictorFactory: TypeAlias = Callable[[str], "Predicts"]
"""Name or folder of a bundle -> Predictor; imports TensorFlow, so it takes seconds."""


class NetworkLane:
    """Holds the chosen bundle's Predictor; a failure to load is remembered, not repeated at every selection."""

    def __init__(self, factory: PredictorFactory, bundle: str, mc_passes: int) -> None:
        self.bundle = bundle
        self.mc_passes = mc_passes
        self._factory = factory
        self._predictor: Predicts | None = None
        self._loaded = ""
        self._error: Exception | None = None

    def choose_passes(self, mc_passes: int) -> None:
        """Take this many MC-dropout passes from the next prediction on."""
        self.mc_passes = mc_passes

    def choose(self, bundle: str) -> None:
        """Take another bundle from the next prediction on."""
        self.bundle = bundle
        self._error = None

    @property
    def bundle_name(self) -> str:
        """Name and version of the chosen bundle as caches and catalogues hold it; "" before it is loaded."""
        predictor = self.loaded
        return predictor.bundle_name if predictor is not None else ""

    @property
    def loaded(self) -> Predicts | None:
        """The Predictor, None while it is not loaded yet."""
        return self._predictor if self._loaded == self.bundle else None

    def predictor(self) -> Predicts:
        """Give the Predictor, loading it on the first call; only ever called in the inference lane.

        Raises
        ------
        BundleError : the bundle cannot be loaded.
        """
        bundle = self.bundle
        if self._predictor is not None and self._loaded == bundle:
            return self._predictor
        if self._error is not None:
            raise self._error
        try:
            self._predictor = self._factory(bundle)
        except Exception as error:
            self._error = error
            raise
        self._loaded = bundle
        return self._predictor
