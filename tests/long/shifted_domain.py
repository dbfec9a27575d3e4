"""A shifted domain, and what fine-tuning and adaptation gain there: python -m tests.long.shifted_domain [--short] [--write].

Mocks are observed as another instrument would have: sky residuals twice as strong as their errors say, wavelengths off by
half a pixel, and lines in other ratios. The base bundle, the same fine-tuned on labelled spectra of that kind, and the same
adapted to unlabelled ones are judged on other galaxies, observed alike. Two more tell where a gain comes from: one adapted
by the reversed gradient alone, and one that learns on from mocks as long as they do, without being adapted. Everything goes
through files and `fine_tune`. One line per bundle; the exit code is 1 unless fine-tuning and adaptation both gain more than
twice the standard error.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtop_gui.core.confidence import flag
from mtop_gui.core.events import EpochEnded
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.network.bundle import load_bundle
from mtop_gui.network.predictor import Predictor
from mtop_gui.simulation.noise import NoiseModel
from mtop_gui.simulation.observing import EXPOSURE_HOURS, SKY_RESIDUAL
from mtop_gui.simulation.survey import Survey
from tests.long.trained import add_shared_options, write_section
from tests.support.tiny import tiny_instrument

HEADING = "### Measured on a shifted domain\n"

SKY, WAVELENGTH_ERROR = 2.0, 0.5
RATIOS = {
    "[O III] 5008": 0.3, "[O III] 4960": 0.3, "[N II] 6585": 2.5, "[N II] 6550": 2.5, "[O II] 3727": 0.5,
    "[O II] 3730": 0.5, "[S II] 6718": 2.0, "[S II] 6733": 2.0, "Hβ 4863": 0.7,
}  # fmt: skip
"""By what lines are stronger than in the recipe that the bundle was trained on: metal-rich galaxies."""

RIGHT = 0.01
ARMS = ("fine-tuned", "adapted", "reversed gradient alone", "learned on")


@dataclass(frozen=True)
class Score:
    """Of one bundle: per spectrum, whether the redshift is right, -ln p of the true bin, and whether it is flagged."""

    right: np.ndarray
    surprise: np.ndarray
    flagged: np.ndarray

    @property
    def values(self) -> dict[str, float]:
        """Give the shares and the mean."""
        return {
            "success": float(self.right.mean()),
            "nll": float(self.surprise.mean()),
            "flagged": float(self.flagged.mean()),
            "wrong_unflagged": float((~self.right & ~self.flagged).mean()),
        }

    def gain(self, other: Score) -> tuple[float, float]:
        """Give the gain in right redshifts over another bundle on the same spectra, and its standard error."""
        difference = self.right.astype(float) - other.right
        return float(difference.mean()), float(difference.std() / np.sqrt(difference.size))

    def text(self) -> str:
        """Give all in one phrase."""
        said = self.values
        return (
            f"|Δz| < {RIGHT} {said['success']:.3f}, NLL {said['nll']:.2f}, flagged {said['flagged']:.3f}, "
            f"wrong and unflagged {said['wrong_unflagged']:.3f}"
        )


class Shifted:
    """Observes galaxies of a survey as the shifted domain has them; without `sky`, `offset` and `ratios` as in training."""

    def __init__(self, survey, instrument, sky=SKY, offset=WAVELENGTH_ERROR, ratios=RATIOS) -> None:
        self.survey, self.instrument = survey, instrument
        self._sky, self._offset, self._ratios = sky, offset, ratios
        self._noise = NoiseModel(instrument, unit=survey.flux_scale)

    def spectrum(self, galaxy: int, seed: int) -> Spectrum:
        """Give one observation; the same for the same seed and galaxy."""
        rng = np.random.default_rng([seed, galaxy])
        survey, instrument = self.survey, self.instrument
        flux = survey.flux([galaxy])[0].astype(np.float64) + self._other_lines(galaxy)
        hours = float(rng.choice(EXPOSURE_HOURS))
        floor = rng.uniform(*SKY_RESIDUAL)
        fibre = float(survey.labels["fibre_fraction"][galaxy])
        stated, true = (
            self._noise.sigma(flux, hours, fibre_fraction=fibre, sky_residual=factor * floor)
            for factor in (1.0, self._sky)
        )
        seen = flux + true * rng.standard_normal(flux.size)
        unit = survey.flux_scale
        return Spectrum(
            wavelength=instrument.wavelength + self._offset * instrument.step,
            flux=seen * unit,
            ivar=(stated * unit) ** -2.0,
            mask=np.zeros(flux.size, bool),
            flux_unit=FLAM,
            name=f"shifted {galaxy}",
        )

    def _other_lines(self, galaxy: int) -> np.ndarray:
        """Give what other line ratios add and take away, in the survey's unit."""
        from mtop_gui.simulation.emission import emission_lines
        from mtop_gui.simulation.spectra import add_lines, pixel_edges
        from mtop_gui.simulation.templates import LIGHT_SPEED

        survey, instrument = self.survey, self.instrument
        more, less = np.zeros(instrument.pixels), np.zeros(instrument.pixels)
        if "gas_sigma" not in survey.labels:
            return more
        rest = {line.name: line.wavelength for line in emission_lines()}
        names = survey.line_names
        change = np.array([self._ratios.get(name, 1.0) - 1 for name in names])
        fluxes = survey.labels["line_fluxes"][galaxy] * change / survey.flux_scale
        centres = np.array([rest[name] for name in names]) * (1 + float(survey.labels["z"][galaxy]))
        for band, part in zip(instrument.bands, instrument.band_slices.values(), strict=True):
            middle = (band.wavelength_min + band.wavelength_max) / 2
            lsf = middle / band.resolution / (2 * np.sqrt(2 * np.log(2)))
            sigmas = np.hypot(centres * survey.labels["gas_sigma"][galaxy] / LIGHT_SPEED, lsf)
            edges = pixel_edges(instrument.wavelength[part])
            add_lines(more[part], edges, centres, sigmas, np.maximum(fluxes, 0))
            add_lines(less[part], edges, centres, sigmas, np.maximum(-fluxes, 0))
        return more - less


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="mtop-shifted-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if options.short:
            bundle, survey, instrument = _tiny(folder)
        else:
            bundle, survey = options.bundle, options.survey
            instrument = load_instrument(load_bundle(bundle).instrument)
        label = load_bundle(bundle).label
        found = compare(bundle, survey, instrument, folder, options)
    base = found["base"]["shifted"]
    gains = {arm: scores["shifted"].gain(base) for arm, scores in found.items() if arm != "base"}
    for arm, (gain, error) in gains.items():
        print(f"  {arm}: {100 * gain:+.1f} ± {100 * error:.1f} points")
    if options.json:
        values = {arm: {d: s.values for d, s in scores.items()} for arm, scores in found.items()}
        options.json.write_text(json.dumps({"gains": gains, **values}, indent=1) + "\n", encoding="utf-8")
    if options.write:
        write_section(section(found, label, options), options.write, HEADING)
    sure = [gain > 2 * error for arm, (gain, error) in gains.items() if arm in ("fine-tuned", "adapted")]
    return 0 if sure and all(sure) else 1


