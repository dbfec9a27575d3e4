"""The line table beside a catalogue: row by row the same spectra, what was put in, and the same however it is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from typer.testing import CliRunner

from mtop_gui import io
from mtop_gui.batch import Asked, journal, predict_catalogue, predict_rows, predict_to_file
from mtop_gui.batch.run import partial_folder
from mtop_gui.cli import app
from mtop_gui.core import line_columns
from mtop_gui.core.catalogue import COLUMNS
from mtop_gui.core.errors import ExportError, UnreadableSpectrumError
from mtop_gui.core.events import Cancelled
from mtop_gui.core.line_columns import FLUX_UNIT, LINE_TABLE_TYPES, line_cells
from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.prediction import rejected
from mtop_gui.core.spectrum import FLAM, Spectrum
from mtop_gui.io.table_files import read_table
from mtop_gui.network import choosing
from tests.batch.fakes import GRID, WAVELENGTH, FakePredictor
from tests.batch.interrupted import FACTS, after

NOISE = 1e-19
CONTINUUM = 5e-19
REST = {"OII_3728": 3728.5, "HBETA_4863": 4862.69, "OIII_5008": 5008.24, "HALPHA_6565": 6564.61}
PUT_IN = {"OII_3728": 8e-18, "HBETA_4863": 5e-18, "OIII_5008": 1.2e-17, "HALPHA_6565": 2e-17}
"""erg/s/cm²; [O II] in equal halves."""
PARTS = {
    3727.09: 4e-18,
    3729.88: 4e-18,
    **{REST[name]: PUT_IN[name] for name in PUT_IN if name != "OII_3728"},
}
WIDTH = 130.0
PIXEL = 2.0


def redshift_of(path: Path, row: int) -> float:
    return round(0.62 + 0.02 * int(path.stem.split("-")[0]) + 0.004 * row, 4)


def observed(path: Path, row: int) -> Spectrum:
    """A galaxy whose lines hold the fluxes of `PARTS`, each pixel the mean over its width."""
    from scipy.special import erf

    redshift = redshift_of(path, row)
    edges = np.arange(5700.0, 13000.0, PIXEL)
    flux = np.full(edges.size - 1, CONTINUUM)
    for rest, amount in PARTS.items():
        centre = rest * (1 + redshift)
        sigma = WIDTH / LIGHT_SPEED * centre
        flux += amount * np.diff(0.5 * erf((edges - centre) / (np.sqrt(2) * sigma))) / PIXEL
    flux += np.random.default_rng([int(path.stem.split("-")[0]), row]).normal(0.0, NOISE, flux.size)
    return Spectrum(
        0.5 * (edges[1:] + edges[:-1]),
        flux,
        np.full(flux.size, NOISE**-2),
        np.zeros(flux.size, dtype=bool),
        path=path,
        row=row,
        name=f"galaxy {path.stem} {row}",
        flux_unit=FLAM,
    )


def read(path: Path, first: int = 0) -> list[Spectrum]:
    """As many galaxies as the stem says; "bad" raises, "dark" has no lines, "star" is refused, "uJy" is per frequency."""
    if "bad" in path.name:
        raise UnreadableSpectrumError("no flux column was found")
    spectra = [observed(path, row) for row in range(int(path.stem.split("-")[1]))]
    if "dark" in path.name:
        noise = np.random.default_rng(5).normal(0.0, NOISE, spectra[0].flux.size)
        spectra = [replace(spectrum, flux=noise) for spectrum in spectra]
    if "counts" in path.name:
        spectra = [replace(spectrum, flux_unit="") for spectrum in spectra]
    return spectra[first:]


class Knowing(FakePredictor):
    """Knows the redshifts to 150 km/s."""

    def predict(self, spectra, *, mc_passes=1):
        return [self._one(spectrum) for spectrum in spectra]

    def _one(self, spectrum):
        if "star" in spectrum.path.name:
            return rejected(
                "not a galaxy",
                redshift_grid=GRID,
                line_wavelength=WAVELENGTH,
                bundle=self.bundle_name,
                coverage=1.0,
            )
        level = redshift_of(spectrum.path, spectrum.row) + 0.0008
        return super()._one(replace(spectrum, flux=np.full(spectrum.flux.size, level)))


FILES = [
    Path(name) for name in ("0-2.fits", "1-3.fits", "bad.fits", "2-1-star.fits", "3-1-dark.fits", "4-3.fits")
]


def predicting(lines=True, batch_size=2):
    asked = Asked(batch_size=batch_size, lines=lines)
    return lambda paths, begin, report: predict_rows(
        paths, Knowing(), asked, begin=begin, report=report, read=read
    )


def run(folder: Path, suffix: str = ".ecsv", *, files=FILES, **options):
    dataset = suffix == "/"
    end = "" if dataset else suffix
    options = {"facts": FACTS, "predicting": predicting()} | options
    output, lines = folder / f"catalogue{end}", folder / f"lines{end}"
    predict_to_file(
        files, options.pop("predicting"), output, lines=lines, dataset=dataset, rows_per_part=4, **options
    )
    return output, lines


@pytest.fixture(scope="module", autouse=True)
def fitted_once():
    """Keep what was fitted: every run here fits the same few galaxies."""
    known = {}

    def cells(spectrum, redshift):
        key = spectrum.content_hash, redshift
        if key not in known:
            known[key] = line_cells(spectrum, redshift)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_columns, "line_cells", cells)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Catalogue and line table of `FILES`, as .ecsv."""
    return run(tmp_path_factory.mktemp("whole"))


