"""Every layout, from a file made by hand: wavelengths, flux, noise, names and places come out right."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from mtop_gui import io
from mtop_gui.core.airvac import air_to_vacuum
from mtop_gui.core.errors import NotASpectrumError, UnreadableSpectrumError
from mtop_gui.io.fitsfile import FitsFile
from tests.io import hand_made, layouts, layouts_of_images

FLAM = "erg / (s cm2 Angstrom)"

# layout, how it is written, what it is read as, number of spectra, air wavelengths, noise in the file, flux unit
CASES = [
    ("moons1d", {}, "MOONS1D", 1, False, True, FLAM),
    ("moons1d", {"bands": ("YJ",)}, "MOONS1D", 1, False, True, FLAM),
    ("moons1d", {"bands": ("H", "RI")}, "MOONS1D", 1, False, True, FLAM),
    ("sdss_spec", {}, "SDSS/BOSS spec", 1, False, True, f"1e-17 {FLAM}"),
    ("sdss_spec", {"upper": True}, "SDSS/BOSS spec", 1, False, True, f"1e-17 {FLAM}"),
    ("sdss_spspec", {}, "SDSS spSpec", 1, False, True, f"1e-17 {FLAM}"),
    ("desi", {}, "DESI coadd/spectra", 3, False, True, f"1e-17 {FLAM}"),
    ("desi_table", {}, "table with a column per target", 2, False, False, ""),
    ("fourmost", {}, "4MOST L1", 1, False, True, FLAM),
    ("eso", {}, "ESO Phase 3 / IVOA Spectrum", 1, True, True, f"1e-19 {FLAM}"),
    (
        "eso",
        {"unit": "angstrom", "ucd": "em.wl"},
        "ESO Phase 3 / IVOA Spectrum",
        1,
        False,
        True,
        f"1e-19 {FLAM}",
    ),
    ("jwst", {}, "JWST x1d", 2, False, True, "Jy"),
    ("msaexp", {}, "msaexp/grizli", 1, False, True, "uJy"),
    ("marz", {}, "Marz/2dfdr", 3, True, True, ""),
    ("marz", {"vacuum": True, "log": True}, "Marz/2dfdr", 3, False, True, ""),
    ("marz", {"vacuum": True, "ivar": True}, "Marz/2dfdr", 3, False, True, ""),
    ("lamost", {}, "LAMOST", 1, False, True, ""),
    ("lamost", {"cell": True}, "LAMOST", 1, False, True, ""),
    ("vipers", {}, "VIPERS/VANDELS table", 1, True, True, FLAM),
    ("pandora", {}, "VIPGI/Pandora", 1, True, True, FLAM),
    ("muse", {}, "MUSE/MPDAF", 1, True, True, f"1e-20 {FLAM}"),
    ("sixdf", {}, "6dFGS", 1, True, True, ""),
    ("xshooter", {}, "linear WCS with error HDU", 1, True, True, FLAM),
    ("mosfire", {}, "linear WCS with error HDU", 1, False, True, f"1e-17 {FLAM}"),
    ("plain", {}, "plain table", 1, False, True, ""),
    ("plain", {"names": ("lambda", "spec", "var")}, "plain table", 1, False, True, ""),
    ("gelato", {}, "plain table", 1, False, True, FLAM),
    ("wcs1d", {}, "1-D WCS", 1, False, False, ""),
    ("wcs1d", {"CTYPE1": "AWAV", "CUNIT1": "Angstrom"}, "1-D WCS", 1, True, False, ""),
    ("wcs1d_log", {}, "1-D WCS", 1, False, False, ""),
    ("wcs1d_log", {"flag": False}, "1-D WCS", 1, False, False, ""),
    ("iraf", {}, "IRAF multispec", 2, True, True, ""),
]
IDS = [f"{case[0]}-{number}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("writer", "how", "layout", "count", "air", "noise", "unit"), CASES, ids=IDS)
def test_layout(tmp_path, writer, how, layout, count, air, noise, unit, packed):
    path = tmp_path / "spectrum.fits"
    truth = layouts.WRITERS[writer](path, **how)
    if packed:
        path = layouts.gzipped(path)
    assert io.layout_of(path) == layout
    assert io.count(path) == count
    spectrum = io.read(path)[0]
    if how.get("names") == ("lambda", "spec", "var"):
        truth = truth._replace(error=1 / truth.error)  # the same column, now called a variance
    order = np.argsort(truth.wavelength)
    expected = truth.wavelength[order]
    expected = air_to_vacuum(expected) if air else expected
    np.testing.assert_allclose(spectrum.wavelength, expected, rtol=1e-6)
    good = ~spectrum.mask
    assert good.sum() >= truth.flux.size - 1
    np.testing.assert_allclose(spectrum.flux[good], truth.flux[order][good], rtol=1e-6)
    assert spectrum.noise_estimated is not noise
    if noise:
        if writer == "desi":
            good = good & np.isin(np.arange(good.size), [*range(100), *range(110, 200), *range(210, 300)])
        np.testing.assert_allclose(spectrum.error[good], truth.error[order][good], rtol=1e-5)
    assert spectrum.flux_unit == unit
    assert any("air wavelengths" in note for note in spectrum.notes) is air
    assert spectrum.path == path
    one = io.read_one(path, io.index(path)[-1].row)
    assert one.content_hash == io.read(path)[-1].content_hash


def test_a_lost_ucd_of_an_eso_spectrum_is_noted(tmp_path):
    """It alone says that wavelengths are in air: without it they are wrong by 1.6 Å, and nobody would know."""
    layouts.write_eso(tmp_path / "whole.fits")
    layouts.write_eso(tmp_path / "lost.fits", ucd="")
    assert not any("in air" in note for note in io.read_one(tmp_path / "whole.fits").notes)
    assert any("in air" in note for note in io.read_one(tmp_path / "lost.fits").notes)


def test_names_places_and_metadata(tmp_path):
    expected = {
        "moons1d": ("galaxy 7", None, {"hours": 2.0, "instrument": "MOONS_SIM"}),
        "sdss_spec": ("spectrum", (150.5, -2.25), {"pipeline_z": 0.25, "pipeline_class": "GALAXY"}),
        "sdss_spspec": ("spectrum", (180.0, 1.0), {"pipeline_z": 0.1, "pipeline_class": "GALAXY"}),
        "desi": ("39633297352951400", (10.0, -5.0), {"pipeline_z": 0.0, "pipeline_class": "GALAXY"}),
        "fourmost": ("4MOST 1", (30.0, -30.0), {}),
        "eso": ("M19", (149.8, 1.8), {}),
        "jwst": ("source 1", (215.9, 52.9), {"instrument": "NIRSPEC"}),
        "msaexp": ("4233_1", (214.9, 52.9), {}),
        "marz": ("one", (35.0, -28.0), {"instrument": "AAOMEGA-2dF"}),
        "lamost": ("spectrum", (99.0, 27.0), {"pipeline_z": 0.01, "pipeline_class": "GALAXY"}),
        "pandora": ("CDFS1", (53.2, -27.8), {"pipeline_z": 2.5}),
        "muse": ("udf", (53.1, -27.7), {}),
        "sixdf": ("g16", (249.7, -1.5), {"pipeline_z": 0.09, "instrument": "6dF"}),
        "xshooter": ("GRB", (20.0, -20.0), {}),
    }
    for writer, (name, place, facts) in expected.items():
        path = tmp_path / "spectrum.fits"
        layouts.WRITERS[writer](path)
        spectrum = io.read(path)[0]
        assert spectrum.name == name, writer
        assert io.index(path)[0].name == name, writer
        if place is None:
            assert spectrum.ra is None
        else:
            assert (spectrum.ra, spectrum.dec) == pytest.approx(place), writer
        assert {key: spectrum.metadata[key] for key in facts} == pytest.approx(facts), writer


def test_moons_sky_flags_do_not_mask_and_pixels_all_stay(tmp_path):
    layouts.write_moons1d(tmp_path / "m.fits")
    spectrum = io.read_one(tmp_path / "m.fits")
    assert spectrum.wavelength.size == 150
    assert not spectrum.mask.any()


def test_desi_row_without_data_is_named_and_the_others_are_read(tmp_path):
    path = tmp_path / "coadd.fits"
    layouts.write_desi(path)
    rows = io.read_rows(path)
    assert isinstance(rows[1], io.UnreadableRow)
    assert (rows[1].row, rows[1].name) == (1, "39633297352951401")
    assert "zero inverse variance" in rows[1].reason
    assert [spectrum.row for spectrum in io.read(path)] == [0, 2]
    with pytest.raises(UnreadableSpectrumError, match="zero inverse variance"):
        io.read_one(path, 1)


def test_desi_overlap_is_the_weighted_mean_and_an_arm_may_be_absent(tmp_path):
    path = tmp_path / "coadd.fits"
    truth = layouts.write_desi(path)
    spectrum = io.read_one(path, 0)
    np.testing.assert_allclose(spectrum.ivar[100:110], 2 * truth.error[100:110] ** -2.0, rtol=1e-6)
    layouts.write_desi(path, arms=("B", "Z"))
    spectrum = io.read_one(path, 2)
    assert spectrum.wavelength.size == 210
    assert "arm R missing" in spectrum.notes


def test_desi_table_joins_doubled_wavelengths(tmp_path):
    path = tmp_path / "table.fits"
    truth = layouts.write_desi_table(path)
    spectra = io.read(path)
    assert [spectrum.name for spectrum in spectra] == ["35191325330507548", "77"]
    assert spectra[1].wavelength.size == truth.wavelength.size
    np.testing.assert_allclose(spectra[1].flux, 2 * truth.flux, rtol=1e-9)


def test_marz_keeps_the_fibre_number_as_row(tmp_path):
    layouts.write_marz(tmp_path / "marz.fits")
    assert [(head.row, head.name) for head in io.index(tmp_path / "marz.fits")] == [
        (0, "one"),
        (2, "three"),
        (3, "four"),
    ]
    assert io.read_one(tmp_path / "marz.fits", 3).name == "four"
    with pytest.raises(UnreadableSpectrumError, match="row 1"):
        io.read_one(tmp_path / "marz.fits", 1)


def test_quality_flags_mask(tmp_path):
    for writer, pixel in (("fourmost", 5), ("vipers", 3), ("jwst", 7), ("xshooter", 9)):
        layouts.WRITERS[writer](tmp_path / "q.fits")
        assert np.flatnonzero(io.read(tmp_path / "q.fits")[0].mask).tolist() == [pixel], writer


def test_jwst_quality_that_lost_its_offset(tmp_path):
    layouts.write_jwst(tmp_path / "j.fits")
    with fits.open(tmp_path / "j.fits") as units:
        columns = units[1].columns
        quality = units[1].data["DQ"].astype(float) - 2.0**31
        quality[20] = np.nan
        changed = fits.BinTableHDU.from_columns(
            [*(c for c in columns if c.name != "DQ"), fits.Column("DQ", "D", array=quality)], name="EXTRACT1D"
        )
        fits.HDUList([units[0].copy(), changed]).writeto(tmp_path / "k.fits")
    assert np.flatnonzero(io.read_one(tmp_path / "k.fits").mask).tolist() == [7]


def test_grizli_counts_become_flux(tmp_path):
    truth = layouts.write_grizli(tmp_path / "g.1D.fits")
    spectra = io.read(tmp_path / "g.1D.fits")
    assert [spectrum.name for spectrum in spectra] == ["gdn G102", "gdn G141"]
    np.testing.assert_allclose(spectra[0].flux, truth.flux * 1e-18, rtol=1e-12)
    assert spectra[0].flux_unit == FLAM


@pytest.mark.parametrize("header", ["# wavelength flux error", "", "wave,flux,err"])
def test_text_columns(tmp_path, header):
    path = tmp_path / "spectrum.txt"
    truth = layouts.write_ascii(path, header, "," if "," in header else " ")
    spectrum = io.read_one(path)
    np.testing.assert_allclose(spectrum.wavelength, truth.wavelength)
    np.testing.assert_allclose(spectrum.flux, truth.flux, rtol=1e-8)
    np.testing.assert_allclose(spectrum.error, truth.error, rtol=1e-8)
    packed = layouts.gzipped(path)
    assert io.read_one(packed).content_hash == spectrum.content_hash


def test_text_columns_in_another_order_with_units(tmp_path):
    path = tmp_path / "s.dat"
    path.write_text("# ivar flux[uJy] wave[um]\n" + "".join(f"4 {n} {0.5 + n / 100}\n" for n in range(10)))
    spectrum = io.read_one(path)
    np.testing.assert_allclose(spectrum.wavelength, 5000 + 100.0 * np.arange(10))
    np.testing.assert_allclose(spectrum.error, 0.5)
    assert spectrum.flux_unit == "uJy"


def test_other_kinds_of_file_say_what_they_are(tmp_path):
    layouts.write_redshift_catalogue(tmp_path / "redrock-1.fits")
    with pytest.raises(NotASpectrumError, match="redshift catalogue"):
        io.read(tmp_path / "redrock-1.fits")
    layouts_of_images.write_image(tmp_path / "image.fits")
    with pytest.raises(NotASpectrumError, match="image"):
        io.read(tmp_path / "image.fits")
    (tmp_path / "notes.txt").write_text("These are my notes.\nThey hold no numbers.\n")
    with pytest.raises(NotASpectrumError, match="text file"):
        io.read(tmp_path / "notes.txt")


def test_unknown_layout_lists_what_was_found_and_looked_for(tmp_path):
    columns = [("APPLES", "D", [1.0, 2.0]), ("PEARS", "J", [1, 2])]
    fits.HDUList([hand_made.primary(), hand_made.table(columns, "FRUIT")]).writeto(tmp_path / "f.fits")
    with pytest.raises(UnreadableSpectrumError) as caught:
        io.read(tmp_path / "f.fits")
    for word in ("FRUIT", "APPLES", "PEARS", "WAVE", "CRVAL1", "MOONS1D"):
        assert word in str(caught.value)


def test_falling_and_unsorted_wavelengths_are_put_in_order(tmp_path):
    truth = layouts.write_plain(tmp_path / "p.fits")
    for order in (slice(None, None, -1), np.random.default_rng(3).permutation(truth.flux.size)):
        columns = [("WAVE", "D", truth.wavelength[order]), ("FLUX", "D", truth.flux[order])]
        columns.append(("ERR", "D", truth.error[order]))
        fits.HDUList([hand_made.primary(), hand_made.table(columns)]).writeto(
            tmp_path / "q.fits", overwrite=True
        )
        spectrum = io.read_one(tmp_path / "q.fits")
        np.testing.assert_array_equal(spectrum.wavelength, truth.wavelength)
        np.testing.assert_array_equal(spectrum.flux, truth.flux)


def test_errors_that_are_all_zero_are_estimated_instead(tmp_path):
    truth = layouts.write_plain(tmp_path / "p.fits", names=("WAVE", "FLUX", "ERR"), noise=np.zeros(200))
    spectrum = io.read_one(tmp_path / "p.fits")
    assert spectrum.noise_estimated
    assert np.median(spectrum.error) == pytest.approx(np.median(truth.error), rel=0.4)


def test_faint_fluxes_do_not_underflow(tmp_path):
    truth = layouts.write_moons1d(tmp_path / "m.fits", scale=1e-24)
    spectrum = io.read_one(tmp_path / "m.fits")
    np.testing.assert_allclose(spectrum.error, truth.error, rtol=1e-12)


def test_columns_in_the_heap_and_scaled_columns(tmp_path):
    truth = hand_made.truth()
    heap = [
        fits.Column(name, "PD()", array=np.array([values, values[:150]], dtype=object))
        for name, values in zip(("WAVE", "FLUX", "ERR"), truth, strict=True)
    ]
    fits.HDUList([hand_made.primary(), fits.BinTableHDU.from_columns(heap)]).writeto(tmp_path / "heap.fits")
    first, second = io.read(tmp_path / "heap.fits")
    np.testing.assert_array_equal(first.flux, truth.flux)
    assert second.flux.size == 150
    flux = np.round(truth.flux * 100).astype("i4")
    columns = [
        fits.Column("WAVE", "D", array=truth.wavelength),
        fits.Column("FLUX", "J", array=flux),
        fits.Column("MASK", "J", array=np.zeros(200, dtype="u4"), bzero=2**31),
    ]
    unit = fits.BinTableHDU.from_columns(columns)
    unit.header.update({"XSCAL2": 0.01, "XZERO2": 5.0})
    fits.HDUList([hand_made.primary(), unit]).writeto(tmp_path / "scaled.fits")
    content = (tmp_path / "scaled.fits").read_bytes()
    # astropy would scale the numbers itself if the cards were called by their names from the start.
    (tmp_path / "scaled.fits").write_bytes(
        content.replace(b"XSCAL2", b"TSCAL2").replace(b"XZERO2", b"TZERO2")
    )
    np.testing.assert_allclose(io.read_one(tmp_path / "scaled.fits").flux, 5 + flux / 100)


def test_compressed_image(tmp_path):
    truth = hand_made.truth(2000)
    unit = fits.CompImageHDU(truth.flux[None, :].astype("f4"), compression_type="GZIP_1", quantize_level=0)
    unit.header.update(hand_made.linear(truth))
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "c.fits.fz")
    np.testing.assert_allclose(io.read_one(tmp_path / "c.fits.fz").flux, truth.flux, rtol=1e-6)


def test_jwst_table_with_a_source_per_row(tmp_path):
    truth = hand_made.truth()
    padded = truth.wavelength / 1e4
    padded = np.vstack([padded, np.where(np.arange(200) < 150, padded, np.nan)])
    columns = [
        ("SOURCE_ID", "J", [11, 12]),
        ("WAVELENGTH", "200D", padded, "um"),
        ("FLUX", "200D", np.vstack([truth.flux, 2 * truth.flux]), "Jy"),
        ("FLUX_ERROR", "200D", np.vstack([truth.error, 2 * truth.error]), "Jy"),
    ]
    fits.HDUList([hand_made.primary(), hand_made.table(columns, "EXTRACT1D")]).writeto(tmp_path / "x1d.fits")
    first, second = io.read(tmp_path / "x1d.fits")
    assert (first.name, second.name) == ("11", "12")
    np.testing.assert_allclose(second.flux, 2 * truth.flux[:150])
    assert any("50 pixels without a wavelength" in note for note in second.notes)


def test_a_large_file_is_read_row_by_row(tmp_path, monkeypatch):
    path = tmp_path / "coadd.fits"
    layouts.write_desi(path, spectra=40)
    at_once = io.read_one(path, 39)
    monkeypatch.setattr("mtop_gui.io.fitsfile._IN_MEMORY", 0)
    taken = []
    original = FitsFile.read

    def counted(self, offset, count):
        taken.append(count)
        return original(self, offset, count)

    monkeypatch.setattr(FitsFile, "read", counted)
    assert io.read_one(path, 39).content_hash == at_once.content_hash
    assert sum(taken) < path.stat().st_size
