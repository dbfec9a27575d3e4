"""A mock survey on disk: noise-free spectra with their labels, written once and read by rows."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np

from mtop_gui import __version__
from mtop_gui.core.errors import SimulationError
from mtop_gui.core.events import Advanced, ignore
from mtop_gui.simulation.design import survey_design
from mtop_gui.simulation.fibre import half_light_fraction
from mtop_gui.simulation.interlopers import KINDS, draw_interlopers
from mtop_gui.simulation.noise import FLUX_UNIT
from mtop_gui.simulation.spectra import galaxy_spectra

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import ArrayLike, NDArray

    from mtop_gui.core.arrays import Float32Array, IntArray
    from mtop_gui.core.events import Report
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.simulation.galaxies import Galaxies
    from mtop_gui.simulation.interlopers import Interlopers

FORMAT = 1
INTERLOPERS = "interlopers"
ROWS = 64  # spectra made, reported and stored together
Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
TRAIN, VALIDATION = 0.70, 0.15  # the rest is the test set
_RENAMED = {"redshift": "z", "halpha_flux": "halpha"}  # Galaxies' names -> the labels'


def simulate_survey(
    path: Path,
    instrument: Instrument,
    n_galaxies: int,
    seed: int,
    report: Report = ignore,
    *,
    n_interlopers: int = 0,
) -> Path:
    """Draw galaxies and write their noise-free spectra and labels to an HDF5 file.

    The file appears under its name only when complete, and is the same for the same arguments.

    Parameters
    ----------
    path : file to write; replaced if it exists.
    n_galaxies : at least 1.
    n_interlopers : stars, quasars and the like, in a group of their own (see `add_interlopers`).
    report : receives Advanced(spectra done, n_galaxies); may raise Cancelled.

    Returns
    -------
    `path`.

    Raises
    ------
    SimulationError : nothing to simulate, templates or h5py missing, or the file cannot be written.
    """
    if n_galaxies < 1:
        raise SimulationError(f"a survey of {n_galaxies} galaxies is empty: ask for at least one")
    h5py = _h5py()
    galaxies = survey_design(instrument.name).draw_galaxies(np.random.default_rng([seed, 0]), n_galaxies)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(part, "w") as file:
            _write_labels(file, galaxies, instrument, seed)
            flux = file.create_dataset(
                "flux",
                (n_galaxies, instrument.pixels),
                dtype=np.float32,
                chunks=(min(ROWS, n_galaxies), instrument.pixels),
            )
            flux.attrs["flux_scale"] = FLUX_UNIT
            flux.attrs["unit"] = "erg/s/cm2/Angstrom"
            for start in range(0, n_galaxies, ROWS):
                rows = np.arange(start, min(start + ROWS, n_galaxies))
                flux[rows[0] : rows[-1] + 1] = galaxy_spectra(galaxies, rows, instrument) / FLUX_UNIT
                report(Advanced(int(rows[-1]) + 1, n_galaxies, "simulating spectra"))
            if n_interlopers > 0:
                _write_interlopers(file, _interlopers(instrument, n_interlopers, seed), seed)
        part.replace(path)
    except OSError as error:
        raise SimulationError(
            f"the survey {path} cannot be written ({error}): check the disk and folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return path


def add_interlopers(path: Path, instrument: Instrument, n: int, seed: int) -> Path:
    """Draw interlopers into an existing survey, replacing those it may hold; its galaxies stay as they are.

    Read them with ``Survey(path, group="interlopers")``: the same attributes, with the labels ``kind`` (index into
    `interlopers.KINDS`), ``sort`` (bytes), ``z`` (NaN for nothing), ``magnitude``, ``level``, ``fibre_fraction``; log M*
    and log SFR are NaN.

    Parameters
    ----------
    n : how many, at least 1.

    Returns
    -------
    `path`.

    Raises
    ------
    SimulationError : the survey is missing, of another Instrument, or cannot be written.
    """
    if n < 1:
        raise SimulationError("ask for at least one interloper")
    with Survey(path) as survey:
        if survey.instrument_name != instrument.name:
            raise SimulationError(
                f"{path} is a survey of '{survey.instrument_name}', not of '{instrument.name}': name its instrument"
            )
    drawn = _interlopers(instrument, n, seed)
    try:
        with _h5py().File(path, "r+") as file:
            if INTERLOPERS in file:
                del file[INTERLOPERS]
            _write_interlopers(file, drawn, seed)
    except OSError as error:
        raise SimulationError(
            f"the survey {path} cannot be written ({error}): check the disk and folder"
        ) from error
    return path


def has_interlopers(path: Path) -> bool:
    """Tell whether a survey holds interlopers."""
    try:
        with _h5py().File(path, "r") as file:
            return INTERLOPERS in file
    except OSError:
        return False


def split_rows(n: int, seed: int) -> NDArray[np.int8]:
    """Assign each galaxy to train (0), validation (1) or test (2), the same for the same seed: (n,)."""
    order = np.random.default_rng([seed, 1]).permutation(n)
    split = np.full(n, SPLITS.index("test"), dtype=np.int8)
    train, validation = round(TRAIN * n), round((TRAIN + VALIDATION) * n)
    split[order[:train]] = SPLITS.index("train")
    split[order[train:validation]] = SPLITS.index("validation")
    return split


class Survey:
    """A mock survey open for reading; close it, or use it in a ``with`` statement.

    Parameters
    ----------
    path : the file.
    group : "" for its galaxies, "interlopers" for what is no galaxy of the grid.

    Attributes
    ----------
    instrument_name, seed : what it was made with.
    flux_scale : unit of `flux` [erg/s/cm²/Å].
    labels : one (n,) array per label (z, logmass, logsfr, mag_h, halpha [erg/s/cm²], radius_arcsec, sersic, quiescent,
        fibre_fraction, ...), and ``line_fluxes`` (n, n_lines) in the order of `line_names`.
    split : (n,) 0 train, 1 validation, 2 test.

    Raises
    ------
    SimulationError : the file is missing or no survey of this version, or has no such group.
    """

    def __init__(self, path: Path, *, group: str = "") -> None:
        self.path = path
        self.group = group
        try:
            # No chunk cache: rows are read in random order, and a chunk is far larger than a row.
            self._file = _h5py().File(path, "r", rdcc_nbytes=0)
        except OSError as error:
            raise SimulationError(
                f"the survey {path} cannot be opened ({error}): make one with 'mtop simulate'"
            ) from error
        try:
            self._read_facts()
        except (KeyError, ValueError) as error:
            self._file.close()
            raise SimulationError(
                f"{path} is not a survey of this program ({error}): make one with 'mtop simulate'"
            ) from error

    def _read_facts(self) -> None:
        if self._file.attrs["format"] != FORMAT:
            raise ValueError(f"format {self._file.attrs['format']}, this program reads {FORMAT}")
        self.instrument_name = str(self._file.attrs["instrument"])
        self.seed = int(self._file.attrs["seed"])
        if self.group and self.group not in self._file:
            raise ValueError(f"it holds no {self.group}: add some with --{self.group}")
        root = self._file[self.group] if self.group else self._file
        self.line_names = tuple(str(name) for name in root["labels/line_fluxes"].attrs["line_names"])
        self.labels: dict[str, NDArray[Any]] = {name: data[()] for name, data in root["labels"].items()}
        self.split: NDArray[np.int8] = root["split"][()]
        self._flux = root["flux"]
        self.flux_scale = float(self._flux.attrs["flux_scale"])

    def __len__(self) -> int:
        """Count the galaxies."""
        return int(self._flux.shape[0])

    @property
    def pixels(self) -> int:
        """Number of pixels of each spectrum."""
        return int(self._flux.shape[1])

    def rows(self, split: Split) -> IntArray:
        """Give the indices of the galaxies of one split, ascending."""
        return np.flatnonzero(self.split == SPLITS.index(split)).astype(np.int64)

    def flux(self, indices: ArrayLike) -> Float32Array:
        """Read noise-free spectra: (len(indices), n_pix) in units of `flux_scale`, in the order asked for."""
        wanted = np.atleast_1d(np.asarray(indices, dtype=np.int64))
        spectra = np.empty((wanted.size, self.pixels), dtype=np.float32)
        # Consecutive rows in one read: as fast as the disk for whole splits, one read per row for shuffled ones.
        breaks = np.flatnonzero(np.diff(wanted) != 1) + 1
        for run in np.split(np.arange(wanted.size), breaks):
            if run.size:
                stored = np.s_[wanted[run[0]] : wanted[run[-1]] + 1]
                self._flux.read_direct(spectra, stored, np.s_[run[0] : run[-1] + 1])
        return spectra

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise SimulationError("mock surveys need h5py: install mtop-gui[mocks]") from error
    return h5py


def _interlopers(instrument: Instrument, n: int, seed: int) -> Interlopers:
    return draw_interlopers(np.random.default_rng([seed, 5]), n, instrument)


def _write_interlopers(file: Any, drawn: Interlopers, seed: int) -> None:
    n, pixels = drawn.flux.shape
    group = file.create_group(INTERLOPERS)
    flux = group.create_dataset("flux", data=drawn.flux, chunks=(min(ROWS, n), pixels))
    flux.attrs.update(flux_scale=FLUX_UNIT, unit="erg/s/cm2/Angstrom")
    labels = group.create_group("labels")
    for name in ("kind", "magnitude", "level", "fibre_fraction"):
        labels[name] = getattr(drawn, name)
    labels["kind"].attrs["kinds"] = list(KINDS)
    labels["sort"] = np.char.encode(drawn.sort, "ascii")
    labels["z"] = drawn.redshift
    for name in ("logmass", "logsfr"):
        labels[name] = np.full(n, np.nan)
    labels["line_fluxes"] = np.zeros((n, 0))
    labels["line_fluxes"].attrs["line_names"] = []
    group["split"] = split_rows(n, seed)


def _write_labels(file: Any, galaxies: Galaxies, instrument: Instrument, seed: int) -> None:
    file.attrs.update(format=FORMAT, instrument=instrument.name, seed=seed, program=f"mtop-gui {__version__}")
    labels = file.create_group("labels")
    for field in fields(galaxies):
        value = getattr(galaxies, field.name)
        if isinstance(value, np.ndarray) and value.ndim == 1:
            labels[_RENAMED.get(field.name, field.name)] = value
    labels["fibre_fraction"] = half_light_fraction(
        galaxies.radius_arcsec, galaxies.sersic, instrument.fibre_diameter
    )
    labels["line_fluxes"] = galaxies.line_fluxes
    labels["line_fluxes"].attrs["line_names"] = list(galaxies.line_names)
    file["split"] = split_rows(galaxies.redshift.size, seed)