def test_the_table_goes_with_the_catalogue_row_by_row(whole):
    output, lines = whole
    rows = io.read_catalogue(output)
    table = read_table(lines)
    assert list(table) == list(LINE_TABLE_TYPES)
    assert table["file"] == [row.file for row in rows]
    assert table["row"] == [row.row for row in rows]
    assert [name or "" for name in table["name"]] == [row.name for row in rows]
    assert [z if z is not None else np.nan for z in table["z"]] == pytest.approx(
        [row.z for row in rows], nan_ok=True
    )


def test_the_catalogue_is_the_same_with_and_without(whole, tmp_path):
    plain = tmp_path / "catalogue.ecsv"
    predict_to_file(FILES, predicting(lines=False), plain, facts=FACTS)
    assert plain.read_bytes() == whole[0].read_bytes()
    assert tuple(read_table(plain)) == COLUMNS


def test_fluxes_and_redshifts_are_those_put_in_within_their_errors(whole):
    table = Table.read(whole[1])
    fitted = table[[path.name in {"0-2.fits", "1-3.fits", "4-3.fits"} for path in map(Path, table["file"])]]
    truth = np.array([redshift_of(Path(row["file"]), row["row"]) for row in fitted])
    assert len(fitted) == 8
    assert np.abs((fitted["z_fit"] - truth) / fitted["z_fit_err"]).max() < 4
    assert np.abs(fitted["z_fit"] - truth).max() < 1e-4
    pulls = []
    for name, flux in PUT_IN.items():
        pulls.append((fitted[f"{name}_flux"] - flux) / fitted[f"{name}_flux_err"])
        width = flux / CONTINUUM / (1 + truth)
        ew = (fitted[f"{name}_ew"] - width) / fitted[f"{name}_ew_err"]
        assert np.abs(ew.compressed() if np.ma.isMaskedArray(ew) else ew).max() < 4
        assert (fitted[f"{name}_snr"] > 5).all()
    spread = np.concatenate([np.asarray(pull, dtype=float) for pull in pulls])
    assert abs(spread.mean()) < 0.6
    assert 0.6 < spread.std() < 1.4
    assert (fitted["line_width_kms"] == pytest.approx(WIDTH, rel=0.15)).all()
    assert (fitted["lines_detected"] >= 4).all()


def test_nothing_stands_where_nothing_was_measured(whole):
    table = read_table(whole[1])
    places = {Path(file).stem: place for place, file in enumerate(table["file"])}
    measured = [
        name for name in LINE_TABLE_TYPES if name.startswith("z_fit") or "_kms" in name or "_flux" in name
    ]
    for stem in ("bad", "2-1-star", "3-1-dark"):
        assert all(table[name][places[stem]] is None for name in measured)
        assert table["lines_detected"][places[stem]] == 0
    assert table["z"][places["2-1-star"]] is None
    assert table["z"][places["3-1-dark"]] is not None
    assert table["fit_warning"][places["3-1-dark"]].startswith("No line stands out")
    assert table["fit_warning"][places["2-1-star"]] is None
    covered = places["0-2"]
    assert table["HALPHA_6565_flux"][covered] > 0
    assert table["LYA_1216_flux"][covered] is None  # beyond the blue end
    assert table["SIII_9533_flux"][covered] is None  # beyond the red end


@pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
def test_units_stand_in_the_table(suffix, tmp_path):
    _, lines = run(tmp_path, suffix, files=FILES[:1])
    table = Table.read(lines)
    assert table["OII_3728_flux"].unit == table["OII_3728_flux_err"].unit == FLUX_UNIT
    assert table["OII_3728_ew"].unit == "Angstrom"
    assert table["z_fit_err_kms"].unit == "km/s"
    assert table["OII_3728_snr"].unit is None
    assert set(table["flux_unit"]) == {FLUX_UNIT}


def test_files_of_other_units_are_told_apart_by_a_column(tmp_path):
    _, lines = run(tmp_path, files=[*FILES[:1], Path("1-1-counts.fits")])
    table = Table.read(lines)
    assert table["OII_3728_flux"].unit is None
    assert read_table(lines)["flux_unit"] == [FLUX_UNIT, FLUX_UNIT, None]