def compare(bundle, survey_path, instrument, folder, options) -> dict[str, dict[str, Score]]:
    """Train the further bundles and judge all on both domains."""
    from mtop_gui.training import fine_tune

    with Survey(survey_path) as survey:
        rng = np.random.default_rng(options.seed)
        shifted, plain = Shifted(survey, instrument), Shifted(survey, instrument, 1.0, 0.0, {})
        train = rng.permutation(survey.rows("validation"))  # galaxies that the bundle was not trained on
        test = rng.permutation(survey.rows("test"))
        few = test[: options.test_plain]
        table = _write(shifted, train[: options.labelled], folder / "labelled")
        _write(shifted, train[-options.unlabelled :], folder / "unlabelled")
        truth = survey.labels["z"].astype(float)
        domains = {
            "shifted": (shifted, np.sort(test[: options.test])),
            "as trained": (plain, np.sort(few)),
        }
        found = {"base": judged_of("base", folder, lambda: bundle, instrument, domains, truth, options)}
        to_all = {"adapt": [folder / "unlabelled"], "epochs": options.adapt_epochs}
        wanted = {
            "fine-tuned": (table, {"survey": survey_path, "epochs": options.epochs}),
            "adapted": (survey_path, to_all),
            "reversed gradient alone": (survey_path, {**to_all, "confident": False}),
            "learned on": (survey_path, {**to_all, "confident": False, "strength": 0.0}),
        }
        for arm in options.only:
            source, more = wanted[arm]
            place = folder / arm.replace(" ", "-")

            def trained(source=source, more=more, place=place) -> Path:
                return fine_tune(
                    source,
                    place,
                    bundle,
                    **more,
                    batch_size=options.batch_size,
                    seed=options.seed,
                    instrument=instrument,
                    resume=place.with_name(place.name + ".training").exists(),
                    report=_told,
                )

            found[arm] = judged_of(arm, folder, trained, instrument, domains, truth, options)
    return found


