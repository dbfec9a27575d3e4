"""Small files in every layout, made by hand: `write_<layout>(path)` writes one and returns what it holds."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from pathlib import Path

FLAM17 = "1E-17 erg/cm^2/s/Ang"


class Truth(NamedTuple):
    """What a file holds: wavelengths as written, flux and standard deviation."""

    wavelength: np.ndarray
    flux: np.ndarray
    error: np.ndarray


def truth(
    pixels: int = 200, start: float = 4000.0, step: float = 1.5, scale: float = 1.0, seed: int = 1
) -> Truth:
    """A noisy line on a linear grid."""
    rng = np.random.default_rng(seed)
    wavelength = start + step * np.arange(pixels)
    error = scale * rng.uniform(0.5, 1.5, pixels)
    line = 30.0 * np.exp(-0.5 * ((np.arange(pixels) - pixels / 2) / 3) ** 2)
    return Truth(wavelength, scale * (10 + line) + rng.normal(size=pixels) * error, error)


def log_truth(pixels: int = 200) -> Truth:
    """The same on a grid linear in log10."""
    made = truth(pixels)
    return made._replace(wavelength=10.0 ** (3.6 + 1e-4 * np.arange(pixels)))


def _save(path: Path, *units) -> None:
    fits.HDUList(list(units)).writeto(path, overwrite=True)


def table(columns, name: str = "", **cards):
    """A binary table: columns as (name, format, array[, unit])."""
    unit = fits.BinTableHDU.from_columns(
        [fits.Column(name=c[0], format=c[1], array=c[2], unit=c[3] if len(c) > 3 else None) for c in columns]
    )
    if name:
        unit.name = name
    unit.header.update(cards)
    return unit


def image(data, **cards):
    unit = fits.ImageHDU(np.asarray(data))
    unit.header.update(cards)
    return unit


def primary(data=None, **cards):
    unit = fits.PrimaryHDU(None if data is None else np.asarray(data))
    for key, value in cards.items():
        unit.header[key.replace("__", "-")] = value
    return unit


def linear(made: Truth, **more):
    """WCS cards of a linear grid."""
    return {
        "CRVAL1": made.wavelength[0],
        "CDELT1": made.wavelength[1] - made.wavelength[0],
        "CRPIX1": 1.0,
        **more,
    }


def cells(made: Truth, names, units=("", "", ""), form: str = "D"):
    """Three columns with one array each."""
    size = made.flux.size
    return [
        (name, f"{size}{form}", values[None, :], unit or None)
        for name, values, unit in zip(names, made, units, strict=True)
    ]


MOONS_BANDS = {"RI": (6470.0, 0.697, 60), "YJ": (9340.0, 0.984, 50), "H": (14520.0, 0.899, 40)}


def write_moons1d(path: Path, bands=("RI", "YJ", "H"), scale: float = 1e-19) -> Truth:
    parts, units = [], [primary(INST="MOONS_SIM", OBNAME="galaxy 7", NDIT=24.0, DIT=300.0, R_MODE="LR")]
    for number, band in enumerate(bands):
        start, step, pixels = MOONS_BANDS[band]
        made = truth(pixels, start, step, scale, seed=number)
        parts.append(made)
        for name, values in (
            (f"DATA_{band}", made.flux),
            (f"ERR_{band}", made.error),
            (f"QUAL_{band}", np.arange(pixels) % 2),
            ("Sky", np.ones(pixels)),
        ):
            units.append(image(values, NAME=name, TUNIT2="erg Angstrom-1 s-1 cm-2", **linear(made)))
    _save(path, *units)
    return Truth(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def write_sdss_spec(path: Path, upper: bool = False) -> Truth:
    made = log_truth()
    columns = [
        ("flux", "E", made.flux),
        ("loglam", "E", np.log10(made.wavelength)),
        ("ivar", "E", made.error**-2.0),
        ("and_mask", "J", np.full(made.flux.size, 2**23)),
        ("or_mask", "J", np.zeros(made.flux.size)),
    ]
    columns = [(name.upper() if upper else name, *rest) for name, *rest in columns]
    catalogue = [
        ("CLASS", "6A", ["GALAXY"]),
        ("Z", "E", [0.25]),
        ("ZWARNING", "J", [4]),
        ("SUBCLASS", "2A", [""]),
    ]
    _save(
        path,
        primary(BUNIT=FLAM17, PLUG_RA=150.5, PLUG_DEC=-2.25, EXPTIME=2700.0, TELESCOP="SDSS 2.5-M"),
        table(columns, "" if upper else "COADD"),
        table(catalogue, "" if upper else "SPECOBJ"),
    )
    return made


def write_sdss_spspec(path: Path) -> Truth:
    made = log_truth()
    rows = np.vstack(
        [made.flux, made.flux - 10, made.error, np.zeros_like(made.flux), np.ones_like(made.flux)]
    )
    cards = {
        "COEFF0": 3.6,
        "COEFF1": 1e-4,
        "CRVAL1": 3.6,
        "CD1_1": 1e-4,
        "DC__FLAG": 1,
        "VACUUM": True,
        "Z": 0.1,
    }
    _save(
        path,
        primary(
            rows, **cards, SPEC_CLN=2, RAOBJ=180.0, DECOBJ=1.0, RA=5.0, DEC=5.0, BUNIT="1.0E-17 erg/cm/s/Ang"
        ),
    )
    return made


def write_desi(path: Path, arms=("B", "R", "Z"), spectra: int = 3) -> Truth:
    """Arms that overlap by 10 pixels on one grid; row 1 has no usable pixel, row k is k + 1 times brighter."""
    grid = {"B": (0, 110), "R": (100, 210), "Z": (200, 300)}
    made = truth(300, 3600.0, 0.8)
    units = [
        primary(),
        table(
            [
                ("TARGETID", "K", 39633297352951400 + np.arange(spectra)),
                ("TARGET_RA", "D", 10.0 + np.arange(spectra)),
                ("TARGET_DEC", "D", -5.0 - np.arange(spectra)),
                ("OBJTYPE", "3A", ["TGT"] * spectra),
            ],
            "FIBERMAP",
        ),
    ]
    for arm in arms:
        part = slice(*grid[arm])
        factor = 1.0 + np.arange(spectra)[:, None]
        ivar = np.repeat(made.error[None, part] ** -2.0, spectra, axis=0)
        ivar[1:2] = 0
        for name, values in (
            ("WAVELENGTH", made.wavelength[part]),
            ("FLUX", (factor * made.flux[part]).astype("f4")),
            ("IVAR", ivar.astype("f4")),
            ("MASK", np.zeros(ivar.shape, dtype="i4")),
        ):
            unit = image(values, EXTNAME=f"{arm}_{name}")
            if name == "FLUX":
                unit.header["BUNIT"] = "10**-17 erg/(s cm2 Angstrom)"
            units.append(unit)
    redshifts = [
        ("TARGETID", "K", 39633297352951400 + np.arange(spectra)),
        ("Z", "D", 0.1 * np.arange(spectra)),
        ("ZWARN", "K", np.zeros(spectra)),
        ("SPECTYPE", "6A", ["GALAXY"] * spectra),
    ]
    _save(path, *units, table(redshifts, "REDSHIFTS"))
    return made


def write_desi_table(path: Path) -> Truth:
    made = truth(300, 3600.0, 0.8)
    # Where arms overlap every wavelength comes twice, 4e-10 apart.
    doubled = np.sort(np.concatenate([made.wavelength, made.wavelength[100:110] + 4e-10]))
    flux = np.interp(doubled, made.wavelength, made.flux)
    _save(
        path,
        primary(),
        table(
            [
                ("WAVELENGTH", "D", doubled),
                ("TARGET35191325330507548", "D", flux),
                ("TARGET77", "D", 2 * flux),
            ]
        ),
    )
    return made


def write_fourmost(path: Path) -> Truth:
    made = truth()
    columns = cells(
        made, ("WAVE", "FLUX", "ERR_FLUX"), ("Angstrom", "erg/(s*cm^2*Angstrom)", "erg/(s*cm^2*Angstrom)")
    )
    quality = np.zeros((1, made.flux.size), dtype="i2")
    quality[0, 5] = 1
    _save(
        path,
        primary(RA=30.0, DEC=-30.0, OBJECT="4MOST 1"),
        table([*columns, ("QUAL", f"{made.flux.size}I", quality)], "PHASE3SPECTRUM"),
    )
    return made


def write_eso(path: Path, unit: str = "nm", ucd: str = "em.wl;obs.atmos") -> Truth:
    made = truth()
    factor = {"nm": 0.1, "angstrom": 1.0}[unit]
    flam = "10**(-19).erg.cm**(-2).s**(-1).angstrom**(-1)"
    columns = cells(
        made._replace(wavelength=made.wavelength * factor), ("WAVE", "FLUX", "ERR"), (unit, flam, flam)
    )
    _save(
        path,
        primary(PRODCATG="SCIENCE.SPECTRUM", RA=149.8, DEC=1.8, OBJECT="M19"),
        table(columns, "SPECTRUM", VOCLASS="SPECTRUM V2.0", TUCD1=ucd),
    )
    return made


def write_jwst(path: Path) -> Truth:
    """Two EXTRACT1D tables."""
    made = truth()
    quality = np.zeros(made.flux.size, dtype="i8")
    quality[7] = 1
    quality[8] = 4
    units = [
        table(
            [
                ("WAVELENGTH", "D", made.wavelength / 1e4, "um"),
                ("FLUX", "D", made.flux, "Jy"),
                ("FLUX_ERROR", "D", made.error, "Jy"),
                ("SURF_BRIGHT", "D", made.flux, "MJy/sr"),
                ("DQ", "K", quality),
            ],
            "EXTRACT1D",
            SRCALIAS=f"source {number}",
            SRCRA=214.9 + number,
            SRCDEC=52.9,
            EXTVER=number,
        )
        for number in (1, 2)
    ]
    _save(path, primary(TELESCOP="JWST", INSTRUME="NIRSPEC", TARG_RA=1.0, TARG_DEC=1.0), *units)
    return made


def write_msaexp(path: Path) -> Truth:
    made = truth()
    columns = [
        ("wave", "D", made.wavelength / 1e4, "um"),
        ("flux", "D", made.flux, "uJy"),
        ("err", "D", made.error, "uJy"),
    ]
    _save(path, primary(), table(columns, "SPEC1D", SRCNAME="4233_1", SRCRA=214.9, SRCDEC=52.9))
    return made


def write_grizli(path: Path) -> Truth:
    """Two grisms, counts and sensitivity; true f_λ is 1e-18 times the truth."""
    made = truth()
    flat = np.full(made.flux.size, 1e18)
    columns = [
        ("wave", "D", made.wavelength),
        ("flux", "D", made.flux),
        ("err", "D", made.error),
        ("flat", "D", flat),
    ]
    _save(path, primary(TARGET="gdn"), table(columns, "G102"), table(columns, "G141"))
    return made


def write_marz(path: Path, vacuum: bool = False, log: bool = False, ivar: bool = False) -> Truth:
    """Four fibres, the second of them on sky."""
    made = log_truth() if log else truth()
    factor = np.array([1.0, 0.0, 2.0, 3.0])[:, None]
    noise = np.repeat((made.error ** (-2.0 if ivar else 2.0))[None], 4, axis=0)
    fibres = table(
        [
            ("NAME", "20A", ["one", "sky", "three", "four"]),
            ("RA", "D", np.radians([35.0, 35.1, 35.2, 35.3])),
            ("DEC", "D", np.radians([-28.0, -28.1, -28.2, -28.3])),
            ("TYPE", "1A", ["P", "S", "P", "P"]),
        ],
        "FIBRES",
    )
    cards = {"VACUUM": True} if vacuum else {}
    units = [primary(factor * made.flux, **cards, INSTRUME="AAOMEGA-2dF", **({} if log else linear(made)))]
    if log:
        units[0].header["LOGSCALE"] = True
        units.append(image(np.repeat(np.log10(made.wavelength)[None], 4, axis=0), EXTNAME="WAVELENGTH"))
    _save(path, *units, image(noise, EXTNAME="IVAR" if ivar else "VARIANCE"), fibres)
    return made


def write_lamost(path: Path, cell: bool = False) -> Truth:
    made = log_truth()
    zeros = np.zeros(made.flux.size)
    if cell:
        columns = [
            (name, f"{made.flux.size}E", np.asarray(values, dtype="f4")[None])
            for name, values in (
                ("FLUX", made.flux),
                ("IVAR", made.error**-2.0),
                ("WAVELENGTH", made.wavelength),
                ("ANDMASK", zeros),
                ("ORMASK", zeros),
            )
        ]
        _save(path, primary(TELESCOP="LAMOST", RA=99.0, DEC=27.0, Z=-9999.0), table(columns, "COADD"))
        return made
    rows = np.vstack([made.flux, made.error**-2.0, np.ones_like(zeros), zeros, zeros]).astype("f4")
    cards = {"COEFF0": 3.6, "COEFF1": 1e-4, "CRVAL1": 3.6, "CD1_1": 1e-4, "VACUUM": True, "DC__FLAG": 1}
    _save(path, primary(rows, TELESCOP="LAMOST", RA=99.0, DEC=27.0, Z=0.01, CLASS="GALAXY", **cards))
    return made


def write_vipers(path: Path) -> Truth:
    made = truth()
    mask = np.zeros(made.flux.size, dtype="i4")
    mask[3] = 1
    columns = [("WAVES", "E", made.wavelength), ("FLUXES", "E", made.flux), ("NOISE", "E", made.error)]
    _save(path, primary(), table([*columns, ("MASK", "J", mask)]))
    return made


def write_pandora(path: Path) -> Truth:
    made = truth(scale=1e-18)
    unit = primary(made.flux, **linear(made, CTYPE1="WAVE"))
    for key, value in {"PND OBJID": "CDFS1", "PND OBJRA": 53.2, "PND OBJDEC": -27.8, "PND Z": "2.5"}.items():
        unit.header[f"HIERARCH {key}"] = value
    _save(
        path,
        unit,
        image(np.ones((5, made.flux.size)), EXTNAME="EXR2D"),
        image(made.error, EXTNAME="NOISE", **linear(made)),
    )
    return made


def write_muse(path: Path) -> Truth:
    made = truth()
    cards = linear(made, CTYPE1="AWAV", CUNIT1="Angstrom", BUNIT="10**(-20)*erg/s/cm**2/Angstrom")
    _save(
        path,
        primary(RA=53.1, DEC=-27.7, OBJECT="udf"),
        image(made.flux, EXTNAME="DATA", **cards),
        image(made.error**2, EXTNAME="STAT", **cards),
    )
    return made


def write_sixdf(path: Path) -> Truth:
    made = truth()
    rows = np.vstack([made.flux, made.error**2, np.ones_like(made.flux), made.wavelength])
    thumbnails = [image(np.ones((20, 20))) for _ in range(4)]
    cards = {"OBSRA": 249.7, "OBSDEC": -1.5, "TARGET": "g16", "Z_HELIO": 0.09, "QUALITY": 4}
    _save(
        path,
        primary(np.ones((20, 20)), INSTRUME="SuperCOSMOS I"),
        *thumbnails,
        image(rows[:3, :50], EXTNAME="SPECTRUM V", **linear(made)),
        image(rows[:3, 50:], EXTNAME="SPECTRUM R", **linear(made)),
        image(rows, EXTNAME="SPECTRUM VR", **linear(made), **cards),
    )
    return made


def write_xshooter(path: Path) -> Truth:
    made = truth()
    cards = linear(made._replace(wavelength=made.wavelength / 10), CUNIT1="nm", BUNIT="erg/s/cm2/Angstrom")
    quality = np.zeros(made.flux.size, dtype="i4")
    quality[9] = 8
    _save(
        path,
        primary(made.flux, INSTRUME="XSHOOTER", OBJECT="GRB", RA=20.0, DEC=-20.0, **cards),
        image(made.error, EXTNAME="ERRS"),
        image(quality, EXTNAME="QUAL"),
    )
    return made


def write_mosfire(path: Path) -> Truth:
    made = truth(start=19210.0)
    cards = {"CUNIT1": "Angs", "CRVAL1": made.wavelength[0], "CRPIX1": 1, "CDELT1": 0, "CD1_1": 1.5}
    names = {"EXT__0": "flux", "EXT__1": "error", "EXT__2": "wavelength in Angs"}
    _save(
        path,
        primary(made.flux, FLUXUNIT=" 10^(-17) ergs/s/A/cm^2", **cards, **names),
        image(made.error),
        image(made.wavelength),
    )
    return made


def write_plain(
    path: Path, names=("WAVE", "FLUX", "IVAR"), units=(None, None, None), noise=None, **cards
) -> Truth:
    made = truth()
    written = made.error**-2.0 if noise is None else noise
    arrays = (made.wavelength, made.flux, written)
    columns = [(name, "D", values, unit) for name, values, unit in zip(names, arrays, units, strict=True)]
    _save(path, primary(**cards), table(columns))
    return made


def write_gelato(path: Path) -> Truth:
    made = truth(scale=1e-18)
    columns = [
        ("loglam", "D", np.log10(made.wavelength)),
        ("flux", "D", made.flux),
        ("ivar", "D", made.error**-2.0),
        ("sig_flux", "D", made.error),
    ]
    _save(path, primary(), table(columns))
    return made


def write_wcs1d(path: Path, **cards) -> Truth:
    made = truth()
    _save(path, primary(made.flux.astype("f4"), **linear(made, **cards)))
    return made


def write_wcs1d_log(path: Path, flag: bool = True) -> Truth:
    made = log_truth()
    cards = {"DC__FLAG": 1} if flag else {"CTYPE1": "WAVE-LOG10"}
    _save(path, primary(made.flux, CRVAL1=3.6, CD1_1=1e-4, CRPIX1=1.0, **cards))
    return made


def write_iraf(path: Path) -> Truth:
    """Two apertures, spectrum and sigma bands: one linear, one Chebyshev of order two (linear too)."""
    made = truth()
    size = made.flux.size
    first, last = made.wavelength[[0, -1]]
    specs = [
        f"1 1 0 {first} {made.wavelength[1] - first} {size} 0. 1. 2.",
        f"2 2 2 {first} {made.wavelength[1] - first} {size} 0. 1. 2. 1. 0. 1 2 1. {size}. "
        f"{(first + last) / 2} {(last - first) / 2}",
    ]
    words = "wtype=multispec " + " ".join(f'spec{n} = "{spec}"' for n, spec in enumerate(specs, start=1))
    cube = np.stack([np.vstack([made.flux, 2 * made.flux]), np.vstack([made.error, 2 * made.error])])
    unit = primary(
        cube, CTYPE1="MULTISPE", OBJECT="star", APID2="second", BANDID1="spectrum", BANDID2="sigma - 1"
    )
    unit.header["WAT0_001"] = "system=multispec"
    for number, start in enumerate(range(0, len(words), 68), start=1):
        unit.header[f"WAT2_{number:03d}"] = words[start : start + 68]
    _save(path, unit)
    return made


def write_ascii(path: Path, header: str = "# wavelength flux error", delimiter: str = " ") -> Truth:
    made = truth()
    lines = [delimiter.join(f"{number:.10g}" for number in row) for row in zip(*made, strict=True)]
    path.write_text(
        "\n".join([header, *lines]) + "\n" if header else "\n".join(lines) + "\n", encoding="utf-8"
    )
    return made


def write_redshift_catalogue(path: Path) -> None:
    columns = [("TARGETID", "K", [1, 2]), ("Z", "D", [0.1, 0.2]), ("ZWARN", "K", [0, 4])]
    _save(path, primary(), table(columns, "REDSHIFTS"))


def write_image(path: Path) -> None:
    _save(path, primary(np.ones((64, 64), dtype="f4"), CTYPE1="RA---TAN", CTYPE2="DEC--TAN"))


def gzipped(path: Path) -> Path:
    """The file again, beside it, as .gz."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


WRITERS = {
    "moons1d": write_moons1d,
    "sdss_spec": write_sdss_spec,
    "sdss_spspec": write_sdss_spspec,
    "desi": write_desi,
    "desi_table": write_desi_table,
    "fourmost": write_fourmost,
    "eso": write_eso,
    "jwst": write_jwst,
    "msaexp": write_msaexp,
    "grizli": write_grizli,
    "marz": write_marz,
    "lamost": write_lamost,
    "vipers": write_vipers,
    "pandora": write_pandora,
    "muse": write_muse,
    "sixdf": write_sixdf,
    "xshooter": write_xshooter,
    "mosfire": write_mosfire,
    "plain": write_plain,
    "gelato": write_gelato,
    "wcs1d": write_wcs1d,
    "wcs1d_log": write_wcs1d_log,
    "iraf": write_iraf,
}
