"""Damaged, lying and drawn files: one sentence, never another exception; good pixels come through exactly."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mtop_gui import io
from mtop_gui.core.airvac import air_to_vacuum, vacuum_to_air
from mtop_gui.core.errors import UnreadableSpectrumError
from tests.io import hand_made, layouts

_TEMPORARY = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with one file in every layout."""
    folder = tmp_path_factory.mktemp("layouts")
    for name, write in layouts.WRITERS.items():
        write(folder / f"{name}.fits")
    return folder


def _spectra_or_sentence(path):
    """Give whatever can be read; when nothing can, the error must be one plain sentence."""
    try:
        return io.read(path)
    except UnreadableSpectrumError as error:
        sentence = str(error)
    assert sentence
    assert "\n" not in sentence
    return []


@pytest.mark.parametrize("layout", sorted(layouts.WRITERS))
@settings(_TEMPORARY, max_examples=15)
@given(fraction=st.floats(0.0, 1.0, exclude_max=True))
def test_truncated_files_end_in_one_sentence(tmp_path, written, layout, fraction):
    content = (written / f"{layout}.fits").read_bytes()
    path = tmp_path / "cut.fits"
    path.write_bytes(content[: int(fraction * len(content))])
    whole = {spectrum.row: spectrum for spectrum in io.read(written / f"{layout}.fits")}
    for spectrum in _spectra_or_sentence(path):
        # What is read from a part is an arm or a table that is whole in itself; one alone says which it is.
        if spectrum.row not in whole and any("only the arm" in note for note in spectrum.notes):
            continue
        same = whole[spectrum.row]
        places = np.searchsorted(same.wavelength, spectrum.wavelength)
        np.testing.assert_array_equal(same.wavelength[places], spectrum.wavelength)
        good = ~(same.mask[places] | spectrum.mask)
        np.testing.assert_allclose(same.flux[places][good], spectrum.flux[good], rtol=1e-6)
        # Cut in the padding between two units, a spectrum looks like one that never had errors or flags.
        assert not (spectrum.mask & ~same.mask[places]).any()


@pytest.mark.parametrize("layout", sorted(layouts.WRITERS))
@settings(_TEMPORARY, max_examples=15)
# Headers come first, and that is where damage does most.
@given(
    damage=st.lists(
        st.tuples(st.floats(0.0, 1.0, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_flipped_bytes_never_raise_anything_else(tmp_path, written, layout, damage):
    content = bytearray((written / f"{layout}.fits").read_bytes())
    for fraction, value in damage:
        content[int(fraction * min(len(content), 20_000))] = value
    path = tmp_path / "flipped.fits"
    path.write_bytes(bytes(content))
    for spectrum in _spectra_or_sentence(path):
        assert np.isfinite(spectrum.flux).all()


@_TEMPORARY
@given(content=st.binary(max_size=4000), suffix=st.sampled_from([".fits", ".txt", ".fits.gz", ".dat"]))
def test_random_bytes_end_in_one_sentence(tmp_path, content, suffix):
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableSpectrumError):
        io.read(path)


def test_headers_that_claim_too_much_are_not_believed(tmp_path):
    for card, value in (("NAXIS1", 10**12), ("NAXIS1", -5), ("NAXIS", 998), ("BITPIX", 7)):
        layouts.write_wcs1d(tmp_path / "huge.fits")
        content = (tmp_path / "huge.fits").read_bytes()
        start = content.index(f"{card:8}= ".encode())
        (tmp_path / "huge.fits").write_bytes(
            content[:start] + f"{card:8}= {value:>20}".ljust(80).encode() + content[start + 80 :]
        )
        with pytest.raises(UnreadableSpectrumError):
            io.read(tmp_path / "huge.fits")


@pytest.mark.parametrize(
    ("key", "place"), [("TTYPE3", "TTYPE3"), ("EXTNAME", "EXTEND"), ("TTYPE0", "TTYPE3")]
)
def test_a_name_that_is_no_text_or_of_no_column_is_noted(tmp_path, key, place):
    layouts.write_plain(tmp_path / "p.fits")
    (sound,) = io.read(tmp_path / "p.fits")
    content = (tmp_path / "p.fits").read_bytes()
    start = content.index(f"{place:8}= ".encode())
    card = f"{key:8}= (1,2)".ljust(80).encode()
    (tmp_path / "p.fits").write_bytes(content[:start] + card + content[start + 80 :])
    (read,) = io.read(tmp_path / "p.fits")
    assert key in " ".join(set(read.notes) - set(sound.notes))


def test_a_column_whose_name_was_lost_is_noted(tmp_path):
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("WAVELENGTH", "D", array=np.linspace(4000, 9000, 300)),
            fits.Column("FLUX", "D", array=np.ones(300), unit="erg/s/cm2/Angstrom"),
            fits.Column("IVAR", "D", array=np.ones(300)),
        ]
    )
    table.writeto(tmp_path / "named.fits")
    content = (tmp_path / "named.fits").read_bytes()
    (tmp_path / "lost.fits").write_bytes(content.replace(b"'IVAR    '", b"''        "))
    sound, lost = (set(io.read(tmp_path / f"{name}.fits")[0].notes) for name in ("named", "lost"))
    assert any("columns of a table have no names" in note for note in lost - sound)


@pytest.mark.parametrize(("key", "value"), [("GCOUNT", 2), ("PCOUNT", 1)])
def test_an_extension_that_claims_groups_is_noted(tmp_path, written, key, value):
    sound = written / "moons1d.fits"
    content = sound.read_bytes()
    with fits.open(sound) as units:
        last = units[-1].fileinfo()["hdrLoc"]
    card = next(
        (f"{key:8}= {n:20}".encode() for n in (0, 1) if f"{key:8}= {n:20}".encode() in content[last:]), b""
    )
    assert card
    damaged = content[:last] + content[last:].replace(card, f"{key:8}= {value:20}".encode(), 1)
    (tmp_path / "groups.fits").write_bytes(damaged + 2880 * 40 * b"\0")
    assert any(key in note for note in io.read(tmp_path / "groups.fits")[0].notes)


def test_a_table_that_claims_too_many_rows_is_truncated(tmp_path):
    layouts.write_plain(tmp_path / "p.fits")
    content = (tmp_path / "p.fits").read_bytes()
    old = b"NAXIS2  =                  200"
    assert old in content
    (tmp_path / "p.fits").write_bytes(content.replace(old, b"NAXIS2  =         999999999999"))
    with pytest.raises(UnreadableSpectrumError, match="truncated"):
        io.read(tmp_path / "p.fits")


def test_damaged_gzip_is_named(tmp_path):
    layouts.write_plain(tmp_path / "p.fits")
    packed = layouts.gzipped(tmp_path / "p.fits")
    packed.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(UnreadableSpectrumError, match="compressed"):
        io.read(packed)


def test_gzip_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(gzip.compress(b"\0" * 5_000_000))
    monkeypatch.setattr("mtop_gui.io.fitsfile.LARGEST", 1_000_000)
    with pytest.raises(UnreadableSpectrumError, match="unpacks to more"):
        io.read(path)


def test_missing_empty_and_forbidden_files(tmp_path):
    (tmp_path / "empty.fits").write_bytes(b"")
    (tmp_path / "html.fits").write_text("<html>404 not found</html>")
    for name, word in (
        ("absent.fits", "no file"),
        ("empty.fits", "empty"),
        ("html.fits", "named .fits"),
        ("", "folder"),
    ):
        with pytest.raises(UnreadableSpectrumError, match=word):
            io.read(tmp_path / name)


values = st.floats(-1e4, 1e4, width=32) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0])


