"""What each task of M-TOPnet and the way to split gain it: python -m tests.long.ablations [--short] [--write].

The paper's ablations (Ginolfi+25, Sect. 4), on a part of the mock survey: M-TOPnet as it is, without log M* and log SFR,
and with the redshift alone, each trained alike; and as it is, but with training and test spectra split by row, so that other
exposures of most test galaxies were trained on. Each is judged in one pass; the first also by 50 passes of MC dropout. One
line per network; the exit code is 1 unless all were judged.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from mtop_gui.core.events import EpochEnded
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.network.bundle import load_bundle
from mtop_gui.network.predictor import Predictor
from mtop_gui.simulation.observing import EXPOSURE_HOURS, make_observer
from mtop_gui.training import train
from mtop_gui.training.dataset import Exposures, SurveyInMemory
from mtop_gui.training.material import SurveyMaterial
from mtop_gui.training.teaching import PaperTeaching
from tests.long.trained import add_shared_options, write_section
from tests.support.tiny import TINY_CONFIG, TINY_GRID, tiny_instrument, write_tiny_survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.survey import Survey

REPORT = Path(__file__).parents[2] / "resources" / "bundles" / "moons-lr" / "report.json"
HEADING = "## Measured ablations of M-TOPnet\n"
WHOLE = dict(PaperTeaching.loss_weights)
ARMS = {
    "as it is": WHOLE,
    "without M* and SFR": {**WHOLE, "logmass": 0.0, "logsfr": 0.0},
    "redshift alone": {**dict.fromkeys(WHOLE, 0.0), "redshift": 1.0},
    "split by row": WHOLE,
}
BY_ROW, MC, PASSES = "split by row", "as it is, 50 passes", 50
SEED, WITHIN, CATASTROPHIC = 3, (0.003, 0.01, 0.1), 0.5


def part_of(survey: Path, galaxies: int, destination: Path) -> Path:
    """Copy the first galaxies of a survey, which are as good a sample of it as any, without interlopers."""
    import h5py

    if destination.exists():
        return destination
    begun = destination.with_suffix(".part")
    with h5py.File(survey, "r") as whole, h5py.File(begun, "w") as part:
        part.attrs.update(whole.attrs)
        count = whole["flux"].shape[0]

        def copy(name: str, item: object) -> None:
            if name.startswith("interlopers"):
                return
            if isinstance(item, h5py.Group):
                part.require_group(name).attrs.update(item.attrs)
            elif isinstance(item, h5py.Dataset):
                values = item[:galaxies] if item.shape[:1] == (count,) else item[()]
                part.create_dataset(name, data=values).attrs.update(item.attrs)

        whole.visititems(copy)
    begun.replace(destination)
    return destination


def split_by_row(survey: Survey) -> tuple[Exposures, Exposures]:
    """Give training rows, and as many held out as galaxies would be, drawn from all but the validation galaxies."""
    galaxies = np.concatenate([survey.rows("train"), survey.rows("test")])
    rows = Exposures.of(galaxies)
    order = np.random.default_rng(SEED).permutation(len(rows))
    cut = round(len(rows) * survey.rows("train").size / galaxies.size)
    kept, held = order[:cut], np.sort(order[cut:])
    return Exposures(rows.galaxies[kept], rows.hours[kept]), Exposures(rows.galaxies[held], rows.hours[held])


class RowMaterial(SurveyMaterial):
    """A survey of which rows are trained on, whatever galaxy they are of."""

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]
        self._rows, _ = split_by_row(self._survey)


@contextlib.contextmanager
def taught(arm: str) -> Iterator[None]:
    """Have networks trained as an arm says."""
    with contextlib.ExitStack() as held:
        held.enter_context(mock.patch.object(PaperTeaching, "loss_weights", ARMS[arm]))
        if arm == BY_ROW:
            held.enter_context(mock.patch("mtop_gui.training.fit.SurveyMaterial", RowMaterial))
        yield


def judge(
    bundle: Path, survey: Survey, instrument: Instrument, rows: Exposures, passes: int
) -> dict[str, np.ndarray]:
    """Give Δz of each row, NaN without a redshift, and its hours."""
    observer, predictor = (
        make_observer(survey, instrument, point_source_share=0.0),
        Predictor(bundle, instrument),
    )
    found = []
    for start in range(0, len(rows), 64):
        galaxies, hours = rows.galaxies[start : start + 64], rows.hours[start : start + 64]
        flux, sigma = observer.fixed(galaxies, hours, SEED)
        spectra = [_spectrum(*one, instrument, survey.flux_scale) for one in zip(flux, sigma, strict=True)]
        found += [one.redshift for one in predictor.predict(spectra, mc_passes=passes)]
    return {"dz": np.array(found) - survey.labels["z"][rows.galaxies], "hours": rows.hours}


def _spectrum(flux: np.ndarray, sigma: np.ndarray, instrument: Instrument, unit: float) -> Spectrum:
    mask = ~np.isfinite(sigma)
    ivar = np.where(mask, 0.0, 1.0 / np.where(mask, 1.0, sigma.astype(float) * unit) ** 2)
    seen = np.where(mask, 0.0, flux.astype(float) * unit)
    return Spectrum(wavelength=instrument.wavelength.copy(), flux=seen, ivar=ivar, mask=mask, flux_unit=FLAM)


def figures(judged: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Give success and catastrophes per exposure."""
    said: dict[str, dict[str, float]] = {}
    for hours in EXPOSURE_HOURS:
        error = np.abs(judged["dz"][judged["hours"] == hours])
        said[f"{hours:g}"] = {
            **{f"{limit:g}": float(np.mean(error < limit)) for limit in WITHIN},
            "catastrophic": float(np.mean(~(error <= CATASTROPHIC))),
            "spectra": float(error.size),
        }
    return said