def judged_of(arm, folder, make, instrument, domains, truth, options) -> dict[str, Score]:
    """Make one bundle and judge it on each domain, with noise that is the same for all bundles; once in a folder kept."""
    path = folder / f"{arm.replace(' ', '-')}.npz"
    if not path.exists():
        started = time.monotonic()
        bundle = make()
        took, arrays = time.monotonic() - started, {}
        for domain, (observer, galaxies) in domains.items():
            spectra = [observer.spectrum(int(galaxy), options.seed + 1) for galaxy in galaxies]
            one = score(bundle, instrument, spectra, truth[galaxies])
            arrays |= {f"{domain} {name}": values for name, values in vars(one).items()}
        np.savez(path, seconds=took, **arrays)
    with np.load(path) as kept:
        names = ("right", "surprise", "flagged")
        scores = {domain: Score(*(kept[f"{domain} {name}"] for name in names)) for domain in domains}
        print(f"  {arm}: made in {float(kept['seconds']):.0f} s")
    for domain, one in scores.items():
        print(f"  {arm}, {domain}: {one.text()}", flush=True)
    return scores


def score(bundle, instrument, spectra, truth) -> Score:
    """Compare what a bundle says of spectra with their true redshifts."""
    predictor = Predictor(load_bundle(bundle), instrument)
    grid = predictor.bundle.grid.centres
    right, surprise, flagged = [], [], []
    for prediction, redshift in zip(predictor.predict(spectra), truth, strict=True):
        best = prediction.best
        right.append(best is not None and abs(best.redshift - redshift) < RIGHT)
        place = int(np.abs(grid - redshift).argmin())
        surprise.append(-np.log(max(float(prediction.redshift_pdf[place]), 1e-12)))
        flagged.append(flag(prediction, 2.0).flagged)
    return Score(np.array(right), np.array(surprise), np.array(flagged))


def section(found, label, options) -> str:
    """Write the measured table with what it was measured on."""
    base = found["base"]["shifted"]
    shown = {
        "base": "the shipped bundle",
        "fine-tuned": f"fine-tuned on {options.labelled} labelled spectra",
        "adapted": f"adapted to {options.unlabelled} unlabelled spectra",
        "reversed gradient alone": "the same, but by the reversed gradient alone",
        "learned on": "trained on from mocks as long as these two, not adapted",
    }
    lines = [
        HEADING,
        f"`python -m tests.long.shifted_domain --write` observes galaxies of the mock survey as another instrument would have: sky "
        f"residuals {SKY:g} times as strong as the errors say, wavelengths off by {WAVELENGTH_ERROR:g} pixel, and other line "
        f"ratios ([O III] weaker by a factor {1 / RATIOS['[O III] 5008']:.1f}, [N II] stronger by {RATIOS['[N II] 6585']:g}). "
        f"Of {options.test} test galaxies observed so, and of {options.test_plain} observed as in training, `{label}` and its "
        f"offspring got right (|Δz| < {RIGHT}):",
        "",
        "| bundle | shifted: right | gain | −ln p of the true bin | flagged | as trained: right |",
        "|---|---|---|---|---|---|",
    ]
    for arm, scores in found.items():
        said = scores["shifted"].values
        gain = (
            ""
            if arm == "base"
            else "{:+.1f} ± {:.1f}".format(*(100 * x for x in scores["shifted"].gain(base)))
        )
        lines.append(
            f"| {shown[arm]} | {100 * said['success']:.1f} % | {gain} | {said['nll']:.2f} | {100 * said['flagged']:.1f} % "
            f"| {100 * scores['as trained'].values['success']:.1f} % |"
        )
    return "\n".join(lines) + "\n"


