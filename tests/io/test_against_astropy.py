"""Our own FITS reader gives what astropy gives, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mtop_gui.io.fitsfile import FitsFile, open_file
from tests.io import layouts

_QUICK = settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_TYPES = st.sampled_from(["u1", ">i2", ">i4", ">i8", ">f4", ">f8"])


def same_bits(ours, theirs):
    """Equal values of equal kind, NaN where NaN."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    if theirs.dtype.kind in "US":
        np.testing.assert_array_equal(np.char.rstrip(ours.astype(str)), np.char.rstrip(theirs.astype(str)))
    else:
        np.testing.assert_array_equal(ours, theirs)


def compare(path):
    """Compare every unit of a file with what astropy makes of it; give the number of arrays compared."""
    compared = 0
    with open_file(path) as file, fits.open(path, memmap=False) as units:
        assert isinstance(file, FitsFile)
        assert len(file.hdus) == len(units)
        for unit, theirs in zip(file.hdus, units, strict=True):
            assert unit.name == theirs.name.upper() or theirs.name == "PRIMARY"
            if theirs.data is None:
                assert unit.length == 0
            elif unit.is_table:
                assert list(unit.columns.values()) == theirs.columns.names
                for name, form in zip(theirs.columns.names, theirs.columns.formats, strict=True):
                    if not any(code in form for code in "PQXLM"):
                        ours = unit.column(name)
                        # Cells of several dimensions (TDIM) are one row of numbers to our readers.
                        same_bits(ours, np.asarray(theirs.data[name]).reshape(ours.shape))
                        compared += 1
            else:
                same_bits(unit.image(), theirs.data)
                compared += 1
    return compared


def test_every_shared_spectrum(shared_spectra):
    paths = sorted((shared_spectra / "moons1d").glob("*.fits")) + sorted(
        (shared_spectra / "layouts").glob("*.fits")
    )
    paths += [path for path in sorted((shared_spectra / "real").rglob("*.fits")) if path.stat().st_size < 3e7]
    assert sum(map(compare, paths)) > 300


@pytest.mark.parametrize("layout", sorted(set(layouts.WRITERS) - {"gz"}))
def test_every_layout_made_by_hand(tmp_path, layout):
    layouts.WRITERS[layout](tmp_path / f"{layout}.fits")
    assert compare(tmp_path / f"{layout}.fits") > 0


@_QUICK
@given(
    images=st.lists(
        _TYPES.flatmap(lambda kind: npst.arrays(kind, npst.array_shapes(max_dims=3, max_side=5))), max_size=4
    ),
    cards=st.dictionaries(
        st.from_regex(r"[A-W][A-Z0-9]{0,6}X", fullmatch=True),
        st.integers(-(2**62), 2**62)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.booleans()
        | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=150),
        max_size=60,
    ),
)
def test_drawn_images_and_headers(tmp_path, images, cards):
    path = tmp_path / "drawn.fits"
    primary = fits.PrimaryHDU()
    for key, value in cards.items():
        primary.header[key] = value
    fits.HDUList([primary, *map(fits.ImageHDU, images)]).writeto(path, overwrite=True)
    compare(path)
    with open_file(path) as file, fits.open(path) as units:
        for key in cards:
            ours, theirs = file.primary.header.get(key, ""), units[0].header[key]
            if isinstance(theirs, str):
                assert str(ours).rstrip() == theirs.rstrip()
            else:
                assert ours == theirs
                assert type(ours) is type(theirs)