def run(options: argparse.Namespace, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Train and judge every arm; what is in the folder already is not done again."""
    if options.short:
        instrument, survey_path = tiny_instrument(), write_tiny_survey(folder / "tiny.h5", galaxies=120)
    else:
        survey_path = part_of(options.survey, options.galaxies, folder / "part.h5")
    found = {}
    with SurveyInMemory(survey_path) as survey:
        if not options.short:
            instrument = load_instrument(survey.instrument_name)
        test = Exposures.of(survey.rows("test"))
        few = Exposures.of(survey.rows("test")[: options.mc_galaxies])
        for arm in options.only:
            place = folder / _place(arm)
            with taught(arm):
                _train(survey_path, place, instrument, options)
            rows = split_by_row(survey)[1] if arm == BY_ROW else test
            found[arm] = figures(judge(place, survey, instrument, rows, 1))
            _tell(arm, found[arm])
            if arm == "as it is":
                for name, passes in ((f"{arm}, the same few in one pass", 1), (MC, PASSES)):
                    found[name] = figures(judge(place, survey, instrument, few, passes))
                    _tell(name, found[name])
    return found


def _train(survey: Path, place: Path, instrument: Instrument, options: argparse.Namespace) -> None:
    work = place.with_name(place.name + ".training")
    started = time.monotonic()
    train(
        survey,
        place,
        architecture="mtopnet",
        epochs=options.epochs,
        seed=SEED,
        batch_size=16 if options.short else 64,
        resume=work.exists(),
        instrument=instrument,
        config=TINY_CONFIG if options.short else None,
        grid=TINY_GRID if options.short else None,
        report=_epoch,
    )
    print(f"  {place.name}: trained in {time.monotonic() - started:.0f} s", flush=True)


def _epoch(event: object) -> None:
    if isinstance(event, EpochEnded):
        print(f"    epoch {event.epoch}: success {event.logs.get('success', float('nan')):.3f}", flush=True)


def _tell(arm: str, said: dict[str, dict[str, float]]) -> None:
    parts = (
        f"{hours} h {one['0.01']:.3f}, catastrophic {one['catastrophic']:.3f}" for hours, one in said.items()
    )
    print(f"  {arm}: |Δz| < 0.01: {'; '.join(parts)}", flush=True)


def section(found: dict[str, dict[str, dict[str, float]]], options: argparse.Namespace) -> str:
    """Write the measured table with what it was measured on."""
    fewest = min(one["spectra"] for said in found.values() for one in said.values())
    most = max(one["spectra"] for said in found.values() for one in said.values())
    errors = " to ".join(f"{50 / spectra**0.5:.1f}" for spectra in (most, fewest))
    lines = [
        HEADING,
        f"`packaging/test.py --ablations --write --epochs {options.epochs}` trains M-TOPnet on {options.galaxies:,} galaxies for "
        f"{options.epochs} epochs and judges it on those held out. Right is |Δz| < 0.01, catastrophic |Δz| > 0.5. Each cell is of "
        f"{fewest:,.0f} to {most:,.0f} spectra: its standard error is at most {errors} points.",
        "",
        "| network | " + " | ".join(f"{hours:g} h: right | catastrophic" for hours in EXPOSURE_HOURS) + " |",
        "|---" + 2 * len(EXPOSURE_HOURS) * "|---" + "|",
    ]
    for arm, said in found.items():
        cells = (f"{100 * one['0.01']:.1f} % | {100 * one['catastrophic']:.1f} %" for one in said.values())
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def masks(folder: Path, report: Path = REPORT) -> str:
    """Say how far the line masks came, beside the baseline of the shipped report."""
    baseline = next(
        one
        for one in json.loads(report.read_text(encoding="utf-8"))["bundles"]
        if one["architecture"] == "mtopnet"
    )
    learned, whole = load_bundle(folder / _place("as it is")).training["history"], baseline["learning"]
    return (
        "\nThe shorter the training, the less are line masks learned: their validation loss stood at "
        f"{learned[-1]['val_lines']:.3f} after these {len(learned)} epochs, at {whole[-1]['val_lines']:.3f} after "
        f"{len(whole)} epochs on the whole survey.\n"
    )


def _place(arm: str) -> str:
    """Give the name of an arm's folder."""
    return arm.replace(" ", "-").replace("*", "")


def main(arguments: list[str] | None = None) -> int:
    """Run and give the exit code."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="mtop-ablations-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        found = run(options, folder)
        said_of_masks = masks(folder) if options.write else ""
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.write:
        write_section(section(found, options) + said_of_masks, options.write, HEADING)
    spectra = sum(int(one["spectra"]) for one in found.get("as it is", {}).values())
    print(f"ablations: {len(options.only)} networks of {options.epochs} epochs, judged on {spectra} spectra")
    return 0 if all(arm in found for arm in ARMS) else 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="packaging/test.py --ablations")
    parser.add_argument("--galaxies", type=int, default=10_000, help="of the survey")
    parser.add_argument("--epochs", type=int, help="default 8; 1 with --short")
    parser.add_argument("--mc-galaxies", type=int, help="to judge MC dropout by; default 300; 2 with --short")
    parser.add_argument("--only", nargs="*", default=list(ARMS), choices=list(ARMS))
    add_shared_options(parser)
    options = parser.parse_args(arguments)
    options.epochs = options.epochs or (1 if options.short else 8)
    options.mc_galaxies = options.mc_galaxies or (2 if options.short else 300)
    return options


if __name__ == "__main__":
    sys.exit(main())
