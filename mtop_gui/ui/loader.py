"""Fetch what a selected spectrum needs: the Spectrum, its Prediction, its saliency; and its neighbours' ahead."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from mtop_gui.core.line_data import line_data
from mtop_gui.ui.gist import gist_of
from mtop_gui.ui.tasks import Failure, Lane, Lanes, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtop_gui.core.events import Report
    from mtop_gui.core.prediction import Prediction
    from mtop_gui.core.spectrum import Spectrum, SpectrumId
    from mtop_gui.ui.network_lane import NetworkLane
    from mtop_gui.ui.prediction_cache import PredictionCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LATEST_MS = 250
"""Neighbours are fetched once what is selected is drawn, but after so long in any case."""


class Recent(Generic[K, V]):
    """The last `most` values, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Give a value and make it the newest; None when it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, and forget the oldest when there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()


class Loader(QObject):
    """Reads in the files lane, predicts in the inference lane, keeps the recent, drops the stale.

    Every `want` begins a new generation. An answer counts only if its entry is wanted in the present generation.
    """

    spectrum_read = Signal(int, object)
    predicted = Signal(int, object)
    salient = Signal(int, float, object)
    unreadable = Signal(int, str)
    unpredicted = Signal(int, object)

    def __init__(self, lanes: Lanes, network: NetworkLane, cache: PredictionCache, parent: QObject) -> None:
        super().__init__(parent)
        self._lanes, self._network, self._cache = lanes, network, cache
        self.ahead: Callable[..., None] = lambda spectrum, redshift=None: None
        """Called in a worker thread with a Spectrum that was read, and with a neighbour's redshift: works out what is drawn."""
        self.generation = 0
        self._wanted: dict[int, SpectrumId] = {}
        self._tasks: dict[tuple[str, int], Task] = {}
        self._saliency_task: Task | None = None
        self._following: tuple[Task | None, float] = (None, 0.0)
        """The task that predicts what is selected, and the redshift at which it goes on to compute the saliency."""
        self._spectra: Recent[int, Spectrum] = Recent(48)
        self._predictions: Recent[int, Prediction] = Recent(192)
        self._saliencies: Recent[tuple[int, float], Any] = Recent(64)
        self._latest = QTimer(self)
        self._latest.setSingleShot(True)
        self._latest.setInterval(LATEST_MS)
        self._latest.timeout.connect(self.go_ahead)

    def spectrum(self, number: int) -> Spectrum | None:
        """Give a Spectrum if it is at hand."""
        return self._spectra.get(number)

    def prediction(self, number: int) -> Prediction | None:
        """Give a Prediction if it is at hand."""
        return self._predictions.get(number)

    def saliency(self, number: int, redshift: float) -> Any | None:
        """Give the saliency at a redshift if it is at hand."""
        return self._saliencies.get((number, round(redshift, 5)))

    def keep_prediction(self, number: int, prediction: Prediction) -> None:
        """Keep a Prediction that a batch made."""
        self._predictions.put(number, prediction)

    def forget_predictions(self) -> None:
        """Drop all Predictions, also those on their way (another bundle was chosen)."""
        self._cancel_all()
        self._predictions.clear()
        self._saliencies.clear()

    def forget(self) -> None:
        """Drop everything (another folder was opened)."""
        self.forget_predictions()
        self._spectra.clear()

    def want(self, wanted: Sequence[tuple[int, SpectrumId]]) -> None:
        """Fetch these entries, the first one at once, its neighbours when nothing more is to be drawn (`go_ahead`).

        What only earlier calls wanted is cancelled.
        """
        self.generation += 1
        if self._selected != next((number for number, _ in wanted), None):
            self._lanes.hold()
            self._latest.start()
        self._wanted = dict(wanted)
        for key, task in list(self._tasks.items()):
            if key[1] not in self._wanted:
                task.cancel()
                del self._tasks[key]
        for position, (number, place) in enumerate(wanted):
            spectrum = self._spectra.get(number)
            if spectrum is None:
                self._read(number, place, urgent=position == 0)
            elif self._predictions.get(number) is None:
                self._predict(number, spectrum, urgent=position == 0)
            elif position > 0:
                self._salience_ahead(number)

    @property
    def _selected(self) -> int | None:
        """The entry that is wanted most."""
        return next(iter(self._wanted), None)

    def go_ahead(self) -> None:
        """Fetch the neighbours now: what is selected is complete and drawn."""
        self._latest.stop()
        self._lanes.let_go()

    def want_saliency(self, number: int, redshift: float) -> None:
        """Fetch the saliency at a redshift; an earlier one still on its way is dropped."""
        predicting = self._tasks.get(("predict", number))
        if predicting is not None and self._following == (predicting, redshift):
            return
        if self._saliency_task is not None:
            self._saliency_task.cancel()
        spectrum, prediction = self._spectra.get(number), self._predictions.get(number)
        ahead = self._tasks.get(("salience", number))
        if ahead is not None and prediction is not None and prediction.redshift == redshift:
            if ahead.started:
                return
            self._tasks.pop(("salience", number)).cancel()
        if spectrum is not None:
            self._saliency_task = self._salience(number, spectrum, redshift, urgent=True)

    def _salience_ahead(self, number: int) -> None:
        spectrum, prediction = self._spectra.get(number), self._predictions.get(number)
        if spectrum is None or prediction is None or prediction.best is None:
            return
        redshift = prediction.redshift
        if self.saliency(number, redshift) is None and ("salience", number) not in self._tasks:
            task = self._salience(number, spectrum, redshift, urgent=False)
            self._tasks["salience", number] = task

    def _salience(self, number: int, spectrum: Spectrum, redshift: float, *, urgent: bool) -> Task:
        def work(report: Report) -> Any:
            saliency = self._network.predictor().saliency(spectrum, redshift)
            if not urgent:
                self.ahead(spectrum, redshift)
            return saliency

        return self._lanes.submit(
            Lane.INFERENCE,
            work,
            "computing the saliency",
            done=lambda saliency: self._take_saliency(number, redshift, saliency),
            failed=lambda failure: self.unpredicted.emit(number, failure),
            urgent=urgent,
            patient=not urgent,
        )

    def _read(self, number: int, place: SpectrumId, *, urgent: bool) -> None:
        def work(report: Report) -> tuple[Spectrum, Prediction | None]:
            from mtop_gui import io  # astropy: imported here, so that the window is up before it

            spectrum = io.read_one(place.path, place.row)
            line_data(spectrum)  # remembered: the continuum is not worked out in the window's thread
            self.ahead(spectrum)
            return spectrum, self._cache.load(spectrum)  # hashes the arrays, in this thread

        def done(answer: tuple[Spectrum, Prediction | None]) -> None:
            spectrum, prediction = answer
            self._spectra.put(number, spectrum)
            self.spectrum_read.emit(number, spectrum)
            if prediction is not None:
                self._take_prediction(number, prediction)
            elif number in self._wanted:
                self._predict(number, spectrum, urgent=number == self._selected)

        def failed(failure: Failure) -> None:
            self.unreadable.emit(number, failure.message)

        self._start("read", number, Lane.FILES, work, done, failed, urgent)

    def _predict(self, number: int, spectrum: Spectrum, *, urgent: bool) -> None:
        if urgent:
            self._predict_selected(number, spectrum)
            return
        passes = self._network.mc_passes
        self._start(
            "predict",
            number,
            Lane.INFERENCE,
            lambda report: self._predicted(spectrum, passes),
            lambda prediction: self._keep(number, spectrum, prediction, passes),
            lambda failure: self.unpredicted.emit(number, failure),
            urgent=False,
        )

    def _predict_selected(self, number: int, spectrum: Spectrum) -> None:
        """Predict, and compute the saliency right after, without waiting for the window's thread in between."""
        passes = self._network.mc_passes

        def work(report: Callable[[Prediction], None]) -> tuple[float, Any] | None:
            prediction = self._predicted(spectrum, passes)
            report(prediction)
            if prediction.best is None:
                return None
            return prediction.redshift, self._network.predictor().saliency(spectrum, prediction.redshift)

        def take(predictions: list[Prediction]) -> None:
            for prediction in predictions:
                self._following = (self._tasks.get(("predict", number)), prediction.redshift)
                self._keep(number, spectrum, prediction, passes)

        def done(answer: tuple[float, Any] | None) -> None:
            if answer is not None:
                self._take_saliency(number, *answer)

        def failed(failure: Failure) -> None:
            self.unpredicted.emit(number, failure)

        self._start("predict", number, Lane.INFERENCE, work, done, failed, urgent=True, events=take)

    def _predicted(self, spectrum: Spectrum, passes: int) -> Prediction:
        """Ask the network; called in the inference lane."""
        (prediction,) = self._network.predictor().predict([spectrum], mc_passes=passes)
        gist_of(prediction)  # worked out here, not in the window's thread
        return prediction

    def _keep(self, number: int, spectrum: Spectrum, prediction: Prediction, passes: int) -> None:
        """Take a new Prediction, and save it when there is time."""
        self._lanes.submit(
            Lane.FILES,
            lambda report: self._cache.save(spectrum, prediction, passes),
            "keeping a prediction",
            patient=True,
        )
        self._take_prediction(number, prediction)

    def _take_prediction(self, number: int, prediction: Prediction) -> None:
        self._predictions.put(number, prediction)
        self.predicted.emit(number, prediction)
        if number in self._wanted and number != self._selected:
            self._salience_ahead(number)

    def _take_saliency(self, number: int, redshift: float, saliency: Any) -> None:
        self._saliencies.put((number, round(redshift, 5)), saliency)
        self._tasks.pop(("salience", number), None)
        self.salient.emit(number, redshift, saliency)

    def _start(
        self,
        kind: str,
        number: int,
        lane: Lane,
        work: Callable[[Any], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
        urgent: bool,
        events: Callable[[list[Any]], None] | None = None,
    ) -> None:
        earlier = self._tasks.get((kind, number))
        if earlier is not None:
            if earlier.started or not urgent:
                return
            earlier.cancel()  # what was fetched for a neighbour is the selection's now: let it jump the queue

        def over() -> None:
            if self._tasks.get((kind, number)) is task:
                del self._tasks[kind, number]

        task = self._lanes.submit(
            lane,
            work,
            "reading a spectrum" if kind == "read" else "predicting a spectrum",
            done=done,
            failed=failed,
            events=events,
            ended=over,
            urgent=urgent,
            patient=not urgent,
        )
        self._tasks[kind, number] = task

    def _cancel_all(self) -> None:
        self.generation += 1
        self._wanted = {}
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        if self._saliency_task is not None:
            self._saliency_task.cancel()
