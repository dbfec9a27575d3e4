"""Predictor: one call from Spectra to Predictions, the same for window, command line, batch and evaluation."""

from __future__ import annotations

import math
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import BundleError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.prediction import Prediction, rejected
from mtop_gui.network.architectures import find_architecture
from mtop_gui.network.bundle import ModelBundle, load_bundle
from mtop_gui.network.kinds import kind_warning
from mtop_gui.network.numbers import measured
from mtop_gui.network.ood import flux_statistics, ood_scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtop_gui.core.arrays import FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.core.prepared import PreparedSpectrum
    from mtop_gui.core.spectrum import Spectrum

BATCH = 64
SHAPES = (1, 8)
"""Batch sizes the network is compiled for; what is left over is padded up to the next. More at a time is no faster: then
what stands between two layers no longer fits into the processor's cache."""

DROPOUT_SEED = 2025
REMEMBERED = 4
"""So many spectra asked about one by one stay prepared."""
UNKNOWN_UNIT = "flux unit unknown: no stellar mass and star-formation rate"


class Predictor:
    """What a ModelBundle says of Spectra (satisfies `core.prediction.Predicts`).

    TensorFlow is loaded and the network built at the first prediction, or by `warm_up`; from then on several threads may
    use it at once.

    Parameters
    ----------
    bundle : a ModelBundle, a shipped bundle's name, or a folder.
    instrument : only for tests; the bundle names its own.

    Attributes
    ----------
    bundle, instrument : as loaded.
    wavelength : (n_pix,) vacuum Å of line probabilities and saliency.

    Raises
    ------
    BundleError, InstrumentError : the bundle, or the Instrument it names, cannot be used.
    """

    def __init__(self, bundle: ModelBundle | str | Path, instrument: Instrument | None = None) -> None:
        self.bundle = bundle if isinstance(bundle, ModelBundle) else load_bundle(bundle)
        self.instrument = instrument or load_instrument(self.bundle.instrument)
        self._shapes = self.bundle.preparation.input_shapes(self.instrument)
        if self.bundle.config.pixels != self._shapes["spectrum"][0]:
            raise BundleError(
                f"bundle '{self.bundle.name}' was trained on {self.bundle.config.pixels} pixels, instrument "
                f"'{self.instrument.name}' has {self.instrument.pixels}: use a bundle of this version"
            )
        self._grid = self.bundle.grid.centres
        self._grid.flags.writeable = False
        self.wavelength = self.bundle.preparation.wavelength(self.instrument)
        self._prepared: list[tuple[Spectrum, PreparedSpectrum]] = []
        self._drawing = Lock()
        self._samples = find_architecture(self.bundle.architecture).sampled(self.bundle.config)

    @property
    def bundle_name(self) -> str:
        """Name, version and first digits of the checksum, as written into catalogues and the Prediction cache."""
        return self.bundle.label

    def warm_up(self) -> None:
        """Load TensorFlow and compile the network for one spectrum and for several."""
        for size in SHAPES:
            zeros = {name: np.zeros((size, *shape), np.float32) for name, shape in self._shapes.items()}
            self._model.predict_on_batch(zeros)

    def predict(self, spectra: Sequence[Spectrum], *, mc_passes: int = 1) -> list[Prediction]:
        """Predict every Spectrum, in order.

        Parameters
        ----------
        spectra : any grid and unit; what the bundle must not be asked about comes back as a rejection.
        mc_passes : up to 1, one deterministic pass; more, the mean over that many MC-dropout passes. The passes of
            a Spectrum do not depend on its neighbours in `spectra`, and repeat from call to call. An architecture whose
            redshift knows no dropout always makes one pass.
        """
        predictions: list[Prediction] = []
        for start in range(0, len(spectra), BATCH):
            predictions += self._predict_batch(spectra[start : start + BATCH], mc_passes)
        return predictions

    def saliency(self, spectrum: Spectrum, redshift: float | None = None) -> FloatArray:
        """Gradient saliency (n_pix of the bundle's Instrument, ≥ 0, max 1) of the PDF at `redshift` (default: the best).

        Zero everywhere for a Spectrum that the bundle must not be asked about.
        """
        from mtop_gui.network.saliency import as_saliency, redshift_weights

        prepared = self._prepare([spectrum])[0]
        if self._reason_to_reject(spectrum, prepared):
            return np.zeros(self.wavelength.size)
        if redshift is None:
            pdf = self._run([prepared])["redshift"][0]
            redshift = float(self._grid[pdf.argmax()])
        gradient = self._gradient(prepared.inputs, redshift_weights(self._grid, redshift))
        return as_saliency(gradient, prepared.mask)

    def _prepare(self, spectra: Sequence[Spectrum]) -> Sequence[PreparedSpectrum]:
        """Prepare spectra; a single one is remembered for a while, as its saliency is asked for after its Prediction."""
        if len(spectra) != 1:
            return self.bundle.preparation.prepare(spectra, self.instrument)
        for spectrum, kept in self._prepared:
            if spectrum is spectra[0]:
                return [kept]
        prepared = self.bundle.preparation.prepare(spectra, self.instrument)
        self._prepared = [*self._prepared[1 - REMEMBERED :], (spectra[0], prepared[0])]
        return prepared

    @cached_property
    def _model(self) -> Any:
        from mtop_gui.network.loading import forward_model

        return forward_model(self.bundle)

    @cached_property
    def _sampling_models(self) -> tuple[Any, Any]:
        from mtop_gui.network.loading import sampling_models

        return sampling_models(self.bundle)

    @cached_property
    def _gradient(self) -> Any:
        from mtop_gui.network.saliency import gradient_function

        return gradient_function(self._model)

    def _predict_batch(self, spectra: Sequence[Spectrum], mc_passes: int) -> list[Prediction]:
        prepared = self._prepare(spectra)
        reasons = [self._reason_to_reject(s, p) for s, p in zip(spectra, prepared, strict=True)]
        accepted = [index for index, reason in enumerate(reasons) if not reason]
        found: dict[int, Prediction] = {}
        if accepted:
            fed = [prepared[index] for index in accepted]
            said = self._run(fed)
            statistics = np.stack([flux_statistics(one.structure, ~one.mask) for one in fed])
            scores = ood_scores(self.bundle.ood, said["embedding"], statistics)
            if mc_passes > 1 and self._samples:
                for one, score, index in zip(fed, scores, accepted, strict=True):
                    drawn = self._sample(one, mc_passes)
                    passes = {key: value[:, None] for key, value in drawn.items()}
                    found[index] = self._predictions([one], passes, np.array([score]))[0]
            else:
                once = {key: value[None] for key, value in said.items()}
                found = dict(zip(accepted, self._predictions(fed, once, scores), strict=True))
        return [
            found.get(index) or self._rejected(reasons[index], prepared[index])
            for index in range(len(spectra))
        ]

    def _run(self, prepared: Sequence[PreparedSpectrum]) -> dict[str, np.ndarray]:
        """Run spectra through the network, once; outputs (n, …)."""
        most = SHAPES[-1]
        said = [self._run_few(prepared[start : start + most]) for start in range(0, len(prepared), most)]
        return {key: np.concatenate([one[key] for one in said]) for key in said[0]}

    def _run_few(self, prepared: Sequence[PreparedSpectrum]) -> dict[str, np.ndarray]:
        count = len(prepared)
        size = next(size for size in SHAPES if size >= count)
        inputs = {name: np.zeros((size, *shape), np.float32) for name, shape in self._shapes.items()}
        for name, array in inputs.items():
            for row, one in enumerate(prepared):
                array[row] = one.inputs[name]
        said = self._model.predict_on_batch(inputs)
        return {key: np.asarray(value)[:count] for key, value in said.items()}

    def _sample(self, prepared: PreparedSpectrum, passes: int) -> dict[str, np.ndarray]:
        """Draw MC-dropout passes of one spectrum; outputs (passes, …)."""
        with self._drawing:  # the random generators belong to the network
            return self._drawn(prepared, passes)

    def _drawn(self, prepared: PreparedSpectrum, passes: int) -> dict[str, np.ndarray]:
        from mtop_gui.network.loading import reset_dropout

        shared, sampled = self._sampling_models
        reset_dropout(sampled, DROPOUT_SEED)
        features, continuum = prepared.inputs["spectrum"][None], prepared.inputs["continuum"]
        if shared is not None:
            features = np.asarray(shared.predict_on_batch(features))
        drawn: list[dict[str, np.ndarray]] = []
        for start in range(0, passes, BATCH):
            # A full batch for many passes, else the number asked for: no more shapes to compile for than needed.
            size = BATCH if passes > BATCH else passes
            said = sampled.predict_on_batch(
                [
                    np.broadcast_to(features, (size, *features.shape[1:])),
                    np.broadcast_to(continuum, (size, continuum.size)),
                ]
            )
            drawn.append({key: np.asarray(value)[: passes - start] for key, value in said.items()})
        return {key: np.concatenate([one[key] for one in drawn]) for key in drawn[0]}

    def _predictions(
        self, prepared: Sequence[PreparedSpectrum], said: dict[str, np.ndarray], ood: FloatArray
    ) -> list[Prediction]:
        """Turn outputs (passes, n, …) of n spectra into their Predictions."""
        bundle, preparation = self.bundle, self.bundle.preparation
        pdfs = said["redshift"].astype(np.float64)
        sampled = len(pdfs) > 1
        temperature = bundle.sampled_temperature if sampled else bundle.temperature
        pdf = apply_temperature(pdfs.mean(axis=0) if sampled else pdfs[0], temperature)
        scatter = apply_temperature(pdfs, temperature).std(axis=0) if sampled else None
        # float32: ten thousand Predictions must fit into memory
        lines = said["lines"].mean(axis=0) if sampled else said["lines"][0]
        kinds = said["kind"].mean(axis=0) if "kind" in said else None
        logmass, logmass_err = measured(
            said["logmass"],
            preparation.logmass_mean,
            preparation.logmass_std,
            bundle.logmass_sigma,
            bundle.logmass_scale,
        )
        logsfr, logsfr_err = measured(
            said["logsfr"],
            preparation.logsfr_mean,
            preparation.logsfr_std,
            bundle.logsfr_sigma,
            bundle.logsfr_scale,
        )
        made: list[Prediction] = []
        for row, one in enumerate(prepared):
            known = 1.0 if one.unit_known else float("nan")
            warnings = [] if one.unit_known else [UNKNOWN_UNIT]
            if kinds is not None:
                warnings += kind_warning(kinds[row], bundle.grid)
            made.append(
                Prediction(
                    redshift_grid=self._grid,
                    # Copies: one Prediction that is kept must not keep its whole batch.
                    redshift_pdf=pdf[row].copy(),
                    line_wavelength=self.wavelength,
                    line_probability=lines[row].copy(),
                    logmass=known * float(logmass[row]),
                    logmass_err=known * float(logmass_err[row]),
                    logsfr=known * float(logsfr[row]),
                    logsfr_err=known * float(logsfr_err[row]),
                    bundle=self.bundle_name,
                    coverage=one.coverage,
                    redshift_pdf_std=None if scatter is None else scatter[row].copy(),
                    ood=float(ood[row]),
                    ood_threshold=bundle.ood_threshold,
                    warnings=tuple(warnings),
                )
            )
        return made

    def _reason_to_reject(self, spectrum: Spectrum, prepared: PreparedSpectrum) -> str:
        """Say why the network must not be asked about this spectrum; "" when it may."""
        if prepared.coverage < self.bundle.min_coverage:
            low, high = self.wavelength[0], self.wavelength[-1]
            share = f"{100 * prepared.coverage:.0f} % of {low:.0f}-{high:.0f} Å"
            usable = self.bundle.preparation.reachable(self.instrument)
            spanned = (self.wavelength >= spectrum.wavelength[0]) & (
                self.wavelength <= spectrum.wavelength[-1]
            )
            if np.count_nonzero(usable & spanned) >= self.bundle.min_coverage * np.count_nonzero(usable):
                return f"too few good pixels for bundle {self.bundle.name} ({share})"
            return f"outside the wavelength range of bundle {self.bundle.name} (covers {share})"
        if prepared.amplitude <= 0 or not np.isfinite(prepared.structure).all():
            return "the flux has no structure: no redshift can be read from it"
        # Sums tell it in half the time: one that is not finite among them makes the sum so.
        with np.errstate(invalid="ignore"):
            sums = [float(array.sum()) for array in prepared.inputs.values()]
        if not all(map(math.isfinite, sums)):
            return "the continuum is not finite: check the flux and its unit"
        return ""

    def _rejected(self, reason: str, prepared: PreparedSpectrum) -> Prediction:
        return rejected(
            reason,
            redshift_grid=self._grid,
            line_wavelength=self.wavelength,
            bundle=self.bundle_name,
            coverage=prepared.coverage,
        )


def apply_temperature(pdf: FloatArray, temperature: float) -> FloatArray:
    """Divide the logits of PDFs (…, n_z) by a temperature and normalise them again (Guo+17)."""
    scaled = np.maximum(pdf, 1e-30) ** (1.0 / temperature)
    return scaled / scaled.sum(axis=-1, keepdims=True)
