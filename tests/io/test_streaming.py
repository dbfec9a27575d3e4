"""Files of thousands of spectra are read one spectrum at a time."""

from __future__ import annotations

import gzip
import shutil
import tracemalloc

import numpy as np
import pytest
from astropy.io import fits

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.spectrum import Spectrum
from mtop_gui.io import fitsfile
from tests.io import layouts

ROWS, PIXELS = 1500, 3200


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """A Marz file of 38 MB, flux k + 1 in row k."""
    path = tmp_path_factory.mktemp("long") / "fibres.fits"
    flux = np.repeat(np.arange(1, ROWS + 1, dtype="f4")[:, None], PIXELS, axis=1)
    primary = fits.PrimaryHDU(flux)
    primary.header.update(CRVAL1=4000.0, CDELT1=1.0, CRPIX1=1.0, CUNIT1="Angstrom", VACUUM=True)
    columns = [
        fits.Column("NAME", "8A", array=[f"fib{row}" for row in range(ROWS)]),
        fits.Column("TYPE", "1A", array=["P"] * ROWS),
        fits.Column("RA", "D", array=np.linspace(0, 6, ROWS)),
        fits.Column("DEC", "D", array=np.linspace(-1, 1, ROWS)),
    ]
    fibres = fits.BinTableHDU.from_columns(columns, name="FIBRES")
    variance = fits.ImageHDU(np.ones_like(flux), name="VARIANCE")
    fits.HDUList([primary, variance, fibres]).writeto(path)
    return path


def read_all(path):
    """Read every spectrum and keep none; give peak memory [bytes] and the rows' fluxes."""
    tracemalloc.start()
    try:
        fluxes = [entry.flux[0] for entry in io.iter_rows(path)]
        return tracemalloc.get_traced_memory()[1], fluxes
    finally:
        tracemalloc.stop()


def test_memory_does_not_hold_a_long_file(long_file):
    peak, fluxes = read_all(long_file)
    assert fluxes == list(range(1, ROWS + 1))
    assert peak < 0.2 * long_file.stat().st_size


def test_nor_a_long_compressed_file(long_file, tmp_path, monkeypatch):
    packed = tmp_path / "fibres.fits.gz"
    with long_file.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as stream:
        shutil.copyfileobj(plain, stream)
    monkeypatch.setattr(fitsfile, "_IN_MEMORY", 1 << 20)
    monkeypatch.setattr(fitsfile, "_PIECE", 1 << 20)
    peak, fluxes = read_all(packed)
    assert fluxes == list(range(1, ROWS + 1))
    assert peak < 0.2 * long_file.stat().st_size
    monkeypatch.setattr(fitsfile, "LARGEST", 8 << 20)
    with pytest.raises(UnreadableSpectrumError, match="unpacks to more than 8 MiB"):
        io.read_rows(packed)


@pytest.mark.parametrize("layout", sorted(layouts.WRITERS))
def test_one_by_one_is_the_same_as_at_once(tmp_path, layout):
    path = tmp_path / f"{layout}.fits"
    layouts.WRITERS[layout](path)
    at_once = io.read_rows(path)
    for first in {0, 1, len(at_once)}:
        one_by_one = list(io.iter_rows(path, first))
        assert len(one_by_one) == len(at_once[first:])
        for one, same in zip(one_by_one, at_once[first:], strict=True):
            assert (one.row, one.name) == (same.row, same.name)
            if isinstance(one, Spectrum):
                assert one.content_hash == same.content_hash


def test_wide_tables_are_read_in_parts(tmp_path, monkeypatch):
    path = tmp_path / "table.fits"
    made = layouts.WRITERS["plain"](path)
    whole = io.read(path)
    monkeypatch.setattr("mtop_gui.io.hdu._IN_PARTS", 100)
    assert [one.content_hash for one in io.read(path)] == [one.content_hash for one in whole]
    assert whole[0].flux.size == made.flux.size