@_TEMPORARY
@given(
    flux=npst.arrays(np.float64, 60, elements=values),
    noise=npst.arrays(np.float64, 60, elements=values),
    kind=st.sampled_from(["IVAR", "ERR", "VAR"]),
)
def test_masks_only_grow_and_good_pixels_are_exact(tmp_path, flux, noise, kind):
    wavelength = 4000.0 + np.arange(60)
    columns = [("WAVE", "D", wavelength), ("FLUX", "D", flux), (kind, "D", noise)]
    path = tmp_path / "drawn.fits"
    fits.HDUList([hand_made.primary(), hand_made.table(columns)]).writeto(path, overwrite=True)
    usable = np.isfinite(flux) & np.isfinite(noise) & (noise > 0)
    try:
        spectrum = io.read_one(path)
    except UnreadableSpectrumError:
        assert not usable.any()
        return
    if spectrum.noise_estimated:
        assert kind != "IVAR"
        usable = np.isfinite(flux)
    # 1/err**2 of an error near the smallest float overflows: then, and only then, more is masked than was bad.
    assert not (~spectrum.mask & ~usable).any()
    assert (spectrum.mask & usable & (noise > 1e-150)).sum() == 0
    np.testing.assert_array_equal(spectrum.flux[~spectrum.mask], flux[~spectrum.mask])
    assert not spectrum.flux[spectrum.mask].any()
    assert not spectrum.ivar[spectrum.mask].any()
    assert (spectrum.ivar[~spectrum.mask] > 0).all()


@_TEMPORARY
@given(
    flux=npst.arrays(
        np.float32, 80, elements=st.floats(-1e4, 1e4, width=32) | st.sampled_from([np.nan, np.inf])
    )
)
def test_image_without_errors_keeps_its_flux(tmp_path, flux):
    path = tmp_path / "image.fits"
    fits.HDUList([hand_made.primary(flux, CRVAL1=5000.0, CDELT1=2.0)]).writeto(path, overwrite=True)
    good = np.isfinite(flux)
    try:
        spectrum = io.read_one(path)
    except UnreadableSpectrumError:
        assert not good.any()
        return
    np.testing.assert_array_equal(spectrum.mask, ~good)
    np.testing.assert_array_equal(spectrum.flux[good], flux[good])
    assert spectrum.noise_estimated
    assert np.isfinite(spectrum.error[good]).all()


@given(wavelength=st.floats(2000.0, 60000.0))
def test_air_and_vacuum_round_trip(wavelength):
    vacuum = air_to_vacuum(np.array([wavelength]))
    assert vacuum_to_air(vacuum)[0] == pytest.approx(wavelength, abs=1e-8)
    assert 1.00026 < vacuum[0] / wavelength < 1.00034


def test_air_to_vacuum_against_known_lines():
    # Hα, Hβ, [O III], [O II]: NIST's and SDSS's air and vacuum wavelengths.
    air = np.array([6562.80, 4861.33, 5006.84, 3726.03])
    np.testing.assert_allclose(air_to_vacuum(air), [6564.61, 4862.69, 5008.24, 3727.09], atol=0.01)
    assert air_to_vacuum(np.array([1215.67]))[0] == 1215.67
