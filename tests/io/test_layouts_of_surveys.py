"""Further layouts, and files that invite a silent wrong read: medium, unit, logarithm, kind of noise, mask."""

from __future__ import annotations

import numpy as np
import pytest

from mtop_gui import io
from mtop_gui.core.airvac import air_to_vacuum
from mtop_gui.core.errors import NotASpectrumError
from tests.io import layouts, layouts_of_surveys
from tests.io.hand_made import log_truth, primary, save, table, truth

FLAM = "erg / (s cm2 Angstrom)"

# writer, how, layout, names of the spectra, air wavelengths, flux unit, masked pixels
CASES = [
    (
        "pypeit",
        {},
        "PypeIt",
        ["s SPAT0175-SLIT0187-DET01", "s SPAT0575-SLIT0587-DET01"],
        False,
        f"1e-17 {FLAM}",
        [5],
    ),
    ("pypeit_coadd", {}, "PypeIt", ["s"], False, f"1e-17 {FLAM}", [5]),
    ("euclid", {}, "Euclid SIR", ["26887654", "26887655"], False, FLAM, [4, 6]),
    ("kmos", {}, "KMOS", ["s IFU.3", "s IFU.7"], False, "", []),
    ("gama", {}, "image of named rows", ["s"], True, f"1e-17 {FLAM}", []),
    ("twodfgrs", {}, "image of named rows", ["s 1", "s 2"], True, "", []),
    ("iraf_bands", {}, "image of named rows", ["s"], True, "", []),
    ("wigglez", {}, "linear WCS with error HDU", ["s"], True, "", []),
    ("deep2", {}, "DEEP2/DEIMOS spec1d", ["s"], True, "", []),
    ("lamost_mrs", {}, "LAMOST", ["s"], False, "", []),
    ("lamost_mrs", {"cell": False}, "LAMOST", ["s"], False, "", []),
    ("frame", {}, "images of flux and wavelength", ["5", "6", "7"], False, f"1e-17 {FLAM}", []),
]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("writer", "how", "layout", "names", "air", "unit", "masked"), CASES)
def test_layout(tmp_path, writer, how, layout, names, air, unit, masked, packed):
    path = tmp_path / "s.fits"
    made = getattr(layouts_of_surveys, f"write_{writer}")(path, **how)
    if packed:
        path = layouts.gzipped(path)
    assert io.layout_of(path) == layout
    assert [head.name for head in io.index(path)] == names
    spectrum = io.read_one(path)
    wavelength = air_to_vacuum(made.wavelength) if air else made.wavelength
    np.testing.assert_allclose(spectrum.wavelength, wavelength, rtol=1e-9)
    assert np.flatnonzero(spectrum.mask).tolist() == masked
    good = ~spectrum.mask
    np.testing.assert_allclose(spectrum.flux[good], made.flux[good], rtol=1e-9)
    np.testing.assert_allclose(spectrum.error[good], made.error[good], rtol=1e-9)
    assert not spectrum.noise_estimated
    assert spectrum.flux_unit == unit
    assert len(io.read(path)) == len(names)


def test_an_iraf_image_takes_unit_and_air_from_its_wat_card(tmp_path):
    made = layouts_of_surveys.write_iraf_linear(tmp_path / "s.fits")
    np.testing.assert_allclose(
        io.read_one(tmp_path / "s.fits").wavelength, air_to_vacuum(made.wavelength), rtol=1e-9
    )


def test_a_medium_resolution_file_without_an_arm_says_so(tmp_path):
    from astropy.io import fits

    layouts_of_surveys.write_lamost_mrs(tmp_path / "both.fits")
    with fits.open(tmp_path / "both.fits") as units:
        fits.HDUList([units[0], units[2]]).writeto(tmp_path / "red.fits")
    spectrum = io.read_one(tmp_path / "red.fits")
    assert spectrum.wavelength[0] == pytest.approx(6300.0)
    assert "arm B missing" in spectrum.notes


def write_columns(path, *columns):
    save(path, primary(), table(list(columns)))


