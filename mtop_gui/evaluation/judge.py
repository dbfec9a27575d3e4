"""Put network, classical χ² and the limit before the same spectra."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mtop_gui.core.confidence import DEFAULT_ENTROPY_THRESHOLD, flag
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.core.line_fit import fit_lines
from mtop_gui.evaluation.pdfs import crps, pit
from mtop_gui.evaluation.sample import observe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.prediction import Prediction, Predicts
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.evaluation.chi2 import Chi2Fit, Chi2Scan
    from mtop_gui.evaluation.limit import LimitFit, TrueTemplate
    from mtop_gui.evaluation.sample import Chunk, Sample
    from mtop_gui.simulation.survey import Survey

LEAST_DELTA_CHI2 = 9.0
"""Below this lead over the second peak a classical redshift counts as flagged (redrock's ZWARN)."""

NETWORK_COLUMNS = (
    "redshift", "error", "fitted", "fitted_error", "entropy", "skewness", "peak_probability", "ood", "pit", "crps",
    "logmass", "logmass_err", "logmass_in68", "logmass_in95", "logsfr", "logsfr_err", "logsfr_in68", "logsfr_in95",
    "flagged", "rejected",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Answers:
    """What one method said of all spectra of a Sample.

    Attributes
    ----------
    name : key in the report: the bundle's architecture, "chi2" or "limit".
    columns : (n,) arrays by name; every method has redshift, error (NaN where it has none) and flagged (0 or 1).
    seconds : it took for all of them, the making of the spectra left out.
    title : for a person.
    embedding : (n, n_embedding) of a network, empty where there is none.
    """

    name: str
    columns: Mapping[str, FloatArray]
    seconds: float
    title: str = ""
    embedding: FloatArray = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def redshift(self) -> FloatArray:
        """(n,) best redshift; NaN where the method gave none."""
        return self.columns["redshift"]

    @property
    def flagged(self) -> BoolArray:
        """(n,) whether a person should look."""
        return np.asarray(self.columns["flagged"] > 0)

    @property
    def rate(self) -> float:
        """Spectra per second."""
        return self.redshift.size / self.seconds if self.seconds > 0 else float("nan")


class Method(Protocol):
    """Something that finds redshifts."""

    name: str
    title: str

    def look(self, chunk: Chunk) -> Mapping[str, FloatArray]:
        """Give columns of the chunk's length."""


class NetworkMethod:
    """A bundle's network, and the line fit at its best redshift.

    Parameters
    ----------
    predictor : of the bundle.
    name, title : as in Answers.
    truth : labels of the whole sample by name (logmass, logsfr), to judge intervals with.
    mc_passes, entropy_threshold : of the Predictions and their Flags.
    fit_every : lines are fitted to every so many-th spectrum, if it is not flagged; 0 for none.
    """

    def __init__(
        self,
        predictor: Predicts,
        name: str,
        title: str,
        truth: Mapping[str, FloatArray],
        *,
        mc_passes: int = 1,
        entropy_threshold: float = DEFAULT_ENTROPY_THRESHOLD,
        fit_every: int = 1,
    ) -> None:
        self.name, self.title = name, title
        self._predictor = predictor
        self._truth = truth
        self._passes, self._threshold, self._fit_every = mc_passes, entropy_threshold, fit_every
        self.fit_seconds = 0.0
        self.fits = 0

    def look(self, chunk: Chunk) -> Mapping[str, FloatArray]:
        """Predict, and describe each Prediction by NETWORK_COLUMNS."""
        predictions = self._predictor.predict(chunk.spectra, mc_passes=self._passes)
        began = time.perf_counter()
        rows = []
        for number, (spectrum, prediction) in enumerate(zip(chunk.spectra, predictions, strict=True)):
            place = chunk.place.start + number
            truth = {name: float(values[place]) for name, values in self._truth.items()}
            row = self._row(prediction, float(chunk.redshift[number]), truth)
            if self._fit_every and place % self._fit_every == 0 and not row["flagged"]:
                row["fitted"], row["fitted_error"] = _refined(spectrum, prediction)
                self.fits += 1
            rows.append(row)
        self.fit_seconds += time.perf_counter() - began
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in NETWORK_COLUMNS}

    def _row(self, prediction: Prediction, redshift: float, truth: Mapping[str, float]) -> dict[str, float]:
        confidence = prediction.confidence
        grid, pdf = prediction.redshift_grid, prediction.redshift_pdf
        best = prediction.best
        row = {
            "redshift": prediction.redshift,
            "error": prediction.redshift_err,
            "entropy": confidence.entropy,
            "skewness": confidence.skewness,
            "peak_probability": np.nan if best is None else best.probability,
            "ood": prediction.ood,
            "flagged": float(flag(prediction, self._threshold).flagged),
            "rejected": float(bool(prediction.rejection)),
            "pit": np.nan if best is None else float(pit(grid, pdf[None], np.array([redshift]))[0]),
            "crps": np.nan if best is None else crps(grid, pdf, redshift),
        }
        for name in ("logmass", "logsfr"):
            row[name], row[f"{name}_err"] = getattr(prediction, name), getattr(prediction, f"{name}_err")
            for level in (68, 95):
                row[f"{name}_in{level}"] = _inside(prediction, name, level, truth.get(name, np.nan))
        return row


class Chi2Method:
    """The classical χ² scan."""

    name, title = "chi2", "χ² (principal components, archetypes)"

    def __init__(self, scan: Chi2Scan, jobs: int = 1) -> None:
        self._scan = scan
        self._jobs = jobs

    def look(self, chunk: Chunk) -> Mapping[str, FloatArray]:
        """Scan each spectrum."""

        def fit(flux: FloatArray, sigma: FloatArray) -> Chi2Fit:
            return self._scan.fit(self._scan.gridder.weigh(flux, sigma))

        with ThreadPoolExecutor(self._jobs) as pool:
            fits = list(pool.map(fit, chunk.flux, chunk.sigma))
        lead = np.array([fit.delta_chi2 for fit in fits])
        return {
            "redshift": np.array([fit.redshift for fit in fits]),
            "error": np.array([fit.error for fit in fits]),
            "delta_chi2": lead,
            "flagged": (~(lead >= LEAST_DELTA_CHI2)).astype(np.float64),
        }


class LimitMethod:
    """The true-template limit; it may look up the truth in the survey."""

    name, title = "limit", "limit (true template known)"

    def __init__(self, limit: TrueTemplate, survey: Survey, jobs: int = 1) -> None:
        self._limit = limit
        self._jobs = jobs
        self._survey = survey

    def look(self, chunk: Chunk) -> Mapping[str, FloatArray]:
        """Find the shift of each galaxy's own template."""
        gridder = self._limit.gridder

        def fit(true: FloatArray, redshift: float, flux: FloatArray, sigma: FloatArray) -> LimitFit:
            return self._limit.fit(gridder.template(true), float(redshift), gridder.weigh(flux, sigma))

        true = self._survey.flux(chunk.galaxies)
        with ThreadPoolExecutor(self._jobs) as pool:
            fits = list(pool.map(fit, true, chunk.redshift, chunk.flux, chunk.sigma))
        nothing = np.full(len(fits), np.nan)
        return {
            "redshift": np.array([fit.redshift for fit in fits]),
            "error": nothing,
            "gain": np.array([fit.gain for fit in fits]),
            "entropy": np.array([fit.entropy for fit in fits]),
            "flagged": np.zeros(len(fits)),
        }


def judge(
    sample: Sample,
    survey: Survey,
    instrument: Instrument,
    methods: Sequence[Method],
    *,
    report: Report = ignore,
) -> list[Answers]:
    """Show every spectrum of a Sample to every method.

    Parameters
    ----------
    methods : of different names.
    report : receives Advanced(spectra done, spectra); may raise Cancelled.

    Returns
    -------
    One Answers per method, in their order.

    Raises
    ------
    SimulationError : survey and Instrument do not belong together.
    """
    kept: list[list[Mapping[str, FloatArray]]] = [[] for _ in methods]
    seconds = [0.0] * len(methods)
    for chunk in observe(sample, survey, instrument):
        report(Advanced(chunk.place.start, len(sample), "judging"))
        # Made before the clock starts: in use they come from files, and all methods share them.
        assert chunk.spectra
        for number, method in enumerate(methods):
            began = time.perf_counter()
            kept[number].append(method.look(chunk))
            seconds[number] += time.perf_counter() - began
    report(Advanced(len(sample), len(sample), "judging"))
    return [
        Answers(
            name=method.name,
            columns={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
            seconds=took - getattr(method, "fit_seconds", 0.0),
            title=method.title,
        )
        for method, parts, took in zip(methods, kept, seconds, strict=True)
    ]


def _refined(spectrum: Spectrum, prediction: Prediction) -> tuple[float, float]:
    """Fit the lines near the best redshift; the Prediction's own numbers where that finds nothing."""
    fitted = fit_lines(spectrum, prediction.redshift)
    if fitted is None:
        return prediction.redshift, prediction.redshift_err
    return fitted.redshift, fitted.error


def _inside(prediction: Prediction, name: str, level: int, truth: float) -> float:
    """Tell (1 or 0) whether the interval of `level` % holds the truth; from the Prediction's own quantiles where it has them."""
    own = getattr(prediction, f"{name}_interval{level}", None)
    if own is not None:
        low, high = (float(end) for end in own)
    else:
        reach = {68: 0.99446, 95: 1.95996}[level] * getattr(prediction, f"{name}_err")
        low, high = getattr(prediction, name) - reach, getattr(prediction, name) + reach
    if not all(np.isfinite(value) for value in (low, high, truth)):
        return float("nan")
    return float(low <= truth <= high)
