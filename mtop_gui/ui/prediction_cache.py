"""The window's side of the cached Predictions: what was once predicted is read, not predicted again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mtop_gui.core.errors import StoreError
from mtop_gui.ui.gist import gist_of

if TYPE_CHECKING:
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.ui.network_lane import NetworkLane

log = logging.getLogger(__name__)


class PredictionCache:
    """Loads and saves single Predictions in the store. A cache that fails costs time, never an answer."""

    def __init__(self, store: ReviewStore, network: NetworkLane) -> None:
        self.store = store
        self._network = network

    def load(self, spectrum: Spectrum) -> Prediction | None:
        """Give the cached Prediction of a Spectrum by the chosen bundle and passes; also hashes the Spectrum."""
        content = spectrum.content_hash
        name = self._network.bundle_name
        if not name:
            return None
        try:
            prediction = self.store.load_prediction(content, name, self._network.mc_passes)
        except StoreError as error:
            log.warning("cached prediction not read: %s", error)
            return None
        if prediction is not None:
            gist_of(prediction)  # worked out here, not in the window's thread
        return prediction

    def save(self, spectrum: Spectrum, prediction: Prediction, mc_passes: int) -> None:
        """Keep a Prediction that took this many passes for the next time."""
        try:
            self.store.save_prediction(spectrum.content_hash, prediction.bundle, mc_passes, prediction)
        except StoreError as error:
            log.warning("prediction not cached: %s", error)
