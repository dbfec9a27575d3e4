"""ModelBundle: a trained network with everything needed to use it, as a folder of plain JSON and arrays."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import BundleError
from mtop_gui.core.log_preparation import LogPreparation
from mtop_gui.core.preparation import Preparation
from mtop_gui.core.resources import resource_path
from mtop_gui.network.architectures import config_to_dict, find_architecture, make_config
from mtop_gui.network.arrays_file import read_arrays, sha256_of, write_arrays
from mtop_gui.network.ood import ood_arrays_fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtop_gui.core.arrays import FloatArray

AUTO = "auto"
"""Asks for the bundle that suits each spectrum, among those that ship with the program (`network.choosing`)."""

FORMAT = 1
FACTS_FILE = "bundle.json"
LARGEST_FACTS = 4 << 20
"""Bytes of bundle.json; a real one has some ten thousand."""

PREPARATIONS: dict[str, type[Preparation | LogPreparation]] = {
    kind.kind: kind for kind in (Preparation, LogPreparation)
}

MOST_REDSHIFT_BINS = 100_000
DEFAULT_MIN_COVERAGE = 0.6


@dataclass(frozen=True)
class RedshiftGrid:
    """Bins of the redshift PDF: `bins` of equal width in z ("linear") or in ln(1+z) ("log") from `lower` to `upper`."""

    lower: float = 0.6
    upper: float = 3.0
    bins: int = 800
    spacing: str = "linear"

    def __post_init__(self) -> None:
        """Refuse what is no grid."""
        if self.spacing not in ("linear", "log") or not 2 <= self.bins <= MOST_REDSHIFT_BINS:
            raise ValueError("a redshift grid needs spacing 'linear' or 'log' and at least two bins")
        if not -1 < self.lower < self.upper < math.inf:
            raise ValueError("a redshift grid must increase")

    @property
    def centres(self) -> FloatArray:
        """(bins,) bin centres in z."""
        number: FloatArray = np.arange(self.bins, dtype=np.float64) + 0.5
        if self.spacing == "linear":
            return self.lower + (self.upper - self.lower) / self.bins * number
        width = math.log((1 + self.upper) / (1 + self.lower)) / self.bins
        return (1 + self.lower) * np.exp(width * number) - 1


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """Everything a Predictor needs.

    Attributes
    ----------
    name, version : who it is, e.g. "moons-lr", "1".
    architecture, config : registered name and its config dataclass.
    instrument : name of the Instrument.
    grid : the redshift bins.
    lines : (name, rest-frame vacuum Å) of the lines the line branch was taught.
    preparation : how inputs are made.
    weights : one array per variable path.
    temperature : the redshift logits of one deterministic pass are divided by it (1 = not calibrated).
    sampled_temperature : the same for the mean over MC-dropout passes, which is wider than a single pass.
    logmass_sigma, logsfr_sigma : validation residuals [dex], the error floor of the two where they are plain numbers.
    logmass_scale, logsfr_scale : factors of the two's errors where they are distributions (1 = not calibrated).
    ood : small arrays of the out-of-distribution score, see `network.ood`; empty when not fitted.
    ood_threshold : score from which a spectrum counts as unlike the training set.
    min_coverage : a spectrum covering less of the usable pixels is refused.
    training : facts about the training, plain JSON.
    digest : SHA-256 of its facts, the checksum of the weights among them ("" before it is saved): a bundle that is
        calibrated anew is another bundle to whoever keeps its Predictions.
    """

    name: str
    version: str
    architecture: str
    config: Any
    instrument: str
    grid: RedshiftGrid
    lines: tuple[tuple[str, float], ...] = field(repr=False)
    preparation: Preparation | LogPreparation = field(repr=False)
    weights: Mapping[str, np.ndarray] = field(repr=False)
    temperature: float = 1.0
    sampled_temperature: float = 1.0
    logmass_sigma: float = 0.0
    logsfr_sigma: float = 0.0
    logmass_scale: float = 1.0
    logsfr_scale: float = 1.0
    ood: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    ood_threshold: float = 1.0
    min_coverage: float = DEFAULT_MIN_COVERAGE
    training: Mapping[str, Any] = field(default_factory=dict, repr=False)
    digest: str = ""

    @property
    def label(self) -> str:
        """Name, version and the first digits of the checksum, as written into catalogues."""
        return f"{self.name} {self.version} ({self.digest[:8] or 'unsaved'})"


def save_bundle(bundle: ModelBundle, folder: Path, *, half: bool = False) -> ModelBundle:
    """Write a bundle so that `folder` holds, at any moment, either the old or the new one completely.

    Parameters
    ----------
    folder : made if missing.
    half : keep the weights as float16, which halves the file.

    Returns
    -------
    The bundle with its digest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = np.float16 if half else np.float32
    arrays = {f"weights/{path}": np.asarray(array, kind) for path, array in bundle.weights.items()}
    arrays |= {f"ood/{path}": np.asarray(array, np.float32) for path, array in bundle.ood.items()}
    part = folder / "weights.part"
    write_arrays(part, arrays)
    checksum = sha256_of(part)
    name = f"weights-{checksum[:12]}.npz"
    part.replace(folder / name)
    facts = {
        "format": FORMAT,
        "name": bundle.name,
        "version": bundle.version,
        "architecture": {"name": bundle.architecture, "config": config_to_dict(bundle.config)},
        "instrument": bundle.instrument,
        "redshift_grid": vars(bundle.grid),
        "lines": [list(line) for line in bundle.lines],
        "preparation": bundle.preparation.as_dict(),
        "temperature": bundle.temperature,
        "sampled_temperature": bundle.sampled_temperature,
        "logmass_sigma": bundle.logmass_sigma,
        "logsfr_sigma": bundle.logsfr_sigma,
        "logmass_scale": bundle.logmass_scale,
        "logsfr_scale": bundle.logsfr_scale,
        "ood_threshold": bundle.ood_threshold,
        "min_coverage": bundle.min_coverage,
        "weights": {"file": name, "sha256": checksum},
        "training": dict(bundle.training),
    }
    draft = folder / f"{FACTS_FILE}.part"
    draft.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(folder / FACTS_FILE)
    for old in folder.glob("weights-*.npz"):
        if old.name != name:
            old.unlink(missing_ok=True)
    return replace(bundle, digest=_digest(facts))