def _told(event) -> None:
    if isinstance(event, EpochEnded):
        said = {
            key: round(value, 3)
            for key, value in event.logs.items()
            if key
            in ("loss", "domain_loss", "val_loss", "val_redshift", "success", "survey_success", "seconds")
        }
        print(f"    epoch {event.epoch}: {said}", flush=True)


def _write(shifted: Shifted, galaxies, folder: Path) -> Path:
    """Write observed galaxies as files with a table of their redshifts, unless they are there."""
    from astropy.table import Table

    path = folder / "labels.csv"
    if path.exists():
        return path
    folder.mkdir(exist_ok=True)
    labels = shifted.survey.labels
    rows = []
    for galaxy in galaxies:
        spectrum = shifted.spectrum(int(galaxy), 0)
        # float64: the wavelengths of 12,000 pixels need it
        table = Table({"WAVELENGTH": spectrum.wavelength, "FLUX": spectrum.flux, "IVAR": spectrum.ivar})
        table["WAVELENGTH"].unit, table["FLUX"].unit = "Angstrom", FLAM
        table.write(folder / f"{galaxy}.fits", overwrite=True)
        rows.append([f"{galaxy}.fits", *(float(labels[name][galaxy]) for name in ("z", "logmass", "logsfr"))])
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["file", "z", "logmass", "logsfr"], *rows])
    return path


def _tiny(folder: Path):
    """Make a tiny survey, train a tiny bundle on it, and give both with their Instrument."""
    from dataclasses import replace

    from mtop_gui.training import train
    from mtop_gui.training.recipes import recipe_for
    from tests.support.tiny import write_tiny_survey
    from tests.support.tiny_restframe import GRID, PREPARATION, SIZES

    instrument = tiny_instrument()
    survey = write_tiny_survey(folder / "tiny.h5", galaxies=300)
    bundle = train(
        survey,
        folder / "base",
        architecture="restframe",
        epochs=6,
        batch_size=16,
        config=SIZES,
        grid=GRID,
        preparation=replace(PREPARATION, scale_mean=(), scale_std=()),
        recipe=replace(recipe_for("restframe"), first_rate=0.01),
        instrument=instrument,
    )
    return bundle, survey, instrument


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --shifted-domain")
    parser.add_argument("--bundle", default="moons-lr")
    parser.add_argument("--labelled", type=int, help="labelled spectra for fine-tuning; default 1000")
    parser.add_argument("--unlabelled", type=int, help="unlabelled spectra to adapt to; default 1000")
    parser.add_argument("--test", type=int, help="shifted spectra to judge by; default 2000")
    parser.add_argument("--test-plain", type=int, help="spectra as in training to judge by; default 600")
    parser.add_argument("--epochs", type=int, help="of fine-tuning; default 5")
    parser.add_argument("--adapt-epochs", type=int, help="of adaptation; default 3")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(ARMS), choices=ARMS)
    add_shared_options(parser)
    options = parser.parse_args(arguments)
    long_form = {
        "labelled": 1000, "unlabelled": 1000, "test": 2000, "test_plain": 600, "epochs": 5, "adapt_epochs": 3,
        "batch_size": 64,
    }  # fmt: skip
    short_form = {
        "labelled": 24, "unlabelled": 16, "test": 30, "test_plain": 20, "epochs": 2, "adapt_epochs": 2,
        "batch_size": 16,
    }  # fmt: skip
    for key, value in (short_form if options.short else long_form).items():
        if getattr(options, key) is None:
            setattr(options, key, value)
    return options


if __name__ == "__main__":
    sys.exit(main())
