"""Newcomers: spectra that have just been listed are predicted by themselves, without a run over all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from mtop_gui.core.errors import MtopError
from mtop_gui.ui.gist import gist_of
from mtop_gui.ui.tasks import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtop_gui.core.events import Report
    from mtop_gui.ui.loader import Loader
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.prediction_cache import PredictionCache
    from mtop_gui.ui.session import Session
    from mtop_gui.ui.tasks import Lanes


class Newcomers(QObject):
    """Predicts a few entries in the inference lane and notes what the network says as it comes."""

    def __init__(
        self, session: Session, lanes: Lanes, network: NetworkLane, cache: PredictionCache, loader: Loader
    ) -> None:
        super().__init__(session)
        self._session, self._lanes, self._network = session, lanes, network
        self._cache, self._loader = cache, loader

    def predict(self, numbers: Sequence[int], done: Callable[[], None]) -> None:
        """Predict these entries; `done` is called when all are, unless another folder was opened meanwhile."""
        session, network, cache = self._session, self._network, self._cache
        entries, passes = session.entries, network.mc_passes
        places = [(number, entries.place(number)) for number in numbers if number not in entries.errors]

        def work(report: Report) -> None:
            from mtop_gui import io  # astropy: imported here, so that the window is up before it

            tell: Any = report
            predictor = network.predictor()
            for number, place in places:
                try:
                    spectrum = io.read_one(place.path, place.row)
                    (prediction,) = predictor.predict([spectrum], mc_passes=passes)
                except MtopError as error:
                    tell((number, None, str(error)))
                    continue
                gist_of(prediction)  # worked out here, not in the window's thread
                cache.save(spectrum, prediction, passes)
                tell((number, spectrum, prediction))

        def take(events: list[tuple[int, Any, Any]]) -> None:
            if session.entries is entries:
                for event in events:
                    self._note(*event)

        def over(_: object) -> None:
            if session.entries is entries:
                done()

        self._lanes.submit(Lane.INFERENCE, work, "predicting what arrived", events=take, done=over)

    def _note(self, number: int, spectrum: Any, said: Any) -> None:
        session = self._session
        if spectrum is None:
            session.take_failure(number, said)
            return
        session.entries.note_read(number, spectrum.name, spectrum.content_hash, spectrum.median_snr)
        self._loader.keep_prediction(number, said)
        session.take_prediction(number, said)
