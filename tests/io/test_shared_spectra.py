"""Every development spectrum opens, with the pixels and wavelengths its index tells."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from mtop_gui import io
from mtop_gui.core.errors import NotASpectrumError
from mtop_gui.core.spectrum import Spectrum

# Files whose name alone says that they hold redshifts, not spectra.
_CATALOGUES = ("zbest-", "redrock-")


@pytest.fixture(scope="module")
def index_table(shared_spectra):
    with (shared_spectra / "INDEX.tsv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


@pytest.fixture(scope="module")
def read_files(shared_spectra, index_table):
    return {name: io.read_rows(shared_spectra / name) for name in {line["file"] for line in index_table}}


def test_every_indexed_spectrum_opens(index_table, read_files):
    unreadable = []
    for line in index_table:
        row = int(line["row"] or 0)
        entry = next(entry for entry in read_files[line["file"]] if entry.row == row)
        if not isinstance(entry, Spectrum):
            unreadable.append((line["file"], row))
            continue
        pixels = int(line["pixels"])
        # DESI's index counts the 177 pixels where arms overlap twice.
        assert entry.wavelength.size in (pixels, pixels - 177), line["file"]
        low, high = float(line["wave_min_A"]), float(line["wave_max_A"])
        # The index gives 1.0 for DR1 LAMOST files, and one range for all files made by hand.
        if low > 1.0 and not line["file"].startswith("layouts/"):
            good = entry.wavelength[~entry.mask]
            slack = 1e-3 * high + 20
            assert entry.wavelength[0] - slack < low < good[0] + slack, line["file"]
            assert good[-1] - slack < high < entry.wavelength[-1] + slack, line["file"]
        assert np.median(entry.error[~entry.mask]) > 0
    # The fibre of this row was rejected by the pipeline: its inverse variance is zero throughout.
    assert unreadable == [("real/desi/coadd-5-169-thru20210419.fits", 1)]


def test_found_files_are_the_spectra_and_the_redshift_catalogues(shared_spectra, index_table):
    found = {str(path.relative_to(shared_spectra)) for path in io.find_files([shared_spectra])}
    indexed = {line["file"] for line in index_table}
    assert indexed <= found
    assert all(name.rpartition("/")[2].startswith(_CATALOGUES) for name in found - indexed)


def test_redshift_catalogues_say_so(shared_spectra):
    catalogues = [path for path in shared_spectra.rglob("*.fits") if path.name.startswith(_CATALOGUES)]
    assert catalogues
    for path in catalogues:
        with pytest.raises(NotASpectrumError, match="redshift catalogue"):
            io.read(path)


def test_pipeline_redshifts_agree_with_the_index(index_table, read_files):
    compared = 0
    for line in index_table:
        if not line["z_source"].startswith(("HDU2 Z", "REDSHIFTS HDU", "header Z", "primary header Z")):
            continue
        (spectrum,) = read_files[line["file"]]
        assert spectrum.metadata["pipeline_z"] == pytest.approx(float(line["z_true"]), abs=1e-5)
        compared += 1
    assert compared > 40