@pytest.mark.parametrize("suffix", [".fits", ".csv", ".parquet"])
def test_every_format_says_the_same(whole, suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    _, lines = run(tmp_path, suffix)
    expected = read_table(whole[1])
    if suffix == ".csv":
        found = Table.read(lines, format="ascii.csv")
        assert found.colnames == list(expected)
        values = np.ma.filled(found["OIII_5008_flux"].astype(float), np.nan)
        np.testing.assert_array_equal(values, np.array(expected["OIII_5008_flux"], dtype=float))
    else:
        found = read_table(lines)
        assert {name: [value if value != "" else None for value in found[name]] for name in found} == expected


@pytest.mark.parametrize("suffix", [".csv", "/"])
@pytest.mark.parametrize("interruptions", [[0], [5], [3, 1, 1]])
def test_resumed_it_is_the_same_without_a_row_twice(tmp_path, suffix, interruptions):
    if suffix == "/":
        pytest.importorskip("pyarrow")
    (tmp_path / "whole").mkdir()
    wholes = run(tmp_path / "whole", suffix)
    for number in interruptions:
        with pytest.raises(Cancelled):
            run(tmp_path, suffix, resume=True, report=after(number))
    for path, expected in zip(run(tmp_path, suffix, resume=True), wholes, strict=True):
        if suffix == "/":
            parts = [(part.name, read_table(part)) for part in sorted(path.iterdir())]
            assert parts == [(part.name, read_table(part)) for part in sorted(expected.iterdir())]
            assert len(parts) == 3
        else:
            assert path.read_bytes() == expected.read_bytes()
    assert not partial_folder(
        tmp_path / f"catalogue{'' if suffix == '/' else suffix}", suffix == "/"
    ).exists()


def test_the_rows_so_far_are_a_catalogue(tmp_path):
    with pytest.raises(Cancelled):
        run(tmp_path, ".csv", report=after(6))
    kept = partial_folder(tmp_path / "catalogue.csv") / "rows-000000.csv"
    assert io.read_catalogue(kept)[0].z == pytest.approx(0.62, abs=0.003)


def test_it_goes_on_only_as_it_was_begun(tmp_path):
    with pytest.raises(Cancelled):
        run(tmp_path, ".csv", report=after(6))
    with pytest.raises(ExportError, match="had line table one, this one has none"):
        predict_to_file(FILES, predicting(lines=False), tmp_path / "catalogue.csv", facts=FACTS, resume=True)
    assert journal.interrupted_run(partial_folder(tmp_path / "catalogue.csv"))[0] > 0


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "part-000000.parquet").write_text("another run's")
    with pytest.raises(ExportError, match="lines is a folder that holds something already"):
        run(tmp_path, "/")
    assert (tmp_path / "lines" / "part-000000.parquet").read_text() == "another run's"


def test_nothing_is_fitted_unless_asked_for(monkeypatch):
    def refused(*_):
        raise AssertionError

    monkeypatch.setattr("mtop_gui.core.line_columns.refine", refused)
    assert len(predict_catalogue(FILES, Knowing(), read=read)) == 11


@pytest.fixture
def mtop(monkeypatch, tmp_path):
    """Run ``mtop predict`` over two fake files."""
    spectra = tmp_path / "spectra"
    spectra.mkdir()
    for name in ("0-2.fits", "1-1.fits"):
        (spectra / name).touch()
    monkeypatch.setattr(choosing, "open_predictor", lambda name: Knowing())
    monkeypatch.setattr(io, "iter_rows", read)
    return lambda output, *more: CliRunner().invoke(
        app, ["predict", str(spectra), "-o", str(output), *map(str, more)]
    )


def test_the_command_writes_both_and_again_over_both(mtop, tmp_path):
    output, lines = tmp_path / "spectra" / "catalogue.ecsv", tmp_path / "spectra" / "lines.ecsv"
    for _ in range(2):
        done = mtop(output, "--lines", lines)
        assert done.exit_code == 0, done.stderr
        assert f"{lines}: the lines of the same 3 rows" in done.stderr
        assert read_table(lines)["file"] == [row.file for row in io.read_catalogue(output)]


@pytest.mark.parametrize(
    ("output", "lines", "said"),
    [
        ("c.ecsv", "l.xlsx", "its name must end in .ecsv"),
        ("c.ecsv", "absent/l.ecsv", "its folder is not there"),
        ("c.ecsv", "l/", "must both be files, or both folders"),
        ("c/", "l.ecsv", "must both be files, or both folders"),
        ("c.ecsv", "c.ecsv", "is the catalogue itself"),
        ("c.ecsv", "spectra/0-2.fits", "is one of the files to read"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(mtop, tmp_path, output, lines, said):
    done = mtop(f"{tmp_path}/{output}", "--lines", f"{tmp_path}/{lines}")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spectra"]
