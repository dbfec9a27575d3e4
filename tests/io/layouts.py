"""Small files in every layout, made by hand: `write_<layout>(path)` writes one and returns what it holds."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

from tests.io.hand_made import FLAM17, Truth, cells, image, log_truth, primary, save, table, truth
from tests.io.layouts_of_images import (
    write_iraf,
    write_marz,
    write_moons1d,
    write_mosfire,
    write_muse,
    write_pandora,
    write_sdss_spspec,
    write_sixdf,
    write_wcs1d,
    write_wcs1d_log,
    write_xshooter,
)

if TYPE_CHECKING:
    from pathlib import Path


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
    save(
        path,
        primary(BUNIT=FLAM17, PLUG_RA=150.5, PLUG_DEC=-2.25, EXPTIME=2700.0, TELESCOP="SDSS 2.5-M"),
        table(columns, "" if upper else "COADD"),
        table(catalogue, "" if upper else "SPECOBJ"),
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
    save(path, *units, table(redshifts, "REDSHIFTS"))
    return made


def write_desi_table(path: Path) -> Truth:
    made = truth(300, 3600.0, 0.8)
    # Where arms overlap every wavelength comes twice, 4e-10 apart.
    doubled = np.sort(np.concatenate([made.wavelength, made.wavelength[100:110] + 4e-10]))
    flux = np.interp(doubled, made.wavelength, made.flux)
    save(
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
    save(
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
    save(
        path,
        primary(PRODCATG="SCIENCE.SPECTRUM", RA=149.8, DEC=1.8, OBJECT="M19"),
        table(columns, "SPECTRUM", VOCLASS="SPECTRUM V2.0", TUCD1=ucd, TUCD2="phot.flux.density"),
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
    save(path, primary(TELESCOP="JWST", INSTRUME="NIRSPEC", TARG_RA=1.0, TARG_DEC=1.0), *units)
    return made


def write_msaexp(path: Path) -> Truth:
    made = truth()
    columns = [
        ("wave", "D", made.wavelength / 1e4, "um"),
        ("flux", "D", made.flux, "uJy"),
        ("err", "D", made.error, "uJy"),
    ]
    save(path, primary(), table(columns, "SPEC1D", SRCNAME="4233_1", SRCRA=214.9, SRCDEC=52.9))
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
    save(path, primary(TARGET="gdn"), table(columns, "G102"), table(columns, "G141"))
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
        save(path, primary(TELESCOP="LAMOST", RA=99.0, DEC=27.0, Z=-9999.0), table(columns, "COADD"))
        return made
    rows = np.vstack([made.flux, made.error**-2.0, np.ones_like(zeros), zeros, zeros]).astype("f4")
    cards = {"COEFF0": 3.6, "COEFF1": 1e-4, "CRVAL1": 3.6, "CD1_1": 1e-4, "VACUUM": True, "DC__FLAG": 1}
    save(path, primary(rows, TELESCOP="LAMOST", RA=99.0, DEC=27.0, Z=0.01, CLASS="GALAXY", **cards))
    return made


def write_vipers(path: Path) -> Truth:
    made = truth()
    mask = np.zeros(made.flux.size, dtype="i4")
    mask[3] = 1
    columns = [("WAVES", "E", made.wavelength), ("FLUXES", "E", made.flux), ("NOISE", "E", made.error)]
    save(path, primary(), table([*columns, ("MASK", "J", mask)]))
    return made


def write_plain(
    path: Path, names=("WAVE", "FLUX", "IVAR"), units=(None, None, None), noise=None, **cards
) -> Truth:
    made = truth()
    written = made.error**-2.0 if noise is None else noise
    arrays = (made.wavelength, made.flux, written)
    columns = [(name, "D", values, unit) for name, values, unit in zip(names, arrays, units, strict=True)]
    save(path, primary(**cards), table(columns))
    return made


def write_gelato(path: Path) -> Truth:
    made = truth(scale=1e-18)
    columns = [
        ("loglam", "D", np.log10(made.wavelength)),
        ("flux", "D", made.flux),
        ("ivar", "D", made.error**-2.0),
        ("sig_flux", "D", made.error),
    ]
    save(path, primary(), table(columns))
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
    save(path, primary(), table(columns, "REDSHIFTS"))


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
