"""Small files in the layouts that keep spectra in images, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.io.hand_made import Truth, image, linear, log_truth, primary, save, table, truth

if TYPE_CHECKING:
    from pathlib import Path


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
    save(path, *units)
    return Truth(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


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
    save(
        path,
        primary(
            rows, **cards, SPEC_CLN=2, RAOBJ=180.0, DECOBJ=1.0, RA=5.0, DEC=5.0, BUNIT="1.0E-17 erg/cm/s/Ang"
        ),
    )
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
    save(path, *units, image(noise, EXTNAME="IVAR" if ivar else "VARIANCE"), fibres)
    return made


def write_pandora(path: Path) -> Truth:
    made = truth(scale=1e-18)
    unit = primary(made.flux, **linear(made, CTYPE1="WAVE"))
    for key, value in {"PND OBJID": "CDFS1", "PND OBJRA": 53.2, "PND OBJDEC": -27.8, "PND Z": "2.5"}.items():
        unit.header[f"HIERARCH {key}"] = value
    save(
        path,
        unit,
        image(np.ones((5, made.flux.size)), EXTNAME="EXR2D"),
        image(made.error, EXTNAME="NOISE", **linear(made)),
    )
    return made


def write_muse(path: Path) -> Truth:
    made = truth()
    cards = linear(made, CTYPE1="AWAV", CUNIT1="Angstrom", BUNIT="10**(-20)*erg/s/cm**2/Angstrom")
    save(
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
    save(
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
    save(
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
    save(
        path,
        primary(made.flux, FLUXUNIT=" 10^(-17) ergs/s/A/cm^2", **cards, **names),
        image(made.error),
        image(made.wavelength),
    )
    return made


def write_wcs1d(path: Path, **cards) -> Truth:
    made = truth()
    save(path, primary(made.flux.astype("f4"), **linear(made, **cards)))
    return made


def write_wcs1d_log(path: Path, flag: bool = True) -> Truth:
    made = log_truth()
    cards = {"DC__FLAG": 1} if flag else {"CTYPE1": "WAVE-LOG10"}
    save(path, primary(made.flux, CRVAL1=3.6, CD1_1=1e-4, CRPIX1=1.0, **cards))
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
    save(path, unit)
    return made


def write_image(path: Path) -> None:
    save(path, primary(np.ones((64, 64), dtype="f4"), CTYPE1="RA---TAN", CTYPE2="DEC--TAN"))