# What the wavelength column is called, its unit, and how the values are written
WRITTEN = {
    "log10 in LOGLAM": ("LOGLAM", None, np.log10),
    "ln in LOGLAM": ("LOGLAM", None, np.log),
    "log10 in WAVE": ("WAVE", None, np.log10),
    "ln in WAVE": ("WAVE", None, np.log),
    "log10 by its unit": ("LAMBDA", "log(Angstrom)", np.log10),
    "nm without unit": ("WAVE", None, lambda values: values / 10),
    "nm by the name": ("WAVE_NM", None, lambda values: values / 10),
    "um by the name": ("wave_um", None, lambda values: values / 1e4),
    "um without unit": ("WAVE", None, lambda values: values / 1e4),
    "m without unit": ("WAVE", None, lambda values: values / 1e10),
    "an odd unit": ("WAVE", "10**(-10) m", lambda values: values),
    "um in words": ("WAVE", "Wavelength [um]", lambda values: values / 1e4),
    "text": ("WAVE", "Angstrom", lambda values: np.array([f"{value:.8f}" for value in values])),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_wavelengths_come_out_in_angstrom(tmp_path, written):
    name, unit, convert = WRITTEN[written]
    made = log_truth()
    values = convert(made.wavelength)
    form = "20A" if values.dtype.kind == "U" else "D"
    write_columns(
        tmp_path / "s.fits",
        (name, form, values, unit),
        ("FLUX", "D", made.flux),
        ("ERR", "D", made.error),
    )
    spectrum = io.read_one(tmp_path / "s.fits")
    np.testing.assert_allclose(spectrum.wavelength, made.wavelength, rtol=1e-7)
    np.testing.assert_allclose(spectrum.error, made.error, rtol=1e-9)


def test_a_spectrum_in_microns_is_not_taken_for_logarithms(tmp_path):
    made = truth()
    micron = 3.3 + 6.6e-4 * np.arange(made.flux.size)
    write_columns(
        tmp_path / "s.fits", ("wave", "D", micron), ("flux", "D", made.flux), ("err", "D", made.error)
    )
    np.testing.assert_allclose(io.read_one(tmp_path / "s.fits").wavelength, 1e4 * micron, rtol=1e-12)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("FLUX", "ERR", "WEIGHT"), "error"),
        (("FLUX", "FLUX_VAR", "IVAR_SKY"), "variance"),
        (("flam", "flam_err", "x"), "error"),
        (("fnu", "efnu", "x"), "error"),
        (("FLUX_CAL", "ERR_CAL", "x"), "error"),
        (("FLUX", "WEIGHT", "x"), "ivar"),
        (("flux", "uncertainty", "x"), "error"),
        (("FLUX", "STDEV", "x"), "error"),
    ],
)
def test_the_noise_is_what_its_column_says(tmp_path, names, kind):
    made = truth()
    written = {"error": made.error, "variance": made.error**2, "ivar": made.error**-2.0}[kind]
    write_columns(
        tmp_path / "s.fits",
        ("WAVE", "D", made.wavelength),
        (names[0], "D", made.flux),
        (names[2], "D", np.full(made.flux.size, 7.0)),
        (names[1], "D", written),
    )
    spectrum = io.read_one(tmp_path / "s.fits")
    np.testing.assert_allclose(spectrum.error, made.error, rtol=1e-9)


def test_a_mask_that_leaves_nothing_is_ignored_and_noted(tmp_path):
    made = truth()
    ivar = made.error**-2.0
    ivar[:3] = 0
    write_columns(
        tmp_path / "s.fits",
        ("WAVE", "D", made.wavelength),
        ("FLUX", "D", made.flux),
        ("IVAR", "D", ivar),
        ("MASK", "J", (ivar > 0).astype(int)),
    )
    spectrum = io.read_one(tmp_path / "s.fits")
    assert np.flatnonzero(spectrum.mask).tolist() == [0, 1, 2]
    assert "mask ignored: it flags every usable pixel" in spectrum.notes


@pytest.mark.parametrize("column", ["Z", "ID", "LINE", "RA"])
def test_a_catalogue_with_wavelengths_is_no_spectrum(tmp_path, column):
    made = truth()
    more = [("DEC", "D", made.flux)] if column == "RA" else []
    write_columns(
        tmp_path / "s.fits",
        (column, "D", made.flux),
        *more,
        ("WAVE", "D", made.wavelength),
        ("FLUX", "D", made.flux),
    )
    with pytest.raises(NotASpectrumError, match="catalogue"):
        io.read(tmp_path / "s.fits")


@pytest.mark.parametrize(
    ("header", "convert", "kind", "unit"),
    [
        ("# wavelength [nm]  flux [1e-17 erg s-1 cm-2 A-1] ivar", 0.1, "ivar", f"1e-17 {FLAM}"),
        ("# wavelength (A) flux ivar", 1.0, "ivar", ""),
        ("# the wavelength, then the flux, then its ivar", 1.0, "ivar", ""),
        ("lambda(um) flux var", 1e-4, "variance", ""),
        (
            "# %ECSV 1.0\n# ---\n# - {name: wavelength, unit: nm, datatype: float64}\n"
            "# - {name: flux, unit: Jy, datatype: float64}\nwavelength flux uncertainty",
            0.1,
            "error",
            "Jy",
        ),
        ("", 0.1, "error", ""),
    ],
)
def test_text_headers(tmp_path, header, convert, kind, unit):
    made = truth()
    noise = {"error": made.error, "variance": made.error**2, "ivar": made.error**-2.0}[kind]
    lines = [
        f"{w * convert:.12g} {f:.12g} {n:.12g}"
        for w, f, n in zip(made.wavelength, made.flux, noise, strict=True)
    ]
    (tmp_path / "s.txt").write_text(
        "\n".join([*([header] if header else []), *lines]) + "\n", encoding="utf-8"
    )
    spectrum = io.read_one(tmp_path / "s.txt")
    np.testing.assert_allclose(spectrum.wavelength, made.wavelength, rtol=1e-9)
    np.testing.assert_allclose(spectrum.error, made.error, rtol=1e-9)
    assert spectrum.flux_unit == unit


def test_a_column_that_numbers_the_lines_is_not_the_wavelength(tmp_path):
    made = truth()
    lines = [f"{number} {w} {f} {e}" for number, (w, f, e) in enumerate(zip(*made, strict=True))]
    (tmp_path / "s.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.testing.assert_allclose(io.read_one(tmp_path / "s.txt").wavelength, made.wavelength)