def load_bundle(name_or_path: str | Path) -> ModelBundle:
    """Read and check a bundle: a shipped one by name, or any folder.

    Raises
    ------
    BundleError : missing, damaged, tampered with, or of another version; one sentence says which.
    """
    folder = _find(name_or_path)
    facts = _read_facts(folder)
    try:
        return _assemble(folder, facts)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise BundleError(
            f"{FACTS_FILE} of bundle '{folder.name}' is incomplete or damaged ({error}): copy or train it anew"
        ) from error


def available_bundles() -> list[str]:
    """List the names of the shipped bundles."""
    root = resource_path("bundles")
    return sorted(folder.parent.name for folder in root.glob(f"*/{FACTS_FILE}")) if root.is_dir() else []


def _digest(facts: Mapping[str, Any]) -> str:
    """Give the SHA-256 (hex) of facts, whatever their order and line ends in the file."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long or a parent closed
        return path
    if isinstance(name_or_path, str) and len(path.parts) == 1 and path.name not in ("", ".", ".."):
        shipped = resource_path("bundles", path.name)
        if os.path.isdir(shipped):  # noqa: PTH112 - as above
            return shipped
    known = ", ".join(available_bundles()) or "none"
    raise BundleError(
        f"there is no bundle '{name_or_path}': give a bundle's folder or a shipped name ({known})"
    )


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / FACTS_FILE
    try:
        # A pipe would be waited for, and a device never end.
        if not path.is_file():
            raise FileNotFoundError
        if path.stat().st_size > LARGEST_FACTS:
            raise BundleError(f"{path} is too large to be a bundle's facts: copy or train the bundle anew")
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(
            f"the folder {folder} holds no readable {FACTS_FILE}: it is not a bundle"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not valid JSON: copy or train the bundle anew") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        found = facts.get("format") if isinstance(facts, dict) else None
        raise BundleError(
            f"bundle '{folder.name}' has format {found!r}, this version of mtop-gui reads {FORMAT}: "
            "update mtop-gui or train the bundle anew"
        )
    return facts


def _assemble(folder: Path, facts: dict[str, Any]) -> ModelBundle:
    architecture = str(facts["architecture"]["name"])
    config = make_config(architecture, facts["architecture"]["config"])
    arrays = read_arrays(_weights_path(folder, facts), str(facts["weights"]["sha256"]))
    parts: dict[str, dict[str, np.ndarray]] = {"weights": {}, "ood": {}}
    for path, array in arrays.items():
        part, _, rest = path.partition("/")
        parts[part][rest] = array.astype(np.float32)
    if any(not np.isfinite(array).all() for array in arrays.values()):
        raise BundleError(f"the weights of bundle '{folder.name}' are not finite: train it anew")
    bundle = ModelBundle(
        name=str(facts["name"]),
        version=str(facts["version"]),
        architecture=architecture,
        config=config,
        instrument=str(facts["instrument"]),
        grid=RedshiftGrid(**facts["redshift_grid"]),
        lines=tuple((str(name), _number(wavelength)) for name, wavelength in facts["lines"]),
        preparation=_preparation(architecture, facts["preparation"]),
        weights=parts["weights"],
        temperature=_number(facts["temperature"], above=0),
        sampled_temperature=_number(facts.get("sampled_temperature", facts["temperature"]), above=0),
        logmass_sigma=_number(facts["logmass_sigma"]),
        logsfr_sigma=_number(facts["logsfr_sigma"]),
        logmass_scale=_number(facts.get("logmass_scale", 1.0), above=0),
        logsfr_scale=_number(facts.get("logsfr_scale", 1.0), above=0),
        ood=parts["ood"],
        ood_threshold=_number(facts["ood_threshold"]),
        min_coverage=_number(facts["min_coverage"]),
        training=dict(facts["training"]),
        digest=_digest(facts),
    )
    _check_shapes(bundle, folder)
    return bundle


def _preparation(architecture: str, values: Mapping[str, Any]) -> Preparation | LogPreparation:
    """Rebuild the Preparation; bundles from before there were two kinds do not name theirs."""
    kind = str(values.get("kind", Preparation.kind))
    if kind != find_architecture(architecture).preparation:
        raise ValueError(f"preparation '{kind}' is not the one of architecture '{architecture}'")
    return PREPARATIONS[kind].from_dict(values)


def _weights_path(folder: Path, facts: dict[str, Any]) -> Path:
    name = str(facts["weights"]["file"])
    if Path(name).name != name or "\\" in name or not name.endswith(".npz"):
        raise BundleError(f"bundle '{folder.name}' names a weights file outside its folder: do not use it")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"bundle '{folder.name}' lacks its weights file {name}: copy the whole folder")
    return path


def _number(value: Any, above: float | None = None) -> float:
    number = float(value)
    if not math.isfinite(number) or (above is not None and number <= above):
        raise ValueError(f"{value!r} is out of range")
    return number


def _check_shapes(bundle: ModelBundle, folder: Path) -> None:
    """Compare the arrays with what the architecture expects, before any memory is asked for its network."""
    expected = find_architecture(bundle.architecture).shapes(bundle.config)
    found = {path: tuple(array.shape) for path, array in bundle.weights.items()}
    if expected != found:
        different = sorted(set(expected.items()) ^ set(found.items()))[0][0]
        raise BundleError(
            f"the weights of bundle '{folder.name}' do not fit its architecture '{bundle.architecture}' "
            f"(first at {different}): copy or train it anew"
        )
    layers = find_architecture(bundle.architecture).embedding
    if not ood_arrays_fit(sum(expected[f"{layer}/bias"][0] for layer in layers), bundle.ood):
        raise BundleError(
            f"the out-of-distribution arrays of bundle '{folder.name}' do not fit it: copy or train it anew"
        )
    misfit = find_architecture(bundle.architecture).misfit(bundle.config, bundle.preparation, bundle.grid)
    if misfit:
        raise BundleError(f"bundle '{folder.name}' does not fit together ({misfit}): copy or train it anew")
